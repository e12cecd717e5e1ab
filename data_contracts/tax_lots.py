"""Open tax lots as custodians sent them."""

from __future__ import annotations

import datetime as dt

from data_contracts.fact_row import AccountRow, SecurityText
from data_contracts.fields import Fact, column


class TaxLots(AccountRow, SecurityText):
    """One row per open lot of a file.

    Produced by `evenkeel.stages.ingest`; read by reconcile (lots against positions) and the engine.
    """

    as_of_date: dt.date = column("Calendar date that the source states (Eastern).")
    lot_id: str = column("The custodian's lot number.", null=True)
    opened_date: dt.date = column("Date acquired.", null=True)
    holding_period_date: dt.date = column("Date the holding period counts from, where tacked.", null=True)
    currency: str = column("ISO currency of the row's money.")
    held_qty: Fact = column("Units left in the lot; short < 0.")
    price_ccy: Fact = column("Price as sent.", null=True)
    value_ccy: Fact = column("Market value as sent.", null=True)
    cost_ccy: Fact = column("Cost basis of what is left.", null=True)
    disallowed_loss_ccy: Fact = column("Wash-sale loss added to the basis.", null=True)
    is_long_term: bool = column("The source calls it long-term.", null=True)
    is_covered: bool = column("Basis is reported to the tax authority.", null=True)
