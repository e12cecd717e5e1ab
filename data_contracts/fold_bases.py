"""Which run a date was folded on."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, key


class FoldBases(Contract):
    """One row a date.

    Produced by prioritize, the first step that builds on the session before; the steps after it go on from the same run, whatever
    is committed meanwhile.
    """

    business_date: dt.date = key("Exchange session.")
    run_id: str = column("The run of the newest committed session before it; null on the first.", null=True)
