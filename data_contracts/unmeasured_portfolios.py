"""Portfolios that passed every check and still could not be weighed."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, key


class UnmeasuredPortfolios(Contract):
    """One row per portfolio that is held, has a model, and has no weights: its value is not positive, say.

    Produced by `evenkeel.stages.drift`; read by threshold, whose looks carry the reason.
    """

    business_date: dt.date = key("Exchange session.")
    portfolio_id: str = key("The portfolio.")
    reason: str = column("Why, and what to do, one line.")
