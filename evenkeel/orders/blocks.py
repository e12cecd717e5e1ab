"""From approved proposals to block orders across accounts: pure, so the same proposals give the same blocks and the same ids.

A block is one security, side, kind and size of order, hand-over and trade date at one custodian. Sales stand before purchases. A proposal
that touches what is paused, what is not known or cannot be traded, an account that an earlier proposal trades, or a security
whose order in that account still works, waits whole. Purchases without money wait alone (`money`), and are planned again another day:
`Situation.taken` says what went before.

Accounts are served in the order of consent only where they would collide; inside a block nobody is first (`allocate`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import groupby

from data_contracts.vocab import (
    HandOver,
    LotInstruction,
    OrderSide,
    OrderSize,
    OrderType,
    TimeInForce,
    WaitReason,
)
from evenkeel.calendar import EASTERN
from evenkeel.identity import stable_id
from evenkeel.orders.approved import (
    ApprovedProposal,
    ApprovedTrade,
    OrderingAccount,
    Situation,
    in_turn,
)
from evenkeel.orders.kinds import limit_price, order_size_of, order_type_of
from evenkeel.orders.money import Sized, affordable
from evenkeel.orders.times import timing_of
from evenkeel.orders.waits import why_it_waits
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.order_book import Waiting
from evenkeel.ports.orders import Allocation, Batch, Block, OrderedLot


@dataclass(frozen=True)
class Plan:
    """A batch, and what waits with its reason."""

    batch: Batch
    waiting: tuple[Waiting, ...]


@dataclass(frozen=True)
class _Part:
    """A trade that goes, with its proposal and account."""

    proposal: ApprovedProposal
    account: OrderingAccount
    sized: Sized


def plan_batch(
    proposals: Iterable[ApprovedProposal],
    situation: Situation,
    rule: OrderRule,
    send_at: dt.datetime,
    fund_cutoffs: Mapping[str, dt.time],
) -> Plan:
    """Return the blocks of one batch.

    Args:
        proposals: With every consent they need; those that went already may be among them.
        situation: Accounts, securities, pauses, and what is on its way.
        rule: The policy's.
        send_at: As `times.next_batch_at` returns it.
        fund_cutoffs: The policy's `trading.fund_cutoffs`.
    """
    ordered = in_turn(proposals)
    # Prices of the newest proposal hold for all: a block has one limit.
    prices = {
        trade.security_id: trade.price_usd
        for proposal in sorted(ordered, key=lambda one: (one.business_date, one.proposal_id))
        for trade in proposal.trades
    }
    parts: list[_Part] = []
    waiting: list[Waiting] = []
    busy: set[str] = set()
    for proposal in ordered:
        open_trades = [one for one in proposal.trades if (proposal.proposal_id, one.trade_no) not in situation.taken]
        if not open_trades:
            continue
        stopped = why_it_waits(proposal, open_trades, situation, rule, busy)
        busy |= {trade.account_id for trade in proposal.trades}
        if stopped is not None:
            waiting.append(stopped)
            continue
        for account_id, mine in _by_account(open_trades):
            account = situation.accounts[account_id]
            sized = _sized(mine, account, situation, rule, prices, send_at, fund_cutoffs)
            going, later = affordable(account, sized, rule)
            parts += [_Part(proposal, account, one) for one in going]
            waiting += [_no_money(proposal, one) for one in later]
    groups: dict[tuple[str, ...], list[_Part]] = {}
    for part in parts:
        groups.setdefault(_key(part, rule), []).append(part)
    blocks = sorted(
        (_block(group, rule, send_at, prices) for group in groups.values()),
        key=lambda block: (block.side != OrderSide.SELL, block.custodian, block.security.security_id, block.order_id),
    )
    return Plan(_batch(send_at, blocks), tuple(waiting))


def by_custodian(batch: Batch) -> list[Batch]:
    """Return a batch as one for each custodian, so that what one cannot take does not keep back the others'; ids are their own."""
    ordered = sorted(batch.blocks, key=lambda block: block.custodian)  # stable: sales stay first
    return [_batch(batch.send_at, list(mine)) for _, mine in groupby(ordered, key=lambda block: block.custodian)]


def _batch(send_at: dt.datetime, blocks: Sequence[Block]) -> Batch:
    batch_id = stable_id("batch", send_at.astimezone(dt.UTC).isoformat(), *(block.order_id for block in blocks))
    return Batch(batch_id, send_at, tuple(blocks))


def _by_account(trades: Sequence[ApprovedTrade]) -> list[tuple[str, list[ApprovedTrade]]]:
    ordered = sorted(trades, key=lambda trade: (trade.account_id, trade.trade_no))
    return [(account_id, list(mine)) for account_id, mine in groupby(ordered, key=lambda trade: trade.account_id)]


