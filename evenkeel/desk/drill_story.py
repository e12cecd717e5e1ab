"""The demo as a person reads it: a line a look, and at the end what came in, what was stopped, who must act, and where to look."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from pathlib import Path

import polars as pl
from rich.console import Console

from data_contracts.alerts import Alerts
from data_contracts.book.advisers import Advisers
from data_contracts.exceptions import Exceptions
from data_contracts.source_files import SourceFiles
from data_contracts.vocab import EpisodeStatus, ExceptionEffect
from evenkeel.desk.page import write_page
from evenkeel.desk.reading import dataset, run_of
from evenkeel.desk.words import dollars, eastern
from evenkeel.ports import RunRecord
from evenkeel.run.house import House

TASKS_SHOWN = 8


def tell(business_date: dt.date, at: dt.datetime, run: RunRecord | None, console: Console) -> None:
    """Print one line about a look: when, what was scanned, what held it up."""
    if run is None:
        console.print(f"{business_date}  {eastern(at)}: no run")
        return
    summary = run.summary
    scanned, accounts = summary["coverage"].get("scanned", 0), summary["accounts"]
    waiting = summary["coverage"].get("waiting", 0)
    parts = [f"{scanned} of {accounts} accounts scanned", f"{summary['alerts'].get('open', 0)} open alerts"]
    if waiting:
        parts.append(f"{waiting} accounts wait for a late custodian")
    if stops := summary["exceptions"].get(ExceptionEffect.STOP.value, 0):
        parts.append(f"{stops} stopped by a check")
    console.print(f"{business_date:%a %d %b}, looked at {eastern(at)}: " + ", ".join(parts))


def close(house: House, dates: Sequence[dt.date], faults: Sequence[tuple[dt.date, str]], console: Console) -> Path:
    """Print the drill's summary and return the newest page.

    Args:
        house: The home.
        dates: The sessions that were run.
        faults: What was done wrong on purpose: date and what, in words.
        console: Where to print.
    """
    pages = [write_page(house, date) for date in dates]
    last = run_of(house, dates[-1])
    files = pl.concat(dataset(house, run_of(house, date), SourceFiles) for date in dates)
    status = dict(files.group_by("status").len().iter_rows())
    console.print("")
    console.print("[bold]What came in[/bold]")
    console.print(
        f"  {files.height} files over {len(dates)} sessions ({int(files['byte_count'].sum()) / 1e6:.1f} MB, {files['kept_count'].sum():,} "
        f"rows): {status.get('read', 0)} read, {status.get('superseded', 0)} replaced by a corrected one, "
        f"{status.get('stopped', 0)} stopped; {files['rejected_count'].sum()} rows rejected"
    )
    console.print("[bold]What the sandbox did wrong on purpose[/bold]")
    for date, what in faults:
        console.print(f"  {date:%a %d %b}: {what}", markup=False)
    _print_stops(house, dates, console)
    _print_tasks(house, last, console)
    console.print("[bold]Where to look[/bold]")
    console.print(f"  the page        {pages[-1]}")
    console.print("  the task list   .venv/bin/evenkeel alerts" + _home(house))
    console.print("  the trades      .venv/bin/evenkeel trades" + _home(house))
    console.print("  the home        .venv/bin/evenkeel status" + _home(house))
    console.print('  any dataset     .venv/bin/evenkeel sql "select * from exceptions"' + _home(house), markup=False)
    return pages[-1]


def _print_stops(house: House, dates: Iterable[dt.date], console: Console) -> None:
    console.print("[bold]What was stopped, and why[/bold]")
    for date in dates:
        exceptions = dataset(house, run_of(house, date), Exceptions)
        for owner, message in (
            exceptions.filter(pl.col("effect") == ExceptionEffect.STOP.value)
            .sort("exception_id")
            .select("owner", "message")
            .iter_rows()
        ):
            console.print(f"  {date:%a %d %b}, {owner}: {message}", markup=False)


def _print_tasks(house: House, run: RunRecord, console: Console) -> None:
    names = dict(dataset(house, run, Advisers).select("adviser_id", "name").iter_rows())
    todo = dataset(house, run, Alerts).filter(pl.col("status") == EpisodeStatus.OPEN.value)
    console.print(
        f"[bold]Who must act on what by when[/bold] ({run.business_date}: {todo.height} open alerts, the first of each desk)"
    )
    for row in (
        todo.sort("adviser_rank", "adviser_id")
        .head(TASKS_SHOWN)
        .sort("adviser_id", "adviser_rank")
        .iter_rows(named=True)
    ):
        who = names.get(row["adviser_id"], row["adviser_id"])
        console.print(
            f"  {who} by {eastern(row['due_at'])}: {row['household_name']}, {dollars(row['value_usd'])}. {row['reason']}",
            markup=False,
        )


def _home(house: House) -> str:
    return "" if house.home == Path(".evenkeel") else f" --home {house.home}"
