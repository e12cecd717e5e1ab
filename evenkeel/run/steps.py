"""The eight steps over a store: each reads its inputs by address, calls its stage, and writes its outputs.

A step never passes a frame to another: what it returns are addresses, so that a step can run in another process, or again. What a
step reads and writes stands in `evenkeel.pipeline.STAGES`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.book_versions import BookVersions
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.exceptions import Exceptions
from data_contracts.fold_bases import FoldBases
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.rejects import Rejects
from data_contracts.run_inputs import RunInputs
from data_contracts.source_files import SourceFiles
from data_contracts.vocab import ExceptionEffect
from evenkeel.book.model import Book
from evenkeel.identity import stable_id
from evenkeel.pipeline import STAGES, Inputs, Stage
from evenkeel.ports import RunRecord, StoredDataset
from evenkeel.run.announcing import announce_operations
from evenkeel.run.archiving import archive_quietly
from evenkeel.run.catalogue import BOOK_TABLES, FOLDED, UNTOLD
from evenkeel.run.fetch import read_files
from evenkeel.run.house import House, house_policy
from evenkeel.run.known import known_of, state_known
from evenkeel.run.trail_sources import events_of_run
from evenkeel.run.versions import MADE_WITH, made_with
from evenkeel.stages.ingest.land import land

__all__ = [
    "FOLDED",
    "Day",
    "Staged",
    "alerts",
    "drift",
    "ingest",
    "prioritize",
    "propose",
    "reconcile",
    "records",
    "threshold",
]

Staged = Mapping[str, StoredDataset]
"""Addresses of what this run has written so far, by dataset name."""

_STAGES = {stage.name: stage for stage in STAGES}


@dataclass(frozen=True)
class Day:
    """A date to run, and as known when its book is read (None: now)."""

    business_date: dt.date
    as_known_at: dt.datetime | None = None


def ingest(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Read the date's files; write its canonical tables, its rejects, and the book as it held."""
    book = house.book(day.business_date, day.as_known_at)
    landed = land(day.business_date, read_files(house, day.business_date, book), book, house.keyer)
    frames: dict[type[Contract], pl.DataFrame] = {
        SourceFiles: landed.source_files,
        Rejects: landed.rejects,
        **{contract: landed.fact(contract) for contract in FACT_CONTRACTS},
        **{table: getattr(book, table.dataset_name()) for table in BOOK_TABLES},
        BookVersions: _version_of(house, day, book),
    }
    return [house.store.write(contract, day.business_date, frame) for contract, frame in frames.items()]


