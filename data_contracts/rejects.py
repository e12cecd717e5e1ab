"""Rows that could not be read, with their reasons."""

from __future__ import annotations

from data_contracts.fact_row import FactRow
from data_contracts.fields import column


class Rejects(FactRow):
    """One row per line that no dataset could take. The bytes are in the archive under `file_id`.

    Produced by `evenkeel.stages.ingest`; read by operations. Account numbers inside `raw_text` are masked.
    """

    column_name: str = column("The column that is wrong, where it is one.", null=True)
    reason: str = column("What is wrong and what was expected.")
    raw_text: str = column("The row as sent, account numbers masked.")
