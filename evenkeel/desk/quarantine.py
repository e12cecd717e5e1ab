"""What is in quarantine: what is stopped, why, since when, who must act, and what a person has released."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from rich.console import Console
from rich.text import Text

from data_contracts.exception_ages import ExceptionAges
from data_contracts.exceptions import Exceptions
from data_contracts.vocab import ExceptionEffect
from evenkeel.desk.reading import dataset
from evenkeel.desk.render_csv import safe_cell
from evenkeel.desk.render_text import SHORT_ID
from evenkeel.desk.words import OWNER_NAMES, counted
from evenkeel.ports import RunRecord
from evenkeel.run.house import House

Held = dict[str, Any]
"""One stop, or one that was released; `release` is None or says who, why and until when."""

_NAMES = (
    "exception_id",
    "effect",
    "scope",
    "subject_id",
    "account_id",
    "household_id",
    "feed",
    "check",
    "message",
    "owner",
)


def quarantine_of(house: House, run: RunRecord) -> list[Held]:
    """Return what a run has stopped or found released, stops first, the oldest first.

    A release that was given after the run stands beside its stop, which it lifts when the date is run again.
    """
    exceptions = dataset(house, run, Exceptions)
    ages = dataset(house, run, ExceptionAges).select("exception_id", "since_date", "age_sessions")
    held = exceptions.filter(pl.col("effect").is_in([ExceptionEffect.STOP.value, ExceptionEffect.RELEASED.value]))
    releases = _releases(house, run)
    rows = held.join(ages, on="exception_id", how="left").sort(
        pl.col("effect") != ExceptionEffect.STOP.value, "since_date", "check", "exception_id"
    )
    return [_held(row, run, releases) for row in rows.iter_rows(named=True)]


def to_json(held: Sequence[Held]) -> str:
    """Return them as a JSON array."""
    return json.dumps(held, indent=2, ensure_ascii=False) + "\n"


def to_csv(held: Sequence[Held]) -> str:
    """Return them as CSV with a header, the release's parts in columns of their own."""
    buffer = io.StringIO()
    parts = ("release_id", "actor", "role", "reason", "until_date", "released_at")
    names = ("business_date", *_NAMES, "since_date", "age_sessions")
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow([*names, *(part if part == "release_id" else f"release_{part}" for part in parts)])
    for each in held:
        release = each["release"] or {}
        cells = [*(each[name] for name in names), *(release.get(part) for part in parts)]
        writer.writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue()


def print_quarantine(held: Sequence[Held], run: RunRecord, console: Console) -> None:
    """Print them, two lines each, and what waits besides."""
    stops = [each for each in held if each["effect"] == ExceptionEffect.STOP.value]
    released = len(held) - len(stops)
    console.print(
        f"[bold]Quarantine of {run.business_date}[/bold]: {counted(len(stops), 'stop')}, {released} released."
    )
    for each in held:
        _print_one(each, console)
    waiting = run.summary["exceptions"].get(ExceptionEffect.WAIT.value, 0)
    if waiting:
        console.print(f"Besides, {counted(waiting, 'finding')} for a file that has not come: `evenkeel status`.")
    if stops:
        console.print("A good file ends a stop; `evenkeel desk release ID --reason ... --actor ...` lifts one.")


def _releases(house: House, run: RunRecord) -> dict[str, dict[str, Any]]:
    """Return the newest release of each exception that holds on the run's date."""
    date = run.business_date
    holding = house.records.releases().filter(pl.col("from_date") <= date, pl.col("until_date") >= date)
    return {row["exception_id"]: row for row in holding.sort("released_at").iter_rows(named=True)}


def _held(row: Mapping[str, Any], run: RunRecord, releases: Mapping[str, Mapping[str, Any]]) -> Held:
    given = releases.get(row["exception_id"])
    release = given and {
        "release_id": given["release_id"],
        "actor": given["actor"],
        "role": given["role"],
        "reason": given["reason"],
        "until_date": given["until_date"].isoformat(),
        "released_at": given["released_at"].isoformat().replace("+00:00", "Z"),
    }
    return {
        "business_date": run.business_date.isoformat(),
        **{name: row[name] for name in _NAMES},
        "since_date": row["since_date"] and row["since_date"].isoformat(),
        "age_sessions": row["age_sessions"],
        "release": release,
    }


def _print_one(each: Held, console: Console) -> None:
    release, is_stop = each["release"], each["effect"] == ExceptionEffect.STOP.value
    age = "new" if not each["age_sessions"] else counted(each["age_sessions"], "session")
    who = OWNER_NAMES[each["owner"]] + " must act" if is_stop else "released"
    line = Text(each["exception_id"][:SHORT_ID], style="dim")
    line.append(f"  {each['scope']} {each['subject_id']}", style="bold" if is_stop else "dim")
    console.print(
        line.append(f" · since {each['since_date'] or each['business_date']} ({age}) · {who}", style="not bold")
    )
    console.print(Text(f"    {each['message']}"))
    if release:
        when = "lifted by the next run of the date" if is_stop else f"until {release['until_date']}"
        console.print(Text(f"    Released by {release['actor']} ({release['role']}), {when}: {release['reason']}"))
