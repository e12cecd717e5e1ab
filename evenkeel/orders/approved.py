"""What orders are made from: approved proposals, the accounts' money and terms, what is paused, and what is on its way already."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from pandera.typing.polars import DataFrame

from data_contracts.trades import Trades
from data_contracts.vocab import LotInstruction, OrderSide, PauseScope, ReliefMethod
from evenkeel.ports.orders import OrderedSecurity


@dataclass(frozen=True)
class ApprovedTrade:
    """A row of `data_contracts.trades`; `fees_usd`: commission and redemption fee as far as they are known."""

    trade_no: int
    account_id: str
    security_id: str
    side: OrderSide
    traded_qty: Decimal
    price_usd: Decimal
    value_usd: Decimal
    lot_id: str | None = None
    lot_opened_date: dt.date | None = None
    instruction: LotInstruction = LotInstruction.NONE
    gain_usd: Decimal | None = None
    tax_usd: Decimal = Decimal(0)
    fees_usd: Decimal = Decimal(0)


@dataclass(frozen=True)
class ApprovedProposal:
    """A proposal with every consent it needs. `business_date` is the session whose prices it is computed from."""

    proposal_id: str
    business_date: dt.date
    approved_at: dt.datetime
    trades: tuple[ApprovedTrade, ...]


@dataclass(frozen=True)
class OrderingAccount:
    """An account as far as orders ask.

    `settled_cash_usd`: cash that is settled by the batch's session, less what is spoken for. `has_margin`: its purchases need not be paid
    by the date they settle with money of its own, though no loan is ever planned. `pays_at_once`: its custodian wants settled money
    for every purchase (the ninety days of 12 CFR 220.8(c)).
    """

    account_id: str
    custodian: str
    is_discretionary: bool
    relief_method: ReliefMethod
    settled_cash_usd: Decimal
    has_margin: bool = False
    pays_at_once: bool = False


@dataclass(frozen=True)
class Pause:
    """Execution is paused: of everything (`subject` is not looked at), at a custodian, or in a security."""

    scope: PauseScope
    subject: str | None = None

    def touches(self, custodian: str, security_id: str) -> bool:
        """Tell whether an order at that custodian for that security is paused."""
        if self.scope == PauseScope.BOOK:
            return True
        return self.subject == (custodian if self.scope == PauseScope.CUSTODIAN else security_id)


@dataclass(frozen=True)
class Situation:
    """What holds when a batch is planned.

    `held_qty`: units by account and security, to tell a sale of all. `taken`: trades that are in a block already, by proposal and number.
    `working`: account and security of orders that are not done yet.
    """

    accounts: Mapping[str, OrderingAccount]
    securities: Mapping[str, OrderedSecurity]
    held_qty: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    pauses: tuple[Pause, ...] = ()
    taken: frozenset[tuple[str, int]] = frozenset()
    working: frozenset[tuple[str, str]] = frozenset()


def approved_proposals(trades: DataFrame[Trades], approved_at: Mapping[str, dt.datetime]) -> list[ApprovedProposal]:
    """Return the proposals of `approved_at` (by id, when the last consent was given) with their trades, earliest consent first."""
    rows: dict[str, list[dict[str, object]]] = {}
    for row in trades.sort("proposal_id", "trade_no").iter_rows(named=True):
        if row["proposal_id"] in approved_at:
            rows.setdefault(row["proposal_id"], []).append(row)
    found = [
        ApprovedProposal(
            proposal_id, _date(mine[0]["business_date"]), approved_at[proposal_id], tuple(_trade(row) for row in mine)
        )
        for proposal_id, mine in rows.items()
    ]
    return in_turn(found)


def in_turn(proposals: Iterable[ApprovedProposal]) -> list[ApprovedProposal]:
    """Return proposals in the order in which they are served: earliest consent first, ties by id."""
    return sorted(proposals, key=lambda proposal: (proposal.approved_at, proposal.proposal_id))


def touched(trades: Sequence[ApprovedTrade]) -> set[tuple[str, str]]:
    """Return the accounts and securities of trades."""
    return {(trade.account_id, trade.security_id) for trade in trades}


def _date(value: object) -> dt.date:
    assert isinstance(value, dt.date)
    return value


def _trade(row: Mapping[str, object]) -> ApprovedTrade:
    def money(name: str) -> Decimal | None:
        value = row[name]
        return value if isinstance(value, Decimal) else None

    opened = row["lot_opened_date"]
    return ApprovedTrade(
        trade_no=int(str(row["trade_no"])),
        account_id=str(row["account_id"]),
        security_id=str(row["security_id"]),
        side=OrderSide(str(row["side"])),
        traded_qty=money("traded_qty") or Decimal(0),
        price_usd=money("price_usd") or Decimal(0),
        value_usd=money("value_usd") or Decimal(0),
        lot_id=None if row["lot_id"] is None else str(row["lot_id"]),
        lot_opened_date=opened if isinstance(opened, dt.date) else None,
        instruction=LotInstruction(str(row["lot_instruction"])),
        gain_usd=money("gain_usd"),
        tax_usd=money("tax_usd") or Decimal(0),
        fees_usd=(money("commission_usd") or Decimal(0)) + (money("redemption_fee_usd") or Decimal(0)),
    )
