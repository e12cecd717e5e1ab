"""What always holds of drift and threshold, whatever is held and whatever the policy says."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing.polars import DataFrame

from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.portfolios import Portfolios
from data_contracts.holdings import Holdings
from data_contracts.vocab import AssetClass
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.drift import measure_drift
from evenkeel.stages.drift.growth import GROWTH_TENTHS
from evenkeel.stages.threshold import Judged
from tests.golden.scene import Scene, build

DATE = dt.date(2026, 3, 3)
CLASSES = ["us_equity", "us_bond", "intl_equity", "private", "cash", "option"]
QUICK = settings(max_examples=25, deadline=None)
JUDGED = settings(max_examples=12, deadline=None)
"""A judgement takes a tenth of a second: fewer examples, of several portfolios each."""

cents = st.integers(-20_000, 200_000).map(lambda n: n / 100)
row = st.fixed_dictionaries(
    {
        "portfolio": st.sampled_from(["P-1", "P-2", "P-3", "P-4", "P-5"]),
        "account": st.just(""),
        "class": st.sampled_from(CLASSES),
        "value": cents,
        "proforma": cents,
    }
)


@st.composite
def holdings(draw: st.DrawFn) -> list[dict[str, Any]]:
    rows = draw(st.lists(row, min_size=1, max_size=40))
    return [
        {**one, "account": f"A-{one['portfolio']}-{n % 2}", "security": f"S-{n}", "illiquid": one["class"] == "private"}
        for n, one in enumerate(rows)
    ]


@st.composite
def targets(draw: st.DrawFn) -> dict[str, float]:
    parts = draw(st.lists(st.integers(0, 20), min_size=4, max_size=4).filter(any))
    return {code: part / sum(parts) for code, part in zip(CLASSES, parts, strict=False) if part}


def day(rows: list[dict[str, Any]], target: dict[str, float], **more: Any) -> Scene:
    names = sorted({one["portfolio"] for one in rows})
    ips_id = more.pop("ips_id", None)
    portfolios = [{"portfolio_id": name, "household_id": "H-1", "ips_id": ips_id} for name in names]
    return build({"date": DATE, "models": {"M": target}, "portfolios": portfolios, "holdings": rows, **more})


def breached(judged: Judged) -> set[str]:
    return set(judged.breaches.filter(pl.col("rule") == "drift")["portfolio_id"])


@QUICK
@given(holdings(), targets())
def test_weights_sum_to_one_and_drift_to_nothing(rows: list[dict[str, Any]], target: dict[str, float]) -> None:
    measured = day(rows, target).measure()
    sums = measured.drift.group_by("portfolio_id").agg(
        pl.col("weight_frac", "held_frac", "target_frac", "drift_frac").sum()
    )
    # A small value under large longs and shorts has large weights: the error is relative to them.
    scale = max([1.0, *measured.drift["weight_frac"].abs(), *measured.drift["held_frac"].abs()])
    for one in sums.to_dicts():
        for name, whole in (("weight_frac", 1), ("held_frac", 1), ("target_frac", 1), ("drift_frac", 0)):
            assert one[name] == pytest.approx(whole, abs=1e-12 * scale)
    household = measured.household_drift
    if household.height:
        assert household["weight_frac"].sum() == pytest.approx(1, abs=1e-9)
        assert household["target_frac"].sum() == pytest.approx(1, abs=1e-9)
    assert measured.drift["proforma_usd"].sum() == measured.valuations["proforma_usd"].sum()
    everyone = {*measured.valuations["portfolio_id"], *measured.unmeasurable["portfolio_id"]}
    assert everyone == {one["portfolio"] for one in rows}


@QUICK
@given(holdings(), targets(), st.randoms(use_true_random=False))
def test_the_order_of_rows_changes_nothing(rows: list[dict[str, Any]], target: dict[str, float], random: Any) -> None:
    scene = day(rows, target)
    order = list(range(scene.holdings.height))
    random.shuffle(order)
    shuffled = measure_drift(
        DATE,
        cast("DataFrame[Holdings]", scene.holdings[order]),
        cast("DataFrame[Portfolios]", scene.rulebook.portfolios.reverse()),
        cast("DataFrame[ModelTargets]", scene.model_targets.reverse()),
    )
    measured = scene.measure()
    for name in ("valuations", "drift", "household_drift", "unmeasurable"):
        assert getattr(shuffled, name).equals(getattr(measured, name)), name


@JUDGED
@given(holdings(), targets(), st.integers(2, 10_000))
def test_scaling_all_money_changes_no_weight_and_no_breach(
    rows: list[dict[str, Any]], target: dict[str, float], k: int
) -> None:
    scene = day(rows, target)
    bigger = day(
        [{**one, "value": round(one["value"] * k, 2), "proforma": round(one["proforma"] * k, 2)} for one in rows],
        target,
    )
    ones, others = scene.judge(), bigger.judge()
    assert ones.bands["weight_frac"].to_list() == pytest.approx(others.bands["weight_frac"].to_list(), rel=1e-12)
    assert breached(ones) == breached(others)


@JUDGED
@given(holdings(), targets(), st.floats(1, 5), st.floats(0, 0.3), st.floats(0, 0.5))
def test_widening_makes_no_breach_and_passes_no_limit(
    rows: list[dict[str, Any]], target: dict[str, float], factor: float, band: float, most: float
) -> None:
    policy: dict[str, Any] = {"default_band": {"absolute": band, "relative": 0.3}}
    volatile = {**policy, "volatility": {"at_or_above": 20, "factor": factor}}
    more: dict[str, Any] = {
        "ips": {"I": {"limits": {"us_equity": {"max_frac": most}}}},
        "ips_id": "I",
        "indicators": [{"indicator": "VIX", "indicator_date": DATE, "reading": 30}],
    }
    before, after = day(rows, target, policy=policy, **more).judge(), day(rows, target, policy=volatile, **more).judge()
    assert breached(after) <= breached(before)
    limited = after.bands.filter(pl.col("ips_max_frac").is_not_null())
    assert (limited["upper_frac"] <= limited["ips_max_frac"] + COMPARE_TOLERANCE).all()
    beyond = limited.filter(pl.col("weight_frac") > pl.col("ips_max_frac") + COMPARE_TOLERANCE)[
        "portfolio_id"
    ].to_list()
    assert set(beyond) <= set(after.breaches.filter("has_ips_breach")["portfolio_id"])


@JUDGED
@given(holdings(), targets(), st.floats(0, 0.4), st.floats(0, 0.4))
def test_a_narrower_band_loses_no_breach(
    rows: list[dict[str, Any]], target: dict[str, float], one: float, other: float
) -> None:
    narrow, wide = sorted((one, other))
    found = {width: day(rows, target, policy={"default_band": width}).judge() for width in (narrow, wide)}
    assert breached(found[wide]) <= breached(found[narrow])
    bands = found[wide].bands
    inside = bands.filter(~pl.col("is_outside"))
    assert (inside["excess_frac"] == 0).all()
    assert (bands["is_outside"] == (bands["excess_frac"] > 0)).all()


def test_every_class_says_how_much_of_it_is_growth() -> None:
    assert set(GROWTH_TENTHS) == set(AssetClass)
    assert all(0 <= tenths <= 10 for tenths in GROWTH_TENTHS.values())
