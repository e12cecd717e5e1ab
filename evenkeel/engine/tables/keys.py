"""Keys of rows: whether they rise, which repeat, and how a message names them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

NAMED = 3
"""So many rows are named in a message; the others are counted."""


def is_rising(table: pl.DataFrame, keys: Sequence[str]) -> bool:
    """Tell whether each row's key is above the one before; that none repeats is then seen without looking any up."""
    if table.height < 2:
        return True
    rises: pl.Series | None = None
    for name in reversed(keys):
        later, earlier = table[name].slice(1), table[name].slice(0, table.height - 1)
        rises = later > earlier if rises is None else (later > earlier) | ((later == earlier) & rises)
    return rises is not None and rises.null_count() == 0 and bool(rises.all())


def repeated(table: pl.DataFrame, keys: Sequence[str]) -> pl.DataFrame:
    """Return the rows whose key a row before them has."""
    if is_rising(table, keys):
        return table.clear()
    key = pl.col(keys[0]) if len(keys) == 1 else pl.struct(keys)
    return table.filter(~key.is_first_distinct())


def named(rows: pl.DataFrame, keys: Sequence[str]) -> str:
    """Return the first rows' keys, and how many more there are."""
    first = [
        " / ".join("null" if part is None else str(part) for part in row)
        for row in rows.select(keys).head(NAMED).rows()
    ]
    more = f" and {rows.height - NAMED:,} more" if rows.height > NAMED else ""
    return ", ".join(first) + more
