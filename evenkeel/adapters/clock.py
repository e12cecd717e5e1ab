"""The time: the system's, or one that stands still so that a run can be repeated."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass


class SystemClock:
    """The machine's clock."""

    def now(self) -> dt.datetime:
        """Return the current instant, in UTC."""
        return dt.datetime.now(dt.UTC)


@dataclass(frozen=True)
class FixedClock:
    """A clock that always shows `instant`.

    Raises:
        ValueError: `instant` has no time zone, so it names no instant.
    """

    instant: dt.datetime

    def __post_init__(self) -> None:
        if self.instant.tzinfo is None:
            raise ValueError("a fixed clock needs an instant with its time zone, for example 2026-07-27T22:00:00Z")

    def now(self) -> dt.datetime:
        """Return the instant, in UTC."""
        return self.instant.astimezone(dt.UTC)
