"""Records that no canonical table covers yet, kept as sent."""

from __future__ import annotations

from data_contracts.fact_row import FactRow
from data_contracts.fields import column


class OtherRows(FactRow):
    """One row per record of a section we keep but do not compute with (dividend accruals, say).

    Produced by `evenkeel.stages.ingest`; nothing is lost for being unknown.
    """

    section: str = column("The source's name for the section.")
    payload_json: str = column("The record's fields as a JSON object, personal fields and account numbers left out.")
