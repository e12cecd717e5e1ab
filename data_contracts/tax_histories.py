"""How far back and until when each account's sales are known."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, key


class TaxHistories(Contract):
    """One row per account that was ever enabled.

    Produced by `evenkeel.stages.taxes`, folded. No layout states the days that a history covers, so an account's begins with the first
    session of ours on which it was believed, and anew after a session that was not run; of an account opened since, with its opening; or
    earlier where the book says so (`sales_known_from_date`), which counts for the days before a gap only where it begins after it.
    """

    business_date: dt.date = key("Exchange session.")
    account_id: str = key("The account.")
    history_from_date: dt.date = column(
        "Sales from this date on are known; null: none are, its custodian sends no transactions or it was never believed.",
        null=True,
    )
    observed_from_date: dt.date = column(
        "The same without what the book says: from our own sessions and the opening alone; null: never.", null=True
    )
    gap_after_date: dt.date = column(
        "The last session before the newest gap, after which one was not run; null: none.", null=True
    )
    history_to_date: dt.date = column("Last session on which the account was believed; null: never.", null=True)
