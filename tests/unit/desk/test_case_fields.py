"""A case as merge fields: orders out of lots, what earlier proposals came to, and who decided."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any, cast

import pytest

from data_contracts.vocab import MessageKind, ProposalState, Role, Step
from evenkeel.desk.case_fields import EARLIER_SHOWN, case_lines, decider, earlier_results, person_words
from evenkeel.desk.directory import Directory
from evenkeel.ports.approvals import Case, Entry
from evenkeel.run.house import House
from tests.support.consenting import NOON, case

NAMES = Directory({"ada": "Ada Moss"}, {}, {"AC-1": "…4821"}, security_names={"VTI": "Total Stock Market"})


class Reconciled:
    """Cases on record, and when each was filled, as far as `earlier_results` asks."""

    def __init__(self, cases: list[Case]) -> None:
        self.found = cases

    @property
    def approvals(self) -> Reconciled:
        return self

    def cases(self, **asked: Any) -> list[Case]:
        assert asked == {"states": [ProposalState.RECONCILED], "household_id": "H1"}
        return self.found

    def entries(self, proposal_id: str) -> list[Entry]:
        of = next(one for one in self.found if one.proposal_id == proposal_id)
        at = of.changed_at - dt.timedelta(days=1)
        filled = ProposalState.FILLED
        return [Entry(proposal_id, 9, Step.FILL, ProposalState.SENT, filled, "ops", Role.OPERATIONS, at, "", 8, {})]


def done(number: int, portfolio: str = "P1", after: str | None = "0.004") -> Case:
    figures = {"max_drift_before_frac": "0.061", "max_drift_after_frac": after, "net_tax_usd": f"{number}.00"}
    made = case(proposal_id=f"pro-{number}", at=NOON + dt.timedelta(days=30 * number))
    return replace(made, portfolio_id=portfolio, content={"list": {"trades": [], "figures": figures}, "basis": {}})


def test_the_newest_results_of_the_same_portfolio_are_told() -> None:
    known = [done(1), done(2), done(3, "P2"), done(4), done(5), done(6, after=None)]
    earlier = earlier_results(cast(House, Reconciled(known)), case())
    assert [one.tax_usd for one in earlier] == [Decimal("5.00"), Decimal("4.00"), Decimal("2.00")]
    assert len(earlier) == EARLIER_SHOWN
    assert earlier[0].done_date == (NOON + dt.timedelta(days=149)).date(), (
        "when it was filled, not when it was compared"
    )
    assert (earlier[0].largest_drift_before_frac, earlier[0].largest_drift_after_frac) == (0.061, 0.004)


def row(side: str, quantity: str, gain: str | None) -> dict[str, Any]:
    value = str(Decimal(quantity) * 100)
    return {
        "side": side,
        "account_id": "AC-1",
        "security_id": "VTI" if side == "sell" else "BND",
        "traded_qty": quantity,
        "price_usd": "100",
        "value_usd": value,
        "gain_usd": gain,
    }


def test_the_lots_of_an_order_are_one_line_and_sales_come_first() -> None:
    lines = case_lines([row("buy", "3", None), row("sell", "2", "10.00"), row("sell", "1", "-4.00")], NAMES)
    assert [
        (one.verb, one.symbol, one.security_name, one.account_mask, one.share_count, one.gain_usd) for one in lines
    ] == [
        ("Sell", "VTI", "Total Stock Market", "…4821", Decimal(3), Decimal("6.00")),
        ("Buy", "BND", "BND", "…4821", Decimal(3), None),
    ]
    [unknown] = case_lines([row("sell", "2", "10.00"), row("sell", "1", None)], NAMES)
    assert unknown.gain_usd is None, "a gain that is known in part is not known"


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"decided_by": "ada", "decided_role": "senior_adviser"}, "Ada Moss, senior adviser"),
        ({"decided_by": "pat", "decided_role": "client"}, "the client"),
        ({"decided_by": "evenkeel", "decided_role": "automation"}, "nobody"),
        ({}, "nobody"),
        ({"decided_by": "ada"}, "Ada Moss"),
    ],
)
def test_who_decided(told: dict[str, str], said: str) -> None:
    assert decider(told, MessageKind.APPROVAL_EXPIRED, NAMES) == said


def test_who_was_slow() -> None:
    assert [person_words(one, NAMES) for one in ("ada", "pat", "compliance", None)] == [
        "Ada Moss",
        "the client",
        "compliance",
        None,
    ]
