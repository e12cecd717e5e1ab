"""Drift and risk before and after, against figures worked out by hand and a matrix written out in full."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from data_contracts.vocab import AssetClass
from evenkeel.policy.model import Policy, RiskRule
from evenkeel.stages.drift.growth import GROWTH_TENTHS
from evenkeel.stages.propose.improvement import improvement
from tests.small_practice import policy

Node = tuple[str, float, float, float]
"""Class, target, before, after; the band is 0.05 either side of target."""


def classes(nodes: Mapping[str, list[Node]]) -> pl.DataFrame:
    rows = [
        {
            "portfolio_id": portfolio,
            "asset_class": code,
            "target_frac": target,
            "lower_frac": target - 0.05,
            "upper_frac": target + 0.05,
            "before_frac": before,
            "after_frac": after,
        }
        for portfolio, listed in nodes.items()
        for code, target, before, after in listed
    ]
    return pl.DataFrame(rows)


def judged(nodes: Mapping[str, list[Node]], policies: Mapping[str, Policy] | None = None) -> dict[str, dict[str, Any]]:
    known = policies or {"house/1": policy()}
    versions = list(known) * len(nodes)
    people = pl.DataFrame({"portfolio_id": list(nodes), "policy_version": versions[: len(nodes)]})
    return {row.pop("portfolio_id"): row for row in improvement(classes(nodes), people, known).to_dicts()}


SIXTY_FORTY: list[Node] = [("us_equity", 0.6, 0.7, 0.6), ("us_bond", 0.4, 0.3, 0.4)]


def test_two_classes_as_worked_in_the_methodology() -> None:
    found = judged({"P1": SIXTY_FORTY})["P1"]
    assert found["risk_after_frac"] == pytest.approx(0.1, abs=1e-15)
    assert found["tracking_before_frac"] == pytest.approx(math.sqrt(0.000265), abs=1e-15)
    assert found["tracking_after_frac"] == 0
    # 0.7 x 0.16 = 0.112, 0.3 x 0.05 = 0.015: 0.012544 + 0.000225 + 2 x 0.1 x 0.112 x 0.015
    assert found["risk_before_frac"] == pytest.approx(math.sqrt(0.013105), abs=1e-15)
    assert (found["max_drift_before_frac"], found["max_drift_after_frac"]) == (pytest.approx(0.1), 0)
    # Equity is 5 points over its band, bonds 5 below theirs: 5 points of the value are in the wrong place.
    assert (found["band_excess_before_frac"], found["band_excess_after_frac"]) == (pytest.approx(0.05), 0)
    assert (found["growth_before_frac"], found["growth_after_frac"]) == (pytest.approx(0.7), pytest.approx(0.6))


def test_classes_that_move_together_use_their_own_correlation() -> None:
    found = judged({"P1": [("us_equity", 0.5, 0.5, 1.0), ("intl_equity", 0.5, 0.5, 0.0)]})["P1"]
    # u = 0.08 and 0.085, rho 0.75
    assert found["risk_before_frac"] == pytest.approx(math.sqrt(0.0064 + 0.007225 + 2 * 0.75 * 0.08 * 0.085))
    assert found["risk_after_frac"] == pytest.approx(0.16)
    bonds = judged({"P1": [("us_bond", 0.5, 0.5, 0.5), ("inflation_bond", 0.5, 0.5, 0.5)]})["P1"]
    assert bonds["risk_before_frac"] == pytest.approx(math.sqrt(0.025**2 + 0.03**2 + 2 * 0.6 * 0.025 * 0.03))


def test_high_yield_moves_with_growth_and_counts_half() -> None:
    found = judged({"P1": [("high_yield_bond", 0.5, 0.5, 0.5), ("us_equity", 0.5, 0.5, 0.5)]})["P1"]
    assert found["growth_before_frac"] == pytest.approx(0.75)
    assert found["risk_before_frac"] == pytest.approx(math.sqrt(0.045**2 + 0.08**2 + 2 * 0.75 * 0.045 * 0.08))


def test_each_portfolio_has_its_own_policy() -> None:
    calm = policy(policy_id="calm", risk={"volatility": {"us_equity": 0.1, "us_bond": 0.02}, "cross_correlation": 0.0})
    found = judged({"P1": SIXTY_FORTY, "P2": SIXTY_FORTY}, {"house/1": policy(), "calm/1": calm})
    assert found["P1"]["risk_after_frac"] == pytest.approx(0.1)
    assert found["P2"]["risk_after_frac"] == pytest.approx(math.sqrt(0.06**2 + 0.008**2))


def test_class_without_volatility_is_not_known_and_only_where_it_matters() -> None:
    partly = policy(risk={"volatility": {"us_equity": 0.16, "us_bond": 0.05}})
    found = judged(
        {"P1": [("us_equity", 1.0, 0.9, 1.0), ("commodity", 0.0, 0.1, 0.0)], "P2": SIXTY_FORTY}, {"house/1": partly}
    )
    assert found["P1"]["risk_before_frac"] is None
    assert found["P1"]["tracking_before_frac"] is None
    assert found["P1"]["risk_after_frac"] == pytest.approx(0.16)
    assert found["P1"]["growth_before_frac"] == pytest.approx(1.0)
    assert found["P2"]["risk_before_frac"] is not None


def test_class_without_band_is_never_outside() -> None:
    nodes = classes({"P1": SIXTY_FORTY}).with_columns(
        pl.lit(None, pl.Float64).alias(
            "lower_frac",
        )
    )
    people = pl.DataFrame({"portfolio_id": ["P1"], "policy_version": ["house/1"]})
    found = improvement(nodes, people, {"house/1": policy()})
    assert found["band_excess_before_frac"].item() == pytest.approx(0.05)


def test_portfolio_without_classes_is_not_known() -> None:
    people = pl.DataFrame({"portfolio_id": ["P1", "P2"], "policy_version": ["house/1"] * 2})
    found = improvement(classes({"P2": SIXTY_FORTY}), people, {"house/1": policy()})
    assert found["portfolio_id"].to_list() == ["P1", "P2"]
    assert found["max_drift_before_frac"].to_list() == [None, pytest.approx(0.1)]


def test_defects_of_the_caller_are_named() -> None:
    people = pl.DataFrame({"portfolio_id": ["P1"], "policy_version": ["house/1"]})
    twice = classes({"P1": [*SIXTY_FORTY, SIXTY_FORTY[0]]})
    with pytest.raises(ValueError, match="'us_equity' twice"):
        improvement(twice, people, {"house/1": policy()})
    with pytest.raises(ValueError, match="'P2'"):
        improvement(classes({"P2": SIXTY_FORTY}), people, {"house/1": policy()})
    with pytest.raises(ValueError, match="house/1"):
        improvement(classes({"P1": SIXTY_FORTY}), people, {"house/2": policy()})


def test_correlations_that_cannot_be_are_refused() -> None:
    with pytest.raises(ValidationError, match="cross_correlation"):
        RiskRule(growth_correlation=0.5, defensive_correlation=0.5, cross_correlation=0.9)


weights = st.lists(st.floats(-0.5, 1.5, allow_subnormal=False), min_size=16, max_size=16)


@given(weights, weights, st.randoms(use_true_random=False))
def test_closed_form_is_the_matrix_and_no_order_matters(before: list[float], target: list[float], random: Any) -> None:
    rule = policy().risk
    codes = list(AssetClass)
    matrix = np.array([[_covariance(rule, one, other) for other in codes] for one in codes])
    nodes = [(code.value, t, b, 0.0) for code, t, b in zip(codes, target, before, strict=True)]
    found = judged({"P1": nodes})["P1"]
    w, d = np.array(before), np.array(before) - np.array(target)
    assert found["risk_before_frac"] == pytest.approx(math.sqrt(max(w @ matrix @ w, 0)), abs=1e-7)
    assert found["tracking_before_frac"] == pytest.approx(math.sqrt(max(d @ matrix @ d, 0)), abs=1e-7)
    random.shuffle(nodes)
    assert judged({"P1": nodes})["P1"] == found


def _covariance(rule: RiskRule, one: AssetClass, other: AssetClass) -> float:
    product = rule.volatility[one] * rule.volatility[other]
    if one is other:
        return product
    growth = [GROWTH_TENTHS[code] >= 5 for code in (one, other)]
    if all(growth):
        return product * rule.growth_correlation
    return product * (rule.cross_correlation if any(growth) else rule.defensive_correlation)
