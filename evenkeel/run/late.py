"""Whether there is anything to do: dates that a late or corrected file makes run again, and whether a date needs a run at all."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from data_contracts.source_files import SourceFiles
from data_contracts.vocab import ExceptionEffect
from evenkeel.book.model import Book
from evenkeel.errors import TransientError
from evenkeel.ports import RunRecord
from evenkeel.run.desk_suspensions import suspensions_known, suspensions_to_know
from evenkeel.run.house import House, deadline_of, house_policy

LOOK_BACK = 30
"""Committed dates, newest first, whose files are counted at every run; a file for an older one is seen when it comes."""


def late_dates(house: House, before: dt.date, fetched: Iterable[dt.date], book: Book) -> set[dt.date]:
    """Return the committed dates before `before` for which a file has arrived since their run.

    Beside the dates just fetched the recent ones are counted: a run killed between taking a late file in and running its date
    again must not lose it.
    """
    committed = [date for date in house.records.committed_dates() if date < before]
    recent = {date for date in committed[-LOOK_BACK:] if _has_more_files(house, date, book)}
    return recent | (set(fetched) & set(committed))


def reason_to_run(house: House, business_date: dt.date, as_known_at: dt.datetime | None = None) -> str | None:
    """Return why a run of the date could change something, in words; None where it could not.

    Looks, takes nothing in. A run is due where the date has none; where a file has come for it or any date; where the deadline has
    passed and it still waits for files; where book, code, decisions, releases or the desk's suspensions changed since.
    """
    run = house.records.manifest(business_date)
    if run is None:
        return "it has not run yet"
    book = house.book(business_date, as_known_at)
    if count := _new_arrivals(house, book):
        return f"{count} file{'s have' if count > 1 else ' has'} arrived"
    if house.records.unassigned_files() or late_dates(house, business_date, (), book):
        return "files were taken in and not worked through"
    if _has_more_files(house, business_date, book):
        return "files have arrived for it since its run"
    # Past the deadline, what is waited for counts as missing; a run in which nothing waits stays as it is.
    is_waiting = bool(run.summary.get("exceptions", {}).get(ExceptionEffect.WAIT.value))
    if is_waiting and deadline_of(business_date, house_policy(book)) <= house.clock.now():
        return "its deadline has passed, and it still waits for files"
    if run.book_digest != book.digest:
        return "the book has changed since its run"
    if run.code_version != house.code_version:
        return f"it ran with version {run.code_version}"
    # A decision counts from a later session than those already run, unless somebody back-dates it.
    counting = house.records.decisions().filter(pl.col("decided_date") <= business_date)
    decided = counting.get_column("decided_at").max()
    if isinstance(decided, dt.datetime) and decided >= run.started_at:
        return "a decision was taken since its run"
    released = house.records.releases().filter(
        pl.col("from_date") <= business_date, pl.col("until_date") >= business_date
    )
    newest = released.get_column("released_at").max()
    if isinstance(newest, dt.datetime) and newest >= run.started_at:
        return "something was released from quarantine since its run"
    if suspensions_to_know(house, business_date, book, as_known_at) != suspensions_known(house, run):
        return "an account was suspended or released at the desk since its run"
    return None


def _new_arrivals(house: House, book: Book) -> int:
    """Count the files that a fetch would take in now."""
    count = 0
    for feed in book.feeds:
        try:
            arrivals = house.source_for(feed).arrivals(feed.feed, feed.location, feed.pattern)
        except TransientError:
            continue  # what cannot be reached now is looked at again the next time
        for arrival in arrivals:
            count += arrival.byte_count <= house.max_file_bytes and not house.records.has_arrival(arrival)
    return count


def _has_more_files(house: House, business_date: dt.date, book: Book) -> bool:
    run = house.records.manifest(business_date)
    feeds = {feed.feed for feed in book.feeds}
    known = sum(file.feed in feeds for file in house.records.files_of(business_date))
    return run is not None and known > _file_count(run)


def _file_count(run: RunRecord) -> int:
    return sum(stored.row_count for stored in run.datasets if stored.dataset == SourceFiles.dataset_name())
