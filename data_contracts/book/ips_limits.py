"""An IPS's limits and bands by asset class."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, frac, key


class IpsLimits(Contract):
    """One row per IPS and asset class that it limits."""

    ips_id: str = key("The IPS.")
    asset_class: str = code(vocab.AssetClass, "Asset class.", is_key=True)
    min_frac: float = frac("Lowest weight allowed.", null=True, ge=0, le=1)
    max_frac: float = frac("Highest weight allowed.", null=True, ge=0, le=1)
    below_frac: float = frac("Band below target, absolute, where the IPS sets one.", null=True, ge=0, le=1)
    above_frac: float = frac("Band above target, absolute, where the IPS sets one.", null=True, ge=0, le=1)
