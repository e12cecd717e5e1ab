"""Walk the trail and name the place where it is not what it was.

Every entry's hash is worked out anew from what is stored, every link and every checkpoint compared, those kept outside the database too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations

from evenkeel.audit.chain import FIRST_HASH, Entry, hash_of
from evenkeel.audit.checkpoint import Checkpoint
from evenkeel.audit.merkle import Tree

ALTERED, MISSING, SWAPPED, CUT = "altered", "missing", "swapped", "cut"

HERE = "the trail"
"""Where a checkpoint stands that is stored with the entries."""

PROBLEMS_KEPT = 100
"""More places than this are counted, not named."""


@dataclass(frozen=True)
class Problem:
    """A place that is not right.

    `what` is `altered`, `missing`, `swapped` or `cut`; `seq` the first entry concerned, `event_id` its event where one is there.
    """

    what: str
    seq: int
    event_id: str | None
    text: str


@dataclass(frozen=True)
class Verdict:
    """What a verification found; `problems` by place, the first one first."""

    entry_count: int
    unsealed_count: int
    checkpoint_count: int
    last_hash: str
    problems: tuple[Problem, ...]
    problem_count: int
    notes: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Tell whether the trail is what it was."""
        return self.problem_count == 0


@dataclass(frozen=True)
class Outside:
    """Checkpoints that were kept elsewhere: where, and what each line says (None: it says none)."""

    name: str
    checkpoints: Sequence[Checkpoint | None]
    is_kept: bool = False
    """Whether it is the home's own file, to which every checkpoint is written."""


def verify(
    entries: Iterable[Entry],
    checkpoints: Sequence[Checkpoint],
    outside: Sequence[Outside] = (),
    unsealed_count: int = 0,
    start: Checkpoint | None = None,
    last_seq: int = 0,
) -> Verdict:
    """Return what is wrong with a trail, if anything.

    Args:
        entries: All entries, by seq.
        checkpoints: Those stored beside them, by seq.
        outside: Those kept elsewhere.
        unsealed_count: Events that no entry seals yet.
        start: The checkpoint after which a part of a trail begins; None: it is whole.
        last_seq: The last entry that there should be at least.
    """
    walk = _Walk(_by_seq(checkpoints, outside), start_seq=start.seq if start else 0)
    if start is not None:
        walk.start_hash, walk.tree = start.chain_hash, _tree_of(start)
    for entry in entries:
        walk.step(entry)
    walk.end(last_seq)
    walk.found += _series(HERE, checkpoints, before=start.previous_digest if start else FIRST_HASH)
    notes: list[str] = []
    for kept in outside:
        walk.found += _series(kept.name, [each for each in kept.checkpoints if each], is_series=kept.is_kept)
        walk.found += [
            Problem(ALTERED, 0, None, f"line {number} of {kept.name} is no checkpoint")
            for number, each in enumerate(kept.checkpoints, 1)
            if each is None
        ]
        walk.found += _held_against(checkpoints, kept, notes)
    problems = sorted(walk.found, key=lambda problem: problem.seq)
    return Verdict(
        entry_count=walk.count,
        unsealed_count=unsealed_count,
        checkpoint_count=len(checkpoints),
        last_hash=walk.last.hash if walk.last else FIRST_HASH,
        problems=tuple(problems[:PROBLEMS_KEPT]),
        problem_count=len(problems) + walk.more,
        notes=tuple(notes),
    )


