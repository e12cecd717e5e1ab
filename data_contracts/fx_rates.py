"""Exchange rates."""

from __future__ import annotations

import datetime as dt

from data_contracts.fact_row import FactRow
from data_contracts.fields import Fact, column


class FxRates(FactRow):
    """One row per rate of a file: one unit of `currency_from` is worth `rate` of `currency_to`.

    Produced by `evenkeel.stages.ingest`; read by reconcile.
    """

    rate_date: dt.date = column("Date of the rate.")
    currency_from: str = column("ISO currency.")
    currency_to: str = column("ISO currency.")
    rate: Fact = column("Units of `currency_to` for one of `currency_from`.")
