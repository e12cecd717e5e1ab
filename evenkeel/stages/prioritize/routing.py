"""Whose desk something is on."""

from __future__ import annotations

import polars as pl

from evenkeel.book.model import Book

UNASSIGNED = "unassigned"
"""The desk of households whose adviser of record the book does not know: shown apart, never dropped."""


def desks(book: Book) -> pl.DataFrame:
    """Return `household_id` and `adviser_id`: the adviser of record, or `unassigned` where the book has no such adviser."""
    known = pl.col("adviser_id").is_in(book.advisers["adviser_id"].implode())
    return book.households.select(
        "household_id", pl.when(known).then("adviser_id").otherwise(pl.lit(UNASSIGNED)).alias("adviser_id")
    )
