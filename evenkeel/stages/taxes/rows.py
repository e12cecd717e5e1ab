"""The columns of a sale while it is on its way into `TaxSales`, and its gain by term."""

from __future__ import annotations

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.tax_sales import TaxSales

PLACE = ["account_id", "security_id"]
DAY = [*PLACE, "sold_date"]
"""What a source's word is about: an account's sales of a security on a day."""

SALE = pl.Schema(
    {name: dtype for name, dtype in TaxSales.polars_schema().items() if name not in ("business_date", "sale_no")}
)


def as_sales(rows: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with the columns of a sale in order, those left out null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(dtype).alias(name) for name, dtype in SALE.items()
    )


def gains_by_term(gain: pl.Expr) -> list[pl.Expr]:
    """Return the two gain columns of a gain and `is_long_term`: the other term's is zero, both are null where either is not known."""
    is_long = pl.col("is_long_term")
    zero = pl.when(gain.is_not_null()).then(pl.lit(0).cast(MONEY_DTYPE))
    return [
        pl.when(is_long).then(zero).when(~is_long).then(gain).alias("short_term_gain_usd"),
        pl.when(is_long).then(gain).when(~is_long).then(zero).alias("long_term_gain_usd"),
    ]
