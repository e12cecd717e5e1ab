"""Bring files in: archive what has arrived, read it once to learn its date, and remember which session it counts for."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from data_contracts.vocab import Check
from evenkeel.book.feeds import FeedSpec
from evenkeel.book.model import Book
from evenkeel.errors import FileStopped, TransientError
from evenkeel.ports import Arrival, CustodianFeed, ParsedFile, RawFile, ReceivedFile
from evenkeel.run.house import House, house_policy
from evenkeel.stages.ingest.dating import FileDate, date_file
from evenkeel.stages.ingest.door import mask_text
from evenkeel.stages.ingest.land import feed_named
from evenkeel.stages.ingest.read_file import ReadFile
from evenkeel.stages.ingest.untaken import refuse_nameless

HEAD_BYTES = 65536
MIB = 1024 * 1024


@dataclass(frozen=True)
class Fetched:
    """What a look at the feeds' locations brought: how many files were new, and the sessions they count for.

    `left` has a line for each file or location that could not be taken in: what, where, what to do. It is tried again at the next run.
    """

    new_count: int
    dates: frozenset[dt.date]
    left: tuple[str, ...] = ()


def fetch(house: House, business_date: dt.date, book: Book) -> Fetched:
    """Take in every file that has arrived at the book's feeds and is not known yet.

    A file that cannot be dated is shown with `business_date`, the run that first saw it. One of a later date than today is named and
    waits for its day. A file or a feed that cannot be reached holds up nobody else.
    """
    left: list[str] = []
    for feed in book.feeds:
        try:
            arrivals = house.source_for(feed).arrivals(feed.feed, feed.location, feed.pattern)
        except TransientError as error:
            left.append(str(error))
            continue
        for arrival in arrivals:
            if not house.records.has_arrival(arrival):
                left += _take_in(house, arrival, feed)
    new = house.records.unassigned_files()
    names = {feed.feed for feed in book.feeds}
    dates = set()
    for received in new:
        if received.feed not in names:
            continue
        read = read_file(house, received, book)
        if read.dated.check == Check.FUTURE_FILE:
            # Its day will come: it stays unassigned and is looked at again at every run.
            left.append(f"feed {received.feed}: {mask_text(received.name, ())}: {read.dated.message}")
            continue
        date = read.dated.business_date or business_date
        house.records.assign_file(received, date)
        dates.add(date)
    return Fetched(len(new), frozenset(dates), tuple(left))


def _take_in(house: House, arrival: Arrival, feed: FeedSpec) -> list[str]:
    """Archive and remember a file; where that cannot be, return a line that says why."""
    name = f"feed {feed.feed}: {mask_text(arrival.name, ())}"
    if arrival.byte_count > house.max_file_bytes:
        limit = house.max_file_bytes // MIB
        return [
            f"{name}: {arrival.byte_count:,} bytes, more than the {limit:,} MiB that are taken in, so it was left where it is; "
            "split it by account, or raise EVENKEEL_MAX_FILE_MIB"
        ]
    with house.staging() as folder:
        target = folder / "arrival"
        try:
            house.source_for(feed).read_to(arrival, target)
        except TransientError as error:
            return [f"{name}: {error}"]
        file_id = house.archive.keep(target)
    house.records.remember_file(arrival, file_id, house.clock.now())
    return []


def read_files(house: House, business_date: dt.date, book: Book) -> Sequence[ReadFile]:
    """Return every file that counts for the date, read, in order of arrival.

    A file that could not be dated when it came (a layout named wrongly in feeds.yaml, say) and can be now goes to its own date.
    """
    names = {feed.feed for feed in book.feeds}
    files = []
    for received in house.records.files_of(business_date):
        if received.feed not in names:
            continue
        read = read_file(house, received, book)
        if read.dated.business_date not in (None, business_date):
            house.records.assign_file(received, read.dated.business_date)
        else:
            files.append(read)
    return files


def read_file(house: House, received: ReceivedFile, book: Book) -> ReadFile:
    """Read and date one archived file; a file that cannot be taken carries the reason instead of rows."""
    feed = feed_named(book, received.feed)
    raw = RawFile(received.file_id, received.name, house.archive.open_local(received.file_id), received.byte_count)
    outcome: ParsedFile | FileStopped
    try:
        outcome = _parse(house, feed, raw, book)
    except FileStopped as stopped:
        outcome = stopped
    if isinstance(outcome, FileStopped):
        dated = FileDate(None, None, outcome.check, outcome.message)
    else:
        weekend = feed.weekend_as_of or house_policy(book).weekend_as_of
        dated = date_file(outcome, house.today(), weekend)
    return ReadFile(
        received.feed, received.file_id, received.name, received.byte_count, received.first_seen_at, outcome, dated
    )


def _parse(house: House, feed: FeedSpec, raw: RawFile, book: Book) -> ParsedFile:
    adapter: CustodianFeed = house.adapter_for(feed, book.maps)
    limit = min(adapter.max_bytes, house.max_file_bytes)
    if raw.byte_count > limit:
        raise FileStopped(
            Check.FILE_TOO_LARGE,
            f"it has {raw.byte_count:,} bytes, more than the {limit:,} that layout {feed.layout} reads; split it by account, or "
            "raise EVENKEEL_MAX_FILE_MIB",
        )
    if raw.byte_count == 0:
        raise FileStopped(Check.FILE_EMPTY, "it is empty; ask the sender for it again")
    with raw.path.open("rb") as stream:
        head = stream.read(HEAD_BYTES)
    if not adapter.recognises(raw.name, head):
        others = [name for name in house.recognise(raw.name, head) if name != feed.layout]
        if others:
            raise FileStopped(
                Check.FILE_OTHER_LAYOUT,
                f"it is no {feed.layout} file but looks like {' or '.join(others)}; move it to that feed's folder, or correct the "
                "feed's layout in feeds.yaml",
            )
    return refuse_nameless(adapter.parse(raw))
