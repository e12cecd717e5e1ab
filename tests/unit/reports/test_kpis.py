"""Every figure of RCD-04, counted by hand."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest

from evenkeel.reports.definitions import KPIS
from evenkeel.reports.facts import Facts
from evenkeel.reports.kpis import NO_FILLS, NO_SESSION, NOTHING_SENT, derive, kpis
from evenkeel.reports.model import Figure
from evenkeel.reports.period import month_of
from tests.support.reporting import Telling, at, day

ADVISER = ("A-1", "adviser")


def figures(facts: Facts) -> dict[str, Figure]:
    return {each.definition.name: each for each in kpis(derive(facts))}


def busy_month() -> Telling:
    """Five alerts: filled in time, filled late, over by itself, declined, forgotten."""
    told = Telling()
    due: dict[str, Any] = {"opened_at": at("2026-03-02 07:00"), "due_at": at("2026-03-03 07:00")}
    for number in range(1, 6):
        told.account(f"AC-{number}", f"P-{number}")
        told.alert("2", f"ep-{number}", f"P-{number}", **due)
        told.measured("2", f"P-{number}", 0.08)
    told.alert("3", "ep-1", "P-1", "in_flight", **due)
    told.alert("3", "ep-2", "P-2", **due)
    told.alert("2", "ep-9", "P-3", "frozen", due_at=None)  # never due, never open: in no figure
    told.alert("3", "ep-3", "P-3", "closed")
    told.alert("3", "ep-4", "P-4", "quiet", **due)
    told.alert("4", "ep-5", "P-5", **due)
    start, ask = ("open", "drafted", "2026-03-02 08:00"), ("present", "with_adviser", "2026-03-02 08:00")
    told.case(
        "pp-1",
        "ep-1",
        "P-1",
        start,
        ask,
        ("approve", "approved", "2026-03-02 10:00", *ADVISER),
        ("stage", "staged", "2026-03-02 10:30", "ops", "operations"),
        ("send", "sent", "2026-03-02 10:31", "ops", "operations"),
        ("fill", "filled", "2026-03-02 11:00", "ops", "operations"),
        drift_before_frac=0.08,
        drift_after_frac=0.01,
    )
    told.case(
        "pp-2",
        "ep-2",
        "P-2",
        start,
        ask,
        ("approve", "approved", "2026-03-03 14:00", *ADVISER),
        ("send", "sent", "2026-03-04 09:45", "ops", "operations"),
        ("fill", "filled", "2026-03-04 10:00", "ops", "operations"),
        drift_before_frac=0.08,
        drift_after_frac=0.03,
    )
    told.case(
        "pp-4", "ep-4", "P-4", start, ask, ("decline", "declined", "2026-03-02 12:00", "A-2", "senior_adviser", "no")
    )
    told.case("pp-5", "ep-5", "P-5", start, ask, ("expire", "expired", "2026-03-05 08:00"))
    told.measured("3", "P-1", 0.02)
    told.measured("3", "P-3", 0.030000000001)  # on the bound, up to the one tolerance
    told.measured("4", "P-1", 0.02)
    told.measured("4", "P-2", 0.04)
    told.measured("4", "P-3", 0.03)
    told.measured("4", "P-5", 0.08, adviser_id="A-2")
    return told


def test_the_figures_of_a_month_by_hand() -> None:
    found = figures(busy_month().facts())
    # Due: five. Over by themselves or put off before: ep-3 and ep-4. Filled in time: ep-1 of the three that remain.
    # ep-3 was over on 3 March, after its due time of 07:00 that day: it counts.
    within = found["rebalanced_within_sla_frac"]
    assert (within.numerator, within.denominator) == (1, 4)
    # P-1 from 0.08 to 0.02 on 3 March, P-2 from 0.08 to 0.04 on 4 March.
    reduction = found["average_drift_reduction_frac"]
    assert reduction.value == pytest.approx((0.06 + 0.04) / 2)
    assert found["average_drift_reduction_proposed_frac"].value == pytest.approx((0.07 + 0.05) / 2)
    # Open in a list: all five; ep-5 alone still asks.
    done = found["task_completion_frac"]
    assert (done.numerator, done.denominator) == (4, 5)
    # Approved twice, declined once, expired once.
    rate = found["approval_rate_frac"]
    assert (rate.numerator, rate.denominator, rate.value) == (2, 4, 0.5)
    # 2 hours, and 30.
    assert found["approval_hours"].value == pytest.approx(16)
    # From 07:00 on 2 March: 4 hours, and 51.
    assert found["cycle_hours"].value == pytest.approx((4 + 51) / 2)
    # (A-1, P-1), (A-1, P-2), (A-2, P-4) over the two who have a portfolio measured on 4 March.
    assert found["portfolios_reviewed_per_adviser"].value == pytest.approx(1.5)
    # ep-2 was acted on at 14:00 after 07:00; ep-3 went on until the close of 3 March; ep-5 nobody touched.
    assert found["missed_rebalancing_events"].value == 3
    # 4 March: P-1 at 0.02, P-2 at 0.04, P-3 at 0.03, P-5 at 0.08; P-4 was not measured.
    assert (found["within_2_points_frac"].numerator, found["within_2_points_frac"].denominator) == (1, 4)
    assert (found["within_3_points_frac"].numerator, found["within_3_points_frac"].denominator) == (2, 4)
    assert found["fill_to_message_minutes"].reason == NO_FILLS
    assert list(found) == [each.name for each in KPIS]


def test_nothing_was_run() -> None:
    found = kpis(derive(Facts(month_of("2026-03"), at("2026-04-06 09:00"))))
    assert {each.value for each in found} == {None}
    assert {each.reason for each in found} == {NO_SESSION}


def test_nothing_was_decided_or_sent() -> None:
    told = Telling()
    told.account("AC-1", "P-1")
    told.measured("4", "P-1", 0.01)
    found = figures(told.facts())
    assert found["rebalanced_within_sla_frac"].reason == NOTHING_SENT
    assert found["approval_rate_frac"].value is None
    assert found["approval_rate_frac"].reason == "no proposal was answered in the period"
    assert found["task_completion_frac"].value is None
    assert found["missed_rebalancing_events"].value == 0, (
        "sessions were run, and no alert came due: a count that is known"
    )
    assert found["within_2_points_frac"].value == 1
    assert all((each.value is None) == (each.reason is not None) for each in found.values())


def test_what_lies_after_the_moment_does_not_count() -> None:
    found = figures(busy_month().facts(as_of_at=at("2026-03-02 11:30")))
    assert (found["approval_rate_frac"].numerator, found["approval_rate_frac"].denominator) == (1, 1)
    assert found["missed_rebalancing_events"].value == 0, "not due yet"


def test_what_was_over_before_it_came_due_was_neither_missed_nor_to_be_done() -> None:
    told = Telling()
    due = at("2026-03-04 07:00")
    told.alert("2", "ep-1", "P-1", due_at=due)
    told.alert("3", "ep-1", "P-1", "closed")
    told.alert("2", "ep-2", "P-2", due_at=due)
    told.case("pp-2", "ep-2", "P-2", ("send", "sent", "2026-03-03 09:45", "ops", "operations"))
    found = figures(told.facts())
    assert found["missed_rebalancing_events"].value == 1
    within = found["rebalanced_within_sla_frac"]
    assert (within.numerator, within.denominator) == (0, 1)


def test_another_months_answers_are_that_months() -> None:
    found = figures(busy_month().facts("2026-02"))
    assert found["approval_rate_frac"].value is None
    assert found["average_drift_reduction_proposed_frac"].value is None


def test_automation_is_nobodys_approval_but_somebody_acted() -> None:
    told = Telling()
    told.alert("2", "ep-1", "P-1", due_at=at("2026-03-03 07:00"))
    told.case(
        "pp-1",
        "ep-1",
        "P-1",
        ("present", "with_adviser", "2026-03-02 08:00"),
        ("approve", "approved", "2026-03-02 08:00"),
    )
    found = figures(told.facts())
    assert found["approval_rate_frac"].value is None
    assert found["missed_rebalancing_events"].value == 0


def test_a_changed_list_was_asked_when_the_first_of_its_line_was() -> None:
    told = Telling()
    told.case(
        "pp-1",
        "ep-1",
        "P-1",
        ("present", "with_adviser", "2026-03-02 08:00"),
        ("supersede", "superseded", "2026-03-02 12:00", *ADVISER),
    )
    told.case(
        "pp-2",
        "ep-1",
        "P-1",
        ("present", "with_adviser", "2026-03-02 11:00"),
        ("approve", "approved", "2026-03-02 12:00", *ADVISER),
        modifies="pp-1",
    )
    found = figures(told.facts())
    assert (found["approval_rate_frac"].numerator, found["approval_rate_frac"].denominator) == (1, 1)
    assert found["approval_hours"].value == 4


def _filled(told: Telling, proposal: str, *fills: tuple[str, str]) -> None:
    told.other(
        "allocations",
        order_id="ob-" + proposal,
        proposal_id=proposal,
        trade_no=1,
        account_id="AC-1",
        order_qty=Decimal(10),
        order_value_usd=Decimal(100),
        lot_instruction="none",
        relief_method="fifo",
        tax_usd=Decimal(0),
    )
    for number, (when, status) in enumerate(fills):
        told.other(
            "fills",
            order_id="ob-" + proposal,
            execution_id=f"x{number}",
            filled_qty=Decimal(5),
            price_usd=Decimal(10),
            filled_at=at(when),
            trade_date=day("3"),
            status=status,
        )


def _message(told: Telling, proposal: str, when: str, **more: object) -> None:
    row = {
        "message_id": f"m-{proposal}-{when}-{more}",
        "kind": "client_after_fill_short",
        "channel": "email",
        "subject_id": proposal,
        "state": "sent",
        "sent_at": at(when),
        **more,
    }
    told.other("messages", **row)


def test_from_the_last_good_fill_to_the_clients_first_message() -> None:
    told = Telling()
    _filled(told, "pp-1", ("2026-03-03 09:46", "good"), ("2026-03-03 09:50", "good"), ("2026-03-03 09:59", "broken"))
    _message(told, "pp-1", "2026-03-03 09:52", channel="journal")
    _message(told, "pp-1", "2026-03-03 10:00")
    _message(told, "pp-1", "2026-03-03 10:30", kind="client_after_fill_detailed")
    _filled(told, "pp-2", ("2026-03-03 09:50", "good"))
    _message(told, "pp-2", "2026-03-03 10:20")
    _filled(told, "pp-3", ("2026-03-03 09:50", "good"))
    _message(told, "pp-3", "2026-03-03 09:55", state="in_doubt")
    found = figures(told.facts(is_execution_kept=True))
    assert found["fill_to_message_minutes"].value == pytest.approx((10 + 30) / 2)
    assert found["fill_to_message_minutes"].note == "1 not told yet"
    in_time = found["told_within_15_minutes_frac"]
    assert (in_time.numerator, in_time.denominator) == (1, 3)


def test_a_correction_moves_no_clock_and_an_earlier_message_tells_nothing() -> None:
    told = Telling()
    _filled(told, "pp-1", ("2026-03-03 09:50", "corrected"), ("2026-03-03 11:00", "good"))
    told.rows["fills"][0] = {**told.rows["fills"][0], "replaced_by_id": "x1"}
    _message(told, "pp-1", "2026-03-03 10:00")
    _filled(told, "pp-2", ("2026-03-03 09:50", "good"), ("2026-03-03 15:00", "good"))
    _message(told, "pp-2", "2026-03-03 09:55")
    _message(told, "pp-2", "2026-03-03 15:20")
    found = figures(told.facts(is_execution_kept=True))
    assert found["fill_to_message_minutes"].value == pytest.approx((10 + 20) / 2)
    in_time = found["told_within_15_minutes_frac"]
    assert (in_time.numerator, in_time.denominator) == (1, 2)


def test_fifteen_minutes_that_are_not_over_are_not_judged() -> None:
    told = Telling(as_of_at=at("2026-03-03 10:00"))
    _filled(told, "pp-1", ("2026-03-03 09:50", "good"))
    found = figures(told.facts(is_execution_kept=True))
    assert found["told_within_15_minutes_frac"].value is None
    later = figures(told.facts(is_execution_kept=True, as_of_at=at("2026-03-03 10:00") + dt.timedelta(minutes=5)))
    assert later["told_within_15_minutes_frac"].value == 0
