"""The trail in pieces, one a checkpoint: what is put away where nobody can take it back, and whether it is still that.

A piece is an export by itself (`export`): the checkpoint before, the checkpoint, and the entries between. Its bytes depend on the trail
alone, so that the same piece made again is the same bytes.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from evenkeel.audit.chain import Entry
from evenkeel.audit.checkpoint import Checkpoint
from evenkeel.audit.export import Part, checkpoint_lines, lines_of
from evenkeel.audit.verify import ALTERED, CUT, MISSING, Outside, Problem

_NAME = re.compile(r"trail-(\d{12})\.jsonl")
Entries = Callable[[int, int | None], Iterator[Entry]]
Versions = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Piece:
    """The entries after the checkpoint `start` (None: from the first) up to `end`."""

    start: Checkpoint | None
    end: Checkpoint

    @property
    def name(self) -> str:
        """Return its name: names sort as the entries do."""
        return f"trail-{self.end.seq:012d}.jsonl"

    def content(self, entries: Entries) -> bytes:
        """Return its bytes; `entries` returns those after one seq up to another."""
        part = Part(self.start, self.end.seq, is_to_end=False, unsealed_count=0)
        made_at = dt.datetime.strptime(self.end.made_at, "%Y-%m-%dT%H:%M:%S.%fZ").replace(tzinfo=dt.UTC)
        both = [each for each in (self.start, self.end) if each is not None]
        return b"".join(lines_of(part, entries(part.start_seq, part.last_seq), both, made_at))


def pieces(checkpoints: Sequence[Checkpoint]) -> list[Piece]:
    """Return the pieces of a trail, oldest first."""
    return [Piece(before, each) for before, each in zip((None, *checkpoints), checkpoints, strict=False)]


def seq_of(name: str) -> int | None:
    """Return the entry that a piece ends with, from its name; None where it is no piece's name."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def missing(wanted: Sequence[Piece], held: Versions) -> list[Piece]:
    """Return the pieces that are not put away yet, oldest first."""
    return [piece for piece in wanted if piece.name not in held]


def compare(
    wanted: Sequence[Piece], entries: Entries, held: Versions, read: Callable[[str, str], bytes], place: str
) -> tuple[list[Problem], list[str], Outside]:
    """Hold a trail against its archive.

    Args:
        wanted: The trail's pieces.
        entries: Its entries.
        held: Names in the archive, with their versions.
        read: Returns the bytes of a version.
        place: Where the archive is.

    Returns:
        What is wrong; what is to be noted; the archive's checkpoints, for `verify` to hold the chain against.
    """
    found: list[Problem] = []
    notes: list[str] = []
    checkpoints: list[Checkpoint | None] = []
    by_name = {piece.name: piece for piece in wanted}
    last = max((seq_of(name) or 0 for name in held), default=0)
    for name, versions in held.items():
        seq = seq_of(name)
        if seq is None:
            notes.append(f"{place} has an object {name!r} that is none of the trail's")
            continue
        contents = [read(name, version) for version in versions]
        if len(set(contents)) > 1:
            digests = ", ".join(_sha256(content) for content in contents)
            found.append(
                Problem(
                    ALTERED,
                    seq,
                    None,
                    f"{name} has {len(contents)} versions in {place}, SHA-256 {digests}; the oldest counts",
                )
            )
        checkpoints += [each for each in checkpoint_lines(contents[0]) if each is None or each.seq == seq]
        piece = by_name.get(name)
        if piece is None:
            found.append(Problem(CUT, seq, None, f"{place} has {name}; the trail has no checkpoint of entry {seq}"))
            continue
        expected = piece.content(entries)
        if expected != contents[0]:
            first = piece.start.seq + 1 if piece.start else 1
            text = (
                f"entries {first} to {seq} are others in {place} than in the trail: {name} there has SHA-256 {_sha256(contents[0])}, the "
                f"trail makes {_sha256(expected)}"
            )
            found.append(Problem(ALTERED, first, None, text))
    for piece in missing(wanted, held):
        if piece.end.seq < last:
            found.append(Problem(MISSING, piece.end.seq, None, f"{piece.name} is not in {place}, and later ones are"))
        else:
            notes.append(f"{piece.name} is not in {place} yet; `evenkeel audit archive` puts it there")
    return found, notes, Outside(place, checkpoints)


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
