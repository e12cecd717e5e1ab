"""Edit a record as often as you like: every version of it is rebuilt from the trail, and no touched trail passes for it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import EventKind
from evenkeel.audit.canonical import plain
from evenkeel.audit.chain import FIRST_HASH, Entry, link
from evenkeel.audit.event import Event, id_of
from evenkeel.audit.history import histories
from evenkeel.audit.verify import verify

SETTINGS = settings(deadline=None, max_examples=60)
NOON = dt.datetime(2026, 7, 28, 12, tzinfo=dt.UTC)

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False) | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
RECORDS = st.dictionaries(st.sampled_from(["reason", "value_usd", "classes", "ö", "status"]), VALUES, max_size=5)
EDITS = st.lists(
    st.tuples(st.sampled_from(["ep-1", "ep-2", "ep-3"]), RECORDS, st.sampled_from(["ada", "bo"])), max_size=25
)


def told(number: int, alert: str, record: Mapping[str, Any], actor: str, is_first: bool) -> dict[str, Any]:
    kind = EventKind.ALERT_OPENED if is_first else EventKind.ALERT_CHANGED
    event = Event(
        event_id=id_of(kind, number),
        kind=kind,
        business_date=NOON.date(),
        subject=alert,
        run_id=None,
        actor=actor,
        role="adviser",
        occurred_at=NOON + dt.timedelta(minutes=number),
        payload=record,
    )
    return {"event_no": number, "seq": number, **event.columns()}


def events_of(edits: list[tuple[str, dict[str, Any], str]]) -> list[dict[str, Any]]:
    seen: set[str] = set()
    events = []
    for number, (alert, record, actor) in enumerate(edits, 1):
        events.append(told(number, alert, record, actor, alert not in seen))
        seen.add(alert)
    return events


@SETTINGS
@given(EDITS)
def test_every_version_is_rebuilt_with_who_and_when(edits: list[tuple[str, dict[str, Any], str]]) -> None:
    found = {history.record_id: history for history in histories(events_of(edits))}
    assert set(found) == {alert for alert, _, _ in edits}
    for alert, history in found.items():
        made = [(number, record, actor) for number, (of, record, actor) in enumerate(edits, 1) if of == alert]
        assert [version.record for version in history.versions] == [plain(record) for _, record, _ in made]
        assert [version.event["actor"] for version in history.versions] == [actor for _, _, actor in made]
        assert [version.event["seq"] for version in history.versions] == [number for number, _, _ in made]


@SETTINGS
@given(EDITS)
def test_the_changes_lead_from_each_version_to_the_next(edits: list[tuple[str, dict[str, Any], str]]) -> None:
    for history in histories(events_of(edits)):
        for before, after in zip(history.versions, history.versions[1:], strict=False):
            assert bool(after.changes) == (_typed(before.record) != _typed(after.record))


@SETTINGS
@given(EDITS.filter(bool), st.data())
def test_one_byte_changed_and_verification_names_the_version(
    edits: list[tuple[str, dict[str, Any], str]], data: st.DataObject
) -> None:
    entries: list[Entry] = []
    for event in events_of(edits):
        stored = {name: each for name, each in event.items() if name != "seq"}
        before = entries[-1].hash if entries else FIRST_HASH
        entries.append(link(len(entries) + 1, before, "2026-07-28T12:00:00.000000Z", stored))
    assert verify(entries, ()).is_whole
    place = data.draw(st.integers(0, len(entries) - 1))
    event = dict(entries[place].event or {})
    text = event["payload"]
    at = data.draw(st.integers(0, len(text) - 1))
    event["payload"] = text[:at] + ("x" if text[at] != "x" else "y") + text[at + 1 :]
    touched = [*entries[:place], replace(entries[place], event=event), *entries[place + 1 :]]
    verdict = verify(touched, ())
    assert [problem.seq for problem in verdict.problems] == [place + 1]


def test_what_ended_is_no_record_any_more() -> None:
    row = {"alert_id": "ep-1", "status": "open"}
    events = [told(1, "ep-1", row, "ada", is_first=True), told(2, "ep-1", row, "ada", is_first=False)]
    events[1] |= {"kind": EventKind.ALERT_WITHDRAWN.value}
    (history,) = histories(events)
    assert [version.record for version in history.versions] == [row, None]


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _typed(each) for name, each in value.items()}
    return [_typed(each) for each in value] if isinstance(value, list) else (type(value).__name__, value)
