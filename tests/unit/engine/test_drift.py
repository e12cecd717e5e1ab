"""Drift before anything is solved: who is outside, by how much, and who cannot be measured."""

from __future__ import annotations

from typing import Any

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from evenkeel.engine.drift import Measured, measure
from evenkeel.engine.solve import solve
from tests.unit.engine.problems import random_tables, with_wide_bands
from tests.unit.engine.scene import scene

LOTS = [{"security": "VTI", "qty": 640}, {"security": "BND", "qty": 720}]
"""Of VTI 64,000 and of BND 36,000: 4 points from 60 and 40, within bands of 5."""


def measured(**given: Any) -> Measured:
    return measure(scene(**{"lots": LOTS, **given}))


def is_outside(found: Measured) -> bool:
    assert found.outside.accounts.height + found.rest.height == 1
    return found.outside.accounts.height == 1


def test_an_account_within_its_bands_is_measured_and_not_solved() -> None:
    found = measured()
    assert found.drift.rows() == [
        ("A", "bond", 36_000.0, 0.36, pytest.approx(-0.04), 0.0),
        ("A", "cash", 0.0, 0.0, 0.0, 0.0),
        ("A", "equity", 64_000.0, 0.64, pytest.approx(0.04), 0.0),
    ]
    row = found.rest.row(0, named=True)
    told = {name: value for name, value in row.items() if value is not None}
    assert told == {
        "account_id": "A",
        "outcome": "within_bands",
        "nav_usd": 100_000.0,
        "cash_before_usd": 0.0,
        "cash_short_usd": 0.0,
        "band_excess_before_usd": 0.0,
    }
    assert found.outside.lots.is_empty()


def test_a_class_outside_its_band_is_told_with_its_side() -> None:
    found = measured(width=0.03)
    assert is_outside(found)
    assert dict(found.drift.select("asset_class", "outside_frac").iter_rows()) == {
        "bond": pytest.approx(-0.01),
        "cash": 0.0,
        "equity": pytest.approx(0.01),
    }
    assert found.outside.lots.height == 2


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"cash": 500.0}, True),  # A model without cash: idle cash is outside.
        ({"spoken_for": 500.0}, True),  # Cash that must leave is not there.
        ({"terms": [("minimum", 0.0, 100.0, 1.0, 0.0)]}, True),  # Under a floor of its plan.
        ({"terms": [("target", 0.0, 100.0, 1.0, 0.0)]}, False),  # A target is no floor.
        ({"cash": 500.0, "dust": 600.0}, False),  # No trade of that size would be proposed.
        ({"targets": {"equity": 1.0}, "width": 0.5}, True),  # Bonds are held and the model does not name them.
    ],
)
def test_what_counts_as_outside(given: dict[str, Any], expected: bool) -> None:
    assert is_outside(measured(**given)) is expected


@pytest.mark.parametrize(
    ("given", "outcome"),
    [
        ({"lots": [{"security": "GHOST", "qty": 1}]}, "security_unpriced"),
        ({"lots": [{"security": "VTI", "qty": float("nan")}]}, "figure_invalid"),
        ({"lots": []}, "no_value"),
        ({"targets": {"equity": 0.6, "bond": 0.3}}, "targets_not_one"),
    ],
)
def test_an_account_that_cannot_be_measured_says_why(given: dict[str, Any], outcome: str) -> None:
    found = measured(**given)
    assert found.rest["outcome"].to_list() == [outcome]
    assert found.rest["nav_usd"].to_list() == [None]
    assert found.drift.is_empty()


def test_measured_and_solved_agree() -> None:
    tables = with_wide_bands(random_tables(11, 200, washed=True))
    found, answer = measure(tables), solve(tables)
    weight = pl.col("weight_before_frac")
    before = answer.classes.select(
        "account_id",
        "asset_class",
        pl.col("value_before_usd").alias("value_usd"),
        weight.alias("weight_frac"),
        (weight - pl.col("target_frac")).alias("drift_frac"),
        (weight - weight.clip(pl.col("lower_frac"), pl.col("upper_frac"))).alias("outside_frac"),
    )
    assert_frame_equal(found.drift, before, abs_tol=1e-12, rel_tol=1e-12)
    excess = answer.accounts.filter(pl.col("band_excess_before_usd") > 1e-6)["account_id"]
    assert set(excess) <= set(found.outside.accounts["account_id"])
    unsolved = answer.accounts.filter(pl.col("nav_usd").is_null()).select("account_id", "outcome")
    assert unsolved.height > 0
    rest = found.rest.filter(pl.col("outcome") != "within_bands").select("account_id", "outcome")
    assert rest.equals(unsolved)
    within = found.rest.filter(pl.col("outcome") == "within_bands")
    solved = within.join(answer.accounts, on="account_id", suffix="_solved")
    assert solved["band_excess_before_usd_solved"].max() == 0.0
    assert solved["nav_usd"].equals(solved["nav_usd_solved"], check_names=False)
