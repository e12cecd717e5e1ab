"""From columns of tables to arrays: numbers, flags, places of keys, where each owner's rows begin."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import polars as pl
import polars.selectors as cs
import pyarrow as pa

from data_contracts.contract import Contract
from evenkeel.engine.arrays import F8, I4, I8, U1, normal
from evenkeel.engine.tables.inputs import Accounts, Lots, Securities, TaxUnits

ABSENT_COLUMNS: dict[type, tuple[str, ...]] = {
    Accounts: ("tax_unit_id", "turnover_budget_frac"),
    Lots: ("is_long_term",),
    Securities: ("unit_step_qty", "min_ticket_usd"),
    TaxUnits: ("carry_value_frac", "gain_budget_usd"),
}
"""Columns that a table may lack: null then."""


@dataclass(frozen=True)
class Texts:
    """A column of texts told by number: names, and the place of each row's in them; -1 is a null."""

    names: pl.Series
    places: np.ndarray

    def spelled(self) -> pl.Series:
        """Return the texts themselves."""
        places = pl.Series(self.places.astype(np.int32, copy=False))
        return self.names.gather(places.replace(-1, None) if (self.places < 0).any() else places)


Columns = Mapping[str, Texts | np.ndarray | pl.Series]
"""A table's columns by name, before it is known in what form the table is wanted."""


def frame_of(columns: Columns, contract: type[Contract]) -> pl.DataFrame:
    """Return columns as a contract's table; a figure is 0.0 and never -0.0."""
    spelled = {
        name: column.spelled() if isinstance(column, Texts) else _plain(column) for name, column in columns.items()
    }
    return pl.DataFrame(spelled).select(pl.col(name).cast(dtype) for name, dtype in contract.polars_schema().items())


def told_of(columns: Columns) -> pa.Table:
    """Return columns as a table to be written, each name kept once and its number in every row; a figure is 0.0 and never -0.0."""
    arrays: dict[str, pa.Array] = {}
    for name, column in columns.items():
        if isinstance(column, Texts):
            places = column.places.astype(np.int32, copy=False)
            is_null = places < 0
            numbers = pa.array(places, mask=is_null if is_null.any() else None)
            arrays[name] = pa.DictionaryArray.from_arrays(numbers, column.names.to_arrow())
        else:
            plain = _plain(column)
            arrays[name] = plain.to_arrow() if isinstance(plain, pl.Series) else pa.array(plain)
    return pa.table(arrays)


def _plain(values: np.ndarray | pl.Series) -> np.ndarray | pl.Series:
    """Return the values, figures of -0.0 as 0.0: what is sold out is nothing, not less than nothing.

    Arrays are changed where they stand, which changes no value: a copy of long columns takes a fiftieth of all the time.
    """
    if isinstance(values, pl.Series):
        return values + 0.0 if values.dtype.is_float() else values
    if values.dtype.kind != "f":
        return values
    plain: np.ndarray = np.add(values, 0.0, out=values if values.flags.writeable else None)
    return plain


def plain_figures(table: pl.DataFrame) -> pl.DataFrame:
    """Return the table, figures of -0.0 as 0.0."""
    return table.with_columns(cs.float() + 0.0)


def given(table: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Return the table with those of the contract's columns that may be absent, null where they are."""
    optional = next((ABSENT_COLUMNS[base] for base in contract.__mro__ if base in ABSENT_COLUMNS), ())
    absent = [name for name in optional if name not in table.columns]
    return table.with_columns(pl.lit(None, contract.polars_schema()[name]).alias(name) for name in absent)


def starts_of(owners: pl.Series) -> I8:
    """Return where each owner's rows begin, and where the last one's end; the rows are in the owners' order."""
    return starts_of_counts(owners.rle().struct.field("len").to_numpy())


def starts_of_counts(counts: np.ndarray) -> I8:
    """Return where each owner's rows begin, and where the last one's end, from how many each has."""
    starts: I8 = normal(np.concatenate([[0], np.cumsum(counts)]), np.int64)
    return starts


def codes_of(values: pl.Series, known: pl.Series) -> I4:
    """Return each value's place in `known`, texts that are all different; -1 where it is not in it."""
    places = values.cast(pl.String).cast(pl.Enum(known), strict=False).to_physical()
    if places.null_count():
        places = places.cast(pl.Int32).fill_null(-1)
    codes: I4 = normal(places.to_numpy(), np.int32)
    return codes


def floats_of(table: pl.DataFrame, names: list[str]) -> list[F8]:
    """Return columns as arrays; null becomes NaN."""
    return [normal(_filled(table[name].cast(pl.Float64), np.nan).to_numpy(), np.float64) for name in names]


def flags_of(values: pl.Series, null: bool) -> U1:
    """Return flags as 0 and 1; a null counts as `null`."""
    flags: U1 = normal(_filled(values, null).cast(pl.UInt8).to_numpy(), np.uint8)
    return flags


def _filled(values: pl.Series, null: float | bool) -> pl.Series:
    return values.fill_null(null) if values.null_count() else values
