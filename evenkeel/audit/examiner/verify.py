"""Verify an export of an audit trail. Needs Python 3.8 or newer and nothing else; reads files, writes none, uses no network.

    python verify.py                         the export in this folder: trail.jsonl, checkpoints.jsonl, SHA256SUMS
    python verify.py FILE                    another export
    python verify.py --checkpoints COPY      also hold it against a copy of the checkpoints that you have from before

It ends with 0 and says `whole`, or with 1 and names each place that is not right. README.txt says what is hashed and what it proves.
"""

# Runs on Python 3.8 and prints what it finds: newer forms stay out.
# ruff: noqa: B905, RUF007, T201, UP006, UP031, UP035, UP045

from __future__ import annotations

import hashlib
import json
import os
import sys
from typing import Any, Dict, List, Optional, Set, Tuple

FIRST = "0" * 64
SHOWN = 50
Said = Dict[str, Any]
MEMBERS = {"chain_hash", "digest", "event_count", "made_at", "merkle_root", "peaks", "previous_digest", "seq"}


def is_count(value: Any) -> bool:
    """Tell whether a value is a whole number from 0 on; true and false are none."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def canonical(value: Any) -> bytes:
    """Return canonical JSON (RFC 8785); an export has no numbers but whole ones, so names in order and no spaces are all of it."""
    return json.dumps(in_order(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode("utf-8")


def in_order(value: Any) -> Any:
    """Return a value with the names of its objects in order of their UTF-16 code units."""
    if isinstance(value, dict):
        return {
            name: in_order(value[name])
            for name in sorted(value, key=lambda each: each.encode("utf-16-be", "surrogatepass"))
        }
    if isinstance(value, list):
        return [in_order(each) for each in value]
    if isinstance(value, float):
        raise ValueError("a number with a fraction")
    return value


def digest(value: Any) -> str:
    """Return the SHA-256 of canonical JSON."""
    return hashlib.sha256(canonical(value)).hexdigest()


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of two subtrees."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf(entry_hash: str) -> bytes:
    """Return the hash of a leaf."""
    return hashlib.sha256(b"\x00" + bytes.fromhex(entry_hash)).digest()


class Tree:
    """The Merkle tree of RFC 6962, grown leaf by leaf; `peaks` are its perfect subtrees, largest first."""

    def __init__(self, count: int, peaks: List[bytes]) -> None:
        self.count, self.peaks = count, peaks

    def add(self, entry_hash: str) -> None:
        """Append a leaf."""
        grown, rest = leaf(entry_hash), self.count
        while rest & 1:
            grown, rest = node(self.peaks.pop(), grown), rest >> 1
        self.peaks.append(grown)
        self.count += 1

    def root(self) -> str:
        """Return the root."""
        root = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            root = node(peak, root)
        return root.hex()


def root_by_path(entry_hash: str, index: int, count: int, path: List[str]) -> Optional[str]:
    """Return the root that an entry's path leads to (RFC 9162, 2.1.3.2); None where the path is not one of such a tree."""
    found, here, last = leaf(entry_hash), index, count - 1
    for each in path:
        if last == 0:
            return None
        if here & 1 or here == last:
            found = node(bytes.fromhex(each), found)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            found = node(found, bytes.fromhex(each))
        here, last = here >> 1, last >> 1
    return found.hex() if last == 0 else None


