"""Figures in sentences."""

from __future__ import annotations

import polars as pl

from data_contracts.fields import FACT_DTYPE


def plain_fact(number: pl.Expr) -> pl.Expr:
    """Return a fact as text without the zeros that its precision adds."""
    return number.cast(FACT_DTYPE).cast(pl.String).str.strip_chars_end("0").str.strip_chars_end(".")