@dataclass
class _Walk:
    at: Mapping[int, list[tuple[str, Checkpoint]]]
    """Checkpoints by the entry they end with, and where they stand."""
    found: list[Problem] = field(default_factory=list)
    bad: list[Entry] = field(default_factory=list)
    gone: list[Entry] = field(default_factory=list)
    """A row of entries whose events are not there."""
    count: int = 0
    more: int = 0
    last: Entry | None = None
    is_last_sound: bool = True
    start_seq: int = 0
    start_hash: str = FIRST_HASH
    agreed: int = 0
    """The last entry at which a checkpoint agreed."""
    tree: Tree | None = field(default_factory=Tree)
    """None once an entry is missing: no root can be worked out any more."""

    def step(self, entry: Entry) -> None:
        """Look at the next entry."""
        self.count += 1
        expected = (self.last.seq if self.last else self.start_seq) + 1
        is_sound = hash_of(entry) == entry.hash
        if entry.event is None:
            self._gone(entry)
        elif not is_sound:
            self._bad(entry)
        if entry.seq > expected:
            named = _range(expected, entry.seq - 1)
            self.found.append(Problem(MISSING, expected, None, f"{named} not in the chain; {entry.seq} follows"))
            self.tree = None
        elif is_sound and self.is_last_sound:
            self._compare_link(entry)
        self._grow(entry)
        self.last, self.is_last_sound = entry, is_sound
        for place, checkpoint in self.at.get(entry.seq, ()):
            self._compare(place, checkpoint, entry)

    def end(self, wanted_seq: int) -> None:
        """Look at the end: what no longer stands, and which of the bad entries were exchanged."""
        last_seq = self.last.seq if self.last else self.start_seq
        self._flush(is_end=True)
        swapped = {
            index: other
            for (index, one), (other_index, other) in combinations(enumerate(self.bad), 2)
            if _are_swapped(one, other)
            for index, other in ((index, other), (other_index, one))
        }
        for index, entry in enumerate(self.bad):
            other_one = swapped.get(index)
            if other_one is None:
                text = f"entry {entry.seq} or its event {entry.event_id} is not what was sealed"
                self.found.append(Problem(ALTERED, entry.seq, entry.event_id, text))
            else:
                text = f"entries {min(entry.seq, other_one.seq)} and {max(entry.seq, other_one.seq)} were exchanged, in whole or in part"
                self.found.append(Problem(SWAPPED, entry.seq, entry.event_id, text))
        beyond = [(seq, place, each) for seq, there in self.at.items() for place, each in there if seq > last_seq]
        if beyond:
            seq, place, checkpoint = max(beyond, key=lambda each: each[0])
            text = (
                f"the chain ends with entry {last_seq}; the checkpoint of {checkpoint.made_at} in {place} says {seq}: "
                f"{_range(last_seq + 1, seq)} gone from the end"
            )
            self.found.append(Problem(CUT, last_seq + 1, None, text))
        elif wanted_seq > last_seq:
            text = f"it ends with entry {last_seq}: {_range(last_seq + 1, wanted_seq)} gone from the end"
            self.found.append(Problem(CUT, last_seq + 1, None, text))

    def _gone(self, entry: Entry) -> None:
        if self.gone and entry.seq != self.gone[-1].seq + 1:
            self._flush()
        self.gone.append(entry)

    def _bad(self, entry: Entry) -> None:
        if len(self.bad) < PROBLEMS_KEPT:
            self.bad.append(entry)
        else:
            self.more += 1

    def _flush(self, *, is_end: bool = False) -> None:
        """Name the events that are not there, a row of them at once."""
        if not self.gone:
            return
        first, last = self.gone[0], self.gone[-1]
        is_cut = is_end and self.last is last
        text = f"the event{'s' if first is not last else ''} of {_range(first.seq, last.seq)} not there (number {first.event_no}"
        text += f" to {last.event_no})" if first is not last else ")"
        self.found.append(Problem(CUT if is_cut else MISSING, first.seq, None, text))
        self.gone = []

    def _compare_link(self, entry: Entry) -> None:
        before = self.last.hash if self.last else self.start_hash
        if entry.previous_hash == before:
            return
        if self.last is None:
            text = f"entry {entry.seq} is the first here and does not follow what it should"
            self.found.append(Problem(ALTERED, entry.seq, entry.event_id, text))
            return
        text = (
            f"entry {self.last.seq} was written anew together with its hash, or entry {entry.seq} was: the second does not "
            "name the first's hash"
        )
        self.found.append(Problem(ALTERED, self.last.seq, self.last.event_id, text))

    def _grow(self, entry: Entry) -> None:
        if self.tree is None:
            return
        try:
            self.tree.add([bytes.fromhex(entry.hash)])
        except (ValueError, TypeError):
            self.tree = None

    def _compare(self, place: str, checkpoint: Checkpoint, entry: Entry) -> None:
        tree = self.tree
        peaks = "" if tree is None else ",".join(peak.hex() for peak in tree.peaks)
        is_same = checkpoint.chain_hash == entry.hash and (
            tree is None
            or (tree.root().hex(), peaks, tree.count)
            == (checkpoint.merkle_root, checkpoint.peaks, checkpoint.event_count)
        )
        if is_same:
            self.agreed = entry.seq
            return
        since = f"after entry {self.agreed}, where a checkpoint still agreed" if self.agreed else "since the beginning"
        text = (
            f"the checkpoint of entry {entry.seq} ({checkpoint.made_at}, in {place}) is not that of this chain: "
            f"one of the two was written anew {since}"
        )
        self.found.append(Problem(ALTERED, entry.seq, entry.event_id, text))


