"""Clock, arriving files, archive, datasets, records and leases: what a run asks of the outside world."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from data_contracts.contract import Contract
from evenkeel.audit.chain import Entry
from evenkeel.audit.checkpoint import Checkpoint
from evenkeel.audit.event import Event
from evenkeel.audit.verify import Outside
from evenkeel.ports.messages import Message, Outbox
from evenkeel.ports.records import AlertState


class Clock(Protocol):
    """What time it is; settable, so that a run can be repeated."""

    def now(self) -> dt.datetime:
        """Return the current instant, in UTC."""
        ...


@dataclass(frozen=True)
class RawFile:
    """One file as received: its bytes lie at `path`, `file_id` is their SHA-256."""

    file_id: str
    name: str
    path: Path
    byte_count: int

    def read(self) -> bytes:
        """Return all bytes."""
        return self.path.read_bytes()


@dataclass(frozen=True)
class RejectedRow:
    """A row that no table could take: 1-based row, column where it is one, reason, and the row's text as sent."""

    row_no: int
    reason: str
    raw_text: str
    column_name: str | None = None


@dataclass(frozen=True)
class ParsedFile:
    """What an adapter read from one file.

    `tables` maps contracts to frames of `data_contracts.parsed.parsed_schema(contract)`. Every row of the file is exactly one of:
    in a table (its `row_no` occurs in at least one), in `rejects`, or counted in `structural_count`.
    """

    layout: str
    generation: str
    encoding: str
    tables: Mapping[type[Contract], pl.DataFrame]
    rejects: Sequence[RejectedRow]
    row_count: int
    structural_count: int
    subject: str = ""
    """What a later file must share to replace this one, beside feed, date and tables: `...234`, a symbol; empty for a whole feed."""
    as_of_date: dt.date | None = None
    """Calendar date that the file states for itself as a whole (Eastern), null where it states none."""
    as_of_time: dt.time | None = None
    """Eastern wall-clock time of that moment, where it states one; exactly midnight counts as none."""
    notes: Sequence[str] = field(default_factory=tuple)


class CustodianFeed(Protocol):
    """One layout: recognises its files and reads them. Pure: the same bytes give the same frames."""

    @property
    def layout(self) -> str:
        """Return the layout's name as the book's feeds use it, for example `schwab_csv`."""
        ...

    @property
    def fills(self) -> frozenset[type[Contract]]:
        """Return the contracts that files of this layout can fill."""
        ...

    @property
    def max_bytes(self) -> int:
        """Return the largest file it reads; a larger one is refused unread."""
        ...

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the name and the first 64 KiB whether the file is of this layout."""
        ...

    def parse(self, file: RawFile) -> ParsedFile:
        """Read the file.

        Raises:
            FileStopped: The file as a whole cannot be taken (empty, truncated, another layout, columns missing).
        """
        ...


@dataclass(frozen=True)
class Arrival:
    """A file seen at a feed's location."""

    feed: str
    name: str
    byte_count: int
    modified_at: dt.datetime
    token: str
    """What the source needs to read it (a path, an object key with its version)."""


class FileSource(Protocol):
    """Where a feed's files arrive: a folder, a bucket."""

    def arrivals(self, feed: str, location: str, pattern: str) -> Sequence[Arrival]:
        """List complete files; names of half-written ones (`.part`, `.tmp`, dot files) are left out."""
        ...

    def read_to(self, arrival: Arrival, target: Path) -> None:
        """Copy the file's bytes to `target`.

        Raises:
            TransientError: It changed while it was read, or cannot be reached.
        """
        ...


class RawArchive(Protocol):
    """Every byte received, by digest, kept for good."""

    def keep(self, path: Path) -> str:
        """Store the bytes at `path` if new and return their SHA-256."""
        ...

    def open_local(self, file_id: str) -> Path:
        """Return a local path with the bytes of `file_id`."""
        ...


@dataclass(frozen=True)
class StoredDataset:
    """One dataset of one date as written: enough to read exactly these rows again, whatever is written later."""

    dataset: str
    business_date: dt.date
    version: int
    row_count: int
    digest: str
    files: tuple[str, ...]


