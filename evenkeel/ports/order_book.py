"""What is on record of our own orders: blocks, fills, what waits, what was handed over, what differs."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from data_contracts.vocab import BlockState, DifferenceKind, HandOverKind, Role, WaitReason
from evenkeel.audit.event import Event
from evenkeel.ports.approvals import Move
from evenkeel.ports.orders import Batch, Fill


@dataclass(frozen=True)
class Waiting:
    """A trade that goes into no block of this batch, and why; `trade_no` null: the whole proposal waits."""

    proposal_id: str
    reason: WaitReason
    text: str
    trade_no: int | None = None
    account_id: str | None = None


@dataclass(frozen=True)
class Difference:
    """What differs: `subject` is a node, a security, a lot or an execution; `expected` and `found` in `unit` (frac, usd or qty).

    `proposal_id` is null where it is the block's own, of all its proposals.
    """

    kind: DifferenceKind
    proposal_id: str | None
    account_id: str | None
    subject: str
    expected: Decimal
    found: Decimal
    unit: str
    text: str
    order_id: str | None = None


@dataclass(frozen=True)
class HandOverNote:
    """A file or message that left: of which batch or allocation, its name, the SHA-256 of its bytes, the orders in it, and when."""

    parcel_id: str
    kind: HandOverKind
    name: str
    digest: str
    order_ids: tuple[str, ...]
    at: dt.datetime


@dataclass(frozen=True)
class Acknowledgement:
    """A person has looked at a difference and answers for it, as long as its figures are those that they saw.

    `expected` and `found` are the figures seen, in the difference's unit.
    """

    difference_id: str
    expected: Decimal
    found: Decimal
    actor: str
    role: Role
    reason: str
    at: dt.datetime


@dataclass(frozen=True)
class StoredDifference:
    """A difference as it is on record, with its id and the session it was found for.

    `acknowledged` is None while it is open: nobody has looked at it, or its figures are others than those that were looked at.
    """

    difference_id: str
    business_date: dt.date
    found_at: dt.datetime
    difference: Difference
    acknowledged: Acknowledgement | None = None


@dataclass(frozen=True)
class OrderChange:
    """What changes together: one transaction, with the steps of the cases that it belongs to.

    Attributes:
        at: When.
        moves: Steps of cases; stored first, since no order is taken whose proposal is not staged.
        batches: New blocks; an order that is on record already changes nothing.
        states: By order: from which state, to which.
        fills: Executions as they were told; one that is on record already changes nothing.
        differences: By session; the same one again gets the newer figures.
        waits: What waits now; None: as it is on record.
        hand_overs: What has left.
        acknowledged: Differences that a person has looked at; the same figures again change nothing.
        events: Of the trail.
    """

    at: dt.datetime
    moves: Sequence[Move] = ()
    batches: Sequence[Batch] = ()
    states: Mapping[str, tuple[BlockState, BlockState]] = field(default_factory=dict)
    fills: Sequence[Fill] = ()
    differences: Mapping[dt.date, Sequence[Difference]] = field(default_factory=dict)
    waits: Sequence[Waiting] | None = None
    hand_overs: Sequence[HandOverNote] = ()
    acknowledged: Sequence[Acknowledgement] = ()
    events: Sequence[Event] = ()


class OrderBook(Protocol):
    """Our own orders on record."""

    def record(self, change: OrderChange) -> None:
        """Store what belongs together, or nothing of it.

        Raises:
            ActedBefore: A case or an order was moved by somebody else meanwhile, or a trade is in another order already.
        """
        ...

    def batches(
        self,
        *,
        states: Collection[BlockState] = (),
        proposal_ids: Collection[str] = (),
        order_ids: Collection[str] = (),
        traded_from: dt.date | None = None,
    ) -> list[Batch]:
        """Return batches with their blocks as they stand, oldest first; of each, the blocks for which every given condition holds.

        `traded_from`: the first trade date that is wanted.
        """
        ...

    def taken(self, proposal_ids: Collection[str] = ()) -> frozenset[tuple[str, int]]:
        """Return the trades that are in a block, withdrawn ones aside, by proposal and number; of these proposals where some are named."""
        ...

    def fills(self, order_ids: Collection[str] = ()) -> list[Fill]:
        """Return executions as they were told, by order and id; of all orders where none is named, unknown ones too."""
        ...

    def waits(self) -> list[Waiting]:
        """Return what waits, by proposal and trade."""
        ...

    def differences(self, proposal_ids: Collection[str] = ()) -> list[StoredDifference]:
        """Return what differs, acknowledged or not, newest session first; of these proposals where some are named."""
        ...

    def hand_overs(self) -> list[HandOverNote]:
        """Return what has left, in its order."""
        ...

    def allocations_told(self, since: dt.datetime) -> dict[str, str]:
        """Return by order the id of the allocation that was told last, of those told since."""
        ...
