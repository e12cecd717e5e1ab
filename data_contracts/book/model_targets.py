"""Model portfolios, flattened."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key


class ModelTargets(Contract):
    """One row per model and node, nested models resolved, as it holds on the date the book was read for.

    Per model and level `target_frac` sums to 1. A model that goes no deeper than classes has class rows only; one that names
    securities has rows of all three levels.
    """

    model_id: str = key("The model.")
    level: str = code(vocab.NodeLevel, "How deep the node stands.", is_key=True)
    node_id: str = key("Asset class, `class/sleeve`, or security.")
    asset_class: str = code(vocab.AssetClass, "Class the node belongs to.")
    target_frac: float = frac("Share of the portfolio.", ge=0, le=1)
    model_version: int = count("Version that holds.")
    effective_date: dt.date = column("Holds from.")
