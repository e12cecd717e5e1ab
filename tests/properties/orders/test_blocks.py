"""What must hold of every batch: nothing twice, nothing lost, sales first, no purchase without money."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from data_contracts.vocab import OrderSide, PauseScope
from evenkeel.orders.approved import ApprovedProposal, Pause, Situation
from evenkeel.orders.blocks import plan_batch
from evenkeel.orders.times import next_batch_at
from evenkeel.policy.orders import OrderRule
from tests.support.ordering import BUY, EVENING, SECURITIES, SELL, account, proposal, trade

ACCOUNTS = {
    f"A{place}": account(f"A{place}", ("schwab", "fidelity")[place % 2], cash=str(place * 4000)) for place in range(6)
}
TRADED = ("VTI", "BND", "XOM", "VTSAX", "T-NOTE")
CUTOFFS = {"fidelity": dt.time(9, 30)}

Book = list[list[tuple[str, OrderSide, str, int]]]
trades_of_one = st.lists(
    st.tuples(
        st.sampled_from(list(ACCOUNTS)), st.sampled_from([BUY, SELL]), st.sampled_from(TRADED), st.integers(1, 90)
    ),
    min_size=1,
    max_size=6,
    unique_by=lambda one: (one[0], one[2]),
)
pauses = st.lists(
    st.sampled_from(
        [Pause(PauseScope.CUSTODIAN, "fidelity"), Pause(PauseScope.SECURITY, "XOM"), Pause(PauseScope.SECURITY, "BND")]
    ),
    max_size=2,
)
books = st.lists(trades_of_one, min_size=1, max_size=5)


def made(book: Book) -> list[ApprovedProposal]:
    return [
        proposal(
            f"P{number}",
            *(
                trade(place, owner, side, security, str(quantity), "100", lot=f"L{place}" if side == SELL else None)
                for place, (owner, side, security, quantity) in enumerate(
                    sorted(rows, key=lambda row: row[1] != SELL), start=1
                )
            ),
            at=EVENING + dt.timedelta(minutes=number),
        )
        for number, rows in enumerate(book)
    ]


@given(books, pauses)
def test_every_trade_is_in_one_block_or_waits_for_a_stated_reason(book: Book, paused: list[Pause]) -> None:
    proposals, rule = made(book), OrderRule()
    situation = Situation(ACCOUNTS, SECURITIES, pauses=tuple(paused))
    plan = plan_batch(proposals, situation, rule, next_batch_at(EVENING, rule.batch_time), CUTOFFS)
    sent = [
        (lot.proposal_id, lot.trade_no)
        for block in plan.batch.blocks
        for part in block.allocations
        for lot in part.lots
    ]
    assert len(sent) == len(set(sent))
    whole = {one.proposal_id for one in plan.waiting if one.trade_no is None}
    alone = {(one.proposal_id, one.trade_no) for one in plan.waiting if one.trade_no is not None}
    for each in proposals:
        for one in each.trades:
            place = (each.proposal_id, one.trade_no)
            assert (place in sent) + (each.proposal_id in whole) + (place in alone) == 1
    # Only purchases wait alone, and nothing paused goes.
    sides = {(each.proposal_id, one.trade_no): one.side for each in proposals for one in each.trades}
    assert {sides[one] for one in alone} <= {BUY}
    assert not any(
        pause.touches(block.custodian, block.security.security_id) for pause in paused for block in plan.batch.blocks
    )


@given(books)
def test_sales_stand_first_blocks_add_up_and_no_account_has_both_sides(
    book: Book,
) -> None:
    rule = OrderRule()
    plan = plan_batch(
        made(book), Situation(ACCOUNTS, SECURITIES), rule, next_batch_at(EVENING, rule.batch_time), CUTOFFS
    )
    sides = [block.side for block in plan.batch.blocks]
    assert sides == sorted(sides, key=lambda side: side != SELL)
    for block in plan.batch.blocks:
        assert (block.order_qty is None) != (block.order_value_usd is None)
        if block.order_qty is not None:
            assert block.order_qty == sum((part.order_qty for part in block.allocations), Decimal(0))
        assert (block.limit_price_usd is not None) == (block.order_type == "limit")
    held = Counter(
        (part.account_id, block.security.security_id) for block in plan.batch.blocks for part in block.allocations
    )
    assert set(held.values()) <= {1}


@given(books)
def test_no_account_spends_more_than_it_has_even_if_no_limit_sale_fills_and_prices_move_by_the_reserve(
    book: Book,
) -> None:
    rule = OrderRule()
    plan = plan_batch(
        made(book), Situation(ACCOUNTS, SECURITIES), rule, next_batch_at(EVENING, rule.batch_time), CUTOFFS
    )
    for account_id, owner in ACCOUNTS.items():
        moves: list[tuple[dt.date, Decimal]] = []
        for block in plan.batch.blocks:
            for part in (one for one in block.allocations if one.account_id == account_id):
                worst = part.order_value_usd
                if block.limit_price_usd is not None:
                    worst = (
                        part.order_value_usd * block.limit_price_usd / block.estimated_price_usd
                        if block.side == BUY
                        else Decimal(0)
                    )
                elif block.order_value_usd is None:
                    worst = part.order_value_usd * (Decimal("1.01") if block.side == BUY else Decimal("0.99"))
                moves.append((block.settle_date, -worst if block.side == BUY else worst))
        spends = any(usd < 0 for _, usd in moves)
        for day in {date for date, _ in moves}:
            assert (
                not spends or owner.settled_cash_usd + sum((usd for date, usd in moves if date <= day), Decimal(0)) >= 0
            )


@given(books)
def test_planning_again_with_what_was_taken_takes_nothing_twice_and_ids_do_not_depend_on_order(
    book: Book,
) -> None:
    proposals, rule, at = made(book), OrderRule(), next_batch_at(EVENING, dt.time(9, 45))
    first = plan_batch(proposals, Situation(ACCOUNTS, SECURITIES), rule, at, CUTOFFS)
    assert plan_batch(list(reversed(proposals)), Situation(ACCOUNTS, SECURITIES), rule, at, CUTOFFS) == first
    taken = frozenset(
        (lot.proposal_id, lot.trade_no)
        for block in first.batch.blocks
        for part in block.allocations
        for lot in part.lots
    )
    again = plan_batch(proposals, Situation(ACCOUNTS, SECURITIES, taken=taken), rule, at, CUTOFFS)
    sent = {
        (lot.proposal_id, lot.trade_no)
        for block in again.batch.blocks
        for part in block.allocations
        for lot in part.lots
    }
    assert not sent & taken
    assert not {block.order_id for block in first.batch.blocks} & {block.order_id for block in again.batch.blocks}
