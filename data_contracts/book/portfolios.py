"""Portfolios: what is measured against one model."""

from __future__ import annotations

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, key


class Portfolios(Contract):
    """One row per portfolio: one account, or the accounts of a household that are managed together."""

    portfolio_id: str = key("The firm's code.")
    household_id: str = column("Its household.")
    name: str = column("Name shown to advisers.", null=True)
    model_id: str = column("The model; null for a new client not yet matched.", null=True)
    ips_id: str = column("The IPS profile.", null=True)
    segment: str = code(vocab.Segment, "The client's segment.", null=True)
    policy_id: str = column("The policy, `house` by default.")
    cadence: str = code(vocab.Cadence, "How often it is looked at, before the IPS's and the policy's.", null=True)
