"""The versions of a record or of a file of the book, for a person; or one version of it, whole."""

from __future__ import annotations

import difflib
import hashlib
import json
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from rich.console import Console

from data_contracts.book_versions import BookVersions
from data_contracts.vocab import EventKind
from evenkeel.audit.comparing import ABSENT
from evenkeel.audit.history import FileVersion, History, Version, file_versions, histories, record_of
from evenkeel.errors import EvenkeelError, RecordDamaged, TransientError, UsageError
from evenkeel.ports import TrailQuery
from evenkeel.run.house import House
from evenkeel.run.recompute import recorded

ALL = 10_000_000
SHOWN_CHARACTERS = 120
SHOWN_LINES = 40


def histories_of(house: House, subject: str) -> list[History]:
    """Return the record that has this id, and those that are about it; where none has, those that mention it too.

    Raises:
        UsageError: The trail knows nothing of it.
    """
    events = house.records.find_events(TrailQuery(subject=subject, limit=ALL))
    is_record = any(record_of(event)[1] == subject for event in events)
    own = [event for event in events if subject in (record_of(event)[1], event["subject"])]
    found = sorted(histories(own if is_record else events), key=lambda each: each.record_id != subject)
    if not found:
        raise UsageError(f"the trail has nothing about {subject!r}; `evenkeel audit show` lists what it has")
    return found


def book_file_of(house: House, subject: str) -> tuple[str, list[FileVersion]] | None:
    """Return the file of the book that is named so (`policies/house.yaml`, or `house`), with its versions; None where none is.

    Raises:
        UsageError: Several are.
    """
    files = file_versions(house.records.find_events(TrailQuery(kind=EventKind.BOOK_CHANGED.value, limit=ALL)))
    if subject in files:
        return subject, files[subject]
    named = [name for name in files if PurePosixPath(name).stem == subject]
    if len(named) > 1:
        raise UsageError(f"{subject!r} is {', '.join(named)} in the book; name one of them")
    return (named[0], files[named[0]]) if named else None


def content_of(house: House, name: str, version: FileVersion) -> bytes:
    """Return a version of a file of the book, from the archived book of the run that found it; no bytes where it was taken away.

    Raises:
        RecordDamaged: The archived book is gone, or the file in it is not that version.
    """
    if version.file_id is None:
        return b""
    run_id = version.event["run_id"]
    run = house.records.run(run_id) if run_id else None
    if run is None:
        raise RecordDamaged(f"the records have no run {run_id}, which found version {version.number} of {name}")
    archived = recorded(house, run, BookVersions)["archive_file_id"].item()
    try:
        with zipfile.ZipFile(house.archive.open_local(archived)) as book:
            content = book.read(name)
    except TransientError:
        raise
    except (EvenkeelError, KeyError, zipfile.BadZipFile) as error:
        raise RecordDamaged(f"version {version.number} of {name}: {error}") from error
    found = hashlib.sha256(content).hexdigest()
    if found != version.file_id:
        raise RecordDamaged(
            f"version {version.number} of {name} in archive file {archived}: SHA-256 expected {version.file_id}, found {found}"
        )
    return content


def print_histories(found: Sequence[History], console: Console) -> None:
    """Print every version of records: since when, by whom, why, and what had changed."""
    for history in found:
        count = len(history.versions)
        console.print(f"{history.what} {history.record_id}: {count} version{'s' if count != 1 else ''}", markup=False)
        for version in history.versions:
            console.print(f"  {version.number}. {_told(version.event)}", markup=False)
            if version.reason:
                console.print(f"     {version.reason}", markup=False)
            for change in version.changes[:SHOWN_LINES]:
                console.print(f"     {change.path}: {_clipped(change.was)} to {_clipped(change.now)}", markup=False)
            if len(version.changes) > SHOWN_LINES:
                console.print(f"     and {len(version.changes) - SHOWN_LINES} more; --format json has all")
    if sum(len(history.versions) for history in found) > 1 and len(found) == 1:
        console.print("--version N prints one of them whole.")


def print_file(house: House, name: str, versions: Sequence[FileVersion], console: Console) -> None:
    """Print every version of a file of the book, with the lines that had changed."""
    console.print(f"book file {name}: {len(versions)} version{'s' if len(versions) != 1 else ''}", markup=False)
    before: list[str] = []
    for version in versions:
        lines = content_of(house, name, version).decode("utf-8", "replace").splitlines()
        what = f"SHA-256 {version.file_id[:16]}, {len(lines)} lines" if version.file_id else "taken away"
        console.print(f"  {version.number}. {_told(version.event)}; {what}", markup=False)
        if version.number > 1:
            changed = [line for line in difflib.unified_diff(before, lines, lineterm="", n=0)][2:]
            for line in changed[:SHOWN_LINES]:
                console.print(f"     {line}", markup=False)
            if len(changed) > SHOWN_LINES:
                console.print(f"     and {len(changed) - SHOWN_LINES} lines more; --version N prints a version whole")
        before = lines


def plain_histories(found: Sequence[History]) -> list[dict[str, Any]]:
    """Return histories as plain values for JSON."""
    return [
        {"what": history.what, "id": history.record_id, "versions": [_plain(version) for version in history.versions]}
        for history in found
    ]


def plain_file(name: str, versions: Sequence[FileVersion]) -> list[dict[str, Any]]:
    """Return the versions of a file as plain values for JSON."""
    told = [{"version": each.number, **_event(each.event), "sha256": each.file_id} for each in versions]
    return [{"what": "book file", "id": name, "versions": told}]


def _plain(version: Version) -> dict[str, Any]:
    return {
        "version": version.number,
        **_event(version.event),
        "reason": version.reason,
        "record": version.record,
        "changes": [{"path": one.path, "was": _said(one.was), "is": _said(one.now)} for one in version.changes],
    }


def _event(event: Mapping[str, Any]) -> dict[str, Any]:
    names = ("seq", "event_id", "kind", "business_date", "run_id", "actor", "role", "occurred_at")
    return {name: event[name] for name in names}


def _told(event: Mapping[str, Any]) -> str:
    seq = "not sealed" if event["seq"] is None else f"entry {event['seq']}"
    when = str(event["occurred_at"])[:19].replace("T", " ")
    return f"{when}Z {event['kind']} by {event['actor']} ({event['role']}), {seq}"


def _said(value: Any) -> Any:
    return str(value) if value is ABSENT else value


def _clipped(value: Any) -> str:
    said = str(value) if value is ABSENT else json.dumps(value, ensure_ascii=False)
    return said if len(said) <= SHOWN_CHARACTERS else said[: SHOWN_CHARACTERS - 1] + "…"