class Examination:
    """What was found so far."""

    def __init__(self) -> None:
        self.problems: List[str] = []
        self.checkpoints: Dict[int, Said] = {}
        self.held: Set[int] = set()
        self.entries = 0
        self.last_seq = 0
        self.last_hash = FIRST

    def wrong(self, place: str, what: str) -> None:
        """Keep a problem."""
        self.problems.append(place + ": " + what)

    def lines(self, path: str) -> List[Tuple[str, Said]]:
        """Return the lines of a file as place and object; each must be the very bytes that its content makes."""
        with open(path, "rb") as file:
            content = file.read()
        name, found = os.path.basename(path), []
        if not content.endswith(b"\n"):
            self.wrong(name, "its last line is cut off")
        for number, line in enumerate(content.split(b"\n")[: content.count(b"\n") + (not content.endswith(b"\n"))], 1):
            place = "%s line %d" % (name, number)
            try:
                said = json.loads(line.decode("utf-8"))
                if not isinstance(said, dict) or canonical(said) != line:
                    raise ValueError("other bytes")
            except (ValueError, RecursionError):
                self.wrong(place, "not as it was written")
                continue
            found.append((place, said))
        return found

    def checkpoint(self, place: str, said: Any) -> None:
        """Look at a checkpoint by itself."""
        try:
            seq, claimed = said["seq"], said["digest"]
            peaks = said["peaks"].split(",")
            if set(said) != MEMBERS or not is_count(seq) or seq < 1 or said["event_count"] != seq:
                raise ValueError("other members")
            if len(peaks) != bin(seq).count("1") or any(len(bytes.fromhex(each)) != 32 for each in peaks):
                raise ValueError("not the peaks of so many leaves")
            if digest({name: each for name, each in said.items() if name != "digest"}) != claimed:
                self.wrong(place, "the checkpoint of entry %d is not what was written" % seq)
            elif seq in self.checkpoints and self.checkpoints[seq] != said:
                self.wrong(place, "another checkpoint of entry %d than the one before" % seq)
            else:
                self.checkpoints[seq] = said
        except (AttributeError, KeyError, TypeError, ValueError):
            self.wrong(place, "no checkpoint")

    def body(self, place: str, said: Said) -> Optional[str]:
        """Return an entry's hash, worked out anew; None where it is not the one it claims."""
        try:
            if set(said) - {"path"} != {"event", "hash", "previous_hash", "sealed_at", "seq"} or not is_count(
                said["seq"]
            ):
                raise ValueError("members that are not sealed")
            made = digest({name: said[name] for name in ("event", "previous_hash", "sealed_at", "seq")})
            if made == said["hash"]:
                return made
            what = "altered: entry %s (event %s) is not what was sealed" % (said["seq"], said["event"].get("event_id"))
        except (KeyError, TypeError, ValueError, AttributeError):
            what = "no entry of a trail"
        self.wrong(place, what)
        return None

    def chain(self, head: Said, entries: List[Tuple[str, Said]]) -> None:
        """Follow a whole trail or a part of one from entry to entry."""
        start = self.checkpoints.get(head["start_seq"])
        seq, before, tree = int(head["start_seq"]), FIRST, Tree(0, [])
        if seq and start is None:
            self.wrong("first line", "the checkpoint of entry %d, after which it begins, is not there" % seq)
            return
        if start is not None:
            before, tree = start["chain_hash"], Tree(seq, [bytes.fromhex(each) for each in start["peaks"].split(",")])
        is_grown = True
        for place, said in entries:
            made = self.body(place, said)
            if said.get("seq") != seq + 1:
                is_grown = False
                self.wrong(
                    place, "entry %d should stand here, not %s: removed, added or swapped" % (seq + 1, said.get("seq"))
                )
            elif said.get("previous_hash") != before:
                self.wrong(place, "entry %d does not follow entry %d as it stands here" % (seq + 1, seq))
            if not is_count(said.get("seq")) or not isinstance(said.get("hash"), str):
                return
            seq, before = said["seq"], said["hash"]
            if made is None or not is_grown:
                is_grown = False
            else:
                tree.add(made)
                self.root_at(place, seq, before, tree)
        self.last_seq, self.last_hash = seq, before
        if seq != head["last_seq"]:
            self.wrong("end", "it ends with entry %d and should end with entry %d: cut" % (seq, head["last_seq"]))
        for each in sorted(self.checkpoints):
            # A part may end before what is known from elsewhere; what says that it goes to the end may not.
            if each > seq and (each <= head["last_seq"] or head.get("is_to_end") is not False):
                self.wrong("end", "there is a checkpoint of entry %d, and no such entry: cut" % each)

    def root_at(self, place: str, seq: int, entry_hash: str, tree: Tree) -> None:
        """Hold the checkpoint of an entry against the tree up to it."""
        said = self.checkpoints.get(seq)
        if said is None:
            return
        self.held.add(seq)
        peaks = ",".join(each.hex() for each in tree.peaks)
        if (said["chain_hash"], said["merkle_root"], said["peaks"], said["event_count"]) != (
            entry_hash,
            tree.root(),
            peaks,
            seq,
        ):
            self.wrong(place, "the checkpoint of entry %d is not that of these entries" % seq)

    def selection(self, head: Said, entries: List[Tuple[str, Said]]) -> None:
        """Prove chosen entries one by one against the checkpoint, each by its path in the tree."""
        said = self.checkpoints.get(head["checkpoint_seq"])
        if said is None:
            self.wrong("first line", "the checkpoint of entry %s is not there" % head["checkpoint_seq"])
            return
        self.held.add(head["checkpoint_seq"])
        seq = 0
        for place, entry in entries:
            made = self.body(place, entry)
            if made is None:
                continue
            try:
                root = root_by_path(made, entry["seq"] - 1, said["event_count"], entry["path"])
                if not 1 <= entry["seq"] <= said["event_count"]:
                    root = None
            except (KeyError, TypeError, ValueError):
                root = None
            if root != said["merkle_root"]:
                self.wrong(place, "entry %s is not in the tree of the checkpoint at that place" % entry["seq"])
            if entry["seq"] <= seq:
                self.wrong(place, "entry %s stands after entry %d: swapped or twice" % (entry["seq"], seq))
            seq = entry["seq"]
        self.last_seq, self.last_hash = said["seq"], said["chain_hash"]
        if len(entries) != head["entry_count"]:
            self.wrong(
                "end", "%d entries are here, %d were chosen: removed or added" % (len(entries), head["entry_count"])
            )

    def series(self) -> None:
        """Look at the checkpoints as a row: each names the one before it, where that one is here too."""
        row = [self.checkpoints[seq] for seq in sorted(self.checkpoints)]
        for before, each in zip(row, row[1:]):
            if each["previous_digest"] != before["digest"]:
                self.wrong(
                    "checkpoint of entry %d" % each["seq"], "the checkpoint before it is missing, or was written anew"
                )

    def export(self, path: str) -> None:
        """Look at one export."""
        lines = self.lines(path)
        first = lines[0][1] if lines else {}
        is_chosen = "selection" in first
        head: Any = first.get("selection" if is_chosen else "export")
        wanted = ("checkpoint_seq", "entry_count") if is_chosen else ("start_seq", "last_seq")
        if not isinstance(head, dict) or not all(is_count(head.get(name)) for name in wanted):
            self.wrong(os.path.basename(path) + " line 1", "no export of a trail begins so")
            return
        is_entry = [(place, said) for place, said in lines[1:] if "checkpoint" not in said]
        for place, said in lines[1:]:
            if "checkpoint" in said:
                self.checkpoint(place, said["checkpoint"])
        self.entries = len(is_entry)
        if is_chosen:
            self.selection(head, is_entry)
        else:
            self.chain(head, is_entry)

    def beside(self, path: str) -> Set[int]:
        """Read a file of checkpoints, before the export, whose entries are then held against each; return whose they are."""
        lines = self.lines(path)
        for place, said in lines:
            self.checkpoint(place, said)
        return set(said["seq"] for _, said in lines if is_count(said.get("seq")))

    def sums(self, folder: str) -> None:
        """Hold the files of the folder against SHA256SUMS."""
        with open(os.path.join(folder, "SHA256SUMS"), "rb") as file:
            for line in file.read().decode("utf-8", "replace").splitlines():
                claimed, _, name = line.partition("  ")
                try:
                    with open(os.path.join(folder, os.path.basename(name)), "rb") as each:
                        found = hashlib.sha256(each.read()).hexdigest()
                except OSError:
                    found = "no such file"
                if found != claimed:
                    self.wrong(
                        name, "not the file that was handed out: SHA-256 expected %s, found %s" % (claimed, found)
                    )


