"""The separable problem as a query for DuckDB, over the tables as they are."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import duckdb
import polars as pl

from evenkeel.engine.problem import Tables

QUERY = Path(__file__).with_name("separable.sql")


def least_objectives(tables: Tables) -> pl.DataFrame:
    """Return `account_id`, `least_objective_usd`, `mu` and `nav_usd` of each account that can be solved, by account.

    Where a security pays to be sold and bought back, both are allowed: the figure then is a bound and not the objective.
    """
    with duckdb.connect() as connection:
        for part in fields(tables):
            connection.register(part.name, getattr(tables, part.name).to_arrow())
        arrow = connection.sql(QUERY.read_text("utf-8")).to_arrow_table()
    frame = pl.from_arrow(arrow)
    assert isinstance(frame, pl.DataFrame)
    return frame
