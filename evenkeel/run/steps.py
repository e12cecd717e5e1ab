"""The seven steps over a store: each reads its inputs by address, calls its stage, and writes its outputs.

A step never passes a frame to another: what it returns are addresses, so that a step can run in another process, or again.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar, cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
from data_contracts.book_versions import BookVersions
from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.exception_ages import ExceptionAges
from data_contracts.exceptions import Exceptions
from data_contracts.holdings import Holdings
from data_contracts.household_drift import HouseholdDrift
from data_contracts.indicators import Indicators
from data_contracts.looks import Looks
from data_contracts.notices import Notices
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.priorities import Priorities
from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from data_contracts.unmeasured_portfolios import UnmeasuredPortfolios
from data_contracts.valuations import Valuations
from data_contracts.vocab import ExceptionEffect
from evenkeel.book.model import Book
from evenkeel.errors import TransientError
from evenkeel.identity import stable_id
from evenkeel.ports import RunRecord, StoredDataset
from evenkeel.run.catalogue import BOOK_TABLES, FOLDED
from evenkeel.run.fetch import read_files
from evenkeel.run.house import House, deadline_of, house_policy
from evenkeel.stages.alerts.notices import write_notices
from evenkeel.stages.alerts.rows import raise_alerts
from evenkeel.stages.drift import Measured, measure_drift, nearest_models
from evenkeel.stages.ingest.land import Landed, land
from evenkeel.stages.prioritize.episodes import fold_episodes
from evenkeel.stages.prioritize.exception_ages import fold_exception_ages
from evenkeel.stages.prioritize.priority import score_episodes
from evenkeel.stages.prioritize.settings import portfolio_settings
from evenkeel.stages.reconcile.stage import reconcile as check
from evenkeel.stages.threshold import Rulebook, judge
from evenkeel.stages.threshold.widening import widening_of

__all__ = ["FOLDED", "Day", "Staged", "alerts", "drift", "ingest", "prioritize", "reconcile", "records", "threshold"]

Staged = Mapping[str, StoredDataset]
"""Addresses of what this run has written so far, by dataset name."""

ContractT = TypeVar("ContractT", bound=Contract)


@dataclass(frozen=True)
class Day:
    """A date to run, and as known when its book is read (None: now)."""

    business_date: dt.date
    as_known_at: dt.datetime | None = None


def ingest(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Read the date's files; write its canonical tables, its rejects, and the book as it held."""
    book = _book(house, day)
    landed = land(day.business_date, read_files(house, day.business_date, book), book, house.keyer)
    frames = {table.dataset_name(): getattr(book, table.dataset_name()) for table in BOOK_TABLES}
    return [
        _write(house, day, SourceFiles, landed.source_files),
        _write(house, day, Rejects, landed.rejects),
        *(_write(house, day, contract, landed.fact(contract)) for contract in FACT_CONTRACTS),
        *(_write(house, day, table, frames[table.dataset_name()]) for table in BOOK_TABLES),
        _write(house, day, BookVersions, _version_of(house, day, book)),
    ]


