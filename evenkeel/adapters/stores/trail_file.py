"""Checkpoints outside the database: one line each in a file that is only ever added to.

A trail cut in the database, its checkpoints with it, does not agree with the lines of this file any more, nor with any copy of it.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from evenkeel.audit.checkpoint import Checkpoint, parse


def read_checkpoints(path: Path) -> list[Checkpoint | None]:
    """Return what each line says; None for a line that says no checkpoint. A file that is not there has no lines."""
    if not path.exists():
        return []
    return [parse(line) for line in path.read_bytes().splitlines()]


def last_checkpoint_seq(path: Path) -> int:
    """Return the entry up to which the file goes, 0 where it has no whole line."""
    return _last_seq(path.read_bytes().splitlines(keepends=True)) if path.exists() else 0


def append_checkpoints(path: Path, checkpoints: Sequence[Checkpoint]) -> None:
    """Write the lines of checkpoints that the file does not have yet, and wait until they are on the disk.

    A line that a killed process left half-written is written to its end. Several processes may do this at once.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    is_new = not path.exists()
    with path.open("ab+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        lines = file.read().splitlines(keepends=True)
        half = lines.pop() if lines and not lines[-1].endswith(b"\n") else b""
        known = _last_seq(lines)
        missing = b"".join(each.line() for each in checkpoints if each.seq > known)
        if missing:
            file.write(missing[len(half) :] if missing.startswith(half) else b"\n" + missing)
            file.flush()
            os.fsync(file.fileno())
    if is_new:
        _sync_folder(path.parent)


def _last_seq(lines: Sequence[bytes]) -> int:
    whole = (parse(line) for line in reversed(lines) if line.endswith(b"\n"))
    return next((each.seq for each in whole if each is not None), 0)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