class FrameStore(Protocol):
    """Datasets by name and business date."""

    def write(self, contract: type[Contract], business_date: dt.date, frame: pl.DataFrame) -> StoredDataset:
        """Replace the date's rows and return how to find them; nothing is visible to readers until the manifest names it.

        Rows equal to those that the date holds now (by digest) are not written again. A contract without `business_date` is stored by
        date all the same.
        """
        ...

    def read(self, contract: type[Contract], stored: StoredDataset) -> pl.DataFrame:
        """Return the rows, with the contract's columns and types, in key order."""
        ...

    def columns_of(self, contract: type[Contract], stored: StoredDataset) -> list[str]:
        """Return the contract's columns that the rows were written with; the others it has gained since."""
        ...

    def scan(self, contract: type[Contract], stored: Sequence[StoredDataset]) -> pl.LazyFrame:
        """Return a lazy union of several dates in the order given, with `business_date` first where the contract has none."""
        ...


@dataclass(frozen=True)
class ReceivedFile:
    """A file as remembered: the same bytes from the same feed under the same name are one file, however often they come.

    The name counts because it can carry the date: two days' files without a row are the same bytes.
    """

    feed: str
    file_id: str
    name: str
    byte_count: int
    first_seen_at: dt.datetime
    business_date: dt.date | None
    """The session it counts for; null until it has been read."""


@dataclass(frozen=True)
class RunRecord:
    """A finished run: what the manifest says."""

    run_id: str
    business_date: dt.date
    kind: str
    status: str
    book_digest: str
    policy_version: str
    code_version: str
    started_at: dt.datetime
    finished_at: dt.datetime
    summary: Mapping[str, Any]
    datasets: Sequence[StoredDataset]


@dataclass(frozen=True)
class StoredTrail:
    """The audit trail as it is stored, in one state; whether it is right is for `evenkeel.audit.verify` to say."""

    entries: Callable[[int, int | None], Iterator[Entry]]
    """Returns the entries after one seq up to another (None: to the end), in order."""
    checkpoints: Sequence[Checkpoint]
    unsealed_count: int
    outside: Outside | None
    """The checkpoints that the home keeps outside the database."""


@dataclass(frozen=True)
class TrailQuery:
    """Which events somebody looks for: those that match everything given.

    Attributes:
        subject: What they are about, their run's or their own id, or an id they mention.
        kind: What they say.
        business_date: The date they belong to.
        limit: The newest so many.
        first: The first date they may belong to.
        last: The last one.
        actor: Who.
        role: In what role.
        words: Text that stands somewhere in them, a reason or a message, whatever its case.
    """

    subject: str | None = None
    kind: str | None = None
    business_date: dt.date | None = None
    limit: int = 1000
    first: dt.date | None = None
    last: dt.date | None = None
    actor: str | None = None
    role: str | None = None
    words: str | None = None


class UnitOfWork(Protocol):
    """One database transaction: manifest, records, trail and outbox, or nothing. Used as a context manager; commits on success."""

    def __enter__(self) -> UnitOfWork:
        """Open the transaction."""
        ...

    def __exit__(self, *exc: object) -> None:
        """Commit, or roll back when an exception is on its way."""
        ...

    def commit_run(
        self,
        run: RunRecord,
        alerts: pl.DataFrame,
        messages: Iterable[Message],
        events: Iterable[Event],
    ) -> None:
        """Write the run's manifest, upsert its alerts (`data_contracts.alerts`) by id, add messages to the outbox and events to the trail.

        A run that counts already changes nothing.
        """
        ...


class Lease(Protocol):
    """A held lease."""

    def renew(self) -> None:
        """Extend it by its length; called between steps.

        Raises:
            LeaseHeld: It was lost to somebody else meanwhile.
        """
        ...


