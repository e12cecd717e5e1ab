"""What is asked of the records of the past: states that an alert was shown in, and a place for the trail that nobody can take back."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


@dataclass(frozen=True)
class AlertState:
    """One state that an alert was shown in, as the log has it; `digest` is that of its canonical JSON when it was written.

    `alert`: the row of `data_contracts.alerts` as plain JSON.
    """

    alert_id: str
    run_id: str
    business_date: dt.date
    is_withdrawn: bool
    digest: str
    alert: Mapping[str, Any]


class TrailArchive(Protocol):
    """A place where the trail's objects are kept so that nobody can change or delete them before their date."""

    @property
    def address(self) -> str:
        """Return where it is, for people."""
        ...

    def held(self) -> Mapping[str, Sequence[str]]:
        """Return the names that are there, in order, each with its versions, the oldest first; more than one is not ours.

        Raises:
            UsageError: There is no such place, no right to it, or it locks nothing.
            TransientError: It cannot be reached.
        """
        ...

    def read(self, name: str, version: str) -> bytes:
        """Return the bytes of a version.

        Raises:
            TransientError: It cannot be reached.
        """
        ...

    def keep(self, name: str, content: bytes, now: dt.datetime) -> bool:
        """Store an object under a lock; return whether it was written, False where the same bytes are there.

        Raises:
            RecordDamaged: Other bytes are there under its name; says both digests.
            UsageError: There is no such place, no right to it, or it locks nothing.
            TransientError: It cannot be reached.
        """
        ...
