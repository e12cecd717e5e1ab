"""Approved proposals, accounts and securities of orders, small enough to reckon by hand."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from data_contracts.vocab import AssetType, LotInstruction, OrderSide, ReliefMethod
from evenkeel.orders.approved import ApprovedProposal, ApprovedTrade, OrderingAccount, Situation
from evenkeel.orders.blocks import Plan, plan_batch
from evenkeel.orders.times import next_batch_at
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.orders import Block, Fill, OrderedSecurity

BUY, SELL = OrderSide.BUY, OrderSide.SELL
EVENING = dt.datetime(2026, 3, 4, 1, 0, tzinfo=dt.UTC)
"""Tuesday 3 March 2026, 20:00 Eastern: consent for Wednesday's batch."""

SECURITIES = {
    "VTI": OrderedSecurity("VTI", AssetType.ETF, symbol="VTI", cusip="922908769"),
    "BND": OrderedSecurity("BND", AssetType.ETF, symbol="BND", cusip="921937835"),
    "XOM": OrderedSecurity("XOM", AssetType.STOCK, symbol="XOM", cusip="30231G102"),
    "VTSAX": OrderedSecurity("VTSAX", AssetType.MUTUAL_FUND, symbol="VTSAX", cusip="922908728"),
    "VBTLX": OrderedSecurity("VBTLX", AssetType.MUTUAL_FUND, symbol="VBTLX"),
    "T-NOTE": OrderedSecurity("T-NOTE", AssetType.BOND, cusip="91282CJL6", price_factor=Decimal("0.01")),
    "LAND": OrderedSecurity("LAND", AssetType.PRIVATE),
}


def account(
    account_id: str,
    custodian: str = "schwab",
    cash: str = "5000",
    *,
    is_discretionary: bool = True,
    relief: ReliefMethod = ReliefMethod.FIFO,
    has_margin: bool = False,
    pays_at_once: bool = False,
) -> OrderingAccount:
    return OrderingAccount(account_id, custodian, is_discretionary, relief, Decimal(cash), has_margin, pays_at_once)


def trade(
    trade_no: int,
    account_id: str,
    side: OrderSide,
    security_id: str,
    quantity: str,
    price: str,
    *,
    lot: str | None = None,
    opened: str | None = None,
    gain: str | None = None,
    tax: str = "0",
    fees: str = "0",
) -> ApprovedTrade:
    factor = SECURITIES[security_id].price_factor if security_id in SECURITIES else Decimal(1)
    value = (Decimal(quantity) * Decimal(price) * factor).quantize(Decimal("0.01"))
    return ApprovedTrade(
        trade_no,
        account_id,
        security_id,
        side,
        Decimal(quantity),
        Decimal(price),
        value,
        lot,
        None if opened is None else dt.date.fromisoformat(opened),
        LotInstruction.NONE if side == BUY else LotInstruction.SPECIFIC_LOT if lot else LotInstruction.ACCOUNT_METHOD,
        None if gain is None else Decimal(gain),
        Decimal(tax),
        Decimal(fees),
    )


def proposal(
    proposal_id: str, *trades: ApprovedTrade, at: dt.datetime = EVENING, day: str = "2026-03-03"
) -> ApprovedProposal:
    return ApprovedProposal(proposal_id, dt.date.fromisoformat(day), at, trades)


def plan(
    proposals: Iterable[ApprovedProposal],
    *accounts: OrderingAccount,
    rule: OrderRule | None = None,
    at: dt.datetime = EVENING,
    cutoffs: dict[str, dt.time] | None = None,
    situation: Situation | None = None,
) -> Plan:
    rule = rule or OrderRule()
    situation = situation or Situation({one.account_id: one for one in accounts}, SECURITIES)
    return plan_batch(proposals, situation, rule, next_batch_at(at, rule.batch_time), cutoffs or {})


def block_of(*parts: tuple[str, str], security_id: str = "VTI", side: OrderSide = SELL, price: str = "250") -> Block:
    """One block: accounts and the units each ordered."""
    proposals = [
        proposal(
            f"P-{account_id}",
            trade(1, account_id, side, security_id, quantity, price, lot="L" if side == SELL else None),
        )
        for account_id, quantity in parts
    ]
    accounts = [account(account_id, cash="100000000") for account_id, _ in parts]
    blocks = plan(proposals, *accounts).batch.blocks
    assert len(blocks) == 1
    return blocks[0]


def fill(block: Block, execution_id: str, quantity: str, price: str, minute: int = 46) -> Fill:
    at = dt.datetime(2026, 3, 4, 14, minute, tzinfo=dt.UTC)
    return Fill(block.order_id, execution_id, Decimal(quantity), Decimal(price), at, dt.date(2026, 3, 4))
