"""Commands about the audit trail: verify, export, search."""

from __future__ import annotations

import datetime as dt
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rich.console import Console

from data_contracts.vocab import EventKind
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, RecordDamaged, TrailBroken, UsageError

if TYPE_CHECKING:
    from evenkeel.ports import TrailQuery

VersionT = TypeVar("VersionT")
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


def export(
    home: Path | None,
    path: Path | None,
    kit: Path | None,
    first: dt.date | None,
    last: dt.date | None,
    kind: str | None,
    ids: Mapping[str, str | None],
) -> int:
    """Write the trail, or what is chosen of it, to a file, or with everything that verifies it into a folder."""
    from evenkeel.audit.selection import Filter
    from evenkeel.desk.examiner_kit import TRAIL, write_kit, write_trail
    from evenkeel.wiring import open_house, read_settings

    if first and last and first > last:
        raise UsageError(f"{first} is after {last}; give the earlier date first")
    if (path is None) == (kit is None):
        raise UsageError(
            "give PATH, the file to write, or --kit FOLDER, the folder to write file, verifier and instructions to"
        )
    _require_kind(kind)
    chosen = Filter({name: each for name, each in ids.items() if each}, kind, first, last)
    house = open_house(read_settings(home))
    if kit is not None:
        count = write_kit(house, kit, chosen)
        console.print(f"{kit / TRAIL}: {count:,} entries; `python3 {kit / 'verify.py'}` verifies them on any machine.")
        return EXIT_DONE
    assert path is not None
    count = write_trail(house, path, chosen)
    console.print(f"{path}: {count:,} entries; `evenkeel audit verify --file {path}` verifies them on any machine.")
    return EXIT_DONE


def _require_kind(kind: str | None) -> None:
    if kind is not None and kind not in set(EventKind):
        raise UsageError(f"--kind {kind!r}: an event is one of {', '.join(EventKind)}")


def history(home: Path | None, subject: str, version: int | None, form: str) -> int:
    """Print every version of a record or a file of the book, or one of them whole."""
    from evenkeel.desk.history import (
        book_file_of,
        content_of,
        histories_of,
        plain_file,
        plain_histories,
        print_file,
        print_histories,
    )
    from evenkeel.wiring import open_house, read_settings

    house = open_house(read_settings(home))
    try:
        file = book_file_of(house, subject)
        if file is not None:
            name, versions = file
            if version is not None:
                sys.stdout.write(content_of(house, name, _numbered(versions, version)).decode("utf-8", "replace"))
            elif form == "json":
                sys.stdout.write(json.dumps(plain_file(name, versions), indent=2, ensure_ascii=False) + "\n")
            else:
                print_file(house, name, versions, console)
            return EXIT_DONE
        found = histories_of(house, subject)
        if version is not None:
            if len(found) > 1 and found[0].record_id != subject:
                ids = ", ".join(f"{each.what} {each.record_id}" for each in found[:5])
                raise UsageError(f"{subject} is in {len(found)} records ({ids}); name one of them by its id")
            record = _numbered(found[0].versions, version).record
            sys.stdout.write(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
        elif form == "json":
            sys.stdout.write(json.dumps(plain_histories(found), indent=2, ensure_ascii=False) + "\n")
        else:
            print_histories(found, console)
    except RecordDamaged as error:
        console.print(f"The record is DAMAGED: {error}", markup=False)
        return EXIT_STOPPED
    return EXIT_DONE


def _numbered(versions: Sequence[VersionT], number: int) -> VersionT:
    if not 1 <= number <= len(versions):
        raise UsageError(f"--version {number}: there are versions 1 to {len(versions)}")
    return versions[number - 1]


def show(home: Path | None, query: TrailQuery, form: str) -> int:
    """Print the events that match."""
    from evenkeel.desk.trail_report import events_json, print_events
    from evenkeel.wiring import open_house, read_settings

    _require_kind(query.kind)
    if query.first and query.last and query.first > query.last:
        raise UsageError(f"{query.first} is after {query.last}; give the earlier date first")
    found = open_house(read_settings(home)).records.find_events(query)
    if form == "json":
        sys.stdout.write(events_json(found))
    else:
        print_events(found, console)
        if len(found) == query.limit:
            console.print(f"The newest {query.limit:,}; --limit shows more.")
    return EXIT_DONE