def reconcile(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Check the tables; write holdings that may be believed, exceptions, and the proof of coverage."""
    book = _book(house, day)
    policy = house_policy(book)
    landed = Landed(
        source_files=_read(house, SourceFiles, staged),
        rejects=_read(house, Rejects, staged),
        facts={contract: _read(house, contract, staged) for contract in FACT_CONTRACTS},
    )
    is_past = house.clock.now() >= deadline_of(day.business_date, policy)
    result = check(day.business_date, landed, book, policy, is_past_deadline=is_past)
    return [
        _write(house, day, Holdings, result.holdings),
        _write(house, day, Exceptions, result.exceptions),
        _write(house, day, Coverage, result.coverage),
    ]


def drift(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Write each portfolio's and household's weights, targets and drift."""
    book = _book(house, day)
    measured = measure_drift(day.business_date, _read(house, Holdings, staged), book.portfolios, book.model_targets)
    unmeasured = measured.unmeasurable.with_columns(pl.lit(day.business_date).alias("business_date"))
    return [
        _write(house, day, Valuations, measured.valuations),
        _write(house, day, Drift, measured.drift),
        _write(house, day, HouseholdDrift, measured.household_drift),
        _write(house, day, UnmeasuredPortfolios, conform(unmeasured, UnmeasuredPortfolios)),
    ]


def threshold(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Write who was looked at, every band, and who is outside."""
    measured = Measured(
        valuations=_read(house, Valuations, staged),
        drift=_read(house, Drift, staged),
        household_drift=_read(house, HouseholdDrift, staged),
        unmeasurable=_read(house, UnmeasuredPortfolios, staged).select("portfolio_id", "reason"),
    )
    judged = judge(
        day.business_date,
        measured,
        _read(house, Holdings, staged),
        _read(house, Coverage, staged),
        _read(house, Indicators, staged),
        Rulebook.from_book(_book(house, day), day.business_date),
    )
    return [
        _write(house, day, Looks, judged.looks),
        _write(house, day, Bands, judged.bands),
        _write(house, day, Breaches, judged.breaches),
    ]


def prioritize(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Fold the day into the session before it; write episodes, their priorities and the ages of exceptions."""
    book = _book(house, day)
    settings = portfolio_settings(book)
    before = house.records.latest_manifest_before(day.business_date)
    breaches, looks = _read(house, Breaches, staged), _read(house, Looks, staged)
    yesterday = _of_run(house, before, Episodes)
    episodes = fold_episodes(day.business_date, yesterday, breaches, looks, _typed(house.records.decisions()), settings)
    ages = fold_exception_ages(
        day.business_date, _of_run(house, before, ExceptionAges), _read(house, Exceptions, staged)
    )
    clocks = _of_run(house, before, Priorities)
    priorities = score_episodes(
        day.business_date,
        episodes,
        breaches,
        looks,
        _read(house, Valuations, staged),
        book,
        settings,
        None if yesterday is None or clocks is None else (yesterday, clocks),
    )
    return [
        _write(house, day, Episodes, episodes),
        _write(house, day, ExceptionAges, ages),
        _write(house, day, Priorities, priorities),
    ]


def alerts(house: House, day: Day, staged: Staged) -> list[StoredDataset]:
    """Write the task list and the notices."""
    book = _book(house, day)
    before = house.records.latest_manifest_before(day.business_date)
    raised = raise_alerts(
        day.business_date,
        _read(house, Episodes, staged),
        _read(house, Priorities, staged),
        _read(house, Breaches, staged),
        _read(house, Looks, staged),
        _read(house, Drift, staged),
        _read(house, Bands, staged),
        _read(house, Valuations, staged),
        book,
        _of_run(house, before, Alerts),
    )
    rulebook = Rulebook.from_book(book, day.business_date)
    readings = _read(house, Indicators, staged)
    widenings = [widening_of(day.business_date, policy, readings) for policy in rulebook.policies.values()]
    notices = write_notices(
        day.business_date,
        book,
        _read(house, Coverage, staged),
        nearest_models(_read(house, Holdings, staged), book.portfolios, book.model_targets),
        {widening.policy_version: widening.text for widening in widenings if widening.text},
    )
    return [_write(house, day, Alerts, raised), _write(house, day, Notices, notices)]


def records(house: House, day: Day, staged: Staged) -> RunRecord:
    """Commit the date: manifest and alerts in one transaction.

    The run's id is a digest of what it produced and with what, so that the same result is the same run.
    """
    book = _book(house, day)
    policy = house_policy(book)
    datasets = [staged[name] for name in sorted(staged)]
    raised = _read(house, Alerts, staged)
    exceptions = _counts(_read(house, Exceptions, staged), "effect")
    coverage = _counts(_read(house, Coverage, staged), "status")
    used = _read(house, BookVersions, staged)["book_digest"].item()
    if used != book.digest:
        raise TransientError(f"{day.business_date}: the book changed while the run was under way; run the date again")
    now = house.clock.now()
    contents = [f"{stored.dataset}:{stored.digest}" for stored in datasets]
    run = RunRecord(
        run_id=stable_id("run", "daily", day.business_date, book.digest, policy.label, house.code_version, *contents),
        business_date=day.business_date,
        kind="daily",
        status="stopped" if exceptions.get(ExceptionEffect.STOP.value) else "done",
        book_digest=book.digest,
        policy_version=policy.label,
        code_version=house.code_version,
        started_at=now,
        finished_at=now,
        summary={
            "accounts": sum(coverage.values()),
            "coverage": coverage,
            "exceptions": exceptions,
            "alerts": _counts(raised, "status"),
            "files": _counts(_read(house, SourceFiles, staged), "status"),
        },
        datasets=datasets,
    )
    with house.records.begin() as unit:
        unit.commit_run(run, raised, ())
    return run


def _book(house: House, day: Day) -> Book:
    return house.book(day.business_date, day.as_known_at)


def _version_of(house: House, day: Day, book: Book) -> pl.DataFrame:
    row = {
        "business_date": day.business_date,
        "book_digest": book.digest,
        "archive_file_id": house.archive_book(book),
        "policy_version": house_policy(book).label,
        "as_known_at": day.as_known_at,
    }
    return conform(pl.DataFrame([row], schema=BookVersions.polars_schema()), BookVersions)


def _read(house: House, contract: type[ContractT], staged: Staged) -> DataFrame[ContractT]:
    return _typed(house.store.read(contract, staged[contract.dataset_name()]))


def _typed(frame: pl.DataFrame) -> DataFrame[ContractT]:
    """Say to the type checker what the store has checked already: the frame keeps its contract."""
    return cast("DataFrame[ContractT]", frame)


def _write(house: House, day: Day, contract: type[Contract], frame: pl.DataFrame) -> StoredDataset:
    return house.store.write(contract, day.business_date, frame)


def _of_run(house: House, run: RunRecord | None, contract: type[ContractT]) -> DataFrame[ContractT] | None:
    """Return a dataset of an earlier run; None where there is no such run."""
    found = [stored for stored in run.datasets if stored.dataset == contract.dataset_name()] if run else []
    return _typed(house.store.read(contract, found[0])) if found else None


def _counts(frame: pl.DataFrame, column: str) -> dict[str, int]:
    return {str(value): count for value, count in frame.group_by(column).len().sort(column).iter_rows()}
