"""The proof that nobody was left out."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class Coverage(Contract):
    """One row per enabled account of the book: it was scanned, or why not.

    Produced by `evenkeel.stages.reconcile`; the rows add up to the book's enabled accounts.
    """

    business_date: dt.date = key("Exchange session.")
    account_id: str = key("The account.")
    portfolio_id: str = column("Its portfolio.")
    household_id: str = column("Its household.")
    custodian: str = column("Its custodian.")
    status: str = code(vocab.CoverageStatus, "What became of it.")
    reason: str = column("Why it was not scanned, one line.", null=True)
