"""Stops that a person has released, with a reason: they stay on record and stop nothing."""

from __future__ import annotations

import datetime as dt

import polars as pl


def standing_releases(releases: pl.DataFrame, business_date: dt.date) -> pl.DataFrame:
    """Return `exception_id`, `release_id` of the releases that hold on a session, the latest of each exception."""
    return (
        releases.filter(pl.col("from_date") <= business_date, pl.col("until_date") >= business_date)
        .sort("released_at", "release_id")
        .unique("exception_id", keep="last", maintain_order=True)
        .select("exception_id", "release_id")
    )
