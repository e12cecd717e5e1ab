"""The records database as `ports.Records`: manifests, files seen, decisions, releases, leases.

What a run commits is in `records_commit`, the trail in `trail` and `trail_reading`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Connection, RowMapping, Select, and_, select, update

from data_contracts.decisions import Decisions
from data_contracts.releases import Releases
from evenkeel.adapters.stores.alert_states import states_of
from evenkeel.adapters.stores.approvals_db import SqlApprovals
from evenkeel.adapters.stores.database import insert_once, open_engine, reading, upgrade, writing
from evenkeel.adapters.stores.lease import HeldLease
from evenkeel.adapters.stores.order_book_db import SqlOrderBook
from evenkeel.adapters.stores.outbox import SqlOutbox
from evenkeel.adapters.stores.records_commit import WHOLE_BOOK, Commit
from evenkeel.adapters.stores.records_schema import (
    arrivals,
    current_runs,
    decisions,
    received_files,
    releases,
    run_datasets,
    runs,
)
from evenkeel.adapters.stores.trail import checkpoints_after, count_commits, seal, seal_and_check, write_events
from evenkeel.adapters.stores.trail_file import append_checkpoints, last_checkpoint_seq
from evenkeel.adapters.stores.trail_reading import find_events, open_trail, seq_range
from evenkeel.audit.event import Event
from evenkeel.ports import AlertState, Arrival, ReceivedFile, RunRecord, StoredDataset, StoredTrail, TrailQuery

_IN_ORDER = (
    received_files.c.first_seen_at,
    received_files.c.modified_at,
    received_files.c.name,
    received_files.c.arrival_no,
)


class SqlRecords:
    """A `ports.Records` in SQLite or PostgreSQL; its tables are made, or brought up to date, on opening.

    Args:
        url: SQLAlchemy URL.
        checkpoint_file: To which the trail's checkpoints are written too; None: to none.

    Raises:
        UsageError: The URL is of no use, or the database is of a newer evenkeel.
        TransientError: The database cannot be reached.
    """

    def __init__(self, url: str, checkpoint_file: Path | None = None) -> None:
        self._checkpoint_file = checkpoint_file
        self._engine = open_engine(url)
        upgrade(self._engine)

    def close(self) -> None:
        """Close the connections."""
        self._engine.dispose()

    @property
    def outbox(self) -> SqlOutbox:
        """Return the messages on their way."""
        return SqlOutbox(self._engine)

    def approvals(self) -> SqlApprovals:
        """Return the cases of the same database."""
        return SqlApprovals(self._engine)

    def order_book(self) -> SqlOrderBook:
        """Return the orders of the same database."""
        return SqlOrderBook(self._engine)

    def begin(self, lease: HeldLease | None = None) -> Commit:
        """Return a unit of work; with `lease` it commits only while that is held."""
        return Commit(self._engine, lease)

    def manifest(self, business_date: dt.date, kind: str = WHOLE_BOOK) -> RunRecord | None:
        """Return the current run of a date, or None."""
        return self._first(_current(kind).where(current_runs.c.business_date == business_date))

    def manifests(self, kind: str = WHOLE_BOOK) -> list[RunRecord]:
        """Return the current runs of all dates, oldest date first."""
        with reading(self._engine) as connection:
            return _records(connection, _current(kind).order_by(current_runs.c.business_date))

    def run(self, run_id: str) -> RunRecord | None:
        """Return a run by its id, whether it still counts or not."""
        return self._first(select(runs).where(runs.c.run_id == run_id))

    def recent_runs(self, count: int = 20) -> list[RunRecord]:
        """Return the last finished runs, newest first, replaced ones too."""
        with reading(self._engine) as connection:
            return _records(connection, select(runs).order_by(runs.c.finished_at.desc(), runs.c.run_id).limit(count))

    def committed_dates(self, kind: str = WHOLE_BOOK) -> list[dt.date]:
        """Return the dates that have a current run, oldest first."""
        query = select(current_runs.c.business_date).where(current_runs.c.kind == kind)
        with reading(self._engine) as connection:
            return list(connection.execute(query.order_by(current_runs.c.business_date)).scalars())

    def latest_manifest_before(self, business_date: dt.date, kind: str = WHOLE_BOOK) -> RunRecord | None:
        """Return the run of the newest committed date before `business_date`, or None."""
        earlier = _current(kind).where(current_runs.c.business_date < business_date)
        return self._first(earlier.order_by(current_runs.c.business_date.desc()).limit(1))

    def has_arrival(self, arrival: Arrival) -> bool:
        """Tell whether a file of this feed, name, size and modification time has been taken in already."""
        known = select(arrivals.c.file_id).where(
            arrivals.c.feed == arrival.feed,
            arrivals.c.name == arrival.name,
            arrivals.c.byte_count == arrival.byte_count,
            arrivals.c.modified_at == arrival.modified_at,
        )
        with reading(self._engine) as connection:
            return connection.execute(known).first() is not None

    def remember_file(self, arrival: Arrival, file_id: str, seen_at: dt.datetime) -> ReceivedFile:
        """Store an arrival; the same bytes under the same name again change nothing but that this arrival is known too."""
        both = {
            "feed": arrival.feed,
            "name": arrival.name,
            "byte_count": arrival.byte_count,
            "modified_at": arrival.modified_at,
            "file_id": file_id,
        }
        with writing(self._engine) as connection:
            insert_once(connection, received_files, [both | {"first_seen_at": seen_at, "business_date": None}])
            insert_once(connection, arrivals, [both])
            there = select(received_files).where(_is(arrival.feed, file_id, arrival.name))
            return _received(connection.execute(there).mappings().one())

    def assign_file(self, file: ReceivedFile, business_date: dt.date) -> None:
        """Store the session a file counts for."""
        there = _is(file.feed, file.file_id, file.name)
        with writing(self._engine) as connection:
            connection.execute(update(received_files).where(there).values(business_date=business_date))

    def files_of(self, business_date: dt.date) -> list[ReceivedFile]:
        """Return the files that count for a date, in order of arrival (first seen, then modified, then name).

        The same bytes of a feed count once, however many names they came under.
        """
        found = self._files(select(received_files).where(received_files.c.business_date == business_date))
        once: dict[tuple[str, str], ReceivedFile] = {}
        for file in found:
            once.setdefault((file.feed, file.file_id), file)
        return list(once.values())

    def newest_file_before(self, feed: str, business_date: dt.date) -> ReceivedFile | None:
        """Return the feed's last file that counts for a date before `business_date`, or None."""
        earlier = select(received_files).where(
            received_files.c.feed == feed, received_files.c.business_date < business_date
        )
        newest = earlier.order_by(received_files.c.business_date.desc(), *(each.desc() for each in _IN_ORDER)).limit(1)
        with reading(self._engine) as connection:
            row = connection.execute(newest).mappings().first()
            return None if row is None else _received(row)

    def unassigned_files(self) -> list[ReceivedFile]:
        """Return the files that have not been assigned to a session yet, in order of arrival."""
        return self._files(select(received_files).where(received_files.c.business_date.is_(None)))

    def lease(self, name: str, holder: str, seconds: int) -> HeldLease:
        """Return a context that holds `name` alone.

        Raises:
            LeaseHeld: On entering, where somebody else holds it.
        """
        return HeldLease(self._engine, name, holder, seconds)

    def decisions(self) -> pl.DataFrame:
        """Return all decisions (`data_contracts.decisions`), by id."""
        with reading(self._engine) as connection:
            found = connection.execute(select(decisions).order_by(decisions.c.decision_id)).mappings()
            return pl.DataFrame([dict(row) for row in found], schema=Decisions.polars_schema())

    def add_decision(self, decision: Mapping[str, Any], event: Event) -> None:
        """Store one decision (columns of `data_contracts.decisions`) and its event; the same id again changes nothing."""
        with writing(self._engine) as connection:
            insert_once(connection, decisions, [decision])
            write_events(connection, [event])

    def releases(self) -> pl.DataFrame:
        """Return all releases (`data_contracts.releases`), by id."""
        with reading(self._engine) as connection:
            found = connection.execute(select(releases).order_by(releases.c.release_id)).mappings()
            return pl.DataFrame([dict(row) for row in found], schema=Releases.polars_schema())

    def add_release(self, release: Mapping[str, Any], event: Event) -> None:
        """Store one release (columns of `data_contracts.releases`) and its event; the same id again changes nothing."""
        with writing(self._engine) as connection:
            insert_once(connection, releases, [release])
            write_events(connection, [event])

    def alert_states(self, beginning: str, business_date: dt.date | None = None) -> list[AlertState]:
        """Return the states that alerts whose id begins so were shown in, on a date or all, in the order in which they were written."""
        return states_of(self._engine, beginning, business_date)

    def add_event(self, event: Event) -> None:
        """Store an event that goes with nothing else; the same id again changes nothing."""
        with writing(self._engine) as connection:
            write_events(connection, [event])

    def commit_count(self, business_date: dt.date, kind: str = WHOLE_BOOK) -> int:
        """Return how often a run of a date and kind has come to count, by the trail."""
        with reading(self._engine) as connection:
            return count_commits(connection, business_date, kind)

    def seal(self, now: dt.datetime) -> int:
        """Link every committed event that is not in the chain yet; return how many."""
        return seal(self._engine, now)

    def checkpoint(self, now: dt.datetime) -> None:
        """Seal, and write a checkpoint where the chain has grown; write the checkpoints that the file lacks into it."""
        seal_and_check(self._engine, now)
        if self._checkpoint_file is not None:
            append_checkpoints(
                self._checkpoint_file, checkpoints_after(self._engine, last_checkpoint_seq(self._checkpoint_file))
            )

    def trail(self) -> AbstractContextManager[StoredTrail]:
        """Read the trail in one state while the context lasts."""
        return open_trail(self._engine, self._checkpoint_file)

    def trail_range(self, first: dt.date | None, last: dt.date | None) -> tuple[int, int]:
        """Return the first and last entry whose events belong to business dates from `first` to `last`; zeros where none does."""
        return seq_range(self._engine, first, last)

    def find_events(self, query: TrailQuery) -> list[dict[str, Any]]:
        """Return the stored events that match, oldest first, each with its `seq` in the chain (None: not sealed yet)."""
        return find_events(self._engine, query)

    def _first(self, query: Select[Any]) -> RunRecord | None:
        with reading(self._engine) as connection:
            found = _records(connection, query)
        return found[0] if found else None

    def _files(self, query: Select[Any]) -> list[ReceivedFile]:
        with reading(self._engine) as connection:
            return [_received(row) for row in connection.execute(query.order_by(*_IN_ORDER)).mappings()]


