"""What a run did, for the person who started it: what came in, what was stopped and who must act, what is on the desks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import polars as pl
from rich.console import Console
from rich.table import Table

from data_contracts.alerts import Alerts
from data_contracts.book.advisers import Advisers
from data_contracts.coverage import Coverage
from data_contracts.exceptions import Exceptions
from data_contracts.source_files import SourceFiles
from data_contracts.vocab import EpisodeStatus, ExceptionEffect, FileStatus
from evenkeel.desk.reading import dataset, run_of
from evenkeel.desk.render_html import coverage_line
from evenkeel.desk.words import eastern
from evenkeel.ports import RunRecord
from evenkeel.run.archiving import archive_standing
from evenkeel.run.house import House
from evenkeel.run.sequence import Outcome

STOPS_SHOWN = 12
DATES_SHOWN = 10


def print_summary(house: House, outcome: Outcome, dates: Sequence[dt.date], page: Path, console: Console) -> None:
    """Print what a run of `dates` did; dates run or folded again beside them are named in one line."""
    if len(dates) > 1:
        _print_dates([outcome.of(date) for date in dates], console)
    else:
        _print_one(house, outcome.of(dates[0]), console)
    for line in outcome.left:
        console.print(f"Not taken in: {line}", markup=False)
    also = sorted({run.business_date for run in outcome.runs} - set(dates))
    if also:
        console.print(f"Also brought up to date: {', '.join(map(str, also))}")
    _print_archive(house, console)
    console.print(f"Page: {page}")


def print_status(house: House, console: Console) -> None:
    """Print where the home stands: the last dates, and what holds the newest up."""
    dates = house.records.committed_dates()
    newest = run_of(house)
    runs = [house.records.manifest(date) for date in dates[-DATES_SHOWN:]]
    _print_dates([run for run in runs if run is not None], console)
    last = house.last_closed_session()
    is_sandbox = (house.home / "sandbox").is_dir()
    if newest.business_date < last and not is_sandbox:
        console.print(f"The last closed session, {last}, has not been run yet: `evenkeel run`.")
    _print_stops(dataset(house, newest, Exceptions), console)
    _print_archive(house, console)
    console.print(f"Book {newest.book_digest[:12]}, policy {newest.policy_version}, evenkeel {newest.code_version}.")


def _print_archive(house: House, console: Console) -> None:
    standing = archive_standing(house)
    if standing is not None:
        console.print(standing.line, markup=False)


def _print_one(house: House, run: RunRecord, console: Console) -> None:
    console.print(f"[bold]{run.business_date:%A %Y-%m-%d}[/bold]")
    files = dataset(house, run, SourceFiles)
    read = files.filter(pl.col("status") == FileStatus.READ.value)
    feeds = ", ".join(read["feed"].unique().sort().to_list()) or "none"
    console.print(
        f"In: {_count(read.height, 'file')} read ({feeds}), {read['kept_count'].sum():,} rows"
        + _unless_zero(", {} rows rejected", int(files["rejected_count"].sum()))
        + _unless_zero(
            ", {} replaced by a later one", files.filter(pl.col("status") == FileStatus.SUPERSEDED.value).height
        )
        + _unless_zero(", {} stopped", files.filter(pl.col("status") == FileStatus.STOPPED.value).height)
    )
    console.print(f"Coverage: {coverage_line(dataset(house, run, Coverage))}.")
    _print_stops(dataset(house, run, Exceptions), console)
    _print_desks(dataset(house, run, Alerts), dataset(house, run, Advisers), console)


def _print_stops(exceptions: pl.DataFrame, console: Console) -> None:
    held_up = exceptions.filter(pl.col("effect").is_in([ExceptionEffect.STOP.value, ExceptionEffect.WAIT.value]))
    released = exceptions.filter(pl.col("effect") == ExceptionEffect.RELEASED.value).height
    if released:
        console.print(f"Released by a person: {_count(released, 'stop')}; `evenkeel quarantine` says by whom and why.")
    if not held_up.height:
        console.print("Stopped: nothing.")
        return
    console.print(f"Stopped or waiting: {_count(held_up.height, 'finding')}; who must act:")
    order = {effect.value: place for place, effect in enumerate((ExceptionEffect.STOP, ExceptionEffect.WAIT))}
    ranked = held_up.sort(
        pl.col("effect").replace_strict(order, default=9, return_dtype=pl.Int64),
        pl.col("scope") == "account",
        "check",
        "exception_id",
    )
    # One bad row can stop every account of its file: that is one thing to tell, not hundreds.
    cause = pl.concat_str("check", "file_id", "row_no", separator=" ")
    told = ranked.group_by(pl.coalesce(cause, "exception_id"), maintain_order=True).agg(
        pl.col("owner", "effect", "message").first(), pl.len().alias("count")
    )
    for owner, effect, message, count in told.drop("check").head(STOPS_SHOWN).iter_rows():
        rest = f" (and {_count(count - 1, 'more account')}, for the same row)" if count > 1 else ""
        console.print(f"  {owner} · {effect}: {message}{rest}", markup=False)
    if told.height > STOPS_SHOWN:
        console.print(f'  and {told.height - STOPS_SHOWN} more: evenkeel sql "select * from exceptions"', markup=False)


def _print_desks(alerts: pl.DataFrame, advisers: pl.DataFrame, console: Console) -> None:
    open_ones = alerts.filter(pl.col("status") == EpisodeStatus.OPEN.value)
    per_desk = (
        open_ones.sort("adviser_rank")
        .group_by("adviser_id", maintain_order=True)
        .agg(
            pl.len().alias("todo"),
            pl.col("is_overdue").sum().alias("overdue"),
            pl.col("due_at").filter(~pl.col("is_overdue")).min().alias("next_due_at"),
            pl.col("household_name").first(),
            pl.col("reason").first(),
        )
        .join(advisers.select("adviser_id", pl.col("name").alias("adviser_name")), on="adviser_id", how="left")
        .sort("adviser_id")
    )
    if not per_desk.height:
        console.print("On the desks: nothing to do.")
    for row in per_desk.iter_rows(named=True):
        due = f", next due {eastern(row['next_due_at'])}" if row["next_due_at"] else ""
        overdue = _unless_zero(" ({} overdue)", row["overdue"])
        name = row["adviser_name"] or row["adviser_id"]
        console.print(
            f"{name}: {row['todo']} to do{overdue}{due}. First: {row['household_name']}. {row['reason']}", markup=False
        )
    rest = alerts.filter(pl.col("status") != EpisodeStatus.OPEN.value).group_by("status").len().sort("status").rows()
    if rest:
        console.print("Besides: " + ", ".join(f"{n} {status.replace('_', ' ')}" for status, n in rest))


def _print_dates(runs: Sequence[RunRecord], console: Console) -> None:
    table = Table(
        "date",
        "state",
        "scanned",
        "accounts",
        "stops",
        "open alerts",
        "closed",
        box=None,
        header_style="bold",
        pad_edge=False,
    )
    for run in runs:
        summary = run.summary
        table.add_row(
            str(run.business_date),
            run.status,
            str(summary["coverage"].get("scanned", 0)),
            str(summary["accounts"]),
            str(summary["exceptions"].get("stop", 0)),
            str(summary["alerts"].get("open", 0)),
            str(summary["alerts"].get("closed", 0)),
        )
    console.print(table, soft_wrap=False)


def _count(number: int, what: str) -> str:
    return f"{number:,} {what}{'' if number == 1 else 's'}"


def _unless_zero(text: str, number: int) -> str:
    return text.format(number) if number else ""
