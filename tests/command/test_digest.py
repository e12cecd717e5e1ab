"""Operations hear of a date once, by one digest of what stopped; of a date that has passed they hear nothing."""

from __future__ import annotations

import pytest

from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home
from tests.command.test_messages import FIRM

MORNING = {"EVENKEEL_CLOCK": "2026-03-03T08:00:00-05:00"}
"""The first session is the last closed one."""


def kinds(home: Home) -> list[str]:
    return [row["kind"] for row in home.records()["outbox"]]


def test_a_date_on_which_files_are_missing_is_told_once(
    home: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    date = plan.dates[0]
    home.run(date, **MORNING)
    assert kinds(home) == ["operations_digest"]
    plan.deliver(date, home.path)
    home.run(date, **MORNING)
    home.run(date, **MORNING)
    assert kinds(home) == ["operations_digest"], "another run of the date is no second digest"
    capsys.readouterr()
    assert home.command("messages", "send", **MORNING, **FIRM) == 0
    [told] = (home.path / "outgoing").glob("*.txt")
    text = told.read_text()
    assert "Dear Operations," in text
    assert "Nothing needs you for Monday 2 March 2026" in text, "by the run that counts now, not by the first"


def test_of_a_date_that_has_passed_nobody_is_told(home: Home, plan: SandboxPlan) -> None:
    home.run(plan.dates[0])
    assert kinds(home) == []


def test_what_stopped_stands_in_it_with_what_to_do(home: Home, plan: SandboxPlan) -> None:
    home.run(plan.dates[0], **MORNING)
    assert home.command("messages", "send", **MORNING, **FIRM) == 0
    [told] = (home.path / "outgoing").glob("*.txt")
    assert "Operations)" in told.read_text()
    assert home.command("messages", "send", **MORNING, **FIRM) == 0
    assert kinds(home).count("operations_digest") == 2, "the announcement, and the one message made of it"
