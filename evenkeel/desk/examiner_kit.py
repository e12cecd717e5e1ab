"""What an examiner is given: an export or a selection, and beside it what verifies it without evenkeel."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from evenkeel.audit.examiner import text_of
from evenkeel.audit.selection import Filter, selection_lines
from evenkeel.desk.trail_report import export
from evenkeel.errors import UsageError
from evenkeel.run.house import House

TRAIL, CHECKPOINTS, SUMS = "trail.jsonl", "checkpoints.jsonl", "SHA256SUMS"
_HEAD_LINES = 2


def write_kit(house: House, folder: Path, chosen: Filter) -> int:
    """Write trail, checkpoints, instructions, verifier and their sums into a new folder; return the number of entries.

    Raises:
        UsageError: The folder has files already, or nothing matches.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} has files already; name a new folder for the kit")
    folder.mkdir(parents=True, exist_ok=True)
    # First: one that is made while the trail is written would stand for entries that the trail has not.
    with house.records.trail() as trail:
        _write(folder / CHECKPOINTS, b"".join(each.line() for each in trail.checkpoints))
    count = write_trail(house, folder / TRAIL, chosen)
    for name in ("README.txt", "verify.py"):
        _write(folder / name, text_of(name))
    names = sorted(path.name for path in folder.iterdir())
    sums = "".join(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names)
    _write(folder / SUMS, sums.encode())
    return count


def write_trail(house: House, path: Path, chosen: Filter) -> int:
    """Write the trail to a file and return the number of entries: a selection where ids or a kind are given, else an export.

    Raises:
        UsageError: Nothing matches, or the file's folder is not there.
    """
    if not chosen.ids and chosen.kind is None:
        return export(house, path, chosen.first, chosen.last)
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent} to write {path.name} to")
    with house.records.trail() as trail:
        if not trail.checkpoints:
            raise UsageError("the trail has no checkpoint yet, to which a selection could be proved; run a date first")
        newest = trail.checkpoints[-1]
        lines = selection_lines(chosen, trail.entries(0, newest.seq), newest, house.clock.now())
    if len(lines) == _HEAD_LINES:
        raise UsageError(
            f"no sealed event up to entry {newest.seq} matches {', '.join(f'{name} {each}' for name, each in chosen.said().items())}"
        )
    _write(path, b"".join(lines))
    return len(lines) - _HEAD_LINES


def _write(path: Path, content: bytes) -> None:
    half = path.with_name(f".{path.name}.part")
    half.write_bytes(content)
    os.replace(half, path)
