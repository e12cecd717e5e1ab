"""Tables as they were read, looked at before anything is solved: columns, types, keys. What is wrong here stops the whole problem."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import polars as pl

from data_contracts.contract import Contract
from evenkeel.engine.codes import CASH_CLASS, CashTerm
from evenkeel.engine.columns import given
from evenkeel.engine.numbered import IDS, NumberedLots
from evenkeel.engine.tables.inputs import CashTerms, Lots, Securities
from evenkeel.engine.tables.keys import named, repeated
from evenkeel.errors import UsageError


def checked_numbered(lots: NumberedLots) -> NumberedLots:
    """Return lots by number, as `checked` does the table that they are."""
    if (lots.account.places < 0).any() or (lots.security.places < 0).any() or lots.rest["lot_id"].null_count():
        checked(lots.spelled(), Lots)
    return replace(lots, rest=checked(lots.rest, Lots, apart=IDS))


def checked(table: pl.DataFrame, contract: type[Contract], apart: Sequence[str] = ()) -> pl.DataFrame:
    """Return the table with the contract's columns, of its types, each key once; columns `apart` are not in it.

    Of lots it is not seen here whether a key repeats, but where they are put in order (`evenkeel.engine.lots`).

    Raises:
        UsageError: A column is missing or not of its type, a value would be changed to be of it, a key is null or repeats; names table,
            column, the first rows or value, and what to do.
    """
    name = contract.dataset_name()
    schema = {column: dtype for column, dtype in contract.polars_schema().items() if column not in apart}
    table = given(table, contract)
    missing = [column for column in schema if column not in table.columns]
    if missing:
        raise UsageError(f"{name}: columns missing: {', '.join(missing)}; docs/engine-tables.md lists them all")
    table = table.select(_of_type(name, table[column], dtype) for column, dtype in schema.items())
    keys = [column for column in contract.key_columns() if column not in apart]
    nulls = [column for column in keys if table[column].null_count()]
    if nulls:
        rows = table.filter(pl.any_horizontal(pl.col(column).is_null() for column in nulls))
        raise UsageError(
            f"{name}: null in {', '.join(nulls)}, which may not be: {rows.height:,} rows ({', '.join(keys)}): {named(rows, keys)}"
        )
    if contract is Lots:
        return table
    again = repeated(table, keys)
    if again.height:
        raise UsageError(
            f"{name}: {again.height:,} rows repeat a key ({', '.join(keys)}); give each one row: {named(again, keys)}"
        )
    if contract is Securities:
        silent = table.filter(pl.col("asset_class").is_null())
        if silent.height:
            raise UsageError(f"securities: {silent.height:,} rows without asset_class: {named(silent, keys)}")
        cash = table.filter(pl.col("asset_class") == CASH_CLASS)
        if cash.height:
            raise UsageError(
                f"securities: {cash.height:,} rows of class {CASH_CLASS}; count a sweep in accounts.cash_usd, or give it its own class: "
                f"{named(cash, keys)}"
            )
    if contract is CashTerms:
        odd = table.filter(~pl.col("term").is_in([term.value for term in CashTerm]))
        if odd.height:
            raise UsageError(
                f"cash_terms: {odd.height:,} rows whose term is none of {', '.join(CashTerm)}: {named(odd, keys)}"
            )
    return table


def _of_type(name: str, values: pl.Series, dtype: pl.DataType) -> pl.Series:
    """Return the values as `dtype`, if that changes none of them."""
    if values.dtype == dtype:
        return values
    if not _may_become(values.dtype, dtype):
        raise UsageError(f"{name}: {values.name} is {values.dtype}, not {dtype}; write it as {dtype}")
    cast = values.cast(dtype, strict=False)
    is_lost = cast.is_null() & values.is_not_null()
    if values.dtype != pl.String and dtype != pl.String:
        is_lost |= values.ne_missing(cast.cast(values.dtype, strict=False))
    lost = values.filter(is_lost)
    if len(lost):
        raise UsageError(
            f"{name}: {values.name} has {len(lost):,} values that are no {dtype}, the first {lost[0]}; write it as {dtype}"
        )
    return cast


def _may_become(given_as: pl.DataType, dtype: pl.DataType) -> bool:
    """Tell whether values of one type mean the same as another: figures as text do, dates and flags are no figures."""
    if given_as == pl.Null:
        return True
    if dtype == pl.String:
        return not (given_as.is_float() or given_as.is_nested() or given_as == pl.Binary)
    return given_as.is_numeric() or (given_as == pl.String and dtype.is_numeric())
