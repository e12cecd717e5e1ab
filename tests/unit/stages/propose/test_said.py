"""What a proposal says of its nodes: a sleeve's own band, and nothing without a sign."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import polars as pl

from evenkeel.stages.propose.stage import Proposed
from evenkeel.stages.propose.trade_sentences import trade_sentences
from tests.support.proposing import Account, Lot, book_of, day_of, proposed

IRA = Account(12_000, [Lot("STK", 700, 80), Lot("BND", 360, 50)])
SOLD_OUT = Account(
    3_333.33,
    [*(Lot("OLD", qty, 30) for qty in (52.4993, 91.7113, 1.2506, 54.0011)), Lot("STK", 501, 80), Lot("BND", 700, 50)],
)
"""Old shares in four lots: their sales, each to the cent, are a cent more than they are worth together."""


def classes(made: Proposed) -> dict[str, dict[str, Any]]:
    """Return the nodes of the first proposal by name."""
    return {node["node"]: node for node in json.loads(made.proposals["classes_json"][0])}


def test_a_sleeve_has_no_band_of_its_class() -> None:
    nodes = classes(proposed(day_of({"A4": IRA}, book_of()), A4="full"))
    assert (nodes["us_equity/core"]["lower_frac"], nodes["us_equity/core"]["upper_frac"]) == (None, None)
    assert nodes["cash"]["lower_frac"] is not None


def test_a_sleeve_with_a_band_of_its_own_has_that() -> None:
    day = day_of({"A4": IRA}, book_of())
    own = day.bands.filter(node_id="us_equity").with_columns(
        pl.lit("sleeve").alias("level"),
        pl.lit("us_equity/core").alias("node_id"),
        lower_frac=pl.lit(0.55),
        upper_frac=pl.lit(0.62),
    )
    bands = pl.concat([day.bands, own])
    core = classes(proposed(replace(day, bands=bands), A4="full"))["us_equity/core"]
    assert (core["lower_frac"], core["upper_frac"]) == (0.55, 0.62)


def test_a_class_sold_out_weighs_nothing_without_a_sign() -> None:
    made = proposed(day_of({"A4": SOLD_OUT}, book_of(), {"OLD": 78.5}), A4="full")
    assert classes(made)["us_equity/stocks"]["after_frac"] == 0.0
    text = made.proposals["classes_json"][0] + " ".join(trade_sentences(made.trades)["sentence"])
    assert "-0.0" not in text
    gone = made.trades.filter(security_id="OLD")["weight_after_frac"]
    assert [str(weight) for weight in gone] == ["0.0"] * gone.len()
    assert gone.len() == 4
