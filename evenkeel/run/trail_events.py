"""The events of a run: what the trail is told of it.

Pure: a run's datasets in, events out; reading them belongs in `trail_sources`. A run is held against the run it replaces, else against the
session before it, and only what it finds other than that one is an event. So a standing matter is one event when it comes and one
when it goes, and a run that replaces another says exactly what the replacement changed.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import polars as pl

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
from data_contracts.vocab import BreakStatus, CoverageStatus, EpisodeStatus, EventKind, ExceptionEffect
from evenkeel.audit.event import AUTOMATION, SYSTEM, Event, id_of
from evenkeel.errors import EvenkeelError
from evenkeel.ports import RunRecord

Frames = Mapping[type[Contract], pl.DataFrame]

COMPARED: tuple[type[Contract], ...] = (
    Exceptions,
    Alerts,
    Breaks,
    Doubts,
    Suspensions,
    ModelTargets,
    IpsProfiles,
    Looks,
)
"""Datasets of which only what has changed is an event."""

STATED: tuple[type[Contract], ...] = (Coverage, GateResults)
"""Datasets of which each run makes one statement."""

UNNAMED = ("household_name", "household_note")
"""Columns that name clients or speak of them: the trail has ids instead."""

NEWS = (
    "status",
    "adviser_id",
    "rule",
    "urgency",
    "due_at",
    "is_overdue",
    "escalated_to",
    "ips_id",
    "policy_version",
    "how_far",
    "tier",
    "segment",
    "decision_id",
    "proposal_id",
)
"""Columns of an alert that make it another one than on the session before; its figures move every day and stand in the dataset."""

SUSPENSION = ("suspension_id", "account_id", "kind", "reason", "actor", "from_date")


@dataclass(frozen=True)
class Basis:
    """What a run is held against: the run of its date that it replaces, else that of the session before; None on the first."""

    run: RunRecord | None = None
    is_replaced: bool = False
    frames: Frames = field(default_factory=dict)
    book_files: Mapping[str, str] = field(default_factory=dict)
    """SHA-256 of the book's files, by name."""


@dataclass(frozen=True)
class Finding:
    """A run and what it found.

    Attributes:
        run: The run.
        turn: How many runs of its date and kind have come to count, this one included.
        frames: Its datasets, those of `COMPARED` and `STATED` that it has.
        enabled: Enabled accounts of the book.
        book_files: SHA-256 of the book's files, by name; needed where the book is another one than the basis had.
    """

    run: RunRecord
    turn: int
    frames: Frames
    enabled: frozenset[str]
    book_files: Mapping[str, str] = field(default_factory=dict)


def events_of(found: Finding, basis: Basis) -> list[Event]:
    """Return the events of a run.

    Raises:
        EvenkeelError: Coverage is not the book's enabled accounts. That is a defect, and nothing must be committed.
    """
    told = _Told(found.run, found.turn)
    pair = _Pair(found.frames, basis)
    return [
        told.run(basis),
        told.coverage(found),
        *_book(told, found, basis),
        *_versions(told, pair),
        *_suspensions(told, pair, found.run.business_date),
        *_gates(told, found),
        *_exceptions(told, pair),
        *_breaks(told, pair, found.run),
        *_doubts(told, pair),
        *_alerts(told, pair),
    ]


def commit_event(run: RunRecord, turn: int, replaces: str | None = None) -> Event:
    """Return the event that a run counts now: what it was made with, and the digest of everything it made."""
    return _Told(run, turn).commit(replaces)


class _Told:
    """Makes the events of one run."""

    def __init__(self, run: RunRecord, turn: int) -> None:
        self._run, self._turn = run, turn

    def event(self, kind: EventKind, subject: str, payload: Mapping[str, Any], *identity: object) -> Event:
        """Return an event; `identity` tells it from others of its kind in the run."""
        run = self._run
        return Event(
            event_id=id_of(kind, run.run_id, self._turn, *identity),
            kind=kind,
            business_date=run.business_date,
            subject=subject,
            run_id=run.run_id,
            actor=SYSTEM,
            role=AUTOMATION,
            occurred_at=run.finished_at,
            payload=payload,
        )

    def run(self, basis: Basis) -> Event:
        return self.commit(basis.run.run_id if basis.run and basis.is_replaced else None)

    def commit(self, replaces: str | None) -> Event:
        run = self._run
        payload = {
            "run_id": run.run_id,
            "status": run.status,
            "turn": self._turn,
            "replaces": replaces,
            "book_digest": run.book_digest,
            "policy_version": run.policy_version,
            "code_version": run.code_version,
            "datasets": [
                {"dataset": each.dataset, "rows": each.row_count, "digest": each.digest} for each in run.datasets
            ],
            "summary": run.summary,
        }
        return self.event(EventKind.RUN_COMMITTED, run.kind, payload)

    def coverage(self, found: Finding) -> Event:
        coverage = found.frames[Coverage]
        named = set(coverage["account_id"].to_list())
        if named != found.enabled or coverage.height != len(found.enabled):
            raise EvenkeelError(
                f"coverage of {self._run.business_date} names {coverage.height} accounts, the book has {len(found.enabled)} enabled "
                f"ones ({len(found.enabled - named)} left out, {len(named - found.enabled)} not in it): a defect of evenkeel, "
                "nothing was committed; report it with this line"
            )
        held_up = coverage.filter(pl.col("status") != CoverageStatus.SCANNED.value)
        reasons = (
            held_up.sort("account_id")
            .group_by("status", "reason", maintain_order=True)
            .agg("account_id")
            .sort("status", "reason")
        )
        payload = {
            "enabled": len(found.enabled),
            "stated": coverage.height,
            "is_equal": True,
            "by_status": dict(coverage.group_by("status").len().sort("status").iter_rows()),
            "not_scanned": [
                {"status": status, "reason": reason, "accounts": accounts}
                for status, reason, accounts in reasons.iter_rows()
            ],
            "digest": _digest(self._run, Coverage),
        }
        return self.event(EventKind.COVERAGE_STATED, "book", payload)


