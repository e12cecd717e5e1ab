"""`evenkeel replay`: an alert of the past, computed again from what its record names."""

from __future__ import annotations

import datetime as dt
import json
import sys
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter
from rich.console import Console

from evenkeel.cli.options import Home
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, RecordDamaged

if TYPE_CHECKING:
    from evenkeel.desk.replaying import Replay

console = Console(soft_wrap=True, highlight=False)
SHOWN_CHARACTERS = 160
SHOWN_DIFFERENCES = 50


def replay(
    alert: Annotated[
        str | None,
        Parameter(name="ALERT", help="The alert's id, or a beginning of it; without it, every alert of the date."),
    ] = None,
    /,
    *,
    date: Annotated[
        dt.date | None, Parameter(name="--date", help="A business date that showed it; the newest by default.")
    ] = None,
    run: Annotated[
        str | None,
        Parameter(help="A run of the date by its id; by default the one that counts, else the last that showed it."),
    ] = None,
    from_files: Annotated[
        bool,
        Parameter(help="Read the custodians' files again too, from the archive.", negative=()),
    ] = False,
    format: Annotated[
        Literal["text", "json", "alert"],
        Parameter(help="`alert` prints what comes out, in canonical JSON, a line an alert."),
    ] = "text",
    home: Home = None,
) -> int:
    """Compute an alert again from the data, book and decisions on its record, and hold it against what was shown, byte for byte."""
    from evenkeel.desk.replaying import replay as rebuild
    from evenkeel.wiring import open_house, read_settings

    try:
        result = rebuild(open_house(read_settings(home)), alert, date, run, from_files=from_files)
    except RecordDamaged as error:
        Console(stderr=True, soft_wrap=True, highlight=False).print(f"The record is DAMAGED: {error}", markup=False)
        return EXIT_STOPPED
    if format == "json":
        sys.stdout.write(json.dumps(_plain(result), indent=2, ensure_ascii=False) + "\n")
    elif format == "alert":
        sys.stdout.write("".join(f"{each.now.decode()}\n" for each in result.alerts if each.now is not None))
    else:
        _print(result)
    return EXIT_DONE if result.is_equal else EXIT_STOPPED


def _print(result: Replay) -> None:
    run = result.run
    equal = sum(each.is_equal for each in result.alerts)
    console.print(
        f"Run {run.run_id} of {run.business_date}, evenkeel {run.code_version}, policy {run.policy_version}: {equal} of "
        f"{len(result.alerts)} alerts equal, byte for byte.",
        markup=False,
    )
    for each in result.alerts:
        if each.is_equal:
            console.print(
                f"  {each.alert_id}: equal, {len(each.now or b''):,} bytes, SHA-256 {each.digest}", markup=False
            )
            continue
        what = "is not found now" if each.now is None else "was not shown then" if each.was is None else "DIFFERS"
        console.print(f"  {each.alert_id}: {what}", markup=False)
        if each.was is not None and each.now is not None:
            for one in each.differences[:SHOWN_DIFFERENCES]:
                console.print(f"    {one.path}: was {_clipped(one.was)}, is {_clipped(one.now)}", markup=False)
            if len(each.differences) > SHOWN_DIFFERENCES:
                console.print(f"    and {len(each.differences) - SHOWN_DIFFERENCES} more; --format json has all")
    if result.files is not None:
        tables = ", ".join(result.files.differing)
        count = result.files.file_count
        what = f"give other {tables} than the run wrote" if tables else "give the day's tables as the run wrote them"
        console.print(f"{count} archived file{'s' if count != 1 else ''}, read again, {what}.", markup=False)
    if result.datasets:
        console.print(f"Datasets that come out otherwise, the first one first: {', '.join(result.datasets)}.")
    console.print("Versions: the same as then." if not result.versions else "Versions that differ:")
    for line in (*result.versions, *(f"Note: {note}." for note in result.notes)):
        console.print(f"  {line}", markup=False)


def _plain(result: Replay) -> dict[str, Any]:
    return {
        "run_id": result.run.run_id,
        "business_date": result.run.business_date.isoformat(),
        "is_equal": result.is_equal,
        "alerts": [
            {
                "id": each.alert_id,
                "is_equal": each.is_equal,
                "sha256": each.digest,
                "differences": [
                    {"path": one.path, "was": _said(one.was), "is": _said(one.now)} for one in each.differences
                ],
            }
            for each in result.alerts
        ],
        "datasets_differing": list(result.datasets),
        "versions_differing": list(result.versions),
        "notes": list(result.notes),
        "files": None
        if result.files is None
        else {"read_again": result.files.file_count, "tables_differing": list(result.files.differing)},
    }


def _said(value: Any) -> Any:
    from evenkeel.audit.comparing import ABSENT

    return str(value) if value is ABSENT else value


def _clipped(value: Any) -> str:
    from evenkeel.audit.comparing import ABSENT

    said = str(value) if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= SHOWN_CHARACTERS else said[: SHOWN_CHARACTERS - 1] + "…"
