"""Orders as stored: with their cases' steps or not at all, each trade once, and what the database refuses whoever asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from data_contracts.alerts import Alerts
from data_contracts.vocab import BlockState, DifferenceKind, HandOverKind, ProposalState, Role, Step, WaitReason
from evenkeel.adapters.stores.database import reading, writing
from evenkeel.adapters.stores.order_book_db import SqlOrderBook
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.adapters.stores.records_orders import order_allocations, orders
from evenkeel.approval.acting import approve, open_case
from evenkeel.approval.moving import By, move
from evenkeel.errors import ActedBefore
from evenkeel.orders.blocks import Plan
from evenkeel.ports.approvals import Case, Move
from evenkeel.ports.order_book import Acknowledgement, Difference, HandOverNote, OrderChange, Waiting
from tests.adapters.stores.samples import run
from tests.support.consenting import NOON, PEOPLE, account, case, facts
from tests.support.ordering import BUY, SELL, fill, plan, proposal, trade
from tests.support.ordering import account as money

ADA = By("ada", Role.ADVISER, NOON)
OPS = By("ops", Role.OPERATIONS, NOON)


@pytest.fixture
def records(records_url: str) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url)
    with opened.begin() as work:
        work.commit_run(run("run-1"), Alerts.empty_frame(), [])
    yield opened
    opened.close()


@pytest.fixture
def book(records: SqlRecords) -> SqlOrderBook:
    return records.order_book()


def approved(records: SqlRecords, proposal_id: str = "pro-1") -> Case:
    """Return a stored case with every consent."""
    approvals = records.approvals()
    new = case(facts(90_000, account(asks=False)), proposal_id=proposal_id, alert_id=f"ep-{proposal_id}")
    steps = open_case(new, [], NOON)
    steps.append(approve(steps[-1].after, ADA, PEOPLE))
    assert approvals.store(steps)
    assert steps[-1].after.state is ProposalState.APPROVED
    return steps[-1].after


def staged(of: Case) -> Move:
    return move(of, Step.STAGE, ProposalState.STAGED, OPS)


def planned(*proposal_ids: str) -> Plan:
    """Return a sale of a lot and a purchase for each proposal."""
    return plan(
        [
            proposal(
                one,
                trade(
                    1, f"AC-{one}", SELL, "VTI", "10.5", "250", lot="L1", opened="2019-03-04", gain="100.10", tax="15"
                ),
                trade(2, f"AC-{one}", BUY, "BND", "20", "75"),
            )
            for one in proposal_ids
        ],
        *(money(f"AC-{one}") for one in proposal_ids),
    )


def count(records: SqlRecords, table: Any) -> int:
    with reading(records._engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_batch_comes_back_as_it_was_planned_and_the_same_again_changes_nothing(
    records: SqlRecords, book: SqlOrderBook
) -> None:
    made = planned("pro-1", "pro-2")
    moves = [staged(approved(records, one)) for one in ("pro-1", "pro-2")]
    book.record(OrderChange(NOON, moves, [made.batch]))
    assert book.batches() == [made.batch]
    assert book.taken() == {("pro-1", 1), ("pro-1", 2), ("pro-2", 1), ("pro-2", 2)}
    book.record(OrderChange(NOON, batches=[made.batch]))
    assert book.batches() == [made.batch]
    assert book.batches(states=[BlockState.SENT]) == []
    assert book.batches(proposal_ids=["pro-1"]) == [made.batch]
    assert book.batches(proposal_ids=["pro-9"]) == []


def test_orders_and_steps_are_stored_together_or_not_at_all(records: SqlRecords, book: SqlOrderBook) -> None:
    first, second = approved(records, "pro-1"), approved(records, "pro-2")
    made = planned("pro-1", "pro-2")
    records.approvals().store([move(second, Step.DECLINE, ProposalState.DECLINED, replace(ADA, reason="no"))])
    with pytest.raises(ActedBefore, match="pro-2 was changed meanwhile: decline by ada"):
        book.record(OrderChange(NOON, [staged(first), staged(second)], [made.batch]))
    found = records.approvals().case("pro-1")
    assert found is not None
    assert (found.state, count(records, orders)) == (ProposalState.APPROVED, 0)


def test_no_order_without_a_proposal_that_is_staged(records: SqlRecords, book: SqlOrderBook) -> None:
    approved(records)
    with pytest.raises(DBAPIError, match="no order without a proposal that is staged"):
        book.record(OrderChange(NOON, batches=[planned("pro-1").batch]))
    assert (count(records, orders), count(records, order_allocations)) == (0, 0)


def test_a_trade_is_in_one_order_only(records: SqlRecords, book: SqlOrderBook) -> None:
    moves = [staged(approved(records, one)) for one in ("pro-1", "pro-2")]
    book.record(OrderChange(NOON, moves, [planned("pro-1").batch]))
    with pytest.raises(ActedBefore, match=r"of pro-1 is in order .* already; plan again"):
        book.record(OrderChange(NOON, batches=[planned("pro-1", "pro-2").batch]))
    with writing(records._engine) as connection, pytest.raises(DBAPIError):
        connection.execute(text("INSERT INTO order_allocations SELECT * FROM order_allocations"))


def test_a_trade_whose_order_was_withdrawn_is_ordered_again_once(records: SqlRecords, book: SqlOrderBook) -> None:
    moves = [staged(approved(records, one)) for one in ("pro-1", "pro-2")]
    both, alone = planned("pro-1", "pro-2"), planned("pro-2")
    book.record(OrderChange(NOON, moves, [both.batch]))
    back = {block.order_id: (BlockState.PLANNED, BlockState.WITHDRAWN) for block in both.batch.blocks}
    book.record(OrderChange(NOON, states=back))
    assert book.taken() == frozenset()
    book.record(OrderChange(NOON, batches=[alone.batch]))
    assert book.taken() == {("pro-2", 1), ("pro-2", 2)}
    assert book.taken(["pro-1"]) == frozenset()
    assert book.batches(states=[BlockState.PLANNED]) == [alone.batch]
    with pytest.raises(ActedBefore, match=r"of pro-2 is in order .* already; plan again"):
        book.record(OrderChange(NOON, batches=[planned("pro-2", "pro-3").batch]))
    with writing(records._engine) as connection, pytest.raises(DBAPIError):
        connection.execute(text("UPDATE order_allocations SET attempt_no = 7"))


def test_what_traded_before_a_date_and_what_was_told_before_an_instant_is_left_out(
    records: SqlRecords, book: SqlOrderBook
) -> None:
    made = planned("pro-1")
    book.record(OrderChange(NOON, [staged(approved(records))], [made.batch]))
    block = made.batch.blocks[0]
    assert book.batches(traded_from=block.trade_date) == [made.batch]
    assert book.batches(traded_from=block.trade_date + dt.timedelta(days=1)) == []
    later = NOON + dt.timedelta(hours=1)
    notes = [
        HandOverNote(parcel, HandOverKind.ALLOCATIONS, f"{parcel}.fix", "0" * 64, (block.order_id,), at)
        for parcel, at in (("alloc-b", NOON), ("alloc-a", later))
    ]
    book.record(OrderChange(NOON, hand_overs=notes))
    assert book.allocations_told(NOON) == {block.order_id: "alloc-a"}
    assert book.allocations_told(later + dt.timedelta(seconds=1)) == {}


def test_an_order_moves_from_the_state_it_was_seen_in(records: SqlRecords, book: SqlOrderBook) -> None:
    made = planned("pro-1")
    book.record(OrderChange(NOON, [staged(approved(records))], [made.batch]))
    order_id = made.batch.blocks[0].order_id
    step = {order_id: (BlockState.PLANNED, BlockState.SENT)}
    book.record(OrderChange(NOON, states=step))
    with pytest.raises(ActedBefore, match="is not planned any more"):
        book.record(OrderChange(NOON, states=step))
    [batch] = book.batches(states=[BlockState.SENT])
    assert [block.order_id for block in batch.blocks] == [order_id]


def test_fills_waits_differences_and_hand_overs_come_back(records: SqlRecords, book: SqlOrderBook) -> None:
    made = planned("pro-1")
    block = made.batch.blocks[0]
    told = fill(block, "E1", "10.5", "250.123456")
    stranger = replace(told, order_id="ord-none-of-ours")
    waits = [
        Waiting("pro-8", WaitReason.PAUSED, "execution is paused"),
        Waiting("pro-9", WaitReason.CASH_NOT_THERE, "no money", 2, "AC-9"),
    ]
    odd = Difference(
        DifferenceKind.LOT, "pro-1", "AC-pro-1", "L1", Decimal("10.5"), Decimal(0), "qty", "other lots", block.order_id
    )
    note = HandOverNote("batch-1", HandOverKind.ORDERS, "schwab.fix", "0" * 64, (block.order_id,), NOON)
    date = dt.date(2026, 3, 4)
    change = OrderChange(
        NOON, fills=[told, stranger], waits=waits, differences={date: [odd]}, hand_overs=[note], events=[]
    )
    book.record(change)
    book.record(change)
    assert book.fills() == sorted([told, stranger], key=lambda one: one.order_id)
    assert book.fills([block.order_id]) == [told]
    assert book.waits() == waits
    assert [(one.business_date, one.difference) for one in book.differences()] == [(date, odd)]
    assert book.hand_overs() == [note]
    smaller = replace(odd, found=Decimal("10"))
    book.record(OrderChange(NOON, differences={date: [smaller]}, waits=[]))
    assert [one.difference for one in book.differences(["pro-1"])] == [smaller]
    assert book.waits() == []
    assert book.differences(["pro-2"]) == []


def test_an_acknowledgement_is_of_the_figures_that_were_seen(records: SqlRecords, book: SqlOrderBook) -> None:
    odd = Difference(DifferenceKind.LOT, "pro-1", "AC-1", "L1", Decimal("10.50"), Decimal(0), "qty", "other lots")
    date = dt.date(2026, 3, 4)
    book.record(OrderChange(NOON, differences={date: [odd]}))
    [stored] = book.differences()
    assert stored.acknowledged is None
    mine = Acknowledgement(stored.difference_id, odd.expected, odd.found, "ops", Role.OPERATIONS, "told them", NOON)
    later = replace(mine, actor="sam", expected=Decimal("10.5"), at=NOON + dt.timedelta(hours=1))
    book.record(OrderChange(NOON, acknowledged=[mine]))
    book.record(OrderChange(later.at, acknowledged=[later]))
    assert [one.acknowledged for one in book.differences(["pro-1"])] == [mine], "the first one's, once"
    book.record(OrderChange(NOON, differences={date: [replace(odd, found=Decimal(4))]}))
    assert [one.acknowledged for one in book.differences()] == [None], "with other figures it is open again"
    for change in ("UPDATE difference_acknowledgements SET reason = 'x'", "DELETE FROM difference_acknowledgements"):
        with pytest.raises(DBAPIError, match=r"only ever added to|kept"), writing(records._engine) as connection:
            connection.execute(text(change))


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("UPDATE orders SET order_qty = '1'", "an order stays what it was planned as"),
        ("DELETE FROM orders", "kept|only ever added"),
        ("UPDATE order_allocations SET account_id = 'AC-X'", "only ever added"),
        ("UPDATE fills SET price_usd = '1'", "only ever added"),
        ("DELETE FROM hand_overs", "only ever added"),
    ],
)
def test_the_database_keeps_what_was_written(
    records: SqlRecords, book: SqlOrderBook, statement: str, says: str
) -> None:
    made = planned("pro-1")
    block = made.batch.blocks[0]
    note = HandOverNote("batch-1", HandOverKind.ORDERS, "schwab.fix", "0" * 64, (block.order_id,), NOON)
    told = fill(block, "E1", "10.5", "250")
    book.record(OrderChange(NOON, [staged(approved(records))], [made.batch], fills=[told], hand_overs=[note]))
    with writing(records._engine) as connection, pytest.raises(DBAPIError, match=says):
        connection.execute(text(statement))
