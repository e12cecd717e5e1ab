"""FIX 4.4 files: a custodian's blocks as one list or as single orders, and their allocations, message after message."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from evenkeel.adapters.orders.fix_messages import (
    FixSession,
    allocation_cancellation,
    allocation_instruction,
    new_order_list,
    new_order_single,
)
from evenkeel.adapters.orders.written import Written
from evenkeel.ports.orders import Allocated, Batch


@dataclass(frozen=True)
class FixOrderWriter:
    """Writes orders; `as_list`: one NewOrderList, else a NewOrderSingle each. Sending time is the batch's, so that bytes do not change."""

    session: FixSession
    as_list: bool = True

    def __call__(self, batch: Batch, numbers: Mapping[str, str]) -> Written:
        """Return the file.

        Raises:
            UsageError: A block cannot be said in FIX.
        """
        if self.as_list:
            data = new_order_list(batch.batch_id, batch.blocks, numbers, self.session, batch.send_at)
        else:
            data = b"".join(
                new_order_single(block, numbers, _numbered(self.session, place), batch.send_at)
                for place, block in enumerate(batch.blocks)
            )
        return Written(".fix", data, tuple(block.order_id for block in batch.blocks))


@dataclass(frozen=True)
class FixAllocationWriter:
    """Writes an AllocationInstruction for each block of which something was filled, or of which all that was told is void."""

    session: FixSession
    takes_back = True

    def __call__(self, allocated: Sequence[Allocated], numbers: Mapping[str, str], sent_at: dt.datetime) -> Written:
        """Return the file.

        Raises:
            UsageError: An allocation cannot be said in FIX, or nothing was filled.
        """
        data = b"".join(
            allocation_cancellation(one.block, one.replaces_id, _numbered(self.session, place), sent_at)
            if one.is_taken_back and one.replaces_id is not None
            else allocation_instruction(
                one.block, one.shares, numbers, _numbered(self.session, place), sent_at, one.replaces_id, one.after_id
            )
            for place, one in enumerate(allocated)
        )
        return Written(".fix", data, tuple(one.block.order_id for one in allocated))


def _numbered(session: FixSession, place: int) -> FixSession:
    return replace(session, next_number=session.next_number + place)