def _sized(
    trades: Sequence[ApprovedTrade],
    account: OrderingAccount,
    situation: Situation,
    rule: OrderRule,
    prices: Mapping[str, Decimal],
    send_at: dt.datetime,
    fund_cutoffs: Mapping[str, dt.time],
) -> list[Sized]:
    sold: dict[str, Decimal] = {}
    for trade in trades:
        if trade.side == OrderSide.SELL:
            sold[trade.security_id] = sold.get(trade.security_id, Decimal(0)) + trade.traded_qty
    sized = []
    for trade in trades:
        security = situation.securities[trade.security_id]
        order_type = order_type_of(security, rule)
        assert order_type is not None
        held = situation.held_qty.get((account.account_id, trade.security_id))
        is_all = held is not None and sold.get(trade.security_id) == held
        is_limit = order_type == OrderType.LIMIT
        sized.append(
            Sized(
                trade,
                security,
                order_type,
                order_size_of(order_type, trade.side, is_all=is_all),
                limit_price(prices[trade.security_id], trade.side, security, rule) if is_limit else None,
                timing_of(order_type, account.custodian, send_at, fund_cutoffs),
            )
        )
    return sized


def _no_money(proposal: ApprovedProposal, one: Sized) -> Waiting:
    return Waiting(
        proposal.proposal_id,
        WaitReason.CASH_NOT_THERE,
        f"the money for {one.trade.security_id} is not there on {one.timing.settle_date}; it is planned again with the next batch",
        one.trade.trade_no,
        one.trade.account_id,
    )


def _hand_over(account: OrderingAccount, rule: OrderRule) -> HandOver:
    is_submitted = account.is_discretionary and account.custodian in rule.submitted
    return HandOver.SUBMITTED if is_submitted else HandOver.STAGED


def _key(part: _Part, rule: OrderRule) -> tuple[str, ...]:
    """Return what makes two trades one block."""
    one = part.sized
    return (
        part.account.custodian,
        one.trade.security_id,
        one.trade.side,
        one.order_type,
        one.order_size,
        one.timing.trade_date.isoformat(),
        _hand_over(part.account, rule),
    )


def _block(parts: Sequence[_Part], rule: OrderRule, send_at: dt.datetime, prices: Mapping[str, Decimal]) -> Block:
    first = parts[0]
    sized, trade = first.sized, first.sized.trade
    ordered = sorted(
        parts, key=lambda part: (part.account.account_id, part.proposal.proposal_id, part.sized.trade.trade_no)
    )
    allocations = tuple(
        _allocation(list(mine), rule) for _, mine in groupby(ordered, key=lambda part: part.account.account_id)
    )
    in_dollars = sized.order_size == OrderSize.DOLLARS
    session = send_at.astimezone(EASTERN).date().isoformat()
    trades = [f"{part.proposal.proposal_id}:{part.sized.trade.trade_no}" for part in ordered]
    return Block(
        order_id=stable_id("ord", session, *_key(first, rule), *trades),
        custodian=first.account.custodian,
        security=sized.security,
        side=trade.side,
        order_type=sized.order_type,
        order_size=sized.order_size,
        order_qty=None if in_dollars else sum((one.order_qty for one in allocations), Decimal(0)),
        order_value_usd=sum((one.order_value_usd for one in allocations), Decimal(0)) if in_dollars else None,
        estimated_price_usd=prices[trade.security_id],
        limit_price_usd=sized.limit_price_usd,
        time_in_force=TimeInForce.DAY,
        hand_over=_hand_over(first.account, rule),
        send_at=send_at,
        trade_date=sized.timing.trade_date,
        order_by_at=sized.timing.order_by_at,
        settle_date=sized.timing.settle_date,
        allocations=allocations,
    )


def _allocation(parts: Sequence[_Part], rule: OrderRule) -> Allocation:
    account = parts[0].account
    lots = tuple(
        OrderedLot(
            part.proposal.proposal_id,
            part.sized.trade.trade_no,
            part.sized.trade.traded_qty,
            part.sized.trade.value_usd,
            part.sized.trade.lot_id,
            part.sized.trade.lot_opened_date,
            _instruction(part.sized.trade, account, rule),
            part.sized.trade.gain_usd,
            part.sized.trade.tax_usd,
        )
        for part in parts
    )
    return Allocation(
        account.account_id,
        sum((lot.order_qty for lot in lots), Decimal(0)),
        sum((lot.order_value_usd for lot in lots), Decimal(0)),
        account.relief_method,
        lots,
    )


def _instruction(trade: ApprovedTrade, account: OrderingAccount, rule: OrderRule) -> LotInstruction:
    """Return how the custodian is told: a lot is named only to one that takes it, by settlement at the latest (26 CFR 1.1012-1(c))."""
    if trade.instruction == LotInstruction.SPECIFIC_LOT and account.custodian in rule.takes_no_lots:
        return LotInstruction.ACCOUNT_METHOD
    return trade.instruction