@dataclass(frozen=True)
class _Pair:
    """A run's datasets beside those of its basis; one that is not there has no rows."""

    frames: Frames
    basis: Basis

    def of(self, contract: type[Contract]) -> tuple[pl.DataFrame, pl.DataFrame]:
        empty = contract.empty_frame()
        return self.frames.get(contract, empty), self.basis.frames.get(contract, empty)


def _book(told: _Told, found: Finding, basis: Basis) -> Iterator[Event]:
    before = basis.run.book_digest if basis.run else None
    if before == found.run.book_digest:
        return
    names = sorted({*found.book_files, *basis.book_files})
    files = [
        {"file": name, "from": basis.book_files.get(name), "to": found.book_files.get(name)}
        for name in names
        if basis.book_files.get(name) != found.book_files.get(name)
    ]
    payload = {"from": before, "to": found.run.book_digest, "files": files}
    yield told.event(EventKind.BOOK_CHANGED, "book", payload)


def _versions(told: _Told, pair: _Pair) -> Iterator[Event]:
    now, before = pair.of(Looks)
    policies = _labels(now, "policy_version") - _labels(before, "policy_version")
    for label in sorted(policies):
        yield told.event(EventKind.POLICY_IN_FORCE, label, {"policy_version": label}, label)
    kinds: list[tuple[EventKind, type[Contract], str, str]] = [
        (EventKind.MODEL_IN_FORCE, ModelTargets, "model_id", "model_version")
    ]
    # The first book's statements are in its digest; later ones are news.
    if pair.basis.run is not None:
        kinds.append((EventKind.IPS_IN_FORCE, IpsProfiles, "ips_id", "version"))
    for kind, contract, name, version in kinds:
        now, before = (each.select(name, version, "effective_date").unique() for each in pair.of(contract))
        for each, number, since in now.join(before, on=[name, version], how="anti").sort(name).iter_rows():
            payload = {name: each, "version": number, "effective_date": since}
            yield told.event(kind, each, payload, each, number)


def _suspensions(told: _Told, pair: _Pair, on: dt.date) -> Iterator[Event]:
    now, before = pair.of(Suspensions)
    before_date = pair.basis.run.business_date if pair.basis.run else on
    held, held_before = _in_force(now, on), _in_force(before, before_date)
    same = list(SUSPENSION)
    for kind, rows in (
        (EventKind.SUSPENSION_ENDED, held_before.join(held, on=same, how="anti", nulls_equal=True)),
        (EventKind.SUSPENSION_STARTED, held.join(held_before, on=same, how="anti", nulls_equal=True)),
    ):
        for row in _rows(rows, "suspension_id"):
            yield told.event(kind, row["account_id"], row, row["suspension_id"])


def _gates(told: _Told, found: Finding) -> Iterator[Event]:
    results = found.frames.get(GateResults)
    if results is None:
        return
    failed = results.filter(pl.col("is_judged") & ~pl.col("is_passed"))
    payload = {
        "passed": results.filter(pl.col("is_judged") & pl.col("is_passed")).height,
        "failed": [_without(row, "business_date") for row in _rows(failed, "custodian", "gate")],
        "not_judged": results.filter(~pl.col("is_judged")).height,
        "digest": _digest(found.run, GateResults),
    }
    yield told.event(EventKind.GATES_JUDGED, "book", payload)


