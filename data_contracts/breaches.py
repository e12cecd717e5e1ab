"""Portfolios outside their bands."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key


class Breaches(Contract):
    """One row per portfolio and rule that is breached today, on held or on pro-forma weights.

    Produced by `evenkeel.stages.threshold`; read by the episodes' fold. A row that is not counted opens no episode and keeps one that
    is open: the portfolio is still outside, though its workflow or its illiquid holdings are judged at other looks.
    """

    business_date: dt.date = key("Exchange session.")
    portfolio_id: str = key("The portfolio.")
    rule: str = code(vocab.Rule, "What was breached.", is_key=True)
    household_id: str = column("Its household.")
    severity_frac: float = frac("Largest distance beyond a bound; cash: shortfall as a share of the portfolio.", ge=0)
    relative_severity: float = frac("severity_frac over the band's half-width at the worst node.", ge=0)
    worst_level: str = code(vocab.NodeLevel, "Level of the worst node.")
    worst_node_id: str = column("The node furthest outside.")
    worst_drift_frac: float = frac("Its drift; overweight > 0.")
    outside_count: int = count("Nodes outside.")
    has_ips_breach: bool = column("A node is outside the IPS limits.")
    is_counted: bool = column("It counts at today's look.")
    is_in_flight: bool = column("Orders in flight bring it inside: nothing new to do.")
    how_far: str = code(vocab.HowFar, "How far back the policy goes.")
    urgency: str = code(vocab.Urgency, "How soon to act.")
    band_source: str = code(vocab.BandSource, "Level of the policy that set the worst node's band.")
    band_text: str = column("That rule in words.")
    workflow: str = code(vocab.Workflow, "The policy's workflow.")
    trigger: str = column("What made it count today: `band`, `calendar look`, `override`, `large`, `small`.")
