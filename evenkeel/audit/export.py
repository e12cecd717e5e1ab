"""The trail as lines: JSON Lines that anyone can verify without the home, or us.

The first line says what the file is (`export`), then comes a line a checkpoint (`checkpoint`), then a line an entry: canonical JSON of what
was hashed, and beside it the `hash`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from evenkeel.audit.canonical import canonical, instant_text
from evenkeel.audit.chain import Entry, body_of
from evenkeel.audit.checkpoint import Checkpoint, parse
from evenkeel.audit.verify import ALTERED, PROBLEMS_KEPT, Outside, Problem, Verdict, verify
from evenkeel.errors import UsageError

FORMAT = "evenkeel-trail/1"
SEALED = {"event", "hash", "previous_hash", "sealed_at", "seq"}
"""Members of an entry's line."""


@dataclass(frozen=True)
class Part:
    """Which entries an export has: those after the checkpoint `start` (None: from the first) up to `last_seq`."""

    start: Checkpoint | None
    last_seq: int
    is_to_end: bool
    unsealed_count: int

    @property
    def start_seq(self) -> int:
        """Return the entry before the first."""
        return self.start.seq if self.start else 0


def lines_of(
    part: Part, entries: Iterable[Entry], checkpoints: Iterable[Checkpoint], made_at: dt.datetime
) -> Iterator[bytes]:
    """Yield the lines of an export. What is damaged is written as it stands: the export then fails where the trail does."""
    head = {
        "format": FORMAT,
        "is_to_end": part.is_to_end,
        "last_seq": part.last_seq,
        "made_at": instant_text(made_at),
        "start_seq": part.start_seq,
        "unsealed_count": part.unsealed_count,
    }
    yield canonical({"export": head}) + b"\n"
    for checkpoint in checkpoints:
        if part.start_seq <= checkpoint.seq <= part.last_seq:
            yield _line({"checkpoint": asdict(checkpoint)})
    for entry in entries:
        try:
            yield _line(body_of(entry) | {"hash": entry.hash})
        except (ValueError, TypeError, KeyError):
            yield _line({"damaged": asdict(entry)})


def checkpoint_lines(content: bytes) -> list[Checkpoint | None]:
    """Return the checkpoints that an export has; None for a line that should say one and does not."""
    said = (_said(line) for line in content.splitlines()[1:])
    return [parse(json.dumps(each["checkpoint"])) for each in said if "checkpoint" in each]


def verify_export(lines: Iterable[bytes], name: str, outside: Sequence[Outside] = ()) -> Verdict:
    """Return what is wrong with an export, by itself, or held against checkpoints kept elsewhere.

    Raises:
        UsageError: The file is no export.
    """
    numbered = enumerate(lines, 1)
    head = _said(next(numbered, (1, b""))[1]).get("export")
    counted = ("start_seq", "last_seq", "unsealed_count")
    if (
        not isinstance(head, dict)
        or head.get("format") != FORMAT
        or not all(isinstance(head.get(name), int) for name in counted)
    ):
        raise UsageError(f"{name} is no export of a trail ({FORMAT}); `evenkeel audit export` writes one")
    reading = _Reading(name)
    following = reading.checkpoints(numbered)
    start = next((each for each in reading.found if each.seq == head["start_seq"]), None)
    is_to_end = head.get("is_to_end") is True
    part = f"{name} says that it is a part of a trail, entries {head['start_seq'] + 1} to {head['last_seq']}"
    notes = (part,) if head["start_seq"] or not is_to_end else ()
    verdict = verify(
        reading.entries(following, numbered),
        reading.found,
        [_within(each, head["start_seq"], None if is_to_end else head["last_seq"]) for each in outside],
        unsealed_count=head["unsealed_count"],
        start=start,
        last_seq=head["last_seq"],
    )
    problems = sorted([*verdict.problems, *reading.problems], key=lambda problem: problem.seq)
    return replace(
        verdict,
        problems=tuple(problems[:PROBLEMS_KEPT]),
        problem_count=verdict.problem_count + len(reading.problems),
        notes=(*notes, *verdict.notes),
    )


class _Reading:
    """What has been read of an export so far."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.found: list[Checkpoint] = []
        self.problems: list[Problem] = []
        self._seq = 0

    def checkpoints(self, numbered: Iterator[tuple[int, bytes]]) -> list[tuple[int, bytes]]:
        """Read the checkpoints; return the line that follows them."""
        for number, line in numbered:
            said = _said(line)
            if "checkpoint" not in said:
                return [(number, line)]
            checkpoint = parse(json.dumps(said["checkpoint"]))
            if checkpoint is None or _line(said) != line:
                self._wrong(number)
            if checkpoint is not None:
                self.found.append(checkpoint)
        return []

    def entries(self, following: Iterable[tuple[int, bytes]], numbered: Iterable[tuple[int, bytes]]) -> Iterator[Entry]:
        """Yield the entries."""
        for part in (following, numbered):
            for number, line in part:
                said = _said(line)
                entry = _entry(said)
                # Other members than these would not be covered by the hash.
                if entry is None or _line(said) != line or set(said) != SEALED:
                    self._wrong(number)
                if entry is not None:
                    self._seq = entry.seq
                    yield entry

    def _wrong(self, number: int) -> None:
        text = f"line {number} of {self.name} is not as it was written"
        self.problems.append(Problem(ALTERED, self._seq + 1, None, text))


def _within(outside: Outside, first: int, last: int | None) -> Outside:
    """Leave out checkpoints of entries that a part does not have."""
    kept = [
        each
        for each in outside.checkpoints
        if each is None or (each.seq >= max(first, 1) and (last is None or each.seq <= last))
    ]
    return replace(outside, checkpoints=kept)


def _said(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _line(said: dict[str, Any]) -> bytes:
    try:
        return canonical(said) + b"\n"
    except (ValueError, TypeError):
        return json.dumps(said, default=str, sort_keys=True).encode() + b"\n"


def _entry(said: dict[str, Any]) -> Entry | None:
    try:
        event = said["event"] | {"payload": canonical(said["event"]["payload"]).decode()}
        entry = Entry(said["seq"], event["event_no"], said["previous_hash"], said["hash"], said["sealed_at"], event)
    except (KeyError, TypeError, ValueError):
        return None
    return entry if isinstance(said["seq"], int) else None