def _exceptions(told: _Told, pair: _Pair) -> Iterator[Event]:
    now, before = pair.of(Exceptions)
    for change, row in _changes(now, before, ["exception_id"], ["effect", "owner", "release_id"]):
        is_released = row["effect"] == ExceptionEffect.RELEASED.value and row["release_id"] is not None
        if change == "changed" and is_released:
            kinds = [EventKind.RELEASE_APPLIED]
        else:
            kinds = [
                {
                    "new": EventKind.EXCEPTION_FOUND,
                    "changed": EventKind.EXCEPTION_CHANGED,
                    "gone": EventKind.EXCEPTION_ENDED,
                }[change]
            ]
            kinds += [EventKind.RELEASE_APPLIED] if change == "new" and is_released else []
        for kind in kinds:
            yield told.event(kind, row["subject_id"], _without(row, "business_date"), row["exception_id"])


def _breaks(told: _Told, pair: _Pair, run: RunRecord) -> Iterator[Event]:
    now, before = (each.filter(pl.col("status") == BreakStatus.OPEN.value) for each in pair.of(Breaks))
    kinds = {"new": EventKind.BREAK_FOUND, "gone": EventKind.BREAK_ENDED}
    for change, row in _changes(now, before, ["break_id"], []):
        subject = row["account_id"] or row["security_id"] or row["custodian"]
        yield told.event(kinds[change], subject, _without(row, "business_date"), row["break_id"])
    all_now = pair.frames.get(Breaks)
    if all_now is None:
        return
    explained = all_now.filter(pl.col("status") == BreakStatus.EXPLAINED.value)
    payload = {
        "open": now.height,
        "explained": dict(explained.group_by("explanation").len().sort("explanation").iter_rows()),
        "digest": _digest(run, Breaks),
    }
    yield told.event(EventKind.BREAKS_EXPLAINED, "book", payload)


def _doubts(told: _Told, pair: _Pair) -> Iterator[Event]:
    now, before = pair.of(Doubts)
    key = ["portfolio_id", "doubt", "subject_id"]
    kinds = {"new": EventKind.DOUBT_RAISED, "changed": EventKind.DOUBT_RAISED, "gone": EventKind.DOUBT_ENDED}
    for change, row in _changes(now, before, key, ["changes_outcome"]):
        yield told.event(kinds[change], row["portfolio_id"], _parsed(row), *(row[name] for name in key))


def _alerts(told: _Told, pair: _Pair) -> Iterator[Event]:
    now, before = pair.of(Alerts)
    is_replaced = pair.basis.is_replaced
    compared = [name for name in now.columns if name not in ("business_date", "alert_id", *UNNAMED)]
    was = dict(before.select("alert_id", "status").iter_rows())
    closed = EpisodeStatus.CLOSED.value
    for change, row in _changes(now, before, ["alert_id"], compared if is_replaced else list(NEWS)):
        if change == "gone" and not is_replaced and row["status"] == closed:
            continue
        if change == "gone":
            kind = EventKind.ALERT_WITHDRAWN
        elif row["status"] == closed and was.get(row["alert_id"]) != closed:
            kind = EventKind.ALERT_CLOSED
        else:
            kind = EventKind.ALERT_OPENED if change == "new" else EventKind.ALERT_CHANGED
        payload = _parsed(_without(row, *UNNAMED))
        yield told.event(kind, row["alert_id"], payload, row["alert_id"])


def _changes(
    now: pl.DataFrame, before: pl.DataFrame, key: list[str], compared: list[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `new` and `changed` rows as they are now, and `gone` ones as they were, each by key."""
    kept = before.select(*key, *(pl.col(name).alias(f"{name}_before") for name in compared))
    both = now.join(kept, on=key, how="inner")
    is_other = [pl.col(name).ne_missing(pl.col(f"{name}_before")) for name in compared] or [pl.lit(False)]
    changed = both.filter(pl.any_horizontal(is_other)).select(now.columns)
    for change, rows in (
        ("gone", before.join(now, on=key, how="anti")),
        ("new", now.join(before, on=key, how="anti")),
        ("changed", changed),
    ):
        for row in _rows(rows, *key):
            yield change, row


def _rows(frame: pl.DataFrame, *order: str) -> Iterable[dict[str, Any]]:
    return frame.sort(*order).iter_rows(named=True)


def _without(row: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in names}


def _parsed(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row with its JSON columns as the lists and objects that they say."""
    return {
        name.removesuffix("_json"): json.loads(value) if name.endswith("_json") and value is not None else value
        for name, value in row.items()
    }


def _in_force(suspensions: pl.DataFrame, on: dt.date) -> pl.DataFrame:
    return suspensions.filter(pl.col("from_date") <= on, pl.col("ended_date").is_null() | (pl.col("ended_date") > on))


def _labels(frame: pl.DataFrame, column: str) -> set[str]:
    return set(frame[column].drop_nulls().unique().to_list())


def _digest(run: RunRecord, contract: type[Contract]) -> str | None:
    return next((each.digest for each in run.datasets if each.dataset == contract.dataset_name()), None)
