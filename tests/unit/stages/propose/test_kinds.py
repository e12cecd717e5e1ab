"""Which kind of list answers which alert."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest

from data_contracts.breaches import Breaches
from data_contracts.episodes import Episodes
from evenkeel.stages.propose.kinds import wanted_proposals
from tests.small_practice import MONDAY, frame


def alerts(*rows: tuple[str, str, str], **changes: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return episodes and breaches of one portfolio: rule, status, how far."""
    common = {"portfolio_id": "P1", "household_id": "H1", "severity_frac": 0.03}
    episodes = [
        {**common, "episode_id": f"ep-{rule}", "rule": rule, "status": status, "opened_date": MONDAY, "last_seen_date": MONDAY,
         "age_sessions": 0, "peak_severity_frac": 0.03}
        for rule, status, _ in rows
    ]  # fmt: skip
    breaches = [
        {**common, "rule": rule, "relative_severity": 1.0, "worst_level": "class", "worst_node_id": "us_equity", "worst_drift_frac": 0.08,
         "outside_count": 1, "has_ips_breach": False, "is_counted": True, "is_in_flight": False, "how_far": far, "urgency": "48_hours",
         "band_source": "tier", "band_text": "tier: 5 points", "workflow": "threshold", "trigger": "band", **changes}
        for rule, _, far in rows
    ]  # fmt: skip
    return frame(Episodes, episodes, business_date=MONDAY), frame(Breaches, breaches, business_date=MONDAY)


@pytest.mark.parametrize(
    ("rows", "kind", "is_urgent"),
    [
        ([("drift", "open", "target")], "full", False),
        ([("drift", "open", "midpoint")], "to_midpoint", False),
        ([("drift", "open", "edge")], "to_edge", False),
        ([("drift", "open", "partial")], "partial", False),
        ([("cash_shortfall", "open", "target")], "raise_cash", True),
        ([("harvest_look", "open", "target")], "harvest_only", False),
        # One list a portfolio: drift first, and short cash makes it urgent all the same.
        ([("cash_shortfall", "open", "target"), ("drift", "open", "target")], "full", True),
        ([("harvest_look", "open", "target"), ("cash_shortfall", "open", "target")], "raise_cash", True),
    ],
)
def test_the_kind_follows_from_rule_and_policy(rows: list[tuple[str, str, str]], kind: str, is_urgent: bool) -> None:
    (row,) = wanted_proposals(*alerts(*rows)).to_dicts()
    assert (row["kind"], row["is_urgent"]) == (kind, is_urgent)
    assert row["alert_id"] == ("ep-drift" if kind == "full" else f"ep-{row['rule']}")


@pytest.mark.parametrize("status", ["quiet", "in_flight", "frozen", "closed"])
def test_only_open_alerts_are_answered(status: str) -> None:
    assert wanted_proposals(*alerts(("drift", status, "target"))).is_empty()


def test_what_orders_in_flight_cure_is_not_answered_again() -> None:
    assert wanted_proposals(*alerts(("drift", "open", "target"), is_in_flight=True)).is_empty()
    assert wanted_proposals(*alerts(("drift", "open", "target"), is_counted=False)).is_empty()


def test_an_ips_breach_is_urgent() -> None:
    (row,) = wanted_proposals(*alerts(("drift", "open", "target"), has_ips_breach=True)).to_dicts()
    assert row["is_urgent"]
