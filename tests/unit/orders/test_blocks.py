"""Blocks from approved proposals: who is grouped, who waits and why, and what the ids depend on."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import polars as pl

from data_contracts.vocab import HandOver, LotInstruction, OrderSize, OrderType, PauseScope, ReliefMethod, WaitReason
from evenkeel.orders.approved import Pause, Situation
from evenkeel.orders.blocks import Plan, by_custodian
from evenkeel.orders.frames import allocations_frame, batches_of, orders_frame
from evenkeel.policy.orders import OrderRule
from tests.support.ordering import BUY, EVENING, SECURITIES, SELL, account, plan, proposal, trade

A, B, C = account("A"), account("B"), account("C", "fidelity")
FIRST = proposal(
    "P1",
    trade(1, "A", SELL, "VTI", "10", "250", lot="L1", opened="2020-01-02", gain="500", tax="119"),
    trade(2, "A", SELL, "VTI", "5", "250", lot="L2", opened="2021-01-04", gain="-20", tax="0"),
    trade(3, "A", BUY, "BND", "40", "75"),
)
SECOND = proposal("P2", trade(1, "B", SELL, "VTI", "20", "250", lot="L9"), trade(2, "B", BUY, "VTSAX", "30.5", "120"))
THIRD = proposal("P3", trade(1, "C", SELL, "VTI", "7", "250", lot="L5"), trade(2, "C", BUY, "XOM", "12", "110.55"))


def reasons(result: Plan) -> list[tuple[str, WaitReason, int | None]]:
    return [(one.proposal_id, one.reason, one.trade_no) for one in result.waiting]


def test_one_block_a_custodian_security_side_and_kind_with_sales_first() -> None:
    blocks = plan([FIRST, SECOND, THIRD], A, B, C).batch.blocks
    assert [(one.custodian, one.security.security_id, one.side, one.order_type) for one in blocks] == [
        ("fidelity", "VTI", SELL, OrderType.MARKET),
        ("schwab", "VTI", SELL, OrderType.MARKET),
        ("fidelity", "XOM", BUY, OrderType.LIMIT),
        ("schwab", "BND", BUY, OrderType.MARKET),
        ("schwab", "VTSAX", BUY, OrderType.NAV),
    ]
    vti = blocks[1]
    assert (vti.order_qty, vti.order_value_usd) == (Decimal(35), None)
    assert [(one.account_id, one.order_qty) for one in vti.allocations] == [("A", Decimal(15)), ("B", Decimal(20))]
    assert [(lot.lot_id, lot.order_qty, lot.instruction) for lot in vti.allocations[0].lots] == [
        ("L1", Decimal(10), LotInstruction.SPECIFIC_LOT),
        ("L2", Decimal(5), LotInstruction.SPECIFIC_LOT),
    ]
    assert blocks[2].limit_price_usd == Decimal("111.66")  # 111.6555
    fund = blocks[4]
    assert (fund.order_size, fund.order_qty, fund.order_value_usd) == (OrderSize.DOLLARS, None, Decimal("3660.00"))
    assert fund.order_by_at == dt.datetime(2026, 3, 4, 21, 0, tzinfo=dt.UTC)


def test_the_same_proposals_give_the_same_ids_in_any_order_and_others_give_others() -> None:
    one, two = plan([FIRST, SECOND, THIRD], A, B, C), plan([THIRD, SECOND, FIRST], C, B, A)
    assert one == two
    fewer = plan([FIRST, THIRD], A, B, C)
    assert fewer.batch.batch_id != one.batch.batch_id
    ids = {block.order_id for block in one.batch.blocks}
    assert len(ids) == len(one.batch.blocks)
    # What is the same block keeps its id, what has one account less does not.
    assert [block.order_id in ids for block in fewer.batch.blocks] == [True, False, True, True]


def test_a_trade_that_is_in_a_block_is_not_taken_again() -> None:
    taken = frozenset({("P1", 1), ("P1", 2), ("P2", 1), ("P2", 2), ("P3", 1), ("P3", 2)})
    situation = Situation({"A": A, "B": B, "C": C}, SECURITIES, taken=taken)
    result = plan([FIRST, SECOND, THIRD], situation=situation)
    assert [(one.security.security_id, one.allocations[0].account_id) for one in result.batch.blocks] == [("BND", "A")]


def test_a_sale_of_all_of_a_fund_is_an_order_for_all() -> None:
    one = proposal(
        "P1",
        trade(1, "A", SELL, "VTSAX", "10.5", "120", lot="L1"),
        trade(2, "A", SELL, "VTSAX", "2.25", "120", lot="L2"),
    )
    two = proposal("P2", trade(1, "B", SELL, "VTSAX", "3", "120", lot="L3"))
    held = {("A", "VTSAX"): Decimal("12.75"), ("B", "VTSAX"): Decimal(30)}
    blocks = plan([one, two], situation=Situation({"A": A, "B": B}, SECURITIES, held)).batch.blocks
    assert sorted((block.order_size, block.order_qty) for block in blocks) == [
        (OrderSize.ALL, Decimal("12.75")),
        (OrderSize.UNITS, Decimal(3)),
    ]


def test_what_is_paused_waits_whole() -> None:
    for pause, waiting in (
        (Pause(PauseScope.BOOK), ["P1", "P2", "P3"]),
        (Pause(PauseScope.CUSTODIAN, "fidelity"), ["P3"]),
        (Pause(PauseScope.SECURITY, "BND"), ["P1"]),
        (Pause(PauseScope.SECURITY, "GLD"), []),
    ):
        situation = Situation({"A": A, "B": B, "C": C}, SECURITIES, pauses=(pause,))
        result = plan([FIRST, SECOND, THIRD], situation=situation)
        assert reasons(result) == [(one, WaitReason.PAUSED, None) for one in waiting]
        sent = {lot.proposal_id for block in result.batch.blocks for part in block.allocations for lot in part.lots}
        assert sent == {"P1", "P2", "P3"} - set(waiting)


def test_what_cannot_be_traded_or_is_not_known_waits_whole() -> None:
    land = proposal("P4", trade(1, "A", BUY, "LAND", "1", "1000"), trade(2, "A", BUY, "BND", "1", "75"))
    ghost = proposal("P5", trade(1, "Z", BUY, "BND", "1", "75"))
    result = plan([land, ghost], A)
    assert result.batch.blocks == ()
    assert reasons(result) == [("P4", WaitReason.NOT_TRADABLE, None), ("P5", WaitReason.NOT_KNOWN, None)]


def test_no_account_is_traded_by_two_proposals_at_once_nor_on_both_sides() -> None:
    later = proposal("P0", trade(1, "A", BUY, "VTI", "1", "250"), at=EVENING + dt.timedelta(minutes=1))
    result = plan([later, FIRST], A)
    assert reasons(result) == [("P0", WaitReason.ACCOUNT_TAKEN, None)]
    last = proposal("P9", trade(1, "A", BUY, "VTI", "1", "250"), at=EVENING + dt.timedelta(minutes=2))
    assert reasons(plan([FIRST, SECOND, last], A, B)) == [("P9", WaitReason.ACCOUNT_TAKEN, None)]
    both = proposal("P6", trade(1, "B", SELL, "VTI", "2", "250", lot="L1"), trade(2, "B", BUY, "VTI", "1", "250"))
    assert reasons(plan([both], B)) == [("P6", WaitReason.BOTH_SIDES, None)]


def test_a_security_whose_order_still_works_in_the_account_waits() -> None:
    situation = Situation({"A": A, "B": B}, SECURITIES, working=frozenset({("A", "BND")}))
    assert reasons(plan([FIRST, SECOND], situation=situation)) == [("P1", WaitReason.ORDER_WORKING, None)]


def test_orders_are_submitted_only_with_discretion_and_where_the_policy_says_so() -> None:
    rule = OrderRule(submitted=("schwab",))
    accounts = (A, replace(B, is_discretionary=False), C)
    blocks = plan([FIRST, SECOND, THIRD], *accounts, rule=rule).batch.blocks
    handed = {
        (one.custodian, one.allocations[0].account_id, one.hand_over)
        for one in blocks
        if one.security.security_id == "VTI"
    }
    assert handed == {
        ("schwab", "A", HandOver.SUBMITTED),
        ("schwab", "B", HandOver.STAGED),
        ("fidelity", "C", HandOver.STAGED),
    }


def test_a_custodian_that_takes_no_lots_is_told_the_accounts_method() -> None:
    rule = OrderRule(takes_no_lots=("schwab",))
    account_a = account("A", relief=ReliefMethod.HIGHEST_COST)
    part = plan([FIRST], account_a, rule=rule).batch.blocks[0].allocations[0]
    assert {lot.instruction for lot in part.lots} == {LotInstruction.ACCOUNT_METHOD}
    assert part.relief_method == ReliefMethod.HIGHEST_COST


def test_a_block_has_the_newest_price_for_its_limit() -> None:
    old = proposal("P9", trade(1, "A", SELL, "XOM", "10", "100", lot="L1"), day="2026-03-02")
    new = proposal(
        "P8", trade(1, "B", SELL, "XOM", "10", "104", lot="L1"), day="2026-03-03", at=EVENING - dt.timedelta(hours=5)
    )
    (block,) = plan([old, new], A, B).batch.blocks
    assert block.limit_price_usd == Decimal("102.96")


def test_a_batch_is_two_datasets_and_back() -> None:
    batch = plan([FIRST, SECOND, THIRD], A, B, C).batch
    orders, parts = orders_frame(batch), allocations_frame(batch)
    assert batches_of(orders, parts, SECURITIES) == [batch]
    assert orders.get_column("sequence_no").sort().to_list() == [1, 2, 3, 4, 5]
    sums = parts.group_by("order_id").agg(pl.col("order_qty").sum().alias("sum"))
    joined = orders.filter(pl.col("order_qty").is_not_null()).join(sums, on="order_id")
    assert joined.get_column("sum").to_list() == joined.get_column("order_qty").to_list()


def test_a_batch_can_be_parted_by_custodian() -> None:
    batch = plan([FIRST, SECOND, THIRD], A, B, C).batch
    parts = by_custodian(batch)
    assert [{block.custodian for block in one.blocks} for one in parts] == [{"fidelity"}, {"schwab"}]
    assert sum((one.blocks for one in parts), ()) == tuple(sorted(batch.blocks, key=lambda block: block.custodian))
    assert len({one.batch_id for one in [batch, *parts]}) == 3
    assert by_custodian(parts[0]) == [parts[0]]


def test_the_batch_of_the_short_friday_after_thanksgiving() -> None:
    at = dt.datetime(2026, 11, 25, 21, 30, tzinfo=dt.UTC)  # Wednesday, after the close
    result = plan([FIRST, SECOND], A, B, at=at, cutoffs={"schwab": dt.time(15, 30)})
    assert result.batch.send_at == dt.datetime(2026, 11, 27, 14, 45, tzinfo=dt.UTC)
    assert {(block.trade_date, block.settle_date) for block in result.batch.blocks} == {
        (dt.date(2026, 11, 27), dt.date(2026, 11, 30))
    }
    (fund,) = [block for block in result.batch.blocks if block.order_type == OrderType.NAV]
    assert fund.order_by_at == dt.datetime(
        2026, 11, 27, 17, 30, tzinfo=dt.UTC
    )  # 12:30 Eastern, half an hour before the close
