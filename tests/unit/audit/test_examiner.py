"""The verifier that an examiner is given, run as they would: Python alone, in a folder of its own."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evenkeel.audit.chain import FIRST_HASH, Entry, link
from evenkeel.audit.checkpoint import Checkpoint
from evenkeel.audit.checkpoint import make as make_checkpoint
from evenkeel.audit.examiner import text_of
from evenkeel.audit.export import Part, lines_of, verify_export
from evenkeel.audit.merkle import Tree
from evenkeel.audit.selection import Filter, selection_lines, verify_selection
from tests.unit.audit.trails import NOON, trail

ENTRIES, CHECKPOINTS = trail(21)
LATER = NOON + dt.timedelta(days=1)
CHOSEN = Filter({"account": "AC-9"})


def whole() -> list[bytes]:
    part = Part(None, ENTRIES[-1].seq, is_to_end=True, unsealed_count=0)
    return list(lines_of(part, ENTRIES, CHECKPOINTS, LATER))


def part() -> list[bytes]:
    start = CHECKPOINTS[1]
    some = Part(start, CHECKPOINTS[3].seq, is_to_end=False, unsealed_count=0)
    return list(lines_of(some, ENTRIES[start.seq : some.last_seq], CHECKPOINTS, LATER))


def selection() -> list[bytes]:
    return selection_lines(Filter({}, first=dt.date(2026, 7, 27)), ENTRIES, CHECKPOINTS[-1], LATER)


def examine(folder: Path, lines: list[bytes], *words: object, kit: bool = False) -> tuple[int, str]:
    """Run the verifier with nothing but the standard library, from an empty folder."""
    folder.mkdir(exist_ok=True)
    (folder / "verify.py").write_bytes(text_of("verify.py"))
    name = "trail.jsonl" if kit else "export.jsonl"
    (folder / name).write_bytes(b"".join(lines))
    run = [
        sys.executable,
        "-I",
        "-S",
        str(folder / "verify.py"),
        *([] if kit else [str(folder / name)]),
        *map(str, words),
    ]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=folder)
    assert done.stderr == ""
    return done.returncode, done.stdout


@pytest.mark.parametrize("make", [whole, part, selection])
def test_what_is_right_passes(make: Callable[[], list[bytes]], tmp_path: Path) -> None:
    code, said = examine(tmp_path, make())
    assert (code, said.split(":")[0]) == (0, "whole"), said


def test_it_says_how_far_and_the_last_hash(tmp_path: Path) -> None:
    assert examine(tmp_path, whole())[1] == f"whole: 21 entries, up to entry 21, last hash {ENTRIES[-1].hash}\n"


@pytest.mark.parametrize("make", [whole, part, selection])
def test_any_byte_of_an_entry_or_checkpoint_changed_fails_and_says_where(
    make: Callable[[], list[bytes]], tmp_path: Path
) -> None:
    lines = make()
    draw = random.Random(7)
    for number in sorted(draw.sample(range(1, len(lines)), 5)):
        place = draw.randrange(len(lines[number]) - 1)
        byte = lines[number][place]
        changed = lines[number][:place] + bytes([byte ^ 1 if byte ^ 1 != 10 else byte ^ 2]) + lines[number][place + 1 :]
        code, said = examine(tmp_path, [*lines[:number], changed, *lines[number + 1 :]])
        assert code == 1, (number, place)
        first = said.splitlines()[0]
        assert first.startswith(f"broken: export.jsonl line {number + 1}: "), said


@pytest.mark.parametrize("make", [whole, part, selection])
@pytest.mark.parametrize("at", [0, 1, -1])
def test_bytes_that_say_the_same_are_not_what_was_written(
    make: Callable[[], list[bytes]], at: int, tmp_path: Path
) -> None:
    for old, new in (
        (b"{", b"{ "),
        (b"{", b'{"hash":"x",'),
        (b"}\n", b"}\r\n"),
        (b"ment", b"m\\u0065nt"),
        (b"ent", b"\\u0065nt"),
    ):
        lines = make()
        if old not in lines[at] or (b'"hash":"x"' in new and at != -1):
            continue
        lines[at] = lines[at].replace(old, new, 1)
        code, said = examine(tmp_path, lines)
        assert code == 1, (at, new)
        assert "not as it was written" in said


def removed(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at] + lines[at + 1 :]


@pytest.mark.parametrize("make", [whole, part, selection])
@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda lines: removed(lines, len(lines) - 3), "removed"),
        (lambda lines: [*lines[:-3], lines[-2], lines[-3], lines[-1]], "swapped"),
        (lambda lines: [*lines[:-2], lines[-2], *lines[-2:]], "added"),
        (lambda lines: lines[:-1], ("cut", "removed")),
        (lambda lines: [*lines[:-1], lines[-1][:-1]], "cut off"),
        (lambda lines: [*lines[:-1], lines[-1][:-40]], ("cut off",)),
        (lambda lines: lines[:1], ("cut", "checkpoint")),
        (lambda lines: lines[1:], "no export"),
    ],
    ids=["removed", "swapped", "twice", "the last", "a line end", "half a line", "all", "the first"],
)
def test_lines_removed_swapped_added_or_cut_fail(
    make: Callable[[], list[bytes]],
    damage: Callable[[list[bytes]], list[bytes]],
    said: str | tuple[str, ...],
    tmp_path: Path,
) -> None:
    code, told = examine(tmp_path, damage(make()))
    assert code == 1
    assert any(word in told for word in ([said] if isinstance(said, str) else said)), told


def test_a_checkpoint_made_anew_with_its_digest_is_not_that_of_the_entries(tmp_path: Path) -> None:
    lines = whole()
    said = json.loads(lines[2])["checkpoint"]
    said["merkle_root"] = "0" * 64
    del said["digest"]
    text = json.dumps(said, sort_keys=True, separators=(",", ":"))
    said["digest"] = hashlib.sha256(text.encode()).hexdigest()
    lines[2] = json.dumps({"checkpoint": said}, sort_keys=True, separators=(",", ":")).encode() + b"\n"
    code, told = examine(tmp_path, lines)
    assert code == 1
    assert f"the checkpoint of entry {said['seq']} is not that of these entries" in told


def test_an_entry_made_anew_with_its_hash_does_not_fit(tmp_path: Path) -> None:
    for make, word in ((whole, "does not follow"), (selection, "not in the tree")):
        lines = make()
        said = json.loads(lines[-3])
        said["event"]["actor"] = "somebody else"
        body = {name: said[name] for name in ("event", "previous_hash", "sealed_at", "seq")}
        said["hash"] = hashlib.sha256(_canonical(body)).hexdigest()
        lines[-3] = _canonical(said) + b"\n"
        code, told = examine(tmp_path, lines)
        assert code == 1
        assert word in told


def test_an_older_copy_shows_a_trail_written_anew(tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(b"".join(each.line() for each in CHECKPOINTS))
    assert examine(tmp_path, whole(), "--checkpoints", copy)[0] == 0
    others, their = trail(20, every=5)
    anew = list(lines_of(Part(None, 20, is_to_end=True, unsealed_count=0), others[:20], their, LATER))
    assert examine(tmp_path, anew)[0] == 0
    code, told = examine(tmp_path, anew, "--checkpoints", copy)
    assert code == 1
    assert "checkpoint of entry 20" in told


def test_the_kit_is_held_against_its_sums(tmp_path: Path) -> None:
    lines = whole()
    (tmp_path / "checkpoints.jsonl").write_bytes(b"".join(each.line() for each in CHECKPOINTS))
    (tmp_path / "README.txt").write_bytes(text_of("README.txt"))
    names = ("checkpoints.jsonl", "README.txt")
    sums = [f"{hashlib.sha256((tmp_path / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
    sums.append(f"{hashlib.sha256(b''.join(lines)).hexdigest()}  trail.jsonl\n")
    (tmp_path / "SHA256SUMS").write_text("".join(sums))
    assert examine(tmp_path, lines, kit=True)[0] == 0
    lines[0] = lines[0].replace(b'"made_at":"2026', b'"made_at":"2025')
    code, told = examine(tmp_path, lines, kit=True)
    assert code == 1
    assert "trail.jsonl: not the file that was handed out" in told


def test_a_selection_has_what_the_filter_takes_and_each_is_proved_alone() -> None:
    lines = selection_lines(CHOSEN, ENTRIES, CHECKPOINTS[-1], LATER)
    assert [json.loads(line)["event"]["subject"] for line in lines[2:]] == ["AC-9"]
    assert json.loads(lines[0])["selection"]["filters"] == {"account": "AC-9"}
    assert verify_selection(lines, "x").is_whole
    said = json.loads(lines[2])
    said["path"][0] = "0" * 64
    assert verify_selection([*lines[:2], _canonical(said) + b"\n"], "x").problems[0].seq == 9
    assert not verify_selection(lines[:2], "x").is_whole


def test_it_needs_no_evenkeel() -> None:
    assert b"evenkeel" not in text_of("verify.py").replace(b"evenkeel-trail", b"")


def _canonical(said: object) -> bytes:
    return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def test_an_older_copy_shows_a_trail_written_anew_with_checkpoints_elsewhere(tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(b"".join(each.line() for each in CHECKPOINTS[:2]))  # entries 4 and 8
    others, their = trail(21, every=7)
    others, their = _otherwise(others, their)
    anew = list(lines_of(Part(None, 21, is_to_end=True, unsealed_count=0), others, their, LATER))
    assert examine(tmp_path, anew)[0] == 0
    code, told = examine(tmp_path, anew, "--checkpoints", copy)
    assert code == 1
    assert "the checkpoint of entry 4 is not that of these entries" in told
    code, told = examine(tmp_path, whole(), "--checkpoints", copy)
    assert code == 0
    assert "2 of 2 checkpoints" in told


def test_an_older_copy_shows_that_the_last_entries_were_cut_off(tmp_path: Path) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes(b"".join(each.line() for each in CHECKPOINTS))
    short = list(lines_of(Part(None, 16, is_to_end=True, unsealed_count=0), ENTRIES[:16], CHECKPOINTS, LATER))
    assert examine(tmp_path, short)[0] == 0
    code, told = examine(tmp_path, short, "--checkpoints", copy)
    assert code == 1
    assert "there is a checkpoint of entry 20, and no such entry" in told


def test_what_is_added_to_an_entry_outside_its_hash_fails(tmp_path: Path) -> None:
    for make in (whole, selection):
        lines = make()
        lines[-1] = _canonical(json.loads(lines[-1]) | {"remark": "approved by the client"}) + b"\n"
        code, told = examine(tmp_path, lines)
        assert code == 1
        assert f"line {len(lines)}: no entry of a trail" in told
        verdict = verify_selection(lines, "x") if make is selection else verify_export(lines, "x")
        assert f"line {len(lines)} of x is not as it was written" in verdict.problems[0].text


def test_a_checkpoint_that_begins_a_series_of_its_own_fails(tmp_path: Path) -> None:
    lines = whole()
    lines[3:] = [line for line in lines[3:] if b'"checkpoint"' not in line[:14]]
    said = json.loads(lines[2])["checkpoint"] | {"previous_digest": "0" * 64}
    del said["digest"]
    said["digest"] = hashlib.sha256(_canonical(said)).hexdigest()
    lines[2] = _canonical({"checkpoint": said}) + b"\n"
    code, told = examine(tmp_path, lines)
    assert code == 1
    assert "the checkpoint before it is missing" in told


@pytest.mark.parametrize("seq", [True, "1", None, -1, 2**60])
def test_numbers_that_are_none_end_in_words(seq: object, tmp_path: Path) -> None:
    for make in (whole, part, selection):
        for at in (1, -1):
            lines = make()
            said = json.loads(lines[at])
            said.get("checkpoint", said)["seq"] = seq
            if "checkpoint" in said:
                bare = {name: each for name, each in said["checkpoint"].items() if name != "digest"}
                said["checkpoint"]["digest"] = hashlib.sha256(_canonical(bare)).hexdigest()
            else:
                said["hash"] = hashlib.sha256(
                    _canonical({name: said[name] for name in ("event", "previous_hash", "sealed_at", "seq")})
                ).hexdigest()
            lines[at] = _canonical(said) + b"\n"
            assert examine(tmp_path, lines)[0] == 1
            verdict = verify_selection(lines, "x") if make is selection else verify_export(lines, "x")
            assert not verdict.is_whole


def test_a_line_nested_beyond_all_bounds_ends_in_words(tmp_path: Path) -> None:
    deep = b"[" * 200_000 + b"]" * 200_000 + b"\n"
    for make in (whole, selection):
        lines = [*make()[:-1], deep]
        assert examine(tmp_path, lines)[0] == 1
        verdict = verify_selection(lines, "x") if make is selection else verify_export(lines, "x")
        assert not verdict.is_whole


def _otherwise(entries: list[Entry], checkpoints: list[Checkpoint]) -> tuple[list[Entry], list[Checkpoint]]:
    """The trail with another first event, sealed anew as a whole."""
    made: list[Entry] = []
    series: list[Checkpoint] = []
    tree, before = Tree(), FIRST_HASH
    at = {each.seq for each in checkpoints}
    for entry in entries:
        said = dict(entry.event or {}) | ({"actor": "somebody else"} if entry.seq == 1 else {})
        made.append(link(entry.seq, before, entry.sealed_at, said))
        before = made[-1].hash
        tree.add([bytes.fromhex(before)])
        if entry.seq in at:
            series.append(make_checkpoint(entry.seq, before, tree, NOON, series[-1] if series else None))
    return made, series
