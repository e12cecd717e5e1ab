"""Targets around what is stuck: known answers, and what always holds."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import RebalanceKind
from evenkeel.engine.shared import has_impossible_target
from evenkeel.engine.tables.inputs import Models
from evenkeel.stages.propose.targets import engine_models, shared, with_stuck


def nodes(*rows: tuple[str, str, float, float], lower: float = 0.05, upper: float = 0.05) -> pl.DataFrame:
    """Return nodes of one portfolio: node, class, weight, target; bands of five points around the class's target."""
    frame = pl.DataFrame(rows, schema=["node_id", "asset_class", "weight_frac", "target_frac"], orient="row")
    of_class = pl.col("target_frac").sum().over("asset_class")
    return frame.with_columns(
        pl.lit("P1").alias("portfolio_id"),
        of_class.alias("class_target"),
        (of_class - lower).clip(lower_bound=0.0).alias("class_lower"),
        (of_class + upper).alias("class_upper"),
        pl.lit(None, pl.Float64).alias("own_lower"),
        pl.lit(None, pl.Float64).alias("own_upper"),
    )


def aims(frame: pl.DataFrame, **stuck: float) -> dict[str, float]:
    """Return the aim of each node."""
    rows = [("P1", name.replace("__", "/"), weight) for name, weight in stuck.items()]
    told = pl.DataFrame(
        rows, schema={"portfolio_id": pl.String, "node_id": pl.String, "stuck_frac": pl.Float64}, orient="row"
    )
    aimed = with_stuck(frame, told)
    return dict(aimed.select("node_id", "aim_frac").iter_rows())


SPLIT = (
    ("us_equity/core", "us_equity", 0.30, 0.30),
    ("us_equity/value", "us_equity", 0.10, 0.20),
    ("us_equity/stocks", "us_equity", 0.10, 0.0),
    ("us_bond", "us_bond", 0.45, 0.45),
    ("cash", "cash", 0.05, 0.05),
)


def test_nothing_stuck_leaves_the_model() -> None:
    assert aims(nodes(*SPLIT)) == pytest.approx({name: target for name, _, _, target in SPLIT})


def test_a_legacy_position_counts_towards_its_class() -> None:
    """Shares of 10 % that nobody sells: the class stays at 50 %, its other sleeves share 40 %."""
    found = aims(nodes(*SPLIT), us_equity__stocks=0.10)
    assert found["us_equity/stocks"] == pytest.approx(0.10)
    assert found["us_equity/core"] == pytest.approx(0.24)
    assert found["us_equity/value"] == pytest.approx(0.16)
    assert found["us_bond"] == pytest.approx(0.45)


def test_what_is_stuck_beyond_its_class_is_taken_from_all_others() -> None:
    found = aims(nodes(*SPLIT), us_equity__stocks=0.60)
    assert found["us_equity/stocks"] == pytest.approx(0.60)
    assert found["us_equity/core"] == found["us_equity/value"] == 0.0
    assert found["us_bond"] == pytest.approx(0.36)
    assert found["cash"] == pytest.approx(0.04)


def test_a_private_holding_above_target_leaves_the_rest_in_proportion() -> None:
    rows = (("private", "private", 0.2, 0.1), ("us_equity", "us_equity", 0.5, 0.6), ("us_bond", "us_bond", 0.3, 0.3))
    found = aims(nodes(*rows), private=0.2)
    assert found == pytest.approx({"private": 0.2, "us_equity": 0.8 * 0.6 / 0.9, "us_bond": 0.8 * 0.3 / 0.9})


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 1), st.floats(0, 0.5)), min_size=1, max_size=9))
def test_aims_sum_to_one_and_nothing_stuck_is_aimed_under(drawn: list[tuple[str, float, float]]) -> None:
    total = sum(target for _, target, _ in drawn)
    if total < 0.1:
        return
    rows = [(f"{kind}/{i}", kind, 0.0, target / total) for i, (kind, target, _) in enumerate(drawn)]
    whole = max(1.0, sum(weight for *_, weight in drawn))
    stuck = pl.DataFrame(
        [("P1", rows[i][0], weight / whole) for i, (*_, weight) in enumerate(drawn)],
        schema={"portfolio_id": pl.String, "node_id": pl.String, "stuck_frac": pl.Float64},
        orient="row",
    )
    aimed = with_stuck(nodes(*rows), stuck)
    assert aimed["aim_frac"].sum() == pytest.approx(1.0, abs=1e-9)
    assert aimed.filter(pl.col("aim_frac") < pl.col("stuck_frac") - 1e-9).is_empty()


