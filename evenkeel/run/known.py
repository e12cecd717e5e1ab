"""What a run goes by beside its files and its book: decisions, releases, the desk's suspensions, earlier files, and the deadline.

It is fixed once, before the first check, and stands on the run's record: every step goes by the same, and a run can be computed again
as it was, whatever has been decided since.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.book.suspensions import Suspensions
from data_contracts.conform import conform
from data_contracts.decisions import Decisions
from data_contracts.releases import Releases
from data_contracts.run_inputs import RunInputs
from data_contracts.vocab import RunInput
from evenkeel.book.model import Book
from evenkeel.ports import RunRecord
from evenkeel.run.desk_suspensions import as_suspensions, ids_stated, laid_over, suspensions_to_know
from evenkeel.run.house import House, deadline_of, house_policy
from evenkeel.stages.ingest.door import mask_text
from evenkeel.stages.reconcile.files import EarlierFile

_DEADLINE = "deadline"


@dataclass(frozen=True)
class Known:
    """What a run goes by; `gone`: ids on its record that the records do not have any more."""

    decisions: DataFrame[Decisions]
    releases: DataFrame[Releases]
    is_past_deadline: bool
    earlier_files: Mapping[str, EarlierFile] = field(default_factory=dict)
    gone: tuple[str, ...] = ()
    suspensions: DataFrame[Suspensions] = field(default_factory=Suspensions.empty_frame)
    """Those of the desk, as rows of the book."""

    def on(self, book: Book) -> Book:
        """Return the book as the run's stages see it: with the desk's suspensions beside its own."""
        return laid_over(book, self.suspensions)


def state_known(
    house: House, business_date: dt.date, book: Book, as_known_at: dt.datetime | None = None
) -> DataFrame[RunInputs]:
    """Return what there is to go by now, as it goes on the record: what can count for the date, no more.

    `as_known_at`: suspensions of the desk are those that stood at this instant; None: see `suspensions_to_know`.
    """
    decided = house.records.decisions().filter(pl.col("decided_date") <= business_date)
    lifted = _lifted(house.records.releases(), business_date)
    rows: list[dict[str, Any]] = [
        *_rows(RunInput.DECISION, decided["decision_id"]),
        *_rows(RunInput.RELEASE, lifted["release_id"]),
        *_rows(RunInput.SUSPENSION, sorted(suspensions_to_know(house, business_date, book, as_known_at))),
    ]
    for feed in book.feeds:
        file = house.records.newest_file_before(feed.feed, business_date)
        if file is not None and file.business_date is not None:
            said = {"file_name": mask_text(file.name, ()), "file_date": file.business_date}
            rows.append({"kind": RunInput.EARLIER_FILE.value, "input_id": feed.feed, **said})
    if house.clock.now() >= deadline_of(business_date, house_policy(book)):
        rows += _rows(RunInput.PAST_DEADLINE, [_DEADLINE])
    dated = [{"business_date": business_date, **row} for row in rows]
    return conform(pl.DataFrame(dated, schema=RunInputs.polars_schema()), RunInputs)


def known_of(house: House, stated: pl.DataFrame) -> Known:
    """Return what a run's record says it went by."""
    ids = {kind: stated.filter(pl.col("kind") == kind.value)["input_id"].to_list() for kind in RunInput}
    decisions = house.records.decisions().filter(pl.col("decision_id").is_in(ids[RunInput.DECISION]))
    releases = house.records.releases().filter(pl.col("release_id").is_in(ids[RunInput.RELEASE]))
    suspensions = as_suspensions(house, ids_stated(stated))
    there = {*decisions["decision_id"], *releases["release_id"], *suspensions["suspension_id"]}
    named = {*ids[RunInput.DECISION], *ids[RunInput.RELEASE], *ids[RunInput.SUSPENSION]}
    files = stated.filter(pl.col("kind") == RunInput.EARLIER_FILE.value).select("input_id", "file_name", "file_date")
    return Known(
        decisions=cast("DataFrame[Decisions]", decisions),
        releases=cast("DataFrame[Releases]", releases),
        is_past_deadline=bool(ids[RunInput.PAST_DEADLINE]),
        earlier_files={feed: EarlierFile(name, date) for feed, name, date in files.iter_rows()},
        gone=tuple(sorted(named - there)),
        suspensions=suspensions,
    )


def known_by_time(house: House, run: RunRecord, book: Book) -> Known:
    """Return what a run must have gone by, told from its time: for one whose record does not say.

    What came at the very moment of the run counts as known. Runs of that time measured accounts that the desk had set aside.
    """
    at = run.started_at
    decisions = house.records.decisions().filter(
        pl.col("decided_at") <= at, pl.col("decided_date") <= run.business_date
    )
    releases = _lifted(house.records.releases().filter(pl.col("released_at") <= at), run.business_date)
    files = {feed.feed: house.records.newest_file_before(feed.feed, run.business_date) for feed in book.feeds}
    return Known(
        decisions=cast("DataFrame[Decisions]", decisions),
        releases=cast("DataFrame[Releases]", releases),
        is_past_deadline=at >= deadline_of(run.business_date, house_policy(book)),
        earlier_files={
            feed: EarlierFile(file.name, file.business_date)
            for feed, file in files.items()
            if file and file.business_date and file.first_seen_at <= at
        },
    )


def _lifted(releases: pl.DataFrame, on: dt.date) -> pl.DataFrame:
    return releases.filter(pl.col("from_date") <= on, pl.col("until_date") >= on)


def _rows(kind: RunInput, ids: Iterable[str]) -> list[dict[str, Any]]:
    return [{"kind": kind.value, "input_id": each} for each in ids]
