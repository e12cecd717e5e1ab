"""What a run works with: the ports, joined by `wiring`, and the book of a date."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from zoneinfo import ZoneInfo

from evenkeel import calendar
from evenkeel.book.feeds import FeedSpec
from evenkeel.book.load import book_digest, is_book_file, load_book
from evenkeel.book.model import Book
from evenkeel.errors import TransientError, UsageError
from evenkeel.identity import AccountKeyer
from evenkeel.policy.model import Policy
from evenkeel.ports import (
    Approvals,
    Clock,
    CustodianFeed,
    FileSource,
    FrameStore,
    OrderBook,
    OrderDesk,
    RawArchive,
    Records,
    TrailArchive,
)

NEW_YORK = ZoneInfo("America/New_York")
HOUSE_POLICY = "house"
"""The policy whose tolerances and deadline hold for the whole book; portfolios may follow others for their bands."""


@dataclass(frozen=True)
class House:
    """The ports of one home."""

    home: Path
    read_book: Callable[[], Mapping[str, bytes]]
    """Returns the book's files by their names relative to its folder."""
    store: FrameStore
    records: Records
    approvals: Approvals
    order_book: OrderBook
    order_desk: Callable[[], OrderDesk]
    """Opens the desk that takes orders; raises UsageError where its settings are wrong."""
    account_numbers: Callable[[], Mapping[str, str]]
    """What custodians call the accounts, by account id."""
    archive: RawArchive
    clock: Clock
    keyer: AccountKeyer
    source_for: Callable[[FeedSpec], FileSource]
    adapter_for: Callable[[FeedSpec, Mapping[str, str]], CustodianFeed]
    """The feed's adapter; the mapping holds the texts of the book's map files."""
    recognise: Callable[[str, bytes], list[str]]
    """Names of the layouts that recognise a file, for the message about another broker's file."""
    staging: Callable[[], AbstractContextManager[Path]]
    """Makes a folder for files on their way, gone afterwards; in the home, so that client data lie nowhere else."""
    max_file_bytes: int
    lease_seconds: int
    code_version: str
    trail_archive: TrailArchive | None = None
    """Where the trail is put away, where one is set."""
    _books: dict[tuple[str, dt.date, dt.datetime | None], Book] = field(default_factory=dict)

    def book(self, on: dt.date, as_known_at: dt.datetime | None = None) -> Book:
        """Return the book as it held on `on`, as known at `as_known_at` (None: now); checked anew only when a file changed.

        Raises:
            BookError: The book is not valid.
        """
        files = self.read_book()
        key = (book_digest(files), on, as_known_at)
        if key not in self._books:
            self._books[key] = load_book(files, on, self.keyer, as_known_at)
        return self._books[key]

    def archived_book(self, file_id: str, on: dt.date, as_known_at: dt.datetime | None) -> Book:
        """Return the book of `on` from its archived files: what a run began with, whatever the folder holds by now."""
        key = (file_id, on, as_known_at)
        if key not in self._books:
            with zipfile.ZipFile(self.archive.open_local(file_id)) as archive:
                files = {name: archive.read(name) for name in archive.namelist()}
            self._books[key] = load_book(files, on, self.keyer, as_known_at)
        return self._books[key]

    def archive_book(self, book: Book) -> str:
        """Keep the book's files in the archive and return their id there.

        Raises:
            TransientError: The files are no longer those that `book` was read from.
        """
        files = {name: data for name, data in self.read_book().items() if is_book_file(name)}
        if book_digest(files) != book.digest:
            raise TransientError("the book changed while it was read; run the date again")
        with self.staging() as folder:
            path = folder / "book.zip"
            path.write_bytes(_zipped(files))
            return self.archive.keep(path)

    def today(self) -> dt.date:
        """Return the calendar date in New York."""
        return self.clock.now().astimezone(NEW_YORK).date()

    def last_closed_session(self) -> dt.date:
        """Return the session that a run without a date is for."""
        return calendar.last_closed_session(self.clock.now())


def house_policy(book: Book) -> Policy:
    """Return the house policy of the book's date."""
    return book.policies.held_on(HOUSE_POLICY, book.on, book.as_known_at)


def deadline_of(business_date: dt.date, policy: Policy) -> dt.datetime:
    """Return the instant at which the day closes: the policy's Eastern time on the next session."""
    opening = dt.datetime.combine(calendar.next_session(business_date), policy.deadline, NEW_YORK)
    return opening.astimezone(dt.UTC)


def require_session(business_date: dt.date) -> None:
    """Refuse a date on which there is nothing to run.

    Raises:
        UsageError: The date is no exchange session; the message names the session before.
    """
    if not calendar.is_session(business_date):
        raise UsageError(
            f"{business_date} ({business_date:%A}) is no exchange session; the session before it is "
            f"{calendar.previous_session(business_date)}"
        )


def _zipped(files: Mapping[str, bytes]) -> bytes:
    """Return the files as one archive with fixed dates and order: the same book gives the same bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(files):
            archive.writestr(zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0)), files[name])
    return buffer.getvalue()
