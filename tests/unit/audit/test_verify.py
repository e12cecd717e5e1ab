"""Whatever is done to a trail, verification fails and names the place; a whole one is called whole."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.audit.chain import FIRST_HASH, Entry, body_of, hash_of, link
from evenkeel.audit.checkpoint import Checkpoint, make, parse
from evenkeel.audit.export import Part, lines_of, verify_export
from evenkeel.audit.verify import ALTERED, CUT, MISSING, SWAPPED, Outside, verify
from evenkeel.errors import UsageError
from tests.unit.audit.trails import NOON, exchanged, trail

UNTIMED = settings(deadline=None)

COLUMNS = ("event_id", "kind", "business_date", "subject", "run_id", "actor", "role", "occurred_at", "payload")


def other(value: Any) -> Any:
    """The value, one byte of it changed."""
    if isinstance(value, int):
        return value + 1000
    return value[:-1] + chr(ord(value[-1]) ^ 1)


@UNTIMED
@given(st.integers(0, 40), st.integers(1, 9))
def test_a_whole_trail_is_whole(count: int, every: int) -> None:
    entries, checkpoints = trail(count, every)
    verdict = verify(entries, checkpoints, [Outside("file", checkpoints, is_kept=True)], unsealed_count=2)
    assert verdict.is_whole, verdict.problems
    assert (verdict.entry_count, verdict.unsealed_count) == (count, 2)
    assert verdict.last_hash == (entries[-1].hash if entries else FIRST_HASH)


@UNTIMED
@given(st.integers(1, 12), st.sampled_from(COLUMNS))
def test_a_changed_event_is_named(at: int, column: str) -> None:
    entries, checkpoints = trail(12)
    entry = entries[at - 1]
    assert entry.event is not None
    changed = {**entry.event, column: other(entry.event[column])}
    entries[at - 1] = replace(entry, event=changed)
    (problem,) = verify(entries, checkpoints).problems
    assert (problem.what, problem.seq, problem.event_id) == (ALTERED, at, changed["event_id"])


def test_a_payload_that_says_the_same_in_other_bytes_is_changed() -> None:
    entries, checkpoints = trail(3)
    event = dict(entries[1].event or {})
    entries[1] = replace(entries[1], event=event | {"payload": event["payload"].replace(":", ": ", 1)})
    (problem,) = verify(entries, checkpoints).problems
    assert (problem.what, problem.seq) == (ALTERED, 2)


@UNTIMED
@given(st.integers(1, 12), st.sampled_from(("previous_hash", "hash", "sealed_at")))
def test_a_changed_link_is_named(at: int, column: str) -> None:
    entries, checkpoints = trail(12)
    entries[at - 1] = replace(entries[at - 1], **{column: other(getattr(entries[at - 1], column))})
    problems = verify(entries, checkpoints).problems
    assert (problems[0].what, problems[0].seq) == (ALTERED, at)


@UNTIMED
@given(st.integers(1, 11))
def test_an_entry_written_anew_with_its_hash_is_named(at: int) -> None:
    entries, checkpoints = trail(12, every=12)
    forged = dict(entries[at - 1].event or {}) | {"actor": "nobody"}
    entries[at - 1] = link(at, entries[at - 1].previous_hash, entries[at - 1].sealed_at, forged)
    problems = verify(entries, checkpoints[:0]).problems
    assert [(problem.what, problem.seq) for problem in problems] == [(ALTERED, at)]


@UNTIMED
@given(st.integers(2, 12))
def test_a_chain_written_anew_to_its_end_is_known_by_checkpoints(at: int) -> None:
    entries, checkpoints = trail(12)
    before = entries[at - 2].hash
    for seq in range(at, 13):
        event = dict(entries[seq - 1].event or {}) | {"actor": "nobody"}
        entries[seq - 1] = link(seq, before, entries[seq - 1].sealed_at, event)
        before = entries[seq - 1].hash
    first = next(each.seq for each in checkpoints if each.seq >= at)
    agreed = max((each.seq for each in checkpoints if each.seq < at), default=0)
    problem = verify(entries, checkpoints).problems[0]
    assert (problem.what, problem.seq) == (ALTERED, first)
    assert (f"after entry {agreed}" if agreed else "since the beginning") in problem.text


@UNTIMED
@given(st.integers(1, 11), st.integers(1, 3))
def test_entries_taken_out_are_named(at: int, count: int) -> None:
    entries, checkpoints = trail(15)
    del entries[at - 1 : at - 1 + count]
    problem = verify(entries, checkpoints).problems[0]
    assert (problem.what, problem.seq) == (MISSING, at)


@UNTIMED
@given(st.integers(1, 9), st.integers(1, 3))
def test_events_taken_out_are_named(at: int, count: int) -> None:
    entries, checkpoints = trail(15)
    for index in range(at - 1, at - 1 + count):
        entries[index] = replace(entries[index], event=None)
    (problem,) = verify(entries, checkpoints).problems
    assert (problem.what, problem.seq) == (MISSING, at)


@UNTIMED
@given(st.integers(1, 12))
def test_a_tail_cut_off_is_known_by_a_checkpoint(count: int) -> None:
    entries, checkpoints = trail(12)
    problem = verify(entries[:-count], checkpoints).problems[0]
    assert (problem.what, problem.seq) == (CUT, 13 - count)


def test_a_tail_cut_off_with_its_checkpoints_is_known_by_a_copy_of_them() -> None:
    entries, checkpoints = trail(12)
    assert verify(entries[:8], checkpoints[:2]).is_whole, "nothing inside says that there was more"
    copy = Outside("copy", checkpoints)
    assert [(each.what, each.seq) for each in verify(entries[:8], checkpoints[:2], [copy]).problems] == [
        (CUT, 9),
        (MISSING, 12),
    ]


@pytest.mark.parametrize("part", ["whole", "event", "event but its number", "hash", "previous_hash"])
def test_two_exchanged_are_named(part: str) -> None:
    entries, checkpoints = trail(12)
    one, two = entries[2], entries[6]
    if part == "whole":
        entries[2], entries[6] = replace(two, seq=one.seq), replace(one, seq=two.seq)
    elif part == "event but its number":
        entries[2] = replace(one, event={**(two.event or {}), "event_no": one.event_no})
        entries[6] = replace(two, event={**(one.event or {}), "event_no": two.event_no})
    else:
        entries[2] = replace(one, **{part: getattr(two, part)})
        entries[6] = replace(two, **{part: getattr(one, part)})
    problems = verify(entries, checkpoints).problems
    assert [(each.what, each.seq) for each in problems if each.what == SWAPPED] == [(SWAPPED, 3), (SWAPPED, 7)]


def test_entries_handed_over_in_another_order_are_not_whole() -> None:
    entries, checkpoints = trail(6)
    assert not verify(exchanged(entries, 1, 4), checkpoints).is_whole


@UNTIMED
@given(st.integers(0, 3), st.sampled_from([name for name in Checkpoint.__dataclass_fields__]))
def test_a_changed_checkpoint_is_named(at: int, column: str) -> None:
    entries, checkpoints = trail(13)
    copy = Outside("file", list(checkpoints), is_kept=True)
    seq = checkpoints[at].seq
    checkpoints[at] = replace(checkpoints[at], **{column: other(getattr(checkpoints[at], column))})
    for outside in ([copy], []):
        problems = verify(entries, checkpoints, outside).problems
        named = seq if column != "seq" or outside else checkpoints[at].seq
        assert named in {problem.seq for problem in problems}, column


@pytest.mark.parametrize("at", range(4))
def test_a_checkpoint_taken_out_is_named(at: int) -> None:
    entries, checkpoints = trail(13)
    copy = Outside("file", list(checkpoints), is_kept=True)
    seq = checkpoints.pop(at).seq
    problems = verify(entries, checkpoints, [copy]).problems
    assert (MISSING, seq) in {(problem.what, problem.seq) for problem in problems}
    assert verify(entries, checkpoints).is_whole == (at == 3), "only the last one is followed by none that knows it"


def test_a_file_of_checkpoints_that_was_touched_is_named() -> None:
    entries, checkpoints = trail(13)
    lines = [each.line() for each in checkpoints]
    for damaged, seq in (
        ([lines[0], b"{}\n", *lines[2:]], 0),
        ([lines[0], *lines[2:]], 8),
        (lines[:2], 12),
        ([lines[0], lines[1].replace(b'"seq":8', b'"seq":9'), *lines[2:]], 8),
    ):
        outside = Outside("file", [parse(line) for line in damaged], is_kept=True)
        problems = verify(entries, checkpoints, [outside]).problems
        assert seq in {problem.seq for problem in problems}


def test_a_checkpoint_written_anew_with_its_digest_is_known_by_the_file() -> None:
    entries, checkpoints = trail(13)
    tree = checkpoints[3].tree()
    later = make(13, entries[-1].hash, tree, NOON + dt.timedelta(days=1), checkpoints[2])
    outside = Outside("file", checkpoints, is_kept=True)
    assert verify(entries, [*checkpoints[:3], later]).is_whole, "by itself it is as good as the one before"
    problems = verify(entries, [*checkpoints[:3], later], [outside]).problems
    assert [(problem.what, problem.seq) for problem in problems] == [(ALTERED, 13)]


def test_a_line_not_written_yet_is_a_note() -> None:
    entries, checkpoints = trail(13)
    verdict = verify(entries, checkpoints, [Outside("file", checkpoints[:-1], is_kept=True)])
    assert verdict.is_whole
    assert "no line yet for the newest checkpoint (entry 13)" in verdict.notes[0]


def test_many_places_are_counted() -> None:
    entries, checkpoints = trail(300, every=300)
    damaged = [replace(entry, sealed_at="") for entry in entries]
    verdict = verify(damaged, checkpoints)
    assert verdict.problem_count == 300
    assert len(verdict.problems) == 100


@UNTIMED
@given(st.integers(1, 20), st.data())
def test_no_byte_of_an_export_can_change(count: int, data: st.DataObject) -> None:
    entries, checkpoints = trail(count)
    lines = list(lines_of(Part(None, count, True, 0), entries, checkpoints, NOON))
    assert verify_export(lines, "x").is_whole
    content = b"".join(lines[1:])
    at = data.draw(st.integers(0, len(content) - 2))
    flipped = content[:at] + bytes([content[at] ^ data.draw(st.sampled_from([1, 2, 4, 8]))]) + content[at + 1 :]
    assert not verify_export([lines[0], *flipped.splitlines(keepends=True)], "x").is_whole


@UNTIMED
@given(st.integers(2, 20), st.data())
def test_no_line_of_an_export_can_go(count: int, data: st.DataObject) -> None:
    entries, checkpoints = trail(count)
    lines = list(lines_of(Part(None, count, True, 0), entries, checkpoints, NOON))
    is_last_checkpoint = len(checkpoints)
    at = data.draw(st.integers(1, len(lines) - 1).filter(lambda each: each != is_last_checkpoint))
    assert not verify_export(lines[:at] + lines[at + 1 :], "x").is_whole


def test_a_part_is_verified_from_its_checkpoint_on() -> None:
    entries, checkpoints = trail(13)
    part = Part(checkpoints[0], 9, False, 0)
    lines = list(lines_of(part, entries[4:9], checkpoints, NOON))
    verdict = verify_export(lines, "x", [Outside("copy", checkpoints)])
    assert verdict.is_whole, verdict.problems
    assert (verdict.entry_count, verdict.checkpoint_count) == (5, 2)
    assert "a part of a trail, entries 5 to 9" in verdict.notes[0]
    assert not verify_export(lines[:-1], "x").is_whole
    assert not verify_export([*lines[:3], *lines[4:]], "x").is_whole


def test_a_damaged_entry_is_exported_and_fails() -> None:
    entries, checkpoints = trail(5)
    event = dict(entries[2].event or {})
    entries[2] = replace(entries[2], event=event | {"payload": "{"})
    lines = list(lines_of(Part(None, 5, True, 0), entries, checkpoints, NOON))
    problems = verify_export(lines, "x").problems
    assert problems[0].seq == 3


@pytest.mark.parametrize("line", [b"", b"{}\n", b"[]\n", b'{"export":{"format":"evenkeel-trail/1"}}\n'])
def test_another_file_is_no_export(line: bytes) -> None:
    with pytest.raises(UsageError, match="is no export"):
        verify_export([line], "x")


def test_the_hash_is_the_one_that_the_recipe_says() -> None:
    entries, _ = trail(2)
    said = {**body_of(entries[1])}
    assert json.loads(json.dumps(said)) == said
    assert set(said) == {"event", "previous_hash", "sealed_at", "seq"}
    assert set(said["event"]) == {"event_no", *COLUMNS}
    assert hash_of(entries[1]) == entries[1].hash
    assert isinstance(entries[1], Entry)
