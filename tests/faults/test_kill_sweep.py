"""A sweep killed anywhere, and the next one: every step once, every message once, as if nobody had killed it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evenkeel.desk.consent import opening
from evenkeel.desk.sweep import sweep
from evenkeel.wiring import open_house, read_settings
from tests.command.consent_home import MORNING, make
from tests.command.practice import Home

pytestmark = [pytest.mark.kill, pytest.mark.timeout(2400)]
KILLS_AT_RANDOM = 15
"""For each of the two sweeps: one that opens cases, one that finds them overdue."""
OVERDUE = "2026-03-05T10:00:00-05:00"
"""Fifty hours later: every adviser's clock has come to escalation."""
SCRIPT = [sys.executable, str(Path(__file__).with_name("killed_sweep.py"))]
ORDER_ONLY = {"entry_no", "event_no"}


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Return a home whose first session was run and not swept."""
    home, _ = make(tmp_path_factory.mktemp("start") / "home")
    home.house().records.close()  # type: ignore[attr-defined]
    return home


def swept(home: Home, limit: int) -> subprocess.CompletedProcess[str]:
    environment = os.environ | home.variables | {"PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run([*SCRIPT, str(limit)], env=environment, capture_output=True, text=True, check=False)


def sweep_here(home: Home) -> None:
    """Sweep a home undisturbed. It is done in this process: to start one more takes longer than the sweep."""
    with home.environment():
        house = open_house(read_settings())
        sweep(house)
        house.records.close()  # type: ignore[attr-defined]


def on_record(home: Home) -> dict[str, list[dict[str, Any]]]:
    """Return what is on record of consent, without the numbers that only count."""
    wanted = ("proposal_lists", "proposal_cases", "consents", "case_log", "outbox", "trail_events")
    tables = home.records()
    home.house().records.close()  # type: ignore[attr-defined]
    return {
        name: sorted(
            ({column: value for column, value in row.items() if column not in ORDER_ONLY} for row in tables[name]),
            key=str,
        )
        for name in wanted
    }


@pytest.mark.parametrize("moment", [MORNING, OVERDUE], ids=["opening", "overdue"])
def test_a_sweep_killed_at_random_moments_is_made_up_by_the_next(
    start: Home, moment: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "TOGETHER", 1)  # as the killed sweeps have it
    before = start.copy(tmp_path / "before")
    if moment == OVERDUE:
        sweep_here(before)
    whole = replace(before.copy(tmp_path / "whole"), more={"EVENKEEL_CLOCK": moment})
    undisturbed = swept(whole, 0)
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected, statements = on_record(whole), int(undisturbed.stdout)
    dice = random.Random(moment)
    for number, limit in enumerate(sorted(dice.sample(range(1, statements + 1), min(KILLS_AT_RANDOM, statements)))):
        home = replace(before.copy(tmp_path / f"killed-{number}"), more={"EVENKEEL_CLOCK": moment})
        assert swept(home, limit).returncode == -signal.SIGKILL, f"statement {limit} of {statements}"
        sweep_here(home)
        assert on_record(home) == expected, f"killed after statement {limit} of {statements}"
