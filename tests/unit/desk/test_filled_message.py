"""What a client is told after the fill, reckoned by hand: prices, gain, tax, cost and weights, in full and in part."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from evenkeel.desk.filled_message import announce_filled, weights_after
from evenkeel.orders.allocate import share_out
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case
from evenkeel.ports.orders import AccountShare, Block
from tests.support.consenting import account as consenting_account
from tests.support.consenting import case, facts
from tests.support.ordering import BUY, SELL, account, fill, plan, proposal, trade

AT = dt.datetime(2026, 3, 4, 14, 46, tzinfo=dt.UTC)
SALE: dict[str, Any] = {
    "trade_no": 1,
    "account_id": "AC-1",
    "security_id": "VTI",
    "asset_class": "us_equity",
    "side": "sell",
    "traded_qty": "10",
    "price_usd": "100",
    "value_usd": "1000.00",
    "gain_usd": "200.00",
    "tax_usd": "40.00",
    "tax_rate_frac": "0.2",
    "commission_usd": "1.00",
    "half_spread_usd": "0.50",
    "redemption_fee_usd": "0.00",
}
PURCHASE = SALE | {
    "trade_no": 2,
    "security_id": "BND",
    "asset_class": "us_bond",
    "side": "buy",
    "price_usd": "50",
    "traded_qty": "20",
    "gain_usd": None,
    "tax_usd": "0.00",
    "tax_rate_frac": None,
    "commission_usd": "2.00",
}
CLASSES = [
    {"node": "us_equity", "asset_class": "us_equity", "after_frac": "0.6"},
    {"node": "us_bond", "asset_class": "us_bond", "after_frac": "0.38"},
    {"node": "cash", "asset_class": "cash", "after_frac": "0.02"},
]


def agreed(owners: str = "pat lou", after_fill: str = "short", **sale: Any) -> Case:
    """Return a case of a sale and a purchase of 1,000 dollars each in a portfolio of 10,000."""
    rule = ApprovalRule.model_validate({"after_fill": after_fill})
    made = case(facts(10_000, consenting_account(owners=owners, asks=bool(owners))), rule)
    figures = {"net_tax_usd": "40.00"}
    return replace(
        made,
        content={"list": {"trades": [SALE | sale, PURCHASE], "classes": CLASSES, "figures": figures}, "basis": {}},
    )


def done(sold: str = "10", at: str = "100", bought: str = "20") -> list[tuple[Block, list[AccountShare]]]:
    """Return the blocks of that case with what was filled: units and price of the sale, units of the purchase at 50."""
    ordered = proposal(
        "pro-1",
        trade(1, "AC-1", SELL, "VTI", "10", "100", lot="L1", gain="200", tax="40"),
        trade(2, "AC-1", BUY, "BND", "20", "50"),
    )
    found = []
    for block in plan([ordered], account("AC-1")).batch.blocks:
        quantity, price = (sold, at) if block.side is SELL else (bought, "50")
        fills = [fill(block, "E1", quantity, price)] if quantity != "0" else []
        found.append((block, share_out(block, fills)))
    return found


def told(**changes: str) -> dict[str, Any]:
    [first, *_] = announce_filled(agreed(), done(**changes), AT)
    return dict(first.payload)


def test_as_approved_is_told_as_approved() -> None:
    said = told()
    assert [(one["side"], one["security_id"], one["filled_qty"], one["value_usd"]) for one in said["fills"]] == [
        ("sell", "VTI", "10", "1000.00"),
        ("buy", "BND", "20", "1000.00"),
    ]
    assert (said["gain_usd"], said["tax_usd"], said["cost_usd"]) == ("200.00", "40.00", "3.00")
    assert said["after"] == {"us_equity": 0.6, "us_bond": 0.38, "cash": 0.02}
    assert said["tell_by_at"] == "2026-03-04T15:01:00+00:00"


def test_a_better_price_is_more_gain_and_its_rate_more_tax() -> None:
    said = told(at="110")
    assert said["fills"][0]["price_usd"] == "110.0000"
    assert (said["gain_usd"], said["tax_usd"]) == ("300.00", "60.00")


def test_what_was_sold_in_part_has_its_part_of_gain_tax_and_cost_and_what_was_not_bought_is_cash() -> None:
    said = told(sold="5", bought="0")
    assert (said["gain_usd"], said["tax_usd"], said["cost_usd"]) == ("100.00", "20.00", "0.50")
    assert [one["side"] for one in said["fills"]] == ["sell"]
    # 500 less was sold: five points more of equity; 1,000 less was bought.
    assert said["after"] == {"us_equity": 0.65, "us_bond": 0.28, "cash": 0.07}


def test_nothing_done_is_nothing_told() -> None:
    assert announce_filled(agreed(), done(sold="0", bought="0"), AT) == []


def test_what_is_not_known_is_not_told_as_nought() -> None:
    unknown = [
        (block, [replace(share, lots=tuple(replace(one, lot=replace(one.lot, gain_usd=None)) for one in share.lots))])
        for block, [share] in done()
    ]
    [first, _] = announce_filled(agreed(), unknown, AT)
    assert (first.payload["gain_usd"], first.payload["tax_usd"]) == (None, None)
    listed = agreed().content["list"]
    blank = [node | {"after_frac": None} for node in CLASSES]
    changed = replace(agreed(), content={"list": {**listed, "classes": blank}})
    assert weights_after(changed, done()) == {}


def test_of_a_list_changed_by_hand_the_weights_are_those_before_and_what_was_done() -> None:
    before: list[dict[str, Any]] = [
        {**node, "after_frac": None, "before_frac": weight}
        for node, weight in zip(CLASSES, ("0.7", "0.28", "0.02"), strict=True)
    ]
    changed = replace(agreed(), content={"list": {**agreed().content["list"], "classes": before}})
    assert weights_after(changed, done()) == pytest.approx({"us_equity": 0.6, "us_bond": 0.38, "cash": 0.02})
    part = weights_after(changed, done(sold="5", bought="0"))
    assert part == pytest.approx({"us_equity": 0.65, "us_bond": 0.28, "cash": 0.07})


@pytest.mark.parametrize(
    ("owners", "form", "whom", "kind"),
    [
        ("pat lou", "short", ["pat", "lou"], "client_after_fill_short"),
        ("pat", "detailed", ["pat"], "client_after_fill_detailed"),
        ("", "short", ["H1"], "client_after_fill_short"),
    ],
)
def test_who_consented_is_told_and_where_nobody_was_asked_the_household(
    owners: str, form: str, whom: list[str], kind: str
) -> None:
    messages = announce_filled(agreed(owners, form), done(), AT)
    assert sorted(one.payload["recipient_id"] for one in messages) == sorted(whom)
    assert {(one.kind, one.payload["recipient_role"], one.payload["due_at"]) for one in messages} == {
        (kind, "client", None)
    }
    again = announce_filled(agreed(owners, form), done(), AT)
    assert [one.message_id for one in messages] == [one.message_id for one in again], "told once"


def test_the_parts_of_two_proposals_in_one_block_are_told_apart() -> None:
    mine, theirs = done()[0][1][0], "pro-9"
    block, shares = done()[0]
    other = replace(
        mine,
        account_id="AC-9",
        value_usd=Decimal("777"),
        lots=tuple(replace(one, lot=replace(one.lot, proposal_id=theirs)) for one in mine.lots),
    )
    [first, _] = announce_filled(agreed(), [(block, [*shares, other])], AT)
    assert [one["account_id"] for one in first.payload["fills"]] == ["AC-1"]