def _by_seq(checkpoints: Sequence[Checkpoint], outside: Sequence[Outside]) -> dict[int, list[tuple[str, Checkpoint]]]:
    at: dict[int, list[tuple[str, Checkpoint]]] = {}
    places = [(HERE, checkpoints), *((kept.name, kept.checkpoints) for kept in outside)]
    for place, series in places:
        for checkpoint in series:
            # One that is damaged itself proves nothing; `_series` names it.
            if checkpoint is not None and checkpoint.digest_of() == checkpoint.digest:
                at.setdefault(checkpoint.seq, []).append((place, checkpoint))
    return at


def _tree_of(checkpoint: Checkpoint) -> Tree | None:
    try:
        return checkpoint.tree()
    except (ValueError, TypeError, AttributeError):
        return None


def _series(
    place: str, checkpoints: Sequence[Checkpoint], *, is_series: bool = True, before: str = FIRST_HASH
) -> list[Problem]:
    """Return what is wrong with checkpoints by themselves; of a series, each must name the one before it."""
    found: list[Problem] = []
    for checkpoint in checkpoints:
        what = f"the checkpoint of entry {checkpoint.seq} in {place}"
        if checkpoint.digest_of() != checkpoint.digest:
            found.append(Problem(ALTERED, checkpoint.seq, None, f"{what} is not what was written"))
        elif is_series and checkpoint.previous_digest != before:
            text = f"{what} follows another checkpoint than the one before it there: one between them is missing, or was written anew"
            found.append(Problem(MISSING, checkpoint.seq, None, text))
        before = checkpoint.digest
    return found


def _held_against(checkpoints: Sequence[Checkpoint], kept: Outside, notes: list[str]) -> list[Problem]:
    """Return what two sets of checkpoints do not have in common and should."""
    there = {each.seq: each for each in kept.checkpoints if each is not None}
    stored = {each.seq: each for each in checkpoints}
    found = [
        Problem(MISSING, seq, None, f"the checkpoint of entry {seq} stands in {kept.name} and not in the trail")
        for seq in sorted(set(there) - set(stored))
    ]
    found += [
        Problem(ALTERED, seq, None, f"the checkpoint of entry {seq} is another one in {kept.name} than in the trail")
        for seq in sorted(set(there) & set(stored))
        if there[seq] != stored[seq]
    ]
    if not kept.is_kept:
        return found
    lacking = sorted(set(stored) - set(there))
    if lacking == sorted(stored)[-1:] and lacking:
        # A process that was killed between the commit and the line leaves just this; the next one writes the line.
        notes.append(f"{kept.name} has no line yet for the newest checkpoint (entry {lacking[0]})")
    else:
        found += [
            Problem(MISSING, seq, None, f"the checkpoint of entry {seq} stands in the trail and not in {kept.name}")
            for seq in lacking
        ]
    return found


def _are_swapped(one: Entry, other: Entry) -> bool:
    """Tell whether exchanging some part of two entries makes both right."""
    if one.event is None or other.event is None:
        return False
    number = {"event_no": one.event_no}, {"event_no": other.event_no}
    exchanges = (
        (replace(one, seq=other.seq), replace(other, seq=one.seq)),
        (replace(one, hash=other.hash), replace(other, hash=one.hash)),
        (replace(one, previous_hash=other.previous_hash), replace(other, previous_hash=one.previous_hash)),
        (replace(one, event=other.event), replace(other, event=one.event)),
        (replace(one, event={**other.event, **number[0]}), replace(other, event={**one.event, **number[1]})),
    )
    return any(hash_of(a) == a.hash and hash_of(b) == b.hash for a, b in exchanges)


def _range(first: int, last: int) -> str:
    return f"entry {first} is" if first == last else f"entries {first} to {last} are"
