"""How far each household as a whole is from its models."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Money, code, column, frac, key


class HouseholdDrift(Contract):
    """One row per household and asset class held or targeted in any of its measured portfolios.

    Produced by `evenkeel.stages.drift`; read by the desk. Targets are the portfolios' targets weighted by their value.
    """

    business_date: dt.date = key("Exchange session.")
    household_id: str = key("The household.")
    asset_class: str = code(vocab.AssetClass, "Asset class.", is_key=True)
    proforma_usd: Money = column("Market value with what is in flight or spoken for counted as done.")
    weight_frac: float = frac("Share of the household.")
    target_frac: float = frac("Value-weighted target.")
    drift_frac: float = frac("weight_frac - target_frac; overweight > 0.")
