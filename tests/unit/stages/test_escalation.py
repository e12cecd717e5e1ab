"""Who else must see what nobody has acted on, and what every alert states of its rules and its household."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.fields import INSTANT_DTYPE
from evenkeel.book.model import Book
from evenkeel.calendar import EASTERN, session_close
from evenkeel.desk.directory import Directory
from evenkeel.desk.render_csv import render_csv
from evenkeel.desk.render_html import RunFacts, render_task_page
from evenkeel.desk.render_text import render_text
from evenkeel.desk.task_list import Task, task_list
from evenkeel.stages.prioritize.due import desk_opening
from evenkeel.stages.prioritize.escalation import escalated_to
from tests.small_practice import MONDAY, Told, book, coverage, day, drifted, exceptions, policy, tell

PEOPLE = [
    {"adviser_id": "A1", "name": "Ada Byrne", "team": "North", "escalates_to": "A2"},
    {"adviser_id": "A2", "name": "Ben Okoro", "escalates_to": "A3"},
    {"adviser_id": "A3", "name": "Cora Lind"},
]
TIERS = [
    {"tier": "premium", "from_usd": 500_000, "urgency": "same_day"},
    {"tier": "base", "from_usd": 0, "urgency": "weekly_batch"},
]
SAME_DAY = drifted("P1", 0.642, urgency="same_day")
SESSIONS = [MONDAY + dt.timedelta(days=days) for days in (0, 1, 2, 3, 4, 7)]
"""Monday 6 July 2026 to the Monday after: sessions all."""


def house(on: dt.date, **more: Any) -> Book:
    return book(on, advisers=PEOPLE, **more)


def story(days: int) -> list[Told]:
    told: list[Told] = []
    for on in SESSIONS[:days]:
        told.append(tell(day(on, [SAME_DAY]), house(on), told[-1] if told else None))
    return told


def test_one_step_further_at_each_opening_that_finds_it_overdue() -> None:
    # On Tuesday's desk, due at Tuesday's close: overdue from Wednesday's opening on, which is the list of Tuesday's values.
    steps = [told.alerts["escalated_to"].item() for told in story(6)]
    assert steps == [None, "A2", "A3", "A3", "A3", "A3"]
    assert [told.alerts["adviser_id"].item() for told in story(6)] == ["A1"] * 6


def test_due_at_the_opening_is_overdue_at_that_opening() -> None:
    opening = dt.datetime.combine(SESSIONS[3], dt.time(7), EASTERN).astimezone(dt.UTC)
    assert [_escalated(on, opening) for on in SESSIONS[2:5]] == ["A2", "A3", "A3"]
    assert [_escalated(on, session_close(SESSIONS[3])) for on in SESSIONS[3:5]] == ["A2", "A3"]


def _escalated(on: dt.date, due_at: dt.datetime) -> object:
    rows = pl.DataFrame(
        {"adviser_id": ["A1"], "due_at": pl.Series([due_at], dtype=INSTANT_DTYPE), "is_overdue": [True]}
    )
    return escalated_to(on, rows, house(on)).item()


@pytest.mark.parametrize("adviser", ["A3", "unassigned"])
def test_who_has_nobody_next_keeps_it_alone(adviser: str) -> None:
    due_at = pl.Series([session_close(MONDAY)], dtype=INSTANT_DTYPE)
    rows = pl.DataFrame({"adviser_id": [adviser], "due_at": due_at, "is_overdue": [True]})
    assert escalated_to(SESSIONS[2], rows, house(SESSIONS[2])).to_list() == [None]


def test_what_is_in_time_or_answered_goes_nowhere() -> None:
    told = story(3)
    quiet = tell(
        day(SESSIONS[3], [drifted("P1", 0.642, urgency="same_day", in_flight=True)]), house(SESSIONS[3]), told[-1]
    )
    assert told[0].alerts["escalated_to"].to_list() == [None]
    assert quiet.alerts["escalated_to"].to_list() == [None]


def tasks(told: Told, house: Book) -> list[Task]:
    return task_list(told.alerts, Directory.of(house.advisers, house.portfolios, house.accounts))


def page(told: Told, on: dt.date, generated_for: str | None) -> str:
    home = house(on)
    return render_task_page(
        tasks(told, home),
        pl.DataFrame(schema={"kind": pl.String, "adviser_id": pl.String, "subject_id": pl.String}),
        exceptions(on, []),
        coverage(on, []),
        RunFacts(on, desk_opening(on, dt.time(7)), generated_for=generated_for),
        Directory.of(home.advisers, home.portfolios, home.accounts),
    )


def test_every_form_shows_whom_it_escalated_to() -> None:
    told, on = story(2)[-1], SESSIONS[1]
    [task] = tasks(told, house(on))
    assert task["adviser"] == {"id": "A1", "name": "Ada Byrne", "team": "North"}
    assert task["escalated_to"] == {"id": "A2", "name": "Ben Okoro", "team": None}
    assert "also with Ben" in render_text([task], on, width=200)
    assert ",North,A2," in render_csv([task])
    assert "also with Ben Okoro" in page(told, on, None)


def test_the_next_adviser_sees_it_on_their_own_page() -> None:
    told, on = story(2)[-1], SESSIONS[1]
    theirs = page(told, on, "A2")
    assert "Escalated to this desk" in theirs
    assert "With Ada Byrne, overdue since" in theirs
    assert "Escalated to this desk" not in page(told, on, "A3")
    assert 'data-adviser="A2"' in page(told, on, None)


@pytest.mark.parametrize(("tier_by", "value"), [("household_value", "700000.00"), ("portfolio_value", "300000.00")])
def test_the_valuation_that_sets_the_tier_is_stated(tier_by: str, value: str) -> None:
    rules = policy(tiers=TIERS, tier_by=tier_by, precedence=["ips", "tier"])
    home = house(MONDAY, policies=(rules,))
    today = day(MONDAY, [drifted("P1", 0.642, value=300_000.0)])
    valued = today.valuations.with_columns(household_value_usd=pl.lit(Decimal("700000.00")).cast(pl.Decimal(38, 2)))
    told = tell(type(today)(**{**today.__dict__, "valuations": valued}), home)
    [task] = tasks(told, home)
    assert (task["tier"], task["tier_by"], task["tier_value_usd"]) == ("premium", tier_by, value)
    assert task["precedence"] == ["ips", "tier", "default"]
    shown = page(told, MONDAY, None)
    assert f"premium, by {tier_by.partition('_')[0]} value ${int(float(value)):,}" in shown
    assert "IPS, tier, default" in shown


def test_what_was_stated_stays_while_it_cannot_be_measured() -> None:
    first = tell(day(MONDAY, [SAME_DAY]), house(MONDAY))
    frozen = tell(day(SESSIONS[1], [drifted("P1", 0.0, look="unmeasured", reason="late")]), house(SESSIONS[1]), first)
    kept = ("precedence", "tier", "tier_by", "tier_value_usd")
    assert frozen.alerts.select(kept).row(0) == first.alerts.select(kept).row(0)
    assert None not in first.alerts.select(kept).row(0)


def test_the_household_note_is_shown_with_its_alerts() -> None:
    note = "Prefers a call <before> any sale"
    home = house(MONDAY, households=[{"household_id": "H1", "name": "Lindqvist", "note": note}])
    told = tell(day(MONDAY, [SAME_DAY]), home)
    [task] = tasks(told, home)
    assert task["household"] == {"id": "H1", "name": "Lindqvist", "note": note}
    assert "Prefers a call &lt;before&gt; any sale" in page(told, MONDAY, None)


def test_the_objective_stands_beside_the_tolerance_it_is_read_with() -> None:
    ips = {"ips_id": "I1", "version": 1, "effective_date": MONDAY, "objective": "Income first", "max_growth_frac": 0.5}
    home = house(MONDAY, portfolios=[{"portfolio_id": "P1", "ips_id": "I1"}], ips_profiles=[ips])
    [task] = tasks(tell(day(MONDAY, [SAME_DAY]), home), home)
    [risk] = [term["text"] for term in task["priority"]["terms"] if term["term"] == "risk"]
    assert (
        risk
        == "60.0 % in growth classes, 10.0 points more than the 50.0 % the IPS allows; the client's objective: Income first"
    )