def _current(kind: str) -> Select[Any]:
    return select(runs).join(current_runs, current_runs.c.run_id == runs.c.run_id).where(current_runs.c.kind == kind)


def _records(connection: Connection, query: Select[Any]) -> list[RunRecord]:
    """Read runs with their manifests: two queries, however many runs."""
    found = [dict(row) for row in connection.execute(query).mappings()]
    manifests: dict[str, list[StoredDataset]] = {row["run_id"]: [] for row in found}
    wanted = query.with_only_columns(runs.c.run_id).subquery()
    written = (
        select(run_datasets)
        .where(run_datasets.c.run_id.in_(select(wanted.c.run_id)))
        .order_by(run_datasets.c.run_id, run_datasets.c.position)
    )
    for row in connection.execute(written).mappings():
        manifests[row["run_id"]].append(
            StoredDataset(
                row["dataset"],
                row["business_date"],
                row["version"],
                row["row_count"],
                row["digest"],
                tuple(row["files"]),
            )
        )
    return [RunRecord(**row, datasets=tuple(manifests[row["run_id"]])) for row in found]


def _is(feed: str, file_id: str, name: str) -> ColumnElement[bool]:
    return and_(received_files.c.feed == feed, received_files.c.file_id == file_id, received_files.c.name == name)


def _received(row: RowMapping) -> ReceivedFile:
    names = ("feed", "file_id", "name", "byte_count", "first_seen_at", "business_date")
    return ReceivedFile(**{name: row[name] for name in names})
