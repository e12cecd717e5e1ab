"""The audit trail for a person: verified, exported, searched."""

from __future__ import annotations

import datetime as dt
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.text import Text

from data_contracts.vocab import EventKind
from evenkeel.audit.archive import compare, pieces
from evenkeel.audit.checkpoint import parse
from evenkeel.audit.export import Part, lines_of, verify_export
from evenkeel.audit.selection import is_selection, verify_selection
from evenkeel.audit.verify import PROBLEMS_KEPT, Outside, Problem, Verdict, verify
from evenkeel.desk.words import counted
from evenkeel.errors import UsageError
from evenkeel.run.house import House

PROBLEMS_SHOWN = 20
SHOWN = {
    EventKind.RUN_COMMITTED.value: ("run_id", "status", "replaces", "policy_version", "code_version", "book_digest"),
    EventKind.COVERAGE_STATED.value: ("enabled", "stated", "is_equal", "by_status"),
}
"""What is shown of a long payload; `--format json` shows all."""

SAID_CHARACTERS = 300


def verify_home(house: House, older: Sequence[Path] = (), *, with_archive: bool = False) -> Verdict:
    """Return what is wrong with the home's trail; held against its own checkpoint file, older copies of it, and its archive.

    Raises:
        TrailBroken: The trail cannot even be read.
        UsageError: No archive is set, or it is of no use.
        TransientError: The archive cannot be reached.
    """
    copies = [read_outside(path) for path in older]
    archive = house.trail_archive
    if with_archive and archive is None:
        raise UsageError("no archive is set; EVENKEEL_AUDIT_ARCHIVE_URL names it (docs/audit-trail.md)")
    with house.records.trail() as trail:
        kept = [trail.outside] if trail.outside else []
        found: list[Problem] = []
        notes: list[str] = []
        if with_archive and archive is not None:
            held = archive.held()
            found, notes, outside = compare(
                pieces(trail.checkpoints), trail.entries, held, archive.read, archive.address
            )
            copies.append(outside)
            notes.append(f"held against {counted(len(held), 'object')} in {archive.address}")
        verdict = verify(trail.entries(0, None), trail.checkpoints, [*kept, *copies], trail.unsealed_count)
    problems = sorted([*verdict.problems, *found], key=lambda problem: problem.seq)
    return replace(
        verdict,
        problems=tuple(problems[:PROBLEMS_KEPT]),
        problem_count=verdict.problem_count + len(found),
        notes=(*verdict.notes, *notes),
    )


def verify_file(path: Path, older: Sequence[Path] = ()) -> Verdict:
    """Return what is wrong with an export; needs no home.

    Raises:
        UsageError: There is no such file, or it is no export.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}")
    outside = [read_outside(each) for each in older]
    with path.open("rb") as lines:
        first = lines.readline()
        if is_selection(first):
            return verify_selection([first, *lines], path.name, outside)
        return verify_export(chain((first,), lines), path.name, outside)


def read_outside(path: Path) -> Outside:
    """Return the checkpoints that somebody has kept.

    Raises:
        UsageError: There is no such file.
    """
    if not path.is_file():
        raise UsageError(f"there is no file {path}; --checkpoint takes a copy of the home's audit/checkpoints.jsonl")
    return Outside(str(path), [parse(line) for line in path.read_bytes().splitlines()])


def export(house: House, path: Path, first: dt.date | None, last: dt.date | None) -> int:
    """Write the trail to a file and return the number of entries.

    With dates: from the checkpoint before the first event of these business dates to the last one, with all that lies between, so that
    the chain can be followed.

    Raises:
        UsageError: No event belongs to these dates, or the file's folder is not there.
    """
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} to")
    first_seq, last_seq = house.records.trail_range(first, last)
    if (first or last) and not last_seq:
        raise UsageError(f"no sealed event belongs to a date from {first or 'the first'} to {last or 'the last'}")
    with house.records.trail() as trail:
        before = [each for each in trail.checkpoints if each.seq < first_seq]
        part = Part(before[-1] if before and first else None, last_seq, last is None, trail.unsealed_count)
        entries = trail.entries(part.start_seq, part.last_seq)
        half = path.with_name(f".{path.name}.part")
        with half.open("wb") as file:
            file.writelines(lines_of(part, entries, trail.checkpoints, house.clock.now()))
        os.replace(half, path)
    return last_seq - part.start_seq


def print_verdict(verdict: Verdict, console: Console) -> None:
    """Print whether the trail is whole; where it is not, each place, the first one first."""
    waiting = f", {verdict.unsealed_count:,} not sealed yet" if verdict.unsealed_count else ""
    figures = (
        f"{counted(verdict.entry_count + verdict.unsealed_count, 'event')}, {verdict.entry_count:,} sealed{waiting}, "
        f"{counted(verdict.checkpoint_count, 'checkpoint')}, last hash {verdict.last_hash}"
    )
    if verdict.is_whole:
        console.print(f"The trail is whole: {figures}.", markup=False)
    else:
        first = verdict.problems[0] if verdict.problems else None
        where = "" if first is None else f", first at entry {first.seq}"
        event = f" (event {first.event_id})" if first is not None and first.event_id else ""
        console.print(
            f"The trail is BROKEN in {counted(verdict.problem_count, 'place')}{where}{event}: {figures}.", markup=False
        )
        for problem in verdict.problems[:PROBLEMS_SHOWN]:
            console.print(f"  {problem.what} · entry {problem.seq}: {problem.text}", markup=False)
        rest = verdict.problem_count - min(len(verdict.problems), PROBLEMS_SHOWN)
        if rest:
            console.print(f"  and {rest:,} more")
    for note in verdict.notes:
        console.print(f"Note: {note}.", markup=False)


def events_json(events: Sequence[Mapping[str, Any]]) -> str:
    """Return events as a JSON array, their payloads as objects."""
    said = [{**event, "payload": _payload(event)} for event in events]
    return json.dumps(said, indent=2, ensure_ascii=False) + "\n"


def print_events(events: Sequence[Mapping[str, Any]], console: Console) -> None:
    """Print events, two lines each, oldest first."""
    if not events:
        console.print("No event matches.")
        return
    for event in events:
        seq = "not sealed" if event["seq"] is None else event["seq"]
        when = str(event["occurred_at"])[:19].replace("T", " ")
        line = Text(f"{seq}  {when}Z  ", style="dim").append(str(event["kind"]), style="not dim bold")
        console.print(line.append(f"  {event['subject']}  by {event['actor']} ({event['role']})", style="not dim"))
        console.print(Text(f"    {_said(event)}"))


def _payload(event: Mapping[str, Any]) -> Any:
    try:
        return json.loads(event["payload"])
    except ValueError:
        return event["payload"]


def _said(event: Mapping[str, Any]) -> str:
    payload = _payload(event)
    if isinstance(payload, dict):
        for name in ("message", "reason", "reasoning"):
            if payload.get(name):
                return str(payload[name])
        names = SHOWN.get(event["kind"], tuple(payload))
        payload = {name: payload.get(name) for name in names}
    said = json.dumps(payload, ensure_ascii=False)
    return said if len(said) <= SAID_CHARACTERS else said[: SAID_CHARACTERS - 1] + "…"
