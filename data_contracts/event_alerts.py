"""Whom a market event pushes out of their bands."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Money, code, column, count, frac, key


class EventAlerts(Contract):
    """One row per portfolio that an event affects: newly outside a band, or further outside than before.

    Produced by `evenkeel.run.market_event`; read by its digest. `business_date` is the date whose holdings were moved; the day's own
    alerts and episodes are not touched.
    """

    business_date: dt.date = key("Session whose holdings were valued at moved prices.")
    event_id: str = key("The event.")
    portfolio_id: str = key("The portfolio.")
    household_id: str = column("Its household.")
    household_name: str = column("Its name.")
    adviser_id: str = column("Whose desk it is on.")
    place: int = count("Place in the event's list, worst first; 1 is the worst.")
    severity_frac: float = frac("Largest distance beyond a bound after the event.", ge=0)
    before_severity_frac: float = frac("The same before it; 0 inside.", ge=0)
    worst_level: str = code(vocab.NodeLevel, "Level of the node furthest outside.")
    worst_node_id: str = column("That node.")
    worst_weight_frac: float = frac("Its weight after the event.")
    worst_target_frac: float = frac("Its target.")
    worst_drift_frac: float = frac("Its drift; overweight > 0.")
    outside_count: int = count("Nodes outside.")
    has_ips_breach: bool = column("A node is outside the IPS limits.")
    value_usd: Money = column("Value after the event.")
    before_value_usd: Money = column("Value before it.")