def main(words: List[str]) -> int:
    """Return 0 where everything is right, 1 where something is not, 2 where there is nothing to look at."""
    older = []
    while "--checkpoints" in words[:-1]:
        at = words.index("--checkpoints")
        older.append(words[at + 1])
        words = words[:at] + words[at + 2 :]
    folder = os.path.dirname(os.path.abspath(__file__)) if not words else os.path.dirname(os.path.abspath(words[0]))
    path = words[0] if words else os.path.join(folder, "trail.jsonl")
    if len(words) > 1 or not os.path.isfile(path) or not all(os.path.isfile(each) for each in older):
        print(__doc__)
        print("There is no file %s." % path)
        return 2
    found = Examination()
    is_kit = os.path.basename(path) == "trail.jsonl" and os.path.isfile(os.path.join(folder, "SHA256SUMS"))
    if is_kit and os.path.isfile(os.path.join(folder, "checkpoints.jsonl")):
        found.beside(os.path.join(folder, "checkpoints.jsonl"))
    earlier: Set[int] = set()
    for each in older:
        earlier |= found.beside(each)
    found.export(path)
    found.series()
    if older:
        print("%d of %d checkpoints from before could be held against it" % (len(earlier & found.held), len(earlier)))
    if is_kit:
        found.sums(folder)
    for problem in found.problems[:SHOWN]:
        print("broken: " + problem)
    if found.problems:
        print("%d places are not right." % len(found.problems))
        return 1
    print("whole: %d entries, up to entry %d, last hash %s" % (found.entries, found.last_seq, found.last_hash))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
