"""How far each portfolio is from its model."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Money, code, column, frac, key


class Drift(Contract):
    """One row per portfolio and node (asset class, sleeve, security) held or targeted, as deep as the model goes.

    Produced by `evenkeel.stages.drift`; read by threshold, prioritize and the desk.
    Within a portfolio and level `weight_frac` sums to 1, so `drift_frac` sums to 0.
    """

    business_date: dt.date = key("Exchange session the values belong to.")
    portfolio_id: str = key("Our identifier, stable across custodians.")
    level: str = code(vocab.NodeLevel, "How deep the node stands.", is_key=True)
    node_id: str = key("Asset class, `class/sleeve`, or security.")
    asset_class: str = code(vocab.AssetClass, "Class the node belongs to.")
    value_usd: Money = column("Market value held.")
    proforma_usd: Money = column("The same with what is in flight or spoken for counted as done.")
    weight_frac: float = frac("proforma_usd as a share of the portfolio's; the weight that is judged.")
    held_frac: float = frac("value_usd as a share of the portfolio's.")
    target_frac: float = frac("The model's share.")
    drift_frac: float = frac("weight_frac - target_frac; overweight > 0.")
