"""Model portfolios, flattened."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key


class ModelTargets(Contract):
    """One row per model and node, nested models resolved, as it holds on the date the book was read for.

    Per model the `target_frac` of its class rows sum to 1. How deep a model goes is decided class by class: sleeve rows exist only for
    the classes that name sleeves, security rows only for those that name securities, and each then sum to their class's target. So
    a class without sleeve rows is measured as a whole, whatever is held in it.
    """

    model_id: str = key("The model.")
    level: str = code(vocab.NodeLevel, "How deep the node stands.", is_key=True)
    node_id: str = key("Asset class, `class/sleeve`, or security.")
    asset_class: str = code(vocab.AssetClass, "Class the node belongs to.")
    target_frac: float = frac("Share of the portfolio.", ge=0, le=1)
    model_version: int = count("Version that holds.")
    effective_date: dt.date = column("Holds from.")