def test_shared_is_the_larger_of_what_is_stuck_and_a_common_share() -> None:
    rows = pl.DataFrame({"g": ["x"] * 3, "total": [1.0] * 3, "target": [0.5, 0.3, 0.2], "stuck": [0.0, 0.6, 0.0]})
    assert shared(rows, ["g"], "total", "target", "stuck").to_list() == pytest.approx([0.4 * 5 / 7, 0.6, 0.4 * 2 / 7])


def models(
    kind: str, frame: pl.DataFrame, least_cash: float | None = None, partial: float = 0.5
) -> dict[str, tuple[float, ...]]:
    """Return target, lower and upper of each node."""
    aimed = with_stuck(
        frame, pl.DataFrame(schema={"portfolio_id": pl.String, "node_id": pl.String, "stuck_frac": pl.Float64})
    )
    people = pl.DataFrame({"portfolio_id": ["P1"], "kind": [kind], "partial_frac": [partial]})
    cash = pl.DataFrame(
        {"portfolio_id": ["P1"], "min_cash_frac": [least_cash]},
        schema={"portfolio_id": pl.String, "min_cash_frac": pl.Float64},
    )
    rows = engine_models(aimed, people, cash)
    return {row[0]: row[1:] for row in rows.drop("model_id").iter_rows()}


PLAIN = nodes(("us_equity", "us_equity", 0.70, 0.60), ("us_bond", "us_bond", 0.27, 0.35), ("cash", "cash", 0.03, 0.05))


def test_each_kind_says_how_far_as_data() -> None:
    assert models("full", PLAIN)["us_equity"] == pytest.approx((0.60, 0.55, 0.65))
    assert models("to_midpoint", PLAIN)["us_equity"] == pytest.approx((0.60, 0.575, 0.625))
    assert models("partial", PLAIN)["us_equity"][0] == pytest.approx(0.65)
    assert models("harvest_only", PLAIN)["us_equity"][0] == pytest.approx(0.70)


def test_the_ips_least_cash_is_the_lower_end_of_cash() -> None:
    assert models("to_edge", PLAIN, least_cash=0.02)["cash"] == pytest.approx((0.05, 0.02, 0.10))


def test_sleeves_share_the_band_of_their_class() -> None:
    found = models("to_edge", nodes(*SPLIT))
    assert found["us_equity/core"] == pytest.approx((0.30, 0.27, 0.33))
    assert sum(found[f"us_equity/{name}"][2] for name in ("core", "value", "stocks")) == pytest.approx(0.55)


@settings(max_examples=200, deadline=None)
@given(
    kind=st.sampled_from([kind.value for kind in RebalanceKind]),
    weights=st.lists(st.floats(-0.3, 1.3), min_size=2, max_size=2),
    least_cash=st.one_of(st.none(), st.floats(0, 0.3)),
    partial=st.floats(0.05, 1),
)
def test_no_kind_aims_where_the_engine_will_not_go(
    kind: str, weights: list[float], least_cash: float | None, partial: float
) -> None:
    """Accounts that are short, overdrawn or on credit too: a target below 0 is cash's, or has a band that goes below 0."""
    equity, bond = weights
    frame = nodes(
        ("us_equity", "us_equity", equity, 0.60),
        ("us_bond", "us_bond", bond, 0.35),
        ("cash", "cash", 1 - equity - bond, 0.05),
    )
    found = models(kind, frame, least_cash, partial)
    rows = [("M", name, *shares) for name, shares in found.items()]
    table = pl.DataFrame(rows, schema=Models.polars_schema(), orient="row")
    assert table.filter(has_impossible_target()).is_empty()
    assert table["target_frac"].sum() == pytest.approx(1.0)
