"""What was done against what was approved."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from data_contracts.vocab import DifferenceKind
from evenkeel.orders.after_fill import (
    RelievedLot,
    gain_differences,
    lot_differences,
    unfilled,
    weight_differences,
    weights_after,
)
from evenkeel.orders.allocate import share_out
from evenkeel.policy.orders import OrderRule
from tests.support.ordering import BUY, SELL, account, block_of, fill, plan, proposal, trade

D = Decimal
RULE = OrderRule()
SALE = proposal(
    "P",
    trade(1, "A", SELL, "VTI", "10", "250", lot="L1", opened="2020-01-02", gain="500", tax="119"),
    trade(2, "A", SELL, "VTI", "10", "250", lot="L2", opened="2021-01-04", gain="-300", tax="-71.40"),
)
(BLOCK,) = plan([SALE], account("A")).batch.blocks


def relieved(quantity: str, gain: str | None, lot: str | None = None, opened: str | None = None) -> RelievedLot:
    date = None if opened is None else dt.date.fromisoformat(opened)
    return RelievedLot("A", "VTI", D(quantity), None if gain is None else D(gain), lot, date)


def test_weights_within_half_a_point_are_as_proposed() -> None:
    proposed = {"us_equity": 0.60, "us_bond": 0.38, "cash": 0.02}
    assert weight_differences("P", proposed, {"us_equity": 0.605, "us_bond": 0.375, "cash": 0.02}, RULE) == []
    found = weight_differences("P", proposed, {"us_equity": 0.6051, "us_bond": 0.38}, RULE)
    assert [(one.subject, one.expected, one.found) for one in found] == [
        ("cash", D("0.02"), D("0.0")),
        ("us_equity", D("0.6"), D("0.6051")),
    ]
    assert found[1].text == "us_equity weighs 60.51%, proposed were 60.00%"


def test_weights_after_the_fills_show_what_was_not_done() -> None:
    made = proposal("P", trade(1, "A", SELL, "VTI", "40", "250", lot="L1"), trade(2, "A", BUY, "VBTLX", "1000", "10"))
    blocks = plan([made], account("A", cash="50000")).batch.blocks
    sale, purchase = blocks
    proposed, nodes = {"us_equity": 0.60, "us_bond": 0.38, "cash": 0.02}, {1: "us_equity", 2: "us_bond"}
    all_done = [
        (sale, share_out(sale, [fill(sale, "E1", "40", "260")])),
        (purchase, share_out(purchase, [fill(purchase, "E2", "990.099", "10.1")])),
    ]
    as_proposed = weights_after("P", proposed, 200_000, nodes, all_done)
    assert weight_differences("P", proposed, as_proposed, RULE) == []
    # Of 10,000 dollars to sell 7,500 are left, of 200,000: 3.75 points, which lack in cash.
    part = [(sale, share_out(sale, [fill(sale, "E1", "10", "250")])), all_done[1]]
    found = weight_differences("P", proposed, weights_after("P", proposed, 200_000, nodes, part), RULE)
    assert [(one.subject, one.found) for one in found] == [("cash", D("-0.0175")), ("us_equity", D("0.6375"))]
    none = weights_after("P", proposed, 200_000, nodes, [(sale, []), (purchase, [])])
    assert {node: round(weight, 6) for node, weight in none.items()} == {
        "us_equity": 0.65,
        "us_bond": 0.33,
        "cash": 0.02,
    }


def test_what_is_not_filled_is_told_by_account() -> None:
    block = block_of(("A", "60"), ("B", "40"))
    shares = share_out(block, [fill(block, "E1", "50", "250")])
    assert [(one.account_id, one.expected, one.found) for one in unfilled(block, shares)] == [
        ("A", D(60), D(30)),
        ("B", D(40), D(20)),
    ]
    assert unfilled(block, share_out(block, [fill(block, "E1", "100", "250")])) == []
    assert [one.found for one in unfilled(block, [])] == [D(0), D(0)]


def test_a_gain_as_approved_is_no_difference_and_one_at_another_price_is() -> None:
    as_approved = share_out(BLOCK, [fill(BLOCK, "E1", "20", "250")])
    assert gain_differences(BLOCK, as_approved, [], RULE) == []
    # Approved 200.00 of gain and 47.60 of tax; 15 dollars a share more is 300.00 more gain. Allowed: 2 % of 5,300, 106.00.
    higher = share_out(BLOCK, [fill(BLOCK, "E1", "20", "265")])
    found = gain_differences(BLOCK, higher, [], RULE)
    assert [(one.kind, one.expected, one.found) for one in found] == [
        (DifferenceKind.REALISED_GAIN, D("200.00"), D("500.00"))
    ]


def test_the_custodians_own_gain_goes_before_ours() -> None:
    shares = share_out(BLOCK, [fill(BLOCK, "E1", "20", "250")])
    told = [relieved("10", "1500", "L0"), relieved("10", "500", "L1")]
    assert [(one.kind, one.expected, one.found) for one in gain_differences(BLOCK, shares, told, RULE)] == [
        (DifferenceKind.REALISED_GAIN, D("200.00"), D("2000")),
        (DifferenceKind.TAX, D("47.60"), D("476.00")),
    ]
    assert gain_differences(BLOCK, shares, [relieved("20", None, "L0")], RULE) == []


def test_what_was_approved_is_scaled_to_what_was_filled() -> None:
    # Of ten filled the lot with the loss goes first: a loss of 300.00 approved.
    shares = share_out(BLOCK, [fill(BLOCK, "E1", "10", "250")])
    assert gain_differences(BLOCK, shares, [relieved("10", "-300", "L2")], RULE) == []
    (gain, _) = gain_differences(BLOCK, shares, [relieved("10", "500", "L1")], RULE)
    assert (gain.expected, gain.found) == (D("-300.00"), D(500))


def test_a_custodian_that_relieved_other_lots() -> None:
    shares = share_out(BLOCK, [fill(BLOCK, "E1", "20", "250")])
    assert lot_differences(BLOCK, shares, []) == []
    assert lot_differences(BLOCK, shares, [relieved("10", None, "L1"), relieved("10", None, "L2")]) == []
    found = lot_differences(BLOCK, shares, [relieved("15", None, "L1"), relieved("5", None, "L2")])
    assert [(one.subject, one.expected, one.found) for one in found] == [("L1", D(10), D(15)), ("L2", D(10), D(5))]
    assert "until settlement (2026-03-05)" in found[0].text


def test_lots_without_our_ids_are_told_apart_by_the_date_they_were_opened() -> None:
    shares = share_out(BLOCK, [fill(BLOCK, "E1", "20", "250")])
    same = [relieved("10", None, opened="2020-01-02"), relieved("10", None, opened="2021-01-04")]
    assert lot_differences(BLOCK, shares, same) == []
    fifo = [relieved("8", None, "X7", "2019-05-06"), relieved("12", None, "X8", "2020-01-02")]
    assert [(one.subject, one.expected, one.found) for one in lot_differences(BLOCK, shares, fifo)] == [
        ("2019-05-06", D(0), D(8)),
        ("2020-01-02", D(10), D(12)),
        ("2021-01-04", D(10), D(0)),
    ]


def test_lots_that_were_never_named_are_not_compared() -> None:
    made = proposal("P", trade(1, "A", SELL, "VTI", "10", "250", gain="500"))
    (block,) = plan([made], account("A")).batch.blocks
    shares = share_out(block, [fill(block, "E1", "10", "250")])
    assert lot_differences(block, shares, [relieved("10", None, "ANY")]) == []