def reconcile(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Check the tables, against each other and against the session before; write what may be believed, and why the rest may not."""
    before = house.records.latest_manifest_before(day.business_date)
    row = {"business_date": day.business_date, "run_id": before.run_id if before else None}
    base = conform(pl.DataFrame([row], schema=FoldBases.polars_schema()), FoldBases)
    known = state_known(house, day.business_date, _book(house, day, staged), day.as_known_at)
    stored = [
        house.store.write(FoldBases, day.business_date, base),
        house.store.write(RunInputs, day.business_date, known),
    ]
    return [*stored, *_run(_STAGES["reconcile"], house, day, {**staged, **{one.dataset: one for one in stored}})]


def drift(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Write each portfolio's and household's weights, targets and drift."""
    return _run(_STAGES["drift"], house, day, staged)


def threshold(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Write who was looked at, every band, and who is outside."""
    return _run(_STAGES["threshold"], house, day, staged)


def prioritize(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Fold the day into the session before it; write episodes, their priorities and the ages of exceptions."""
    return _run(_STAGES["prioritize"], house, day, staged)


def propose(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Write what to trade for each open alert, with its tax, its checks and the proof."""
    return _run(_STAGES["propose"], house, day, staged)


def alerts(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Write the task list and the notices."""
    return _run(_STAGES["alerts"], house, day, staged)


def records(house: House, day: Day, staged: Staged) -> RunRecord:
    """Commit the date: manifest, alerts and events in one transaction; then seal the events and make a checkpoint of the trail.

    The run's id is a digest of what it produced, with what, and of the run it was folded on, so that the same result is the same run.
    """
    book = _book(house, day, staged)
    policy = house_policy(book)
    folded_on = _read(house, FoldBases, staged)["run_id"].item()
    datasets = [staged[name] for name in sorted(staged)]
    raised = _read(house, Alerts, staged)
    exceptions = _counts(_read(house, Exceptions, staged), "effect")
    coverage = _counts(_read(house, Coverage, staged), "status")
    now = house.clock.now()
    contents = [f"{stored.dataset}:{stored.digest}" for stored in datasets if stored.dataset not in UNTOLD]
    run = RunRecord(
        run_id=stable_id(
            "run", "daily", day.business_date, book.digest, policy.label, house.code_version, folded_on, *contents
        ),
        business_date=day.business_date,
        kind="daily",
        status="stopped" if exceptions.get(ExceptionEffect.STOP.value) else "done",
        book_digest=book.digest,
        policy_version=policy.label,
        code_version=house.code_version,
        started_at=now,
        finished_at=now,
        summary={
            "folded_on": folded_on,
            "accounts": sum(coverage.values()),
            "coverage": coverage,
            "exceptions": exceptions,
            "alerts": _counts(raised, "status"),
            "files": _counts(_read(house, SourceFiles, staged), "status"),
            MADE_WITH: dict(made_with()),
        },
        datasets=datasets,
    )
    events = events_of_run(house, run, book)
    # Of a date that has passed nobody is told any more.
    is_newest = day.business_date == house.last_closed_session()
    told = announce_operations(day.business_date, _read(house, Exceptions, staged)) if is_newest else []
    with house.records.begin() as unit:
        unit.commit_run(run, raised, told, events)
    house.records.checkpoint(now)
    # What cannot be put away now is put away next time; `evenkeel status` says what is left.
    archive_quietly(house)
    return run


def _run(stage: Stage, house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    book = _book(house, day, staged)
    before = _base(house, staged) if stage.is_fold else None
    known = known_of(house, _read(house, RunInputs, staged))
    inputs = Inputs(
        business_date=day.business_date,
        book=known.on(book),
        policy=house_policy(book),
        is_past_deadline=known.is_past_deadline,
        decisions=known.decisions,
        today={contract: _read(house, contract, staged) for contract in stage.reads},
        before=_of_run(house, before, stage.reads_before),
        releases=known.releases,
        earlier_files=known.earlier_files,
        scanned=_scans_of_run(house, before, stage.scans_before),
    )
    frames = stage.compute(inputs)
    return [house.store.write(contract, day.business_date, frames[contract]) for contract in stage.writes]


def _book(house: House, day: Day, staged: Staged) -> Book:
    """Return the book that the date's ingest archived: one book from the first step to the last, and in every later fold."""
    version = _read(house, BookVersions, staged).row(0, named=True)
    return house.archived_book(version["archive_file_id"], day.business_date, version["as_known_at"])


def _base(house: House, staged: Staged) -> RunRecord | None:
    run_id = _read(house, FoldBases, staged)["run_id"].item()
    return house.records.run(run_id) if run_id else None


def _read(house: House, contract: type[Contract], staged: Staged) -> pl.DataFrame:
    return house.store.read(contract, staged[contract.dataset_name()])


def _of_run(
    house: House, run: RunRecord | None, contracts: tuple[type[Contract], ...]
) -> dict[type[Contract], pl.DataFrame]:
    """Return datasets of an earlier run, those it has."""
    return {contract: house.store.read(contract, one) for contract, one in _stored(run, contracts)}


def _scans_of_run(
    house: House, run: RunRecord | None, contracts: tuple[type[Contract], ...]
) -> dict[type[Contract], pl.LazyFrame]:
    """Return datasets of an earlier run, those it has, unread."""
    return {contract: house.store.scan(contract, [one]) for contract, one in _stored(run, contracts)}


def _stored(
    run: RunRecord | None, contracts: tuple[type[Contract], ...]
) -> Iterator[tuple[type[Contract], StoredDataset]]:
    stored = {one.dataset: one for one in run.datasets} if run else {}
    return ((each, stored[each.dataset_name()]) for each in contracts if each.dataset_name() in stored)


def _version_of(house: House, day: Day, book: Book) -> pl.DataFrame:
    row = {
        "business_date": day.business_date,
        "book_digest": book.digest,
        "archive_file_id": house.archive_book(book),
        "policy_version": house_policy(book).label,
        "as_known_at": day.as_known_at,
    }
    return conform(pl.DataFrame([row], schema=BookVersions.polars_schema()), BookVersions)


def _counts(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return {str(value): count for value, count in frame.group_by(column).len().sort(column).iter_rows()}
