"""What planning orders stands on: approved cases as proposals, the newest run's holdings, today's book, what is on its way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.holdings import Holdings
from data_contracts.vocab import (
    BlockState,
    ControlKind,
    ControlScope,
    LotInstruction,
    OrderSide,
    PauseScope,
    WaitReason,
)
from evenkeel.book.model import Book
from evenkeel.desk.reading import dataset, run_of
from evenkeel.orders.approved import ApprovedProposal, ApprovedTrade, Pause, Situation
from evenkeel.orders.from_book import situation_of
from evenkeel.policy.model import Policy
from evenkeel.ports import RunRecord
from evenkeel.ports.approvals import Case, Control
from evenkeel.ports.order_book import Waiting
from evenkeel.ports.orders import Batch, Block
from evenkeel.run.house import House, house_policy

WORKING = (BlockState.PLANNED, BlockState.HELD, BlockState.STAGED, BlockState.SENT, BlockState.PARTLY_FILLED)
"""States in which something may still be done."""
_SCOPES = {
    ControlScope.BOOK: PauseScope.BOOK,
    ControlScope.CUSTODIAN: PauseScope.CUSTODIAN,
    ControlScope.SECURITY: PauseScope.SECURITY,
}


@dataclass(frozen=True)
class OrderGround:
    """The newest run, today's book and policy, and what holds for a batch."""

    run: RunRecord
    book: Book
    policy: Policy
    situation: Situation
    last_ordered: dict[str, dt.date]
    """By account: the latest session that an order of ours trades on, where the newest run is of before it."""

    def is_seen(self, account_id: str) -> bool:
        """Tell whether the newest run is of after the account's orders: before it, its money and holdings are not known."""
        return account_id not in self.last_ordered


def order_ground(house: House, proposal_ids: Collection[str]) -> OrderGround:
    """Return what planning of these proposals stands on.

    Raises:
        UsageError: The home has no run.
    """
    run, book = run_of(house), house.book(house.today())
    book_of_orders = house.order_book
    # Of earlier orders only what may still move, and what the newest run has not seen.
    unseen = blocks_of(book_of_orders.batches(traded_from=run.business_date + dt.timedelta(days=1)))
    open_blocks = blocks_of(book_of_orders.batches(states=WORKING))
    situation = situation_of(
        book.accounts,
        book.securities,
        dataset(house, run, Holdings),  # type: ignore[arg-type]
        pauses=pauses_of(house.approvals.controls(ControlKind.PAUSE)),
        taken=book_of_orders.taken(proposal_ids) if proposal_ids else frozenset(),
        working=working(open_blocks),
    )
    last: dict[str, dt.date] = {}
    for block in (one for one in unseen if one.state is not BlockState.WITHDRAWN):
        for part in block.allocations:
            last[part.account_id] = max(block.trade_date, last.get(part.account_id, block.trade_date))
    return OrderGround(run, book, house_policy(book), situation, last)


def blocks_of(batches: Iterable[Batch]) -> list[Block]:
    """Return the blocks of batches."""
    return [block for batch in batches for block in batch.blocks]


def proposals_in(blocks: Iterable[Block]) -> set[str]:
    """Return the proposals that have a part in blocks."""
    return {lot.proposal_id for block in blocks for part in block.allocations for lot in part.lots}


def working(blocks: Iterable[Block]) -> set[tuple[str, str]]:
    """Return account and security of orders that are not done."""
    return {
        (part.account_id, block.security.security_id)
        for block in blocks
        if block.state in WORKING
        for part in block.allocations
    }


def pauses_of(controls: Iterable[Control]) -> list[Pause]:
    """Return the pauses that hold, as orders know them."""
    return [
        Pause(_SCOPES[one.scope], one.subject_id or None)
        for one in controls
        if one.kind is ControlKind.PAUSE and one.scope in _SCOPES
    ]


def approved_at(case: Case) -> dt.datetime:
    """Return when the last consent was given."""
    return max((one.given_at for one in case.consents if one.given_at is not None), default=case.changed_at)


def as_approved(case: Case) -> ApprovedProposal:
    """Return a case's list as orders take it: what was consented to, whatever a later run says."""
    trades = tuple(_trade(row) for row in case.content["list"]["trades"])
    return ApprovedProposal(case.proposal_id, case.business_date, approved_at(case), trades)


def discretionary_accounts(book: Book) -> frozenset[str]:
    """Return the accounts in which the firm decides."""
    return frozenset(book.accounts.filter(pl.col("is_discretionary"))["account_id"].to_list())


def not_seen_yet(case: Case, ground: OrderGround) -> Waiting | None:
    """Return why a proposal waits for the next run: an account of it has traded since the newest one."""
    for trade in as_approved(case).trades:
        if (case.proposal_id, trade.trade_no) in ground.situation.taken or ground.is_seen(trade.account_id):
            continue
        last = ground.last_ordered[trade.account_id]
        text = f"account {trade.account_id} has orders of {last}, and the newest run is of {ground.run.business_date}"
        return Waiting(case.proposal_id, WaitReason.ORDER_WORKING, text, account_id=trade.account_id)
    return None


def _trade(row: dict[str, Any]) -> ApprovedTrade:
    def money(name: str) -> Decimal | None:
        return None if row.get(name) is None else Decimal(str(row[name]))

    opened = row.get("lot_opened_date")
    return ApprovedTrade(
        trade_no=int(row["trade_no"]),
        account_id=row["account_id"],
        security_id=row["security_id"],
        side=OrderSide(row["side"]),
        traded_qty=money("traded_qty") or Decimal(0),
        price_usd=money("price_usd") or Decimal(0),
        value_usd=money("value_usd") or Decimal(0),
        lot_id=row.get("lot_id"),
        lot_opened_date=None if opened is None else dt.date.fromisoformat(opened),
        instruction=LotInstruction(row.get("lot_instruction") or LotInstruction.NONE),
        gain_usd=money("gain_usd"),
        tax_usd=money("tax_usd") or Decimal(0),
        fees_usd=(money("commission_usd") or Decimal(0)) + (money("redemption_fee_usd") or Decimal(0)),
    )
