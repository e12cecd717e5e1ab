"""Market indicators that policies read (a volatility index, say)."""

from __future__ import annotations

import datetime as dt

from data_contracts.fact_row import FactRow
from data_contracts.fields import Fact, column


class Indicators(FactRow):
    """One row per reading of a file.

    Produced by `evenkeel.stages.ingest`; read by threshold (volatility widening) and market events.
    """

    indicator: str = column("Name, for example `VIX`.")
    indicator_date: dt.date = column("Date of the reading.")
    reading: Fact = column("Value in the indicator's own unit (VIX: per cent a year).")
