"""Which book a date was computed with."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import Instant, column, key


class BookVersions(Contract):
    """One row a date.

    Produced by ingest, which archives the book's files; read by the commit, which refuses a book that changed under way, and by
    whoever computes the date again.
    """

    business_date: dt.date = key("Exchange session.")
    book_digest: str = column("SHA-256 over the names and bytes of the book's files.")
    archive_file_id: str = column("The archived book: a zip of its files, by SHA-256.")
    policy_version: str = column("The house policy that held: `policy_id/version`.")
    as_known_at: Instant = column(
        "The book was read as it was known at this instant; null: as known then and now.", null=True
    )
