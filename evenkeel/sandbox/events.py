"""On which sessions the sandbox's events happen, and to which accounts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from data_contracts.vocab import AccountState
from evenkeel.sandbox.people import Practice

TRANSFER_EVERY, RECEIVES_ON, SENDS_ON = 29, 5, 17
"""Of so many accounts, which one receives a transfer and which one sends a part away."""


@dataclass(frozen=True)
class EventDays:
    """Session indexes of what happens once; None: not at all."""

    shock: int = 0
    split: int | None = None
    merger: int | None = None
    """The session on which `TAKEN_OVER` has become `ACQUIRER`."""
    rename: int | None = None
    """The first session on which `RENAMED` goes by `NEW_TICKER`."""
    transfers_in: tuple[int, ...] = ()
    """A transfer comes in as many parts."""
    transfer_out: int | None = None

    @property
    def policy_change(self) -> int | None:
        """Return the session on which the policy's second version takes effect."""
        return self.split


def event_days(days: int) -> EventDays:
    """Spread the events over the sessions: nothing but the shock happens on the first, and with few sessions some share one."""
    if days < 2:
        return EventDays()
    first = max(1, days // 4)
    second = first + max(1, days // 5)
    return EventDays(
        shock=days // 2,
        split=days * 3 // 5,
        merger=days * 4 // 5 if days > 2 else None,
        rename=days * 2 // 5 if days > 2 else None,
        transfers_in=(first, second) if second < days else (first,),
        transfer_out=days * 2 // 3,
    )


def receivers(practice: Practice) -> npt.NDArray[np.bool_]:
    """Tell of each account whether a transfer comes into it."""
    return _ordinary(practice, RECEIVES_ON)


def senders(practice: Practice) -> npt.NDArray[np.bool_]:
    """Tell of each account whether it sends a part away."""
    return _ordinary(practice, SENDS_ON)


def _ordinary(practice: Practice, place: int) -> npt.NDArray[np.bool_]:
    return np.array(
        [
            account.place % TRANSFER_EVERY == place and account.state == AccountState.OPEN and not account.is_cash_only
            for account in practice.accounts
        ],
        dtype=bool,
    )
