"""What must hold of every figure, whatever happened: shares of a whole, and a reason wherever nothing is known."""

from __future__ import annotations

import datetime as dt
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from data_contracts.vocab import EpisodeStatus
from evenkeel.reports.kpis import derive, kpis
from evenkeel.reports.model import Unit
from evenkeel.reports.monthly_compliance import monthly_compliance
from evenkeel.reports.sample_audit import draw
from evenkeel.reports.supervisory_review import content_digest, supervisory_review
from tests.support.reporting import Telling

HOURS = st.integers(0, 23)
STEPS = [
    ("present", "with_adviser"),
    ("approve", "approved"),
    ("decline", "declined"),
    ("defer", "deferred"),
    ("escalate", "escalated"),
    ("expire", "expired"),
    ("send", "sent"),
    ("fill", "filled"),
]
WHO = st.sampled_from([("A-1", "adviser"), ("A-2", "senior_adviser"), ("pat", "client"), ("evenkeel", "automation")])


@st.composite
def histories(draw_: st.DrawFn) -> Telling:
    """Draw alerts in any state on three sessions, and cases with any steps in any order."""
    told = Telling()
    for number in range(draw_(st.integers(0, 4))):
        portfolio = f"P-{number}"
        told.account(f"AC-{number}", portfolio, draw_(st.sampled_from(["scanned", "quarantined"])))
        for on in "234":
            if draw_(st.booleans()):
                told.measured(on, portfolio, draw_(st.floats(0, 0.5)))
            if draw_(st.booleans()):
                due = draw_(st.none() | st.datetimes(dt.datetime(2026, 2, 20), dt.datetime(2026, 4, 20)))
                told.alert(
                    on,
                    f"ep-{number}",
                    portfolio,
                    draw_(st.sampled_from([each.value for each in EpisodeStatus])),
                    due_at=due and due.replace(tzinfo=dt.UTC),
                )
        hours = sorted(draw_(st.lists(HOURS, min_size=1, max_size=6)))
        steps: list[tuple[Any, ...]] = [
            (*draw_(st.sampled_from(STEPS)), f"2026-03-03 {hour:02d}:00", *draw_(WHO)) for hour in hours
        ]
        told.case(f"pp-{number}", f"ep-{number}", portfolio, *steps, account_ids=[f"AC-{number}"])
    return told


@given(histories())
def test_a_share_is_of_a_whole_and_what_is_not_known_says_why(told: Telling) -> None:
    for each in kpis(derive(told.facts())):
        assert (each.value is None) == (each.reason is not None), each
        if each.definition.unit is Unit.RATIO and each.value is not None:
            assert each.numerator is not None
            assert each.denominator
            assert 0 <= each.numerator <= each.denominator
            assert each.value == each.numerator / each.denominator


@given(histories())
def test_advisers_add_up_to_the_firm(told: Telling) -> None:
    report = monthly_compliance(told.facts())
    rate = next(each for each in report.figures if each.definition.name == "approval_rate_frac")
    rows = report.table("advisers").rows
    assert sum(row["answered_count"] for row in rows) == (rate.denominator or 0)
    assert sum(row["approved_count"] for row in rows) == (rate.numerator or 0)
    for row in rows:
        assert row["answered_count"] == row["approved_count"] + row["declined_count"] + row["expired_count"]


@given(histories())
def test_a_review_is_the_same_whenever_it_is_made_after_its_period(told: Telling) -> None:
    soon = supervisory_review(told.facts())
    late = supervisory_review(told.facts(as_of_at=dt.datetime(2027, 1, 1, tzinfo=dt.UTC)))
    assert content_digest(soon) == content_digest(late)


@given(st.sets(st.text(min_size=1), max_size=30), st.integers(1, 10))
def test_a_sample_is_of_what_there_is_and_grows_with_its_size(ids: set[str], size: int) -> None:
    sample = draw(ids, "2026-Q1", "firm", size)
    assert len(sample) == min(size, len(ids))
    assert set(sample) <= ids
    assert draw(ids, "2026-Q1", "firm", size + 1)[:size] == sample
