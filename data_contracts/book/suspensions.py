"""Accounts set aside."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class Suspensions(Contract):
    """One row per suspension; it holds until a person ends it (`ended_date`), the review date only reminds."""

    suspension_id: str = key("The firm's code.")
    account_id: str = column("The account.")
    kind: str = code(vocab.SuspensionKind, "Why.")
    reason: str = column("In words.")
    actor: str = column("Who set it.")
    from_date: dt.date = column("Holds from.")
    review_date: dt.date = column("Reminds on.", null=True)
    ended_date: dt.date = column("Ended by a person on.", null=True)
