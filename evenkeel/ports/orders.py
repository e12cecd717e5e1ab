"""Orders as they are handed over and come back: blocks, an account's part, lots, fills, and who takes and tells them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol

from data_contracts.vocab import (
    AssetType,
    BlockState,
    FillStatus,
    HandOver,
    LotInstruction,
    OrderSide,
    OrderSize,
    OrderType,
    ReliefMethod,
    TimeInForce,
)


@dataclass(frozen=True)
class OrderedSecurity:
    """What an order trades, by every identifier that the book knows.

    `price_factor` turns price into value of one unit: 0.01 for bonds priced per hundred, times the contract size.
    """

    security_id: str
    asset_type: AssetType
    symbol: str | None = None
    cusip: str | None = None
    isin: str | None = None
    price_factor: Decimal = Decimal(1)


@dataclass(frozen=True)
class OrderedLot:
    """One approved trade inside a block: a lot that is sold (`lot_id`), or a purchase (None).

    `order_value_usd` is the estimated value; of an order in dollars what is ordered. `gain_usd` and `tax_usd` are what was approved.
    """

    proposal_id: str
    trade_no: int
    order_qty: Decimal
    order_value_usd: Decimal
    lot_id: str | None = None
    lot_opened_date: dt.date | None = None
    instruction: LotInstruction = LotInstruction.NONE
    gain_usd: Decimal | None = None
    tax_usd: Decimal = Decimal(0)


@dataclass(frozen=True)
class Allocation:
    """One account's part of a block; its `lots` add up to `order_qty` and `order_value_usd`."""

    account_id: str
    order_qty: Decimal
    order_value_usd: Decimal
    relief_method: ReliefMethod
    lots: tuple[OrderedLot, ...]


@dataclass(frozen=True)
class Block:
    """One order across accounts. Exactly one of `order_qty` and `order_value_usd` is given; the allocations add up to it."""

    order_id: str
    custodian: str
    security: OrderedSecurity
    side: OrderSide
    order_type: OrderType
    order_size: OrderSize
    order_qty: Decimal | None
    order_value_usd: Decimal | None
    estimated_price_usd: Decimal
    limit_price_usd: Decimal | None
    time_in_force: TimeInForce
    hand_over: HandOver
    send_at: dt.datetime
    trade_date: dt.date
    order_by_at: dt.datetime | None
    settle_date: dt.date
    allocations: tuple[Allocation, ...]
    state: BlockState = BlockState.PLANNED


@dataclass(frozen=True)
class Batch:
    """Blocks that are handed over together, sales first."""

    batch_id: str
    send_at: dt.datetime
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Fill:
    """One execution. `refers_to_id`: the execution that this one takes back (`broken`) or corrects (`corrected`).

    A correction carries what holds instead; of one that only takes back, quantity and price are not looked at.
    """

    order_id: str
    execution_id: str
    filled_qty: Decimal
    price_usd: Decimal
    filled_at: dt.datetime
    trade_date: dt.date
    status: FillStatus = FillStatus.GOOD
    refers_to_id: str | None = None


@dataclass(frozen=True)
class LotShare:
    """How much of one lot an account sold."""

    lot: OrderedLot
    filled_qty: Decimal


@dataclass(frozen=True)
class AccountShare:
    """What an account gets of a block's fills; `lots` add up to `filled_qty`."""

    account_id: str
    ordered_qty: Decimal
    filled_qty: Decimal
    average_price_usd: Decimal
    value_usd: Decimal
    lots: tuple[LotShare, ...]


@dataclass(frozen=True)
class Allocated:
    """What a block's accounts get of its fills; `replaces_id`: the allocation sent before, where a fill was broken or corrected since.

    Without shares the one sent before is taken back: every fill was broken. `after_id`: the one that took it back, where there are fills
    again; there is nothing to replace then.
    """

    block: Block
    shares: tuple[AccountShare, ...]
    replaces_id: str | None = None
    after_id: str | None = None

    @property
    def is_taken_back(self) -> bool:
        """Tell whether it says that what was told before is void."""
        return not self.shares and self.replaces_id is not None


@dataclass(frozen=True)
class OrderNews:
    """What a custodian says of an order: a fill, or a new state; `text` is the custodian's own word.

    `said_at`: when it was said; `told_filled_qty`: all that was filled by then, as the custodian counts (null: it does not say).
    """

    order_id: str
    state: BlockState | None = None
    fill: Fill | None = None
    text: str = ""
    said_at: dt.datetime | None = None
    told_filled_qty: Decimal | None = None


@dataclass(frozen=True)
class OrderAnswers:
    """What was read of custodians' answers: news in their order, and a sentence for each piece that could not be taken."""

    news: Sequence[OrderNews]
    problems: Sequence[str]


@dataclass(frozen=True)
class HandedOver:
    """A file or message handed over: its name, the SHA-256 of its bytes, and the orders in it."""

    name: str
    digest: str
    order_ids: tuple[str, ...]


class OrderDesk(Protocol):
    """Takes batches of orders, and tells what became of them."""

    def hand_over(self, batch: Batch, account_numbers: Mapping[str, str]) -> Sequence[HandedOver]:
        """Hand a batch over; the same batch again changes nothing.

        Args:
            batch: As `evenkeel.orders.blocks` makes it.
            account_numbers: By account id, what the custodian calls the account.

        Raises:
            UsageError: An order cannot be written for its custodian; nothing of the batch was handed over.
            TransientError: The outside world failed; a later try may succeed.
        """
        ...

    def hand_over_allocations(
        self, allocated: Sequence[Allocated], account_numbers: Mapping[str, str], sent_at: dt.datetime
    ) -> Sequence[HandedOver]:
        """Tell custodians who gets what of blocks that are done, with the lots; the same again changes nothing.

        Args:
            allocated: Blocks with their accounts' shares.
            account_numbers: As for `hand_over`.
            sent_at: When it is told; the same allocations at another time are a file of their own.

        Returns:
            What was handed over; nothing for a custodian that is told no allocations, or whose form cannot take one back.

        Raises:
            UsageError: An allocation cannot be written for its custodian; nothing was handed over.
            TransientError: The outside world failed; a later try may succeed.
        """
        ...

    def answers(self) -> OrderAnswers:
        """Return all that custodians have said of orders; the same news may come again."""
        ...
