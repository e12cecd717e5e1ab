"""Lots whose accounts and securities are told by number, as a file that numbers its texts gives them.

A book has tens of millions of lots, of far fewer accounts and securities: numbers are read, compared and picked out several times faster
than texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl
import pyarrow as pa

from evenkeel.engine.columns import Texts

IDS = ("account_id", "security_id")
"""Columns of lots that are told by number."""


@dataclass(frozen=True)
class NumberedLots:
    """Lots in the order in which they stand. A name may have more than one number.

    `rest` has all columns but `IDS`, as `evenkeel.engine.tables.inputs.Lots` gives them.
    """

    account: Texts
    security: Texts
    rest: pl.DataFrame

    @property
    def height(self) -> int:
        """How many lots."""
        return self.rest.height

    def filter(self, is_wanted: np.ndarray) -> NumberedLots:
        """Return the lots that are wanted."""
        account, security = (Texts(column.names, column.places[is_wanted]) for column in (self.account, self.security))
        return NumberedLots(account, security, self.rest.filter(pl.Series(is_wanted)))

    def spelled(self) -> pl.DataFrame:
        """Return the lots as a table, ids as texts."""
        ids = [column.spelled().alias(name) for name, column in zip(IDS, (self.account, self.security), strict=True)]
        return self.rest.select(*ids, pl.all())


def joined(parts: Sequence[NumberedLots]) -> NumberedLots:
    """Return the lots of all parts, of which there is one at least, in order."""
    if len(parts) == 1:
        return parts[0]
    return NumberedLots(
        _joined_texts([part.account for part in parts]),
        _joined_texts([part.security for part in parts]),
        pl.concat([part.rest for part in parts]),
    )


def texts_of(column: pa.ChunkedArray) -> Texts:
    """Return a dictionary column by number."""
    told = []
    for chunk in column.chunks:
        places = chunk.indices.fill_null(-1) if chunk.indices.null_count else chunk.indices
        names = pl.Series(pl.from_arrow(chunk.dictionary)).cast(pl.String)
        told.append(Texts(names, places.to_numpy(zero_copy_only=False).astype(np.int32, copy=False)))
    return _joined_texts(told)


def _joined_texts(columns: list[Texts]) -> Texts:
    if len(columns) == 1:
        return columns[0]
    firsts = np.cumsum([0, *(len(column.names) for column in columns)])
    places = [
        np.where(column.places < 0, -1, column.places + np.int32(first)).astype(np.int32, copy=False)
        if first
        else column.places
        for column, first in zip(columns, firsts, strict=False)
    ]
    names = [column.names for column in columns] or [pl.Series([], dtype=pl.String)]
    return Texts(pl.concat(names), np.concatenate([np.zeros(0, np.int32), *places]))
