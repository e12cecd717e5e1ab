"""Codes of screens: what a provider marks a security with, and what a restriction names."""

from __future__ import annotations

import polars as pl

from evenkeel.book.csv_cells import Table

SEPARATOR = ";"
NO_SCREEN = "none"
"""Looked at, and nothing is marked: a blank says that nobody has looked."""
CODE = "[a-z0-9][a-z0-9_-]*"
"""What one code looks like, once it is in lower case."""


def with_codes(table: Table, column: str) -> Table:
    """Return the table with the column's codes in lower case, each once and in order, without blanks between them."""
    codes = (
        pl.col(column)
        .str.to_lowercase()
        .str.split(SEPARATOR)
        .list.eval(pl.element().str.strip_chars().filter(pl.element().str.strip_chars() != ""))
        .list.unique()
        .list.sort()
        .list.join(SEPARATOR)
    )
    return Table(table.file, table.frame.with_columns(pl.when(codes != "").then(codes).alias(column)), table.is_whole)


def is_marked(screens: pl.Expr, screen: pl.Expr) -> pl.Expr:
    """Tell whether `screen` is one of the codes of `screens`; null where one of the two is."""
    return pl.concat_str(pl.lit(SEPARATOR), screens, pl.lit(SEPARATOR)).str.contains(
        pl.concat_str(pl.lit(SEPARATOR), screen, pl.lit(SEPARATOR)), literal=True
    )
