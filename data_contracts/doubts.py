"""Figures that may be wrong, and whether that could change what is decided."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class Doubts(Contract):
    """One row per portfolio and figure in doubt.

    Produced by `evenkeel.stages.reconcile`. Drift and bands are worked out with each figure that it could be; only where the outcome
    differs are the portfolio's accounts stopped.
    """

    business_date: dt.date = key("Exchange session.")
    portfolio_id: str = key("The portfolio.")
    doubt: str = code(vocab.Doubt, "What is in doubt.", is_key=True)
    subject_id: str = key("The security, or the indicator.")
    household_id: str = column("Its household.")
    figures_json: str = column("JSON array of the figures it could be: `source`, `figure`.")
    changes_outcome: bool = column("Whether the outcome differs between them: its accounts are stopped.")
    reasoning: str = column("What the outcome is with each figure, in one sentence.")
