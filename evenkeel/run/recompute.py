"""Compute a run again from its record: its datasets, its archived book, what it knew, and the run it was folded on.

Nothing is written. Whatever the record names is held against the digest it has there before it is used.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.book_versions import BookVersions
from data_contracts.conform import digest
from data_contracts.contract import Contract
from data_contracts.fold_bases import FoldBases
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.rejects import Rejects
from data_contracts.run_inputs import RunInputs
from data_contracts.source_files import SourceFiles
from evenkeel.book.model import Book
from evenkeel.errors import EvenkeelError, RecordDamaged, TransientError
from evenkeel.pipeline import STAGES, Frames, compute_day
from evenkeel.ports import RunRecord, StoredDataset
from evenkeel.run.house import House, house_policy
from evenkeel.run.known import Known, known_by_time, known_of
from evenkeel.stages.ingest.land import Landed

_BEFORE = tuple(dict.fromkeys(table for stage in STAGES for table in (*stage.reads_before, *stage.scans_before)))
_WRITTEN = tuple(dict.fromkeys(table for stage in STAGES for table in stage.writes))


@dataclass(frozen=True)
class Recomputed:
    """A run computed again.

    Attributes:
        frames: Its datasets as they come out now.
        book: The book it was made with.
        differing: Datasets that come out otherwise than the record has them, in the order of the stages: the first is where it begins.
        notes: What the record does not say and was taken for given, in sentences.
    """

    frames: Frames
    book: Book
    differing: tuple[str, ...]
    notes: tuple[str, ...]


def recompute(house: House, run: RunRecord) -> Recomputed:
    """Return a daily run computed again in memory, by the code that is installed.

    Raises:
        RecordDamaged: A file, dataset, decision or run that the record names is gone or not what it was.
        TransientError: A store cannot be reached.
    """
    book = recorded_book(house, run)
    notes: list[str] = []
    known = _known(house, run, book, notes)
    computed = compute_day(
        run.business_date,
        _landed(house, run),
        known.on(book),
        house_policy(book),
        known.decisions,
        _before(house, run),
        is_past_deadline=known.is_past_deadline,
        releases=known.releases,
        earlier_files=known.earlier_files,
    )
    stored = {one.dataset: one for one in run.datasets}
    differing = []
    for contract in _WRITTEN:
        one = stored.get(contract.dataset_name())
        if one is None:
            notes.append(f"the run wrote no {contract.dataset_name()}: its version did not have them yet")
        elif digest_as_stored(house, contract, one, computed[contract]) != one.digest:
            differing.append(one.dataset)
    return Recomputed(computed, book, tuple(differing), tuple(notes))


def recorded(house: House, run: RunRecord, contract: type[Contract]) -> pl.DataFrame:
    """Return a dataset of a run, held against its digest; no rows where the run wrote none of that name.

    Raises:
        RecordDamaged: It is gone, or its rows are not those of the digest.
    """
    one = stored_of(run, contract)
    if one is None:
        return contract.empty_frame()
    try:
        frame = house.store.read(contract, one)
        found = digest_as_stored(house, contract, one, frame)
    except TransientError:
        raise
    except EvenkeelError as error:
        raise RecordDamaged(str(error)) from error
    if found != one.digest:
        raise RecordDamaged(
            f"lake: {one.dataset} of {one.business_date}, version {one.version} ({', '.join(one.files)}), is not what run "
            f"{run.run_id} wrote: SHA-256 of its rows expected {one.digest}, found {found}; restore the lake from its backup"
        )
    return frame


def recorded_book(house: House, run: RunRecord) -> Book:
    """Return the book that a run was made with, from its archived files.

    Raises:
        RecordDamaged: The archived book is gone, or not what it was.
    """
    versions = recorded(house, run, BookVersions)
    if not versions.height:
        raise RecordDamaged(
            f"run {run.run_id} of {run.business_date} does not name its book, so it cannot be computed again"
        )
    version = versions.row(0, named=True)
    try:
        # The bytes are looked at every time: a book that this process has read already says nothing of them.
        house.archive.open_local(version["archive_file_id"])
        book = house.archived_book(version["archive_file_id"], run.business_date, version["as_known_at"])
    except TransientError:
        raise
    except EvenkeelError as error:
        raise RecordDamaged(f"the book of run {run.run_id}: {error}") from error
    if book.digest != run.book_digest:
        raise RecordDamaged(
            f"the book that run {run.run_id} names is not the one it was made with: SHA-256 expected {run.book_digest}, found "
            f"{book.digest}; restore records and archive from their backup"
        )
    return book


def _known(house: House, run: RunRecord, book: Book, notes: list[str]) -> Known:
    if stored_of(run, RunInputs) is None:
        notes.append(
            "the run's record does not say which decisions and releases it knew, nor whether the deadline had passed; they were told "
            f"from its time, {run.started_at:%Y-%m-%d %H:%M:%S}Z"
        )
        return known_by_time(house, run, book)
    known = known_of(house, recorded(house, run, RunInputs))
    if known.gone:
        raise RecordDamaged(
            f"run {run.run_id} went by {', '.join(known.gone)}, which the records do not have any more; `evenkeel audit show --subject "
            f"{known.gone[0]}` shows what the trail says of it; restore the records from their backup"
        )
    return known


def _landed(house: House, run: RunRecord) -> Landed:
    return Landed(
        source_files=cast("DataFrame[SourceFiles]", recorded(house, run, SourceFiles)),
        rejects=cast("DataFrame[Rejects]", recorded(house, run, Rejects)),
        facts=_frames(house, run, FACT_CONTRACTS),
    )


def _before(house: House, run: RunRecord) -> Frames:
    base = recorded(house, run, FoldBases)
    run_id = base["run_id"].item() if base.height else run.summary.get("folded_on")
    if run_id is None:
        return {}
    before = house.records.run(run_id)
    if before is None:
        raise RecordDamaged(
            f"run {run.run_id} was folded on run {run_id}, which the records do not have any more; restore them from their backup"
        )
    return _frames(house, before, [table for table in _BEFORE if stored_of(before, table)])


def _frames(house: House, run: RunRecord, contracts: Iterable[type[Contract]]) -> dict[type[Contract], pl.DataFrame]:
    return {contract: recorded(house, run, contract) for contract in contracts}


def stored_of(run: RunRecord, contract: type[Contract]) -> StoredDataset | None:
    """Return where a run's dataset is; None where it wrote none of that name."""
    return next((one for one in run.datasets if one.dataset == contract.dataset_name()), None)


def digest_as_stored(house: House, contract: type[Contract], stored: StoredDataset, frame: pl.DataFrame) -> str:
    """Return the digest of rows over the columns that the stored ones have: a column gained since is no difference."""
    return digest(frame.select(house.store.columns_of(contract, stored)), contract)
