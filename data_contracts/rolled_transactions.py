"""Transactions that the ledger has taken in, so that none counts twice."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, key


class RolledTransactions(Contract):
    """One row per transaction of the last sessions that the ledger contains.

    Produced by `evenkeel.stages.reconcile`, folded. A history may send the same transaction for weeks: it is known by its id as long as it
    is seen, and for twenty sessions after.
    """

    business_date: dt.date = key("Exchange session.")
    transaction_id: str = key("As in `transactions`.")
    rolled_date: dt.date = column("Session on which it entered the ledger.")
    seen_date: dt.date = column("Last session on which a file held it.")
