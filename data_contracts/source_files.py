"""Every file received, and what became of it."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Instant, code, column, count, key, run_stamp


class SourceFiles(Contract):
    """One row per file that counts for a business date. `row_count = kept + rejected + structural`.

    The rows of a superseded file are counted as kept and stand in no dataset: the file that replaced it has theirs; its bytes are in the
    archive.

    Produced by `evenkeel.stages.ingest`; read by reconcile (completeness) and operations.
    """

    business_date: dt.date = key("Session the file was taken for: its own, or the run's where it states none.")
    feed: str = key("The feed of the book that delivered it.")
    file_id: str = key("SHA-256 of its bytes, hexadecimal.")
    file_name: str = column("Name as delivered, digits of account numbers masked.")
    layout: str = column("Adapter that read it.", null=True)
    generation: str = column("The layout's generation as recognised.", null=True)
    slot: str = column("What a later file must share to replace it: kind and subject within feed and date.", null=True)
    encoding: str = column("Text encoding it was read with.", null=True)
    stated_date: dt.date = column("As-of date the file states, before any calendar rule.", null=True)
    received_at: Instant = run_stamp("When it was first seen.")
    byte_count: int = count("Size.")
    row_count: int = count("Rows seen: lines of a text file, records otherwise.")
    kept_count: int = count("Rows in a dataset.")
    rejected_count: int = count("Rows in `rejects`.")
    structural_count: int = count("Titles, headers, blank lines, legal text.")
    status: str = code(vocab.FileStatus, "What became of it.")
    check: str = code(vocab.Check, "Why it was stopped.", null=True)
    message: str = column("What is wrong and what to do, one line.", null=True)
