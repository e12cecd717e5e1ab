"""The documented JSON, held to its schema and its page."""

from __future__ import annotations

import datetime as dt
import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from data_contracts.decisions import Decisions
from data_contracts.notices import Notices
from evenkeel.desk.directory import Directory
from evenkeel.desk.render_html import RunFacts, render_task_page
from evenkeel.desk.task_list import task_list, to_json
from evenkeel.stages.prioritize.due import desk_opening
from tests.small_practice import MONDAY, Told, book, coverage, day, decision, drifted, exceptions, frame, tell

DOCS = Path(__file__).resolve().parents[3] / "docs"
SCHEMA = json.loads((DOCS / "alerts.schema.json").read_text("utf-8"))
TUESDAY = MONDAY + dt.timedelta(days=1)
HOUSE = book(portfolios=[{"portfolio_id": f"P{n}", "name": "Core" if n == 1 else None} for n in range(1, 6)])
DIRECTORY = Directory.of(HOUSE.advisers, HOUSE.portfolios, HOUSE.accounts)


@pytest.fixture(scope="module")
def told() -> Told:
    """One alert of every status."""
    first = tell(day(MONDAY, [drifted(f"P{n}", 0.642) for n in range(1, 6)]), HOUSE)
    quieted = first.episodes.filter(portfolio_id="P2")["episode_id"][0]
    second = day(
        TUESDAY,
        [
            drifted("P1", 0.642, shortfall=0.01),
            drifted("P2", 0.642),
            drifted("P3", 0.642, in_flight=True),
            drifted("P4", 0.0, look="unmeasured", reason="late"),
            drifted("P5", 0.60),
        ],
    )
    return tell(second, HOUSE, first, [decision(quieted, TUESDAY)])


def test_every_status_keeps_the_schema(told: Told) -> None:
    tasks = json.loads(to_json(task_list(told.alerts, DIRECTORY)))
    assert {task["status"] for task in tasks} == {"open", "quiet", "in_flight", "frozen", "closed"}
    validator = jsonschema.Draft202012Validator(SCHEMA)
    assert [error.message for error in validator.iter_errors(tasks)] == []


def test_schema_can_say_no(told: Told) -> None:
    tasks = task_list(told.alerts, DIRECTORY)
    tasks[0]["value_usd"] = 1000000.0
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(tasks)


def test_example_of_the_documentation_keeps_the_schema() -> None:
    page = (DOCS / "alerts-json.md").read_text("utf-8")
    [example] = re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(example))


def test_every_member_is_documented() -> None:
    page = (DOCS / "alerts-json.md").read_text("utf-8")

    def members(schema: dict[str, Any]) -> list[str]:
        own = list(schema.get("properties", {}))
        nested = [name for part in schema.get("properties", {}).values() for name in members(part)]
        return own + nested + (members(schema["items"]) if "items" in schema else [])

    assert [name for name in members(SCHEMA) if f"`{name}`" not in page] == []


def test_names_and_masks_come_from_the_directory(told: Told) -> None:
    first = task_list(told.alerts, DIRECTORY)[0]
    assert first["adviser"] == {"id": "A1", "name": "Ada Byrne", "team": None}
    assert first["portfolio"] == {"id": "P1", "name": "Core"}
    assert first["accounts"] == [{"id": "P1-1", "mask": "…1234"}]
    assert first["value_usd"] == "1000000.00"
    assert first["due_at"].endswith("Z")


def test_a_decision_says_who_and_why(told: Told) -> None:
    said = decision(told.episodes.filter(portfolio_id="P2")["episode_id"][0], TUESDAY)
    directory = Directory.of(HOUSE.advisers, HOUSE.portfolios, HOUSE.accounts, frame(Decisions, [said]))
    tasks = {task["portfolio"]["id"]: task for task in task_list(told.alerts, directory)}
    assert tasks["P1"]["decision"] is None
    assert tasks["P2"]["decision"] == {
        "kind": "decline",
        "actor": "A1",
        "role": "adviser",
        "reason": "The client asked to wait",
        "decided_at": "2026-07-07T14:00:00Z",
        "until_date": None,
    }
    assert jsonschema.Draft202012Validator(SCHEMA).is_valid(list(tasks.values()))
    facts = RunFacts(TUESDAY, desk_opening(TUESDAY, dt.time(7)))
    page = render_task_page(
        list(tasks.values()), frame(Notices, []), exceptions(TUESDAY, []), coverage(TUESDAY, []), facts, directory
    )
    assert page.count("Declined by A1 (adviser): The client asked to wait") == 1


def test_order_does_not_depend_on_the_frames(told: Told) -> None:
    assert to_json(task_list(told.alerts, DIRECTORY)) == to_json(task_list(told.alerts.reverse(), DIRECTORY))
    ranks = [task["priority"]["rank"] for task in task_list(told.alerts, DIRECTORY)]
    assert ranks == [1, 2, 3, 4, 5, None]
