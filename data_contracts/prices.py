"""Prices from market feeds and from files that carry them apart from positions."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.fact_row import FactRow, SecurityText
from data_contracts.fields import Fact, code, column


class Prices(FactRow, SecurityText):
    """One row per price line of a file.

    Produced by `evenkeel.stages.ingest`; read by reconcile and by market-event scans.
    """

    price_date: dt.date = column("Date of the price.")
    currency: str = column("ISO currency of the price.")
    price_ccy: Fact = column("Price of one unit.")
    price_kind: str = code(vocab.PriceKind, "How it came about.", null=True)
