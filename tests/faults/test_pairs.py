"""The pairs' runner: what it leaves out for speed changes nothing."""

from __future__ import annotations

import random

import polars as pl

from data_contracts import expectations
from tests.faults.runs import outside_bounds


def test_the_quick_comparison_of_gate_figures_is_that_of_the_library() -> None:
    draws = random.Random(5)
    bounds = [(0.9, 1.25), (None, 0.05), (0.0, None), (1.0, 1.0), (-0.5, 0.5)]
    suite = pl.DataFrame(
        [{"gate": f"g{at}", "lower": low, "upper": high, "column": f"g{at} 1"} for at, (low, high) in enumerate(bounds)]
    )
    drawn = [None, 0.0, 0.05, 0.9, 1.0, 1.25, 1.2500001, 0.8999999, -0.5, -0.6]
    wide = pl.DataFrame(
        {
            "custodian": [f"c{at}" for at in range(40)],
            **{name: [draws.choice(drawn) for _ in range(40)] for name in suite["column"]},
        },
        strict=False,
    )
    expected = sorted(expectations._failures(wide, suite))
    assert expected
    assert sorted(outside_bounds(wide, suite)) == expected
