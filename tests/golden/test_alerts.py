"""Stories of several days, and the task list of each day as text. `EVENKEEL_GOLDEN=write` rewrites them; read the difference."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
import yaml

from evenkeel.desk.directory import Directory
from evenkeel.desk.render_text import render_text
from evenkeel.desk.task_list import task_list
from evenkeel.identity import stable_id
from tests.small_practice import Seen, Told, book, day, decision, drifted, tell

CASES = sorted(path.parent for path in Path(__file__).parent.glob("alerts/*/story.yaml"))


def seen(described: dict[str, Any]) -> Seen:
    more = {name: value for name, value in described.items() if name not in ("portfolio", "equity")}
    return drifted(described["portfolio"], described.get("equity", 0.6), **more)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_story(case: Path) -> None:
    story = yaml.safe_load((case / "story.yaml").read_text("utf-8"))
    portfolios = sorted({row["portfolio"] for part in story["days"] for row in part["seen"]})
    told: Told | None = None
    decisions: list[dict[str, Any]] = []
    lists = []
    for part in story["days"]:
        for said in part.get("decisions", []):
            episode = stable_id("ep", said["portfolio"], "drift", said["opened"])
            decisions.append(
                decision(episode, part["date"], kind=said["kind"], until=said.get("until"), severity=said["severity"])
            )
        house = book(part["date"], portfolios=[{"portfolio_id": id_} for id_ in portfolios])
        told = tell(day(part["date"], [seen(row) for row in part["seen"]]), house, told, decisions)
        directory = Directory.of(house.advisers, house.portfolios, house.accounts)
        lists.append(render_text(task_list(told.alerts, directory), part["date"]))
    text = "\n".join(lists)
    expected = case / "expected.txt"
    if os.environ.get("EVENKEEL_GOLDEN") == "write":
        expected.write_text(text, "utf-8")
    assert text == expected.read_text("utf-8")
