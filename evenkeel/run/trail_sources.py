"""Read what the events of a run are made of: its datasets, and those of the run it is held against."""

from __future__ import annotations

import hashlib
import zipfile

from data_contracts.book_versions import BookVersions
from data_contracts.contract import Contract
from evenkeel.audit.event import Event
from evenkeel.book.model import Book
from evenkeel.ports import RunRecord
from evenkeel.run.house import House
from evenkeel.run.trail_events import COMPARED, STATED, Basis, Finding, Frames, events_of
from evenkeel.stages.reconcile.accounts import enabled_accounts


def events_of_run(house: House, run: RunRecord, book: Book) -> list[Event]:
    """Return the events of a run that is about to be committed; none where it counts already.

    Args:
        house: The home.
        run: The run, its datasets written.
        book: The book it was made with.

    Raises:
        EvenkeelError: The run's coverage is not the book's enabled accounts.
    """
    replaced = house.records.manifest(run.business_date, run.kind)
    if replaced is not None and replaced.run_id == run.run_id:
        return []
    folded_on = run.summary.get("folded_on")
    before = replaced or (house.records.run(folded_on) if folded_on else None)
    is_same_book = before is not None and before.book_digest == run.book_digest
    found = Finding(
        run=run,
        turn=house.records.commit_count(run.business_date, run.kind) + 1,
        frames=_frames(house, run, (*COMPARED, *STATED)),
        enabled=frozenset(enabled_accounts(book, run.business_date)["account_id"].to_list()),
        book_files={} if is_same_book else _book_files(house, run),
    )
    basis = Basis(
        run=before,
        is_replaced=replaced is not None,
        frames={} if before is None else _frames(house, before, COMPARED),
        book_files={} if is_same_book or before is None else _book_files(house, before),
    )
    return events_of(found, basis)


def _frames(house: House, run: RunRecord, contracts: tuple[type[Contract], ...]) -> Frames:
    stored = {one.dataset: one for one in run.datasets}
    return {
        contract: house.store.read(contract, stored[contract.dataset_name()])
        for contract in contracts
        if contract.dataset_name() in stored
    }


def _book_files(house: House, run: RunRecord) -> dict[str, str]:
    """Return the SHA-256 of each file of the book that a run was made with."""
    versions = _frames(house, run, (BookVersions,))
    if BookVersions not in versions:
        return {}
    file_id = versions[BookVersions]["archive_file_id"].item()
    with zipfile.ZipFile(house.archive.open_local(file_id)) as archive:
        return {name: hashlib.sha256(archive.read(name)).hexdigest() for name in archive.namelist()}
