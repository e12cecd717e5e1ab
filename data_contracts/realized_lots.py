"""Closed lots with their gain or loss, as custodians sent them."""

from __future__ import annotations

import datetime as dt

from data_contracts.fact_row import AccountRow, SecurityText
from data_contracts.fields import Fact, column


class RealizedLots(AccountRow, SecurityText):
    """One row per closed lot or realized line of a file.

    Produced by `evenkeel.stages.ingest`; read by the tax rules. A loss is negative.
    """

    as_of_date: dt.date = column("Calendar date that the source states for the file (Eastern).", null=True)
    opened_date: dt.date = column("Date acquired.", null=True)
    closed_date: dt.date = column("Date sold.")
    currency: str = column("ISO currency of the row's money.")
    closed_qty: Fact = column("Units sold, > 0.", null=True)
    proceeds_ccy: Fact = column("Proceeds.", null=True)
    cost_ccy: Fact = column("Cost basis of what was sold.", null=True)
    short_term_gain_ccy: Fact = column("Short-term gain; loss < 0.", null=True)
    long_term_gain_ccy: Fact = column("Long-term gain; loss < 0.", null=True)
    disallowed_loss_ccy: Fact = column("Loss disallowed as a wash sale, > 0.", null=True)
    is_wash_sale: bool = column("The source says so.", null=True)
