"""Read a committed date: its manifest, and its datasets by contract."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.contract import Contract
from evenkeel.errors import UsageError
from evenkeel.ports import RunRecord
from evenkeel.run.house import House


def run_of(house: House, business_date: dt.date | None = None) -> RunRecord:
    """Return the current run of a date, the newest committed date's by default.

    Raises:
        UsageError: The home has no run, or none of that date.
    """
    dates = house.records.committed_dates()
    if not dates:
        raise UsageError("this home has no run yet; `evenkeel run` makes one")
    run = house.records.manifest(business_date or dates[-1])
    if run is None:
        raise UsageError(
            f"there is no run of {business_date}; the home has {dates[0]} to {dates[-1]} ({len(dates)} dates)"
        )
    return run


def dataset(house: House, run: RunRecord, contract: type[Contract]) -> pl.DataFrame:
    """Return a dataset of a run; empty where the run wrote none of that name."""
    for stored in run.datasets:
        if stored.dataset == contract.dataset_name():
            return house.store.read(contract, stored)
    return contract.empty_frame()


def of_id(rows: pl.DataFrame, column: str, beginning: str, what: str) -> pl.DataFrame:
    """Return the row whose id is `beginning` or the only one to begin so; no row where none does. `what`: many of them, for the message.

    Raises:
        UsageError: Several ids begin so.
    """
    typed = beginning.strip()
    named = rows.filter(pl.col(column).str.starts_with(typed)) if typed else rows.clear()
    if named.height > 1:
        raise UsageError(f"{typed!r} is the beginning of {named.height} {what}; give more of the id")
    return named