class Records(Protocol):
    """The records database: manifests, files seen, decisions, alerts, leases."""

    def begin(self, lease: Any = None) -> UnitOfWork:
        """Return a unit of work; with a lease of these records it commits only while that is held."""
        ...

    def manifest(self, business_date: dt.date, kind: str = "daily") -> RunRecord | None:
        """Return the current run of a date, or None."""
        ...

    def manifests(self, kind: str = "daily") -> list[RunRecord]:
        """Return the current runs of all dates, oldest date first."""
        ...

    def run(self, run_id: str) -> RunRecord | None:
        """Return a run by its id, whether it still counts or not."""
        ...

    def recent_runs(self, count: int = 20) -> list[RunRecord]:
        """Return the last finished runs, newest first, replaced ones too."""
        ...

    def committed_dates(self, kind: str = "daily") -> list[dt.date]:
        """Return the dates that have a current run, oldest first."""
        ...

    def latest_manifest_before(self, business_date: dt.date, kind: str = "daily") -> RunRecord | None:
        """Return the run of the newest committed date before `business_date`, or None."""
        ...

    def has_arrival(self, arrival: Arrival) -> bool:
        """Tell whether a file of this feed, name, size and modification time has been taken in already."""
        ...

    def remember_file(self, arrival: Arrival, file_id: str, seen_at: dt.datetime) -> ReceivedFile:
        """Store an arrival; the same bytes under the same name again change nothing but that this arrival is known too."""
        ...

    def assign_file(self, file: ReceivedFile, business_date: dt.date) -> None:
        """Store the session a file counts for."""
        ...

    def files_of(self, business_date: dt.date) -> list[ReceivedFile]:
        """Return the files that count for a date, in order of arrival (first seen, then modified, then name).

        The same bytes of a feed count once, however many names they came under.
        """
        ...

    def newest_file_before(self, feed: str, business_date: dt.date) -> ReceivedFile | None:
        """Return the feed's last file that counts for a date before `business_date`, or None."""
        ...

    def unassigned_files(self) -> list[ReceivedFile]:
        """Return the files that have not been assigned to a session yet, in order of arrival."""
        ...

    def lease(self, name: str, holder: str, seconds: int) -> AbstractContextManager[Lease]:
        """Hold `name` (a date, say) alone while the context lasts.

        Raises:
            LeaseHeld: Somebody else holds it.
        """
        ...

    @property
    def outbox(self) -> Outbox:
        """Return the messages on their way."""
        ...

    def decisions(self) -> pl.DataFrame:
        """Return all decisions (`data_contracts.decisions`)."""
        ...

    def add_decision(self, decision: Mapping[str, Any], event: Event) -> None:
        """Store one decision (columns of `data_contracts.decisions`) and its event; the same id again changes nothing."""
        ...

    def releases(self) -> pl.DataFrame:
        """Return all releases (`data_contracts.releases`)."""
        ...

    def add_release(self, release: Mapping[str, Any], event: Event) -> None:
        """Store one release (columns of `data_contracts.releases`) and its event; the same id again changes nothing."""
        ...

    def alert_states(self, beginning: str, business_date: dt.date | None = None) -> list[AlertState]:
        """Return the states that alerts whose id begins so were shown in, on a date or all, in the order in which they were written."""
        ...

    def add_event(self, event: Event) -> None:
        """Store an event that goes with nothing else; the same id again changes nothing."""
        ...

    def commit_count(self, business_date: dt.date, kind: str) -> int:
        """Return how often a run of a date and kind has come to count, by the trail: a run that comes again counts anew."""
        ...

    def seal(self, now: dt.datetime) -> int:
        """Link every committed event that is not in the chain yet; return how many."""
        ...

    def checkpoint(self, now: dt.datetime) -> None:
        """Seal, and write down what the trail is by now, in the database and outside it, where it has grown."""
        ...

    def trail(self) -> AbstractContextManager[StoredTrail]:
        """Read the trail in one state while the context lasts.

        Raises:
            TrailBroken: It cannot be read.
        """
        ...

    def trail_range(self, first: dt.date | None, last: dt.date | None) -> tuple[int, int]:
        """Return the first and last entry whose events belong to business dates from `first` to `last`; zeros where none does."""
        ...

    def find_events(self, query: TrailQuery) -> list[dict[str, Any]]:
        """Return the stored events that match, oldest first, each with its `seq` in the chain (None: not sealed yet)."""
        ...
