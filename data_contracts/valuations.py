"""What each portfolio is worth."""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import Money, column, count, frac, key


class Valuations(Contract):
    """One row per portfolio that was measured.

    Produced by `evenkeel.stages.drift`; read by threshold (tiers) and prioritize.
    """

    business_date: dt.date = key("Exchange session.")
    portfolio_id: str = key("The portfolio.")
    household_id: str = column("Its household.")
    model_id: str = column("The model it is measured against.")
    account_count: int = count("Accounts in it.")
    value_usd: Money = column("Market value held.")
    proforma_usd: Money = column(
        "The same with what is in flight or spoken for counted as done; weights are shares of this."
    )
    household_value_usd: Money = column("Market value held by all measured portfolios of the household; sets the tier.")
    cash_usd: Money = column("Cash held.")
    proforma_cash_usd: Money = column("Cash after orders in flight and what is spoken for; short < 0.")
    risk_held: float = frac("Model-free risk of what is held: share of value in growth classes.")
    risk_target: float = frac("The same of the model's targets.")
