"""Each cause that makes a consent worthless, by itself, at its bound."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from data_contracts.vocab import StaleCause
from evenkeel.approval import staleness
from evenkeel.approval.staleness import Basis

THEN = Basis(
    business_date="2026-03-02",
    prices={"VTI": Decimal("100"), "BND": Decimal("70")},
    cash={"AC-1": Decimal("500.00")},
    holdings={"AC-1": "a", "AC-2": "b"},
    planned=frozenset({"PC-1"}),
    model="balanced/2/ff",
)


def causes(found: list[staleness.Stale]) -> list[tuple[StaleCause, str]]:
    return [(one.cause, one.subject_id) for one in found]


def test_a_price_moves_past_its_tolerance_up_or_down() -> None:
    at_bound = replace(THEN, prices={"VTI": Decimal("102"), "BND": Decimal("68.6")})
    assert staleness.price_moved(THEN, at_bound, 0.02) == []
    past = replace(THEN, prices={"VTI": Decimal("102.01"), "BND": Decimal("68.59")})
    assert causes(staleness.price_moved(THEN, past, 0.02)) == [
        (StaleCause.PRICE_MOVED, "BND"),
        (StaleCause.PRICE_MOVED, "VTI"),
    ]
    gone = replace(THEN, prices={"VTI": Decimal("100")})
    assert causes(staleness.price_moved(THEN, gone, 0.02)) == [(StaleCause.PRICE_MOVED, "BND")]


def test_a_newer_proposal_or_none() -> None:
    assert staleness.newer_proposal("pro-1", "pro-1", "ep-1") == []
    assert causes(staleness.newer_proposal("pro-1", "pro-2", "ep-1")) == [(StaleCause.NEWER_PROPOSAL, "pro-2")]
    assert causes(staleness.newer_proposal("pro-1", None, "ep-1")) == [(StaleCause.ALERT_CLOSED, "ep-1")]


def test_a_suspension_and_a_quarantine() -> None:
    assert causes(staleness.suspended(["AC-1"], ["AC-1", "AC-9"])) == [(StaleCause.SUSPENDED, "AC-1")]
    stopped = {"AC-2": "quarantined", "AC-9": "quarantined"}
    assert causes(staleness.quarantined(["AC-1", "AC-2"], stopped)) == [(StaleCause.QUARANTINED, "AC-2")]
    both = staleness.suspended_or_quarantined(["AC-1"], ["AC-1"], {"AC-1": "suspended"})
    assert causes(both) == [(StaleCause.SUSPENDED, "AC-1")], "one cause raises one finding"


def test_a_corrected_file() -> None:
    assert staleness.file_corrected(THEN, THEN) == []
    corrected = replace(THEN, holdings={"AC-1": "a", "AC-2": "other"})
    assert causes(staleness.file_corrected(THEN, corrected)) == [(StaleCause.FILE_CORRECTED, "AC-2")]
    gone = replace(THEN, holdings={"AC-2": "b"})
    assert causes(staleness.file_corrected(THEN, gone)) == [(StaleCause.FILE_CORRECTED, "AC-1")]


def test_cash_moves_past_its_tolerance() -> None:
    assert staleness.cash_moved(THEN, replace(THEN, cash={"AC-1": Decimal("400.00")}), 100) == []
    less = replace(THEN, cash={"AC-1": Decimal("399.99")})
    assert causes(staleness.cash_moved(THEN, less, 100)) == [(StaleCause.CASH_MOVED, "AC-1")]
    assert causes(staleness.cash_moved(THEN, replace(THEN, cash={}), 100)) == [(StaleCause.CASH_MOVED, "AC-1")]


def test_a_withdrawal_that_the_list_does_not_know() -> None:
    assert staleness.withdrawal_requested(THEN, replace(THEN, planned=frozenset())) == [], (
        "one that was done or cancelled"
    )
    wire = replace(THEN, planned=frozenset({"PC-1", "PC-2"}))
    assert causes(staleness.withdrawal_requested(THEN, wire)) == [(StaleCause.WITHDRAWAL_REQUESTED, "PC-2")]


def test_another_model_or_another_version_of_it() -> None:
    assert staleness.model_changed(THEN, THEN) == []
    assert causes(staleness.model_changed(THEN, replace(THEN, model="balanced/3/0a"))) == [
        (StaleCause.MODEL_CHANGED, "balanced")
    ]


def test_how_far_a_newer_list_is_from_an_older_one() -> None:
    older = {("AC-1", "sell", "VTI"): Decimal(1000), ("AC-1", "buy", "BND"): Decimal(1000)}
    assert staleness.differs_frac(older, older) == 0
    newer = {("AC-1", "sell", "VTI"): Decimal(1100), ("AC-1", "buy", "BND"): Decimal(900)}
    assert staleness.differs_frac(older, newer) == 0.1
    other = {("AC-1", "sell", "VTI"): Decimal(1000), ("AC-1", "buy", "AGG"): Decimal(1000)}
    assert staleness.differs_frac(older, other) == 1.0, "another security is another list"
    assert staleness.differs_frac({}, older) == 1.0
