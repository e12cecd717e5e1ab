"""What the trail is told of a run: only what it finds other than the run it is held against."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from decimal import Decimal
from typing import Any

import polars as pl
import pytest

from data_contracts.alerts import Alerts
from data_contracts.book.ips_profiles import IpsProfiles
from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.suspensions import Suspensions
from data_contracts.breaks import Breaks
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.doubts import Doubts
from data_contracts.exceptions import Exceptions
from data_contracts.gate_results import GateResults
from data_contracts.looks import Looks
from data_contracts.vocab import EventKind
from evenkeel.audit.event import Event
from evenkeel.errors import EvenkeelError
from evenkeel.ports import RunRecord, StoredDataset
from evenkeel.run.trail_events import Basis, Finding, commit_event, events_of

Frames = dict[Any, pl.DataFrame]
MONDAY, TUESDAY = dt.date(2026, 7, 27), dt.date(2026, 7, 28)
NOON = dt.datetime(2026, 7, 28, 12, tzinfo=dt.UTC)
ALWAYS = {EventKind.RUN_COMMITTED, EventKind.COVERAGE_STATED}


def run(run_id: str, date: dt.date = TUESDAY, **changes: Any) -> RunRecord:
    names = ("coverage", "breaks", "gate_results")
    values: dict[str, Any] = {
        "run_id": run_id,
        "business_date": date,
        "kind": "daily",
        "status": "done",
        "book_digest": "b" * 64,
        "policy_version": "house/1",
        "code_version": "0.1.0",
        "started_at": NOON,
        "finished_at": NOON,
        "summary": {"share": 0.5},
        "datasets": [StoredDataset(name, date, 1, 3, name * 2, ("file",)) for name in names],
    }
    return RunRecord(**values | changes)


def rows(contract: type[Contract], *found: dict[str, Any]) -> pl.DataFrame:
    schema = contract.polars_schema()
    return pl.DataFrame([dict.fromkeys(schema) | row for row in found], schema=schema)


def coverage(**statuses: str) -> pl.DataFrame:
    return rows(
        Coverage,
        *(
            {"account_id": account, "status": status, "reason": None if status == "scanned" else f"it is {status}"}
            for account, status in statuses.items()
        ),
    )


def found(one: RunRecord, frames: Frames, turn: int = 1, **changes: Any) -> Finding:
    base: Frames = {Coverage: coverage(A1="scanned")}
    values: dict[str, Any] = {"run": one, "turn": turn, "frames": {**base, **frames}, "enabled": frozenset({"A1"})}
    return Finding(**values | changes)


def told(events: list[Event]) -> list[tuple[EventKind, str]]:
    """Kinds and subjects of what is told beside what every run is."""
    return [(event.kind, event.subject) for event in events if event.kind not in ALWAYS]


def between(before: Frames, now: Frames, *, is_replaced: bool = False) -> list[Event]:
    earlier = run("r0", TUESDAY if is_replaced else MONDAY)
    return events_of(found(run("r1"), now), Basis(earlier, is_replaced, before))


def exception(identity: str, **changes: Any) -> dict[str, Any]:
    row = {"exception_id": identity, "scope": "account", "subject_id": "A1", "check": "price_stale", "effect": "stop"}
    return row | {"owner": "operations", "message": "old"} | changes


def alert(identity: str, **changes: Any) -> dict[str, Any]:
    row = {"alert_id": identity, "status": "open", "household_name": "Müller", "household_note": "private"}
    row |= {"account_ids_json": '["A1"]', "classes_json": '[{"weight_frac": 0.07}]', "terms_json": "{}"}
    return row | {"value_usd": Decimal("12.30"), "severity_frac": 0.05, "age_sessions": 0} | changes


def test_a_run_says_what_it_was_made_with_and_all_it_made() -> None:
    (event, _) = events_of(found(run("r1"), {}), Basis(run("r0", MONDAY), False, {}))
    assert (event.kind, event.subject, event.run_id, event.business_date) == (
        EventKind.RUN_COMMITTED,
        "daily",
        "r1",
        TUESDAY,
    )
    assert event.occurred_at == NOON
    assert event.payload["replaces"] is None
    assert event.payload["datasets"][0] == {"dataset": "coverage", "rows": 3, "digest": "coveragecoverage"}
    assert json.loads(event.columns()["payload"] or "")["summary"] == {"share": "0.5"}


def test_a_run_that_replaces_another_says_which() -> None:
    (event, _) = events_of(found(run("r1"), {}), Basis(run("r0"), True, {}))
    assert event.payload["replaces"] == "r0"


def test_a_b_and_a_again_are_three_events() -> None:
    a, b = run("a"), run("b")
    ids = [commit_event(each, turn).event_id for turn, each in enumerate((a, b, a, b), 1)]
    assert len(set(ids)) == 4
    assert commit_event(a, 1).event_id == ids[0], "the same commit is the same event"


def test_every_account_is_stated_and_those_not_scanned_with_their_reason() -> None:
    frames = {Coverage: coverage(A1="scanned", A2="waiting", A3="scanned", A4="waiting", A5="suspended")}
    enabled = frozenset({"A1", "A2", "A3", "A4", "A5"})
    event = events_of(found(run("r1"), frames, enabled=enabled), Basis())[1]
    assert event.payload["by_status"] == {"scanned": 2, "suspended": 1, "waiting": 2}
    assert (event.payload["enabled"], event.payload["stated"], event.payload["is_equal"]) == (5, 5, True)
    assert event.payload["not_scanned"] == [
        {"status": "suspended", "reason": "it is suspended", "accounts": ["A5"]},
        {"status": "waiting", "reason": "it is waiting", "accounts": ["A2", "A4"]},
    ]


@pytest.mark.parametrize("enabled", [{"A1", "A2"}, set(), {"A2"}])
def test_coverage_that_is_not_the_book_is_a_defect(enabled: set[str]) -> None:
    with pytest.raises(EvenkeelError, match="a defect of evenkeel, nothing was committed"):
        events_of(found(run("r1"), {}, enabled=frozenset(enabled)), Basis())


def test_an_account_stated_twice_is_a_defect() -> None:
    twice = {Coverage: pl.concat([coverage(A1="scanned"), coverage(A1="waiting")])}
    with pytest.raises(EvenkeelError, match="names 2 accounts, the book has 1 enabled"):
        events_of(found(run("r1"), twice), Basis())


def test_what_stands_is_not_told_again() -> None:
    frames: Frames = {
        Exceptions: rows(Exceptions, exception("e1", message="5 sessions old")),
        Alerts: rows(Alerts, alert("a1")),
        Breaks: rows(Breaks),
        Doubts: rows(Doubts, {"portfolio_id": "P1", "doubt": "price", "subject_id": "S", "changes_outcome": False}),
        Suspensions: rows(Suspensions, {"suspension_id": "s1", "account_id": "A1", "from_date": MONDAY}),
        ModelTargets: rows(ModelTargets, {"model_id": "m", "model_version": 1, "effective_date": MONDAY}),
        Looks: rows(Looks, {"portfolio_id": "P1", "policy_version": "house/1"}),
    }
    later: Frames = {
        **frames,
        Exceptions: rows(Exceptions, exception("e1", message="6 sessions old")),
        Alerts: rows(Alerts, alert("a1", age_sessions=1, severity_frac=0.06)),
    }
    del later[Breaks]
    assert told(between(frames, later)) == []


def test_exceptions_come_change_and_go() -> None:
    before = {Exceptions: rows(Exceptions, exception("e1"), exception("e2"), exception("e3"), exception("e4"))}
    now = {
        Exceptions: rows(
            Exceptions,
            exception("e1", effect="released", release_id="re1"),
            exception("e2", owner="compliance"),
            exception("e4"),
            exception("e5", subject_id="A5"),
        )
    }
    events = between(before, now)
    assert told(events) == [
        (EventKind.EXCEPTION_ENDED, "A1"),
        (EventKind.EXCEPTION_FOUND, "A5"),
        (EventKind.RELEASE_APPLIED, "A1"),
        (EventKind.EXCEPTION_CHANGED, "A1"),
    ]
    applied = next(event for event in events if event.kind == EventKind.RELEASE_APPLIED)
    assert (applied.payload["exception_id"], applied.payload["release_id"]) == ("e1", "re1")


def test_a_stop_that_comes_back_after_its_release_is_told() -> None:
    before = {Exceptions: rows(Exceptions, exception("e1", effect="released", release_id="re1"))}
    now = {Exceptions: rows(Exceptions, exception("e1"))}
    assert told(between(before, now)) == [(EventKind.EXCEPTION_CHANGED, "A1")]


def test_alerts_open_change_and_close() -> None:
    before = {Alerts: rows(Alerts, alert("a1"), alert("a2"), alert("a3", status="closed"), alert("a4"))}
    now = {Alerts: rows(Alerts, alert("a1", status="closed"), alert("a2", is_overdue=True), alert("a4"), alert("a5"))}
    assert told(between(before, now)) == [
        (EventKind.ALERT_OPENED, "a5"),
        (EventKind.ALERT_CLOSED, "a1"),
        (EventKind.ALERT_CHANGED, "a2"),
    ]


def test_a_run_that_replaces_another_tells_every_figure_that_moved_and_what_is_withdrawn() -> None:
    before = {Alerts: rows(Alerts, alert("a1"), alert("a2"), alert("a3", status="closed"), alert("a4"))}
    now = {Alerts: rows(Alerts, alert("a1", severity_frac=0.06), alert("a4"))}
    assert told(between(before, now, is_replaced=True)) == [
        (EventKind.ALERT_WITHDRAWN, "a2"),
        (EventKind.ALERT_WITHDRAWN, "a3"),
        (EventKind.ALERT_CHANGED, "a1"),
    ]
    assert told(between(before, before, is_replaced=True)) == []


def test_an_alert_is_told_without_the_clients_name() -> None:
    (event,) = between({}, {Alerts: rows(Alerts, alert("a1"))})[2:]
    text = event.columns()["payload"] or ""
    assert "Müller" not in text
    assert "private" not in text
    assert json.loads(text)["account_ids"] == ["A1"]
    assert json.loads(text)["classes"] == [{"weight_frac": "0.07"}]
    assert json.loads(text)["value_usd"] == "12.30"


def test_open_breaks_are_told_each_and_explained_ones_counted() -> None:
    def one(identity: str, status: str, explanation: str | None = None) -> dict[str, Any]:
        return {"break_id": identity, "account_id": "A1", "status": status, "explanation": explanation}

    before = {Breaks: rows(Breaks, one("b1", "open"), one("b2", "open"))}
    now = {
        Breaks: rows(
            Breaks,
            one("b1", "open"),
            one("b2", "explained", "trade"),
            one("b3", "open"),
            one("b4", "explained", "trade"),
        )
    }
    events = between(before, now)
    assert told(events) == [
        (EventKind.BREAK_ENDED, "A1"),
        (EventKind.BREAK_FOUND, "A1"),
        (EventKind.BREAKS_EXPLAINED, "book"),
    ]
    assert events[-1].payload == {"open": 2, "explained": {"trade": 2}, "digest": "breaksbreaks"}


def test_gates_are_stated() -> None:
    def gate(name: str, is_judged: bool, is_passed: bool | None) -> dict[str, Any]:
        return {"custodian": "schwab", "gate": name, "is_judged": is_judged, "is_passed": is_passed}

    frames = {
        GateResults: rows(GateResults, gate("rows", True, True), gate("value", True, False), gate("stale", False, None))
    }
    (event,) = between({}, frames)[2:]
    assert event.kind == EventKind.GATES_JUDGED
    assert (event.payload["passed"], event.payload["not_judged"]) == (1, 1)
    assert [each["gate"] for each in event.payload["failed"]] == ["value"]


def test_doubts_come_change_and_go() -> None:
    def doubt(portfolio: str, changes: bool) -> dict[str, Any]:
        row = {"portfolio_id": portfolio, "doubt": "price", "subject_id": "S", "changes_outcome": changes}
        return row | {"figures_json": '[{"source": "x", "figure": 1.5}]'}

    before = {Doubts: rows(Doubts, doubt("P1", False), doubt("P2", False))}
    now = {Doubts: rows(Doubts, doubt("P1", True), doubt("P3", False))}
    events = between(before, now)
    assert told(events) == [
        (EventKind.DOUBT_ENDED, "P2"),
        (EventKind.DOUBT_RAISED, "P3"),
        (EventKind.DOUBT_RAISED, "P1"),
    ]
    assert events[-1].payload["figures"] == [{"source": "x", "figure": 1.5}]


def test_a_book_that_changed_is_told_with_its_files() -> None:
    one = found(run("r1", book_digest="c" * 64), {}, book_files={"a.csv": "1", "b.csv": "3"})
    basis = Basis(run("r0", MONDAY), False, {}, {"a.csv": "1", "b.csv": "2", "c.csv": "4"})
    (event,) = events_of(one, basis)[2:]
    assert event.payload == {
        "from": "b" * 64,
        "to": "c" * 64,
        "files": [{"file": "b.csv", "from": "2", "to": "3"}, {"file": "c.csv", "from": "4", "to": None}],
    }


def test_versions_newly_in_force_are_told() -> None:
    def model(version: int) -> dict[str, Any]:
        return {"model_id": "growth", "model_version": version, "effective_date": MONDAY}

    def ips(version: int) -> dict[str, Any]:
        return {"ips_id": "i1", "version": version, "effective_date": MONDAY}

    def look(label: str) -> dict[str, Any]:
        return {"portfolio_id": "P1", "policy_version": label}

    before: Frames = {
        ModelTargets: rows(ModelTargets, model(1)),
        IpsProfiles: rows(IpsProfiles, ips(1)),
        Looks: rows(Looks, look("house/1")),
    }
    now: Frames = {
        ModelTargets: rows(ModelTargets, model(2), model(2)),
        IpsProfiles: rows(IpsProfiles, ips(2)),
        Looks: rows(Looks, look("house/2")),
    }
    kinds = [EventKind.POLICY_IN_FORCE, EventKind.MODEL_IN_FORCE, EventKind.IPS_IN_FORCE]
    assert told(between(before, now)) == list(zip(kinds, ("house/2", "growth", "i1"), strict=True))
    first = events_of(found(run("r1"), now), Basis())
    assert [kind for kind, _ in told(first)] == [EventKind.BOOK_CHANGED, *kinds[:2]]


def test_suspensions_start_and_end() -> None:
    def suspension(identity: str, **changes: Any) -> dict[str, Any]:
        return {"suspension_id": identity, "account_id": identity, "from_date": MONDAY, "actor": "Kim"} | changes

    book = rows(
        Suspensions,
        suspension("stays"),
        suspension("begins", from_date=TUESDAY),
        suspension("ends", ended_date=TUESDAY),
        suspension("later", from_date=dt.date(2026, 7, 29)),
        suspension("over", ended_date=MONDAY),
    )
    changed = book.with_columns(pl.lit("Lee").alias("actor"))
    assert told(between({Suspensions: book}, {Suspensions: book})) == [
        (EventKind.SUSPENSION_ENDED, "ends"),
        (EventKind.SUSPENSION_STARTED, "begins"),
    ]
    assert (EventKind.SUSPENSION_STARTED, "stays") in told(between({Suspensions: book}, {Suspensions: changed}))


def test_ids_depend_on_what_happened_alone() -> None:
    frames = {Exceptions: rows(Exceptions, exception("e1"), exception("e2")), Alerts: rows(Alerts, alert("a1"))}
    basis = Basis(run("r0", MONDAY), False, {})
    later = replace(run("r1"), finished_at=NOON + dt.timedelta(days=1))
    ids = [event.event_id for event in events_of(found(run("r1"), frames), basis)]
    assert ids == [event.event_id for event in events_of(found(later, frames), basis)]
    assert len(set(ids)) == len(ids)
    again = [event.event_id for event in events_of(found(run("r1"), frames, turn=3), basis)]
    assert not set(ids) & set(again), "a run that comes to count again happens again"
