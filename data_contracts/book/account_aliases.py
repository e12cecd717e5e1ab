"""Masked or odd account texts, and the accounts they mean."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, key


class AccountAliases(Contract):
    """One row per text that a feed uses for an account: `...234`, `Individual ...234`, a file name where a file names no account."""

    feed: str = key("The feed.")
    source_account: str = key("The text as the adapter reports it, a keyed digest once loaded.")
    account_id: str = column("The account meant.")
    from_date: dt.date = column("Holds from.", null=True)
    until_date: dt.date = column("Holds until.", null=True)
