"""A file that is ready to be handed over, and rows of CSV that read back as they were written."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evenkeel.errors import UsageError
from evenkeel.ports.orders import Allocated, Batch

_LINE_END = "\r\n"
"""As RFC 4180 has it."""


@dataclass(frozen=True)
class Written:
    """A file's ending (with its point), its bytes, and the orders in it."""

    ending: str
    data: bytes
    order_ids: tuple[str, ...]


class OrderWriter(Protocol):
    """Writes one custodian's blocks of a batch; the same batch gives the same bytes."""

    def __call__(self, batch: Batch, numbers: Mapping[str, str]) -> Written:
        """Return the file.

        Raises:
            UsageError: An order cannot be said in this form.
        """
        ...


class AllocationWriter(Protocol):
    """Writes who gets what of one custodian's blocks; `takes_back`: its form can say that an earlier allocation is void."""

    @property
    def takes_back(self) -> bool:
        """Tell whether the form can."""
        ...

    def __call__(self, allocated: Sequence[Allocated], numbers: Mapping[str, str], sent_at: dt.datetime) -> Written:
        """Return the file.

        Raises:
            UsageError: An allocation cannot be said in this form.
        """
        ...


def to_csv(rows: Sequence[Sequence[str]], delimiter: str = ",") -> bytes:
    """Return rows as CSV, read back and found the same.

    Raises:
        UsageError: They read back differently.
    """
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=_LINE_END).writerows(rows)
    data = buffer.getvalue().encode("ascii")
    if from_csv(data, delimiter) != [list(row) for row in rows]:
        raise UsageError("an order file reads back differently from what was written; nothing is handed over")
    return data


def from_csv(data: bytes, delimiter: str = ",") -> list[list[str]]:
    """Return the rows of a CSV file of ours."""
    return list(csv.reader(io.StringIO(data.decode("ascii"), newline=""), delimiter=delimiter))
