"""The band of each node, and who set it."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, frac, key


class Bands(Contract):
    """One row per portfolio and node that has a band.

    Produced by `evenkeel.stages.threshold`; read by alerts and the desk. Bounds are weights, not distances.
    """

    business_date: dt.date = key("Exchange session.")
    portfolio_id: str = key("The portfolio.")
    level: str = code(vocab.NodeLevel, "How deep the node stands.", is_key=True)
    node_id: str = key("The node, as in `drift`.")
    asset_class: str = code(vocab.AssetClass, "Class the node belongs to.")
    weight_frac: float = frac("As in `drift`.")
    held_frac: float = frac("As in `drift`.")
    target_frac: float = frac("As in `drift`.")
    drift_frac: float = frac("As in `drift`.")
    lower_frac: float = frac("Lowest weight inside the band.")
    upper_frac: float = frac("Highest weight inside the band.")
    ips_min_frac: float = frac("The IPS's lowest weight.", null=True)
    ips_max_frac: float = frac("The IPS's highest weight.", null=True)
    band_source: str = code(vocab.BandSource, "Level of the policy that decided.")
    band_text: str = column("The rule in words: `tier premium: 3 points`.")
    is_widened: bool = column("Volatility widened it today.")
    is_outside: bool = column("The weight is outside the band (inclusive bounds are inside).")
    is_outside_ips: bool = column("The weight is outside the IPS limits.")
    excess_frac: float = frac("Distance beyond the nearer bound; 0 inside.", ge=0)
    held_excess_frac: float = frac("The same of held_frac, without what is in flight.", ge=0)
