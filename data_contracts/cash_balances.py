"""Cash as custodians sent it."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.fact_row import AccountRow
from data_contracts.fields import Fact, code, column


class CashBalances(AccountRow):
    """One row per cash line of a file; money owed is negative.

    Produced by `evenkeel.stages.ingest`; read by reconcile. `core` and `sweep` are the cash held and add up. `pending` is on its way
    and in neither: it counts as done when drift is measured. `unsettled` and `available` are figures about the held cash, `margin` and
    `short` about what is owed; they are kept and never added.
    """

    as_of_date: dt.date = column("Calendar date that the source states (Eastern).")
    bucket: str = code(vocab.CashBucket, "What kind of cash it is.", is_key=True)
    symbol: str = column("The sweep fund's symbol, where there is one.", null=True)
    currency: str = column("ISO currency of the amount.")
    amount_ccy: Fact = column("Amount; owed < 0.")
