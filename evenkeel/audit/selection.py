"""Chosen entries of a trail, each with its own proof: what is about one account, say, without handing out all others.

A chain can only be followed whole. So each entry has its path in the Merkle tree of the newest checkpoint: from the entry's hash and
the path anyone works out the checkpoint's root. That proves that the entry is in the trail, at that place, as it was sealed. It does not
prove that nothing was left out; whoever chose says by which filters.

The first line says what the file is (`selection`), then comes the checkpoint, then a line an entry, with its `hash` and `path`.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from evenkeel.audit.canonical import canonical, instant_text
from evenkeel.audit.chain import Entry, body_of, hash_of
from evenkeel.audit.checkpoint import Checkpoint, parse
from evenkeel.audit.export import SEALED
from evenkeel.audit.merkle import Paths, root_by_path
from evenkeel.audit.verify import ALTERED, CUT, PROBLEMS_KEPT, SWAPPED, Outside, Problem, Verdict, verify

FORMAT = "evenkeel-trail-selection/1"


@dataclass(frozen=True)
class Filter:
    """Which entries are chosen: those that match everything that is given.

    Attributes:
        ids: Ids of which every one must be the event's subject or stand in it: an account, a household, an adviser.
        kind: What the event says.
        first: First business date.
        last: Last business date.
    """

    ids: Mapping[str, str]
    kind: str | None = None
    first: dt.date | None = None
    last: dt.date | None = None

    def said(self) -> dict[str, str]:
        """Return the filters by name, as the file's first line has them."""
        others = {"kind": self.kind, "from": self.first, "to": self.last}
        return {**self.ids, **{name: str(each) for name, each in others.items() if each is not None}}

    def takes(self, event: Mapping[str, Any]) -> bool:
        """Tell whether an event, as stored, is chosen."""
        date = event["business_date"] or ""
        return (
            (self.kind is None or event["kind"] == self.kind)
            and (self.first is None or date >= self.first.isoformat())
            and (self.last is None or ("" < date <= self.last.isoformat()))
            and all(each == event["subject"] or _quoted(each) in event["payload"] for each in self.ids.values())
        )


def selection_lines(
    chosen: Filter, entries: Iterable[Entry], checkpoint: Checkpoint, made_at: dt.datetime
) -> list[bytes]:
    """Return the lines of a selection.

    Args:
        chosen: Which entries.
        entries: All entries up to the checkpoint's, in order.
        checkpoint: The newest.
        made_at: When.
    """
    hashes: list[bytes] = []
    taken: list[Entry] = []
    for entry in entries:
        hashes.append(bytes.fromhex(entry.hash))
        if entry.event is not None and chosen.takes(entry.event):
            taken.append(entry)
    paths = Paths(hashes)
    head = {
        "checkpoint_seq": checkpoint.seq,
        "entry_count": len(taken),
        "filters": chosen.said(),
        "format": FORMAT,
        "made_at": instant_text(made_at),
    }
    return [
        canonical({"selection": head}) + b"\n",
        canonical({"checkpoint": asdict(checkpoint)}) + b"\n",
        *(
            canonical(body_of(entry) | {"hash": entry.hash, "path": [each.hex() for each in paths.of(entry.seq - 1)]})
            + b"\n"
            for entry in taken
        ),
    ]


def is_selection(first_line: bytes) -> bool:
    """Tell whether a file that begins so is one."""
    head = _said(first_line).get("selection")
    return isinstance(head, dict) and head.get("format") == FORMAT


def verify_selection(lines: Sequence[bytes], name: str, outside: Sequence[Outside] = ()) -> Verdict:
    """Return what is wrong with a selection, by itself, or with its checkpoint held against those kept elsewhere."""
    head = _said(lines[0]).get("selection", {})
    found: list[Problem] = []
    checkpoint = parse(json.dumps(_said(lines[1]).get("checkpoint"))) if len(lines) > 1 else None
    seq = count = 0
    for number, line in enumerate(lines[2:], 3):
        count += 1
        problem, here = _of_entry(line, number, name, seq, checkpoint)
        found += [problem] if problem else []
        seq = here or seq
    for number, line in enumerate(lines[:2], 1):
        if _rewritten(line) != line:
            found.append(Problem(ALTERED, 0, None, f"line {number} of {name} is not as it was written"))
    if count != head.get("entry_count"):
        text = f"{count} entries are in {name}, {head.get('entry_count')} were chosen"
        found.append(Problem(CUT, seq + 1, None, text))
    if checkpoint is None or checkpoint.seq != head.get("checkpoint_seq"):
        found.append(Problem(CUT, 0, None, f"{name} has not the checkpoint that its first line names"))
    elif checkpoint.digest_of() != checkpoint.digest:
        found.append(Problem(ALTERED, checkpoint.seq, None, f"the checkpoint of {name} is not what was written"))
    kept = [] if checkpoint is None else [checkpoint]
    found += [
        Problem(
            ALTERED, each.seq, None, f"the checkpoint of entry {each.seq} is another one in {copy.name} than in {name}"
        )
        for copy in outside
        for each in copy.checkpoints
        if each is not None and kept and each.seq == kept[0].seq and each != kept[0]
    ]
    bare = verify((), (), ())
    said = head.get("filters")
    filters = ", ".join(f"{one} {value}" for one, value in said.items()) if isinstance(said, dict) and said else "none"
    return replace(
        bare,
        entry_count=count,
        checkpoint_count=len(kept),
        last_hash=kept[0].chain_hash if kept else bare.last_hash,
        problems=tuple(found[:PROBLEMS_KEPT]),
        problem_count=len(found),
        notes=(f"{name} is a selection ({filters}): each entry is proved by itself, not that none was left out",),
    )


def _of_entry(
    line: bytes, number: int, name: str, before: int, checkpoint: Checkpoint | None
) -> tuple[Problem | None, int | None]:
    said = _said(line)
    try:
        event = said["event"] | {"payload": canonical(said["event"]["payload"]).decode()}
        entry = Entry(said["seq"], event["event_no"], said["previous_hash"], said["hash"], said["sealed_at"], event)
        path = [bytes.fromhex(each) for each in said["path"]]
        leaf = bytes.fromhex(entry.hash)
        if not isinstance(said["seq"], int) or set(said) != SEALED | {"path"}:
            raise TypeError("no number, or members that are not sealed")
    except (KeyError, TypeError, ValueError):
        return Problem(ALTERED, before + 1, None, f"line {number} of {name} is not as it was written"), None
    where = f"entry {entry.seq} (line {number} of {name})"
    if _rewritten(line) != line or hash_of(entry) != entry.hash:
        return Problem(ALTERED, entry.seq, entry.event_id, f"{where} is not what was sealed"), entry.seq
    if checkpoint is not None:
        root = root_by_path(leaf, entry.seq - 1, checkpoint.event_count, path)
        if root is None or root.hex() != checkpoint.merkle_root:
            return Problem(
                ALTERED, entry.seq, entry.event_id, f"{where} is not in the checkpoint's tree at that place"
            ), entry.seq
    if entry.seq <= before:
        return Problem(SWAPPED, entry.seq, entry.event_id, f"{where} stands after entry {before}"), entry.seq
    return None, entry.seq


def _rewritten(line: bytes) -> bytes:
    try:
        return canonical(json.loads(line)) + b"\n"
    except (ValueError, TypeError, RecursionError):
        return b""


def _said(line: bytes) -> dict[str, Any]:
    try:
        said = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _quoted(each: str) -> str:
    return json.dumps(each, ensure_ascii=False)
