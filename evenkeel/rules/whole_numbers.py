"""Money and units as whole numbers, so that sums are exact and a rounding happens where it is stated.

Money is whole cents. Units of a security are whole quanta of 1e-15, the precision facts are kept in (`data_contracts.fields`), which
loses nothing a source sends. Both are 128-bit in polars: 10 billion dollars times a billion units still fit, with two digits to spare.
Every rounding in `evenkeel.rules` is half to even.
"""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

import polars as pl

from data_contracts.fields import FACT_DTYPE, FACT_SCALE, MONEY_DTYPE

QUANTA: int = 10**FACT_SCALE
"""Quanta in one unit of a security."""

PARTS = 10**6
"""Rates are taken to a millionth: 0.238 is 238,000 parts."""

_QUANTA_OF_A_CENT: int = 10 ** (FACT_SCALE - 2)


def half_even(numerator: int, denominator: int) -> int:
    """Return numerator / denominator as a whole number, halves to the even one; `denominator` > 0."""
    whole, rest = divmod(numerator, denominator)
    return whole + (2 * rest > denominator or (2 * rest == denominator and whole % 2 == 1))


def share_of(total: int, part: int, whole: int) -> int:
    """Return total x part / whole, rounded half to even; zero where `whole` is zero."""
    return half_even(total * part, whole) if whole else 0


def cents(usd: Decimal) -> int:
    """Return money in whole cents, rounded half to even."""
    return int((usd * 100).to_integral_value(ROUND_HALF_EVEN))


def quanta(qty: Decimal) -> int:
    """Return units of a security in whole quanta; digits past the fifteenth are rounded half to even."""
    return int(qty.scaleb(FACT_SCALE).to_integral_value(ROUND_HALF_EVEN))


def parts(rate_frac: float) -> int:
    """Return a rate in whole millionths."""
    return round(rate_frac * PARTS)


def usd(whole_cents: int) -> Decimal:
    """Return whole cents as dollars."""
    return Decimal(whole_cents).scaleb(-2)


def units(whole_quanta: int) -> Decimal:
    """Return whole quanta as units of a security."""
    return Decimal(whole_quanta).scaleb(-FACT_SCALE)


def half_even_expr(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """Return `half_even` of two Int128 columns; null where the denominator is not above zero."""
    below = pl.when(denominator > 0).then(denominator)
    whole = numerator // below
    twice = 2 * (numerator - whole * below)
    goes_up = (twice > below) | ((twice == below) & (whole % 2 == 1))
    return whole + goes_up.cast(pl.Int128)


def cents_expr(column: str | pl.Expr) -> pl.Expr:
    """Return a money column as whole cents (Int128), rounded half to even."""
    fact = (pl.col(column) if isinstance(column, str) else column).cast(FACT_DTYPE).to_physical()
    return half_even_expr(fact, pl.lit(_QUANTA_OF_A_CENT, pl.Int128))


def quanta_expr(column: str | pl.Expr) -> pl.Expr:
    """Return a column of units as whole quanta (Int128)."""
    return (pl.col(column) if isinstance(column, str) else column).cast(FACT_DTYPE).to_physical()


def parts_expr(column: str) -> pl.Expr:
    """Return a column of rates in whole millionths (Int64)."""
    return (pl.col(column) * PARTS).round(0, mode="half_to_even").cast(pl.Int64)


def usd_expr(column: str | pl.Expr) -> pl.Expr:
    """Return whole cents as dollars (`fields.Money`), exactly."""
    whole = pl.col(column) if isinstance(column, str) else column
    return whole.cast(pl.Int128).reinterpret(dtype=MONEY_DTYPE)


def units_expr(column: str | pl.Expr) -> pl.Expr:
    """Return whole quanta as units (`fields.Fact`), exactly."""
    whole = pl.col(column) if isinstance(column, str) else column
    return whole.cast(pl.Int128).reinterpret(dtype=FACT_DTYPE)
