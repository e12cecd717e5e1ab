"""Columns and units, defined once.

A contract's column is a type and one of the makers below. The type fixes precision; the maker carries the unit, the null rule and
whether the column belongs to the row's key. What a dataset *means* belongs in its own module, enumerations in `vocab`.

Units live in names: `_ccy` money in the row's `currency`, `_usd` US dollars, `_qty` units of a security, `_frac` a ratio
(0.05 is five per cent), `_date` a business or calendar date, `_at` a UTC instant, `is_`/`has_` a flag.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import pandera.polars as pa
import polars as pl

FACT_PRECISION = 38
FACT_SCALE = 15
"""Facts as received keep 15 decimals: the longest a sampled source sends is 13 (an IBKR currency conversion)."""

Fact = Annotated[pl.Decimal, FACT_PRECISION, FACT_SCALE]
"""A number exactly as a source sent it: quantity, price or amount."""

MONEY_SCALE = 2
Money = Annotated[pl.Decimal, FACT_PRECISION, MONEY_SCALE]
"""US dollars and cents, ours: rounded half to even from facts, summed exactly."""

Instant = Annotated[pl.Datetime, "us", "UTC"]
"""A moment, in UTC."""

FACT_DTYPE = pl.Decimal(FACT_PRECISION, FACT_SCALE)
MONEY_DTYPE = pl.Decimal(FACT_PRECISION, MONEY_SCALE)
INSTANT_DTYPE = pl.Datetime("us", "UTC")


def key(description: str) -> Any:
    """Return a column that is part of the row's key: never null; the key's columns together are unique."""
    return pa.Field(description=description, nullable=False, metadata={"key": True})


def column(description: str, *, null: bool = False) -> Any:
    """Return an ordinary column; `null=True` where the source may be silent (null never stands for zero)."""
    return pa.Field(description=description, nullable=null)


def code(vocabulary: type[StrEnum], description: str, *, null: bool = False, is_key: bool = False) -> Any:
    """Return a text column that holds a code of `vocabulary`."""
    return pa.Field(
        description=f"{description} One of `vocab.{vocabulary.__name__}`.",
        nullable=null,
        isin=[member.value for member in vocabulary],
        metadata={"key": is_key},
    )


def frac(description: str, *, null: bool = False, ge: float | None = None, le: float | None = None) -> Any:
    """Return a ratio column (Float64; 0.05 is five per cent)."""
    return pa.Field(description=description, nullable=null, ge=ge, le=le)


def count(description: str, *, null: bool = False) -> Any:
    """Return a count, zero or more."""
    return pa.Field(description=description, nullable=null, ge=0)


def run_stamp(description: str, *, null: bool = False) -> Any:
    """Return a column that tells when we worked, not what was true: it is left out of the dataset's digest."""
    return pa.Field(description=description, nullable=null, metadata={"undigested": True})
