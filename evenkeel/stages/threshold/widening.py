"""Volatility: whether a policy's bands are wider today."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from evenkeel.calendar import sessions_apart
from evenkeel.policy.model import Policy
from evenkeel.stages.threshold.wording import figure


@dataclass(frozen=True)
class Widening:
    """By what factor a policy's bands are wider today (1: not), and what there is to say about it (None: nothing)."""

    policy_id: str
    policy_version: str
    factor: float
    text: str | None


def widening_of(business_date: dt.date, policy: Policy, indicators: pl.DataFrame) -> Widening:
    """Return the widening that the latest reading on or before the date asks for.

    A reading older than the rule's `max_age_sessions`, or none at all, widens nothing, and the text says so. Where sources differ about
    a date the lowest reading counts: widening is a loosening, and needs all of them.

    Args:
        business_date: The session.
        policy: As it holds on the date.
        indicators: `data_contracts.indicators`, of any dates.
    """
    rule = policy.volatility
    if rule is None:
        return Widening(policy.policy_id, policy.label, 1.0, None)
    known = indicators.filter(pl.col("indicator") == rule.indicator, pl.col("indicator_date") <= business_date)
    intro = f"policy {policy.label}: "
    if not known.height:
        text = f"{intro}no {rule.indicator} reading up to {business_date}; bands are not widened; check the market feed"
        return Widening(policy.policy_id, policy.label, 1.0, text)
    date, reading = (
        known.sort("indicator_date", "reading", descending=[True, False]).select("indicator_date", "reading").row(0)
    )
    age = sessions_apart(date, business_date)
    if age > rule.max_age_sessions:
        text = (
            f"{intro}the latest {rule.indicator} reading ({date}) is {age} sessions old, {rule.max_age_sessions} are allowed; bands "
            "are not widened; check the market feed"
        )
        return Widening(policy.policy_id, policy.label, 1.0, text)
    if float(reading) < rule.at_or_above or rule.factor == 1.0:
        return Widening(policy.policy_id, policy.label, 1.0, None)
    text = (
        f"{intro}{rule.indicator} {figure(float(reading))} of {date} is at or above {figure(rule.at_or_above)}; bands are "
        f"{figure(rule.factor)} times as wide, never past IPS limits"
    )
    return Widening(policy.policy_id, policy.label, rule.factor, text)
