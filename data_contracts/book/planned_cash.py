"""Cash that is spoken for, or expected."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, code, column, key


class PlannedCash(Contract):
    """One row per planned movement of cash; out of the account is positive except for contributions, which are positive inwards."""

    planned_id: str = key("The firm's code.")
    account_id: str = column("The account.")
    kind: str = code(vocab.PlannedCashKind, "Why.")
    due_date: dt.date = column("When the cash must be there.")
    amount_usd: Fact = column("How much, > 0.")
    is_done: bool = column("It has left (or come) already.")
    note: str = column("In words.", null=True)
