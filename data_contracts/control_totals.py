"""Figures that a source states about its own file."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.fact_row import FactRow
from data_contracts.fields import Fact, code, column


class ControlTotals(FactRow):
    """One row per footer, total line or declared count of a file.

    Produced by `evenkeel.stages.ingest`; read by reconcile, which compares them with the rows.
    """

    account_key: str = column("Whose total it is; null for a whole file's.", null=True)
    account_mask: str = column("Last characters of the account number.", null=True)
    account_id: str = column("The book's account, where known.", null=True)
    symbol: str = column("Security that the total is about (a lot file's footer).", null=True)
    total_kind: str = code(vocab.TotalKind, "What it counts.", is_key=True)
    currency: str = column("ISO currency, for money.", null=True)
    stated: Fact = column("The figure as sent.")
