"""Read a run's files again, from the archive of every byte received, and hold its tables against them."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

import polars as pl

from data_contracts.contract import Contract
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from evenkeel.book.model import Book
from evenkeel.errors import EvenkeelError, RecordDamaged, TransientError
from evenkeel.ports import RunRecord
from evenkeel.run.fetch import read_file
from evenkeel.run.house import House
from evenkeel.run.recompute import digest_as_stored, recorded, stored_of
from evenkeel.stages.ingest.land import land


@dataclass(frozen=True)
class _At:
    """The clock of a run: a file that was of the future then stays so."""

    instant: dt.datetime

    def now(self) -> dt.datetime:
        return self.instant


@dataclass(frozen=True)
class Reread:
    """How many files were read again, and which tables come out of them otherwise than the record has them."""

    file_count: int
    differing: tuple[str, ...]


def reread(house: House, run: RunRecord, book: Book) -> Reread:
    """Read every file that a run counted again, and compare the tables.

    Raises:
        RecordDamaged: A file is gone from the archive or the records, or is not what was received.
        TransientError: A store cannot be reached.
    """
    then = replace(house, clock=_At(run.started_at))
    counted = {
        (feed, file_id) for feed, file_id in recorded(house, run, SourceFiles).select("feed", "file_id").iter_rows()
    }
    received = [each for each in house.records.files_of(run.business_date) if (each.feed, each.file_id) in counted]
    gone = sorted(counted - {(each.feed, each.file_id) for each in received})
    if gone:
        raise RecordDamaged(
            f"run {run.run_id} counted {len(gone)} file{'s' if len(gone) > 1 else ''} for {run.business_date} that the records do not "
            f"have for that date any more: {', '.join(f'{feed} {file_id}' for feed, file_id in gone)}"
        )
    try:
        landed = land(run.business_date, [read_file(then, each, book) for each in received], book, house.keyer)
    except TransientError:
        raise
    except EvenkeelError as error:
        raise RecordDamaged(f"the files of run {run.run_id}: {error}") from error
    frames: dict[type[Contract], pl.DataFrame] = {
        SourceFiles: landed.source_files,
        Rejects: landed.rejects,
        **{contract: landed.fact(contract) for contract in FACT_CONTRACTS},
    }
    differing = []
    for contract, frame in frames.items():
        stored = stored_of(run, contract)
        if stored is not None and digest_as_stored(house, contract, stored, frame) != stored.digest:
            differing.append(stored.dataset)
    return Reread(len(received), tuple(differing))
