"""Commands about the audit trail: verify, export, search."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path

from rich.console import Console

from data_contracts.vocab import EventKind
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, RecordDamaged, TrailBroken, UsageError

console = Console(soft_wrap=True, highlight=False)


def verify(home: Path | None, file: Path | None, checkpoints: tuple[Path, ...], with_archive: bool) -> int:
    """Verify the home's trail, or an export, and say where it is broken."""
    if file is not None and with_archive:
        raise UsageError("--file verifies an export, --archive a home's trail; give one of them")
    from evenkeel.desk.trail_report import print_verdict, verify_file, verify_home

    try:
        if file is not None:
            verdict = verify_file(file, checkpoints)
        else:
            from evenkeel.wiring import open_house, read_settings

            verdict = verify_home(open_house(read_settings(home)), checkpoints, with_archive=with_archive)
    except TrailBroken as error:
        console.print(f"The trail is BROKEN: {error}", markup=False)
        return EXIT_STOPPED
    print_verdict(verdict, console)
    return EXIT_DONE if verdict.is_whole else EXIT_STOPPED


def archive(home: Path | None) -> int:
    """Put what the trail's archive lacks into it."""
    from evenkeel.run.archiving import archive_trail
    from evenkeel.wiring import open_house, read_settings

    try:
        done = archive_trail(open_house(read_settings(home)))
    except RecordDamaged as error:
        console.print(f"The archive is not that of this trail: {error}", markup=False)
        return EXIT_STOPPED
    console.print(f"{done.written:,} written. {done.line}", markup=False)
    return EXIT_DONE


def export(home: Path | None, path: Path, first: dt.date | None, last: dt.date | None) -> int:
    """Write the trail to a file."""
    from evenkeel.desk.trail_report import export as write
    from evenkeel.wiring import open_house, read_settings

    if first and last and first > last:
        raise UsageError(f"{first} is after {last}; give the earlier date first")
    count = write(open_house(read_settings(home)), path, first, last)
    console.print(f"{path}: {count:,} entries; `evenkeel audit verify --file {path}` verifies them on any machine.")
    return EXIT_DONE


def show(home: Path | None, subject: str | None, kind: str | None, date: dt.date | None, limit: int, form: str) -> int:
    """Print the events that match."""
    from evenkeel.desk.trail_report import events_json, print_events
    from evenkeel.ports import TrailQuery
    from evenkeel.wiring import open_house, read_settings

    if kind is not None and kind not in set(EventKind):
        raise UsageError(f"--kind {kind!r}: an event is one of {', '.join(EventKind)}")
    found = open_house(read_settings(home)).records.find_events(TrailQuery(subject, kind, date, limit))
    if form == "json":
        sys.stdout.write(events_json(found))
    else:
        print_events(found, console)
        if len(found) == limit:
            console.print(f"The newest {limit:,}; --limit shows more.")
    return EXIT_DONE
