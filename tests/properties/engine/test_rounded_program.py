"""What always holds of the programs of rounded lists: a bound that no known list beats, and lists no worse than the search's."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.engine import rounding
from evenkeel.engine.answer import SolvedBook, tabulate
from evenkeel.engine.checks.assertions import violations
from evenkeel.engine.problem import prepare
from evenkeel.engine.rounded_program import AtHand, RoundedPrograms, program_solver
from evenkeel.engine.rounding import round_lists, round_problem
from evenkeel.engine.solve import run_kernel
from tests.properties.engine.test_rounded import DUST, SEEDS, stepped

QUICK = settings(max_examples=8, deadline=None)
MOST = 6


@QUICK
@given(SEEDS, st.booleans(), DUST)
def test_no_list_is_worse_than_the_searchs_and_no_gap_wider(seed: int, washed: bool, dust: float) -> None:
    tables = stepped(seed, washed=washed, dust=dust)
    prepared = prepare(tables)
    exact = run_kernel(prepared.arrays)
    searched = tabulate(SolvedBook(prepared, round_lists(prepared.arrays, exact))).accounts
    rounded = round_problem(tables, prepared, exact, MOST)
    answer = tabulate(SolvedBook(prepared, rounded.answer, rounded.found_by))
    assert violations(tables, answer) == []
    both = answer.accounts.join(searched, on="account_id", suffix="_searched").drop_nulls("nav_usd")
    assert both.filter(pl.col("objective_usd") > pl.col("objective_usd_searched")).height == 0
    assert both.filter(pl.col("bound_usd") < pl.col("bound_usd_searched")).height == 0
    left = both.filter(pl.col("found_by").is_in(["search", "search_left"]))
    assert left.filter(pl.col("gap_usd") != pl.col("gap_usd_searched")).height == 0
    assert both.filter(~pl.col("found_by").is_in(["search", "search_left"])).height <= MOST


@QUICK
@given(SEEDS, st.booleans(), DUST)
def test_the_bound_holds_whatever_list_is_at_hand(seed: int, washed: bool, dust: float) -> None:
    """Told of a list far worse than one that is known, the program must not say that the known one cannot be."""
    tables = stepped(seed, washed=washed, dust=dust)
    prepared = prepare(tables)
    exact = run_kernel(prepared.arrays)
    found = round_lists(prepared.arrays, exact)
    wide = np.flatnonzero(found.figures[:, rounding.OBJECTIVE] - found.figures[:, rounding.BOUND] > 0)[:MOST]
    names = prepared.accounts["account_id"].gather(wide).to_list()
    programs, solver = RoundedPrograms(tables, prepared, names), program_solver()
    for a, name in zip(wide, names, strict=True):
        pi = dict(zip(prepared.classes.to_list(), np.nan_to_num(exact.price[a]).tolist(), strict=True))
        objective, net = found.figures[a, rounding.OBJECTIVE], found.figures[a, rounding.NAV]
        at_hand = AtHand(exact.figures[a, rounding.MU], pi, exact.figures[a, rounding.CASH_AFTER])
        assert programs.ask(name, at_hand, objective + 0.002 * net, solver).bound_usd <= objective + 1e-9 * net


@QUICK
@given(SEEDS)
def test_the_same_problem_has_the_same_lists(seed: int) -> None:
    tables = stepped(seed)
    prepared = prepare(tables)
    exact = run_kernel(prepared.arrays)
    one, other = (round_problem(tables, prepared, exact, MOST) for _ in range(2))
    assert one.found_by.tolist() == other.found_by.tolist()
    assert one.answer.figures.tobytes() == other.answer.figures.tobytes()
    assert one.answer.trade_usd.tobytes() == other.answer.trade_usd.tobytes()
