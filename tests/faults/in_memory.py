"""A damaged day run in memory: read by the real adapters, dated, landed and computed by the pipeline, without lake or records."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.breaks import Breaks
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.decisions import Decisions
from data_contracts.doubts import Doubts
from data_contracts.exceptions import Exceptions
from data_contracts.vocab import Check
from evenkeel.adapters.stores.file_sources import UNFINISHED
from evenkeel.pipeline import Frames, compute_day
from evenkeel.ports import RawArchive, ReceivedFile
from evenkeel.run.fetch import read_file
from evenkeel.run.house import House, house_policy
from evenkeel.sandbox.faults.day_files import DayFiles, FeedFile, staged_files
from evenkeel.sandbox.faults.facts import facts_of
from evenkeel.sandbox.faults.fault import Facts
from evenkeel.sandbox.faults.verdict import Outcome, Verdict, judge
from evenkeel.stages.ingest.land import land
from evenkeel.stages.ingest.read_file import ReadFile
from tests.faults.practices import Sandbox


class _Bytes:
    """An archive in a folder, without its care for crashes."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep_bytes(self, data: bytes) -> str:
        name = hashlib.sha256(data).hexdigest()
        path = self._folder / name
        if not path.exists():
            path.write_bytes(data)
        return name

    def open_local(self, file_id: str) -> Path:
        return self._folder / file_id


@dataclass(frozen=True)
class _Chain:
    """Files read and datasets computed, by session."""

    reads: Mapping[dt.date, Sequence[ReadFile]]
    frames: Mapping[dt.date, Frames]


class MemoryRun:
    """The clean sessions of a sandbox, and what becomes of them when the last day's files are others."""

    def __init__(self, sandbox: Sandbox, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        self._archive = _Bytes(scratch)
        self._sandbox = sandbox
        self._house: House = replace(sandbox.home.house(), archive=cast("RawArchive", self._archive))
        self._known: dict[FeedFile, ReadFile] = {}
        self.clean_files = staged_files(sandbox.home.path, sandbox.plan, sandbox.damaged_date)
        self._chain = self._clean_chain()
        self.clean = outcome_of(self._chain.frames)
        coverage = self._chain.frames[sandbox.damaged_date][Coverage]
        self.facts: Facts = facts_of(sandbox.home.path, sandbox.plan, sandbox.damaged_date, sandbox.session, coverage)
        self.outcome_frac = house_policy(self._house.book(sandbox.damaged_date)).reconciliation.outcome_frac

    def outcome(self, files: DayFiles) -> Outcome:
        """Return the datasets of all sessions with these files on the last day.

        A file that turns out to be of an earlier session makes that session run again, and those after it, as the command does.
        """
        last = self._sandbox.damaged_date
        reads = {date: list(self._chain.reads[date]) for date in self._sandbox.dates if date != last} | {last: []}
        for read in self._read(files, keep=False):
            date = read.dated.business_date or last
            # The same bytes of a feed count once for a date, however many names they came under.
            is_there = any((each.feed, each.file_id) == (read.feed, read.file_id) for each in reads.get(date, ()))
            if date in reads and not is_there and read.dated.check != Check.FUTURE_FILE:
                reads[date].append(read)
        frames: dict[dt.date, Frames] = {}
        before: Frames = {}
        is_changed = False
        for date in self._sandbox.dates:
            is_changed = is_changed or date == last or len(reads[date]) != len(self._chain.reads[date])
            before = self._compute(date, reads[date], before) if is_changed else self._chain.frames[date]
            frames[date] = before
        return outcome_of(frames)

    def verdict(self, files: DayFiles, touched: frozenset[str], expected: frozenset[Check]) -> Verdict:
        """Return the verdict on these files."""
        return judge(self.clean, self.outcome(files), touched, expected, self.outcome_frac)

    def _clean_chain(self) -> _Chain:
        reads: dict[dt.date, Sequence[ReadFile]] = {}
        frames: dict[dt.date, Frames] = {}
        before: Frames = {}
        for date in self._sandbox.dates:
            files = staged_files(self._sandbox.home.path, self._sandbox.plan, date)
            reads[date] = self._read(files, keep=date == self._sandbox.damaged_date)
            before = frames[date] = self._compute(date, reads[date], before)
        return _Chain(reads, frames)

    def _read(self, files: DayFiles, *, keep: bool) -> list[ReadFile]:
        """Read what has arrived: no half-written files, and the same bytes under the same name once."""
        book = self._house.book(self._sandbox.damaged_date)
        arrived: dict[tuple[str, str, bytes], ReadFile] = {}
        for file in files.files:
            if file.name.endswith(UNFINISHED) or (file.feed, file.name, file.data) in arrived:
                continue
            read = self._known.get(file)
            if read is None:
                file_id = self._archive.keep_bytes(file.data)
                received = ReceivedFile(file.feed, file_id, file.name, len(file.data), file.arrives_at, None)
                read = read_file(self._house, received, book)
                if keep:
                    self._known[file] = read
            arrived[(file.feed, file.name, file.data)] = read
        return list(arrived.values())

    def _compute(self, date: dt.date, reads: Sequence[ReadFile], before: Frames) -> Frames:
        book = self._house.book(date)
        return compute_day(
            date,
            land(date, reads, book, self._house.keyer),
            book,
            house_policy(book),
            Decisions.empty_frame(),
            before,
            is_past_deadline=True,
        )


def outcome_of(frames: Mapping[dt.date, Mapping[type[Contract], pl.DataFrame]]) -> Outcome:
    """Return the datasets that a verdict looks at, of all these sessions."""

    def joined(contract: type[Contract]) -> pl.DataFrame:
        return pl.concat([contract.empty_frame(), *(each[contract] for each in frames.values() if contract in each)])

    return Outcome(joined(Alerts), joined(Coverage), joined(Exceptions), joined(Breaks), joined(Doubts))
