"""What always holds of the programs of households: a bound that no known lists beat, and lists no worse than the search's."""

from __future__ import annotations

import numpy as np
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from evenkeel.engine.checks.household_assertions import household_violations
from evenkeel.engine.households import rounding
from evenkeel.engine.households.answer import tabulate_households
from evenkeel.engine.households.problem import prepare_households
from evenkeel.engine.households.rounded_program import RoundedHouseholdPrograms
from evenkeel.engine.households.rounding import round_households
from evenkeel.engine.households.solve import run_household_kernel
from evenkeel.engine.households.spaces import round_household_lists
from evenkeel.engine.rounded_program import AtHand, program_solver
from tests.properties.engine.test_rounded_households import DUST, SEEDS, stepped

QUICK = settings(max_examples=6, deadline=None)
MOST = 3


@QUICK
@given(SEEDS, st.booleans(), DUST)
def test_no_lists_are_worse_than_the_searchs_and_no_gap_wider(seed: int, washed: bool, dust: float) -> None:
    tables = stepped(seed, households=4, most_accounts=3, washed=washed, dust=dust)
    prepared = prepare_households(tables)
    exact = run_household_kernel(prepared.arrays)
    searched = tabulate_households(prepared, round_household_lists(prepared.arrays, exact)).households
    one, other = (round_households(tables, prepared, exact, MOST) for _ in range(2))
    answer = tabulate_households(prepared, one.answer, one.found_by)
    assert household_violations(tables, answer) == []
    assert answer.trades.equals(tabulate_households(prepared, other.answer, other.found_by).trades)
    both = answer.households.join(searched, on="household_id", suffix="_searched").drop_nulls("nav_usd")
    assert both.filter(pl.col("objective_usd") > pl.col("objective_usd_searched")).height == 0
    assert both.filter(pl.col("bound_usd") < pl.col("bound_usd_searched")).height == 0
    assert both.filter(~pl.col("found_by").is_in(["search", "search_left"])).height <= MOST


@QUICK
@given(SEEDS, st.booleans(), DUST)
def test_the_bound_holds_whatever_lists_are_at_hand(seed: int, washed: bool, dust: float) -> None:
    """Told of lists far worse than some that are known, the program must not say that the known ones cannot be."""
    tables = stepped(seed, households=4, most_accounts=3, washed=washed, dust=dust)
    prepared = prepare_households(tables)
    exact = run_household_kernel(prepared.arrays)
    found = round_households(tables, prepared, exact, MOST).answer
    houses = np.flatnonzero(~np.isnan(found.figures[:, rounding.OBJECTIVE]))[:MOST]
    names = prepared.households["household_id"].gather(houses).to_list()
    programs, solver = RoundedHouseholdPrograms(tables, prepared, names), program_solver()
    ids, classes = prepared.prepared.accounts["account_id"].to_list(), prepared.prepared.classes.to_list()
    for house, name in zip(houses, names, strict=True):
        members = prepared.arrays.households
        at_hand = {
            ids[a]: AtHand(
                exact.member_figures[a, rounding.MU],
                dict(zip(classes, np.nan_to_num(exact.cell_price[a]).tolist(), strict=True)),
                exact.member_figures[a, rounding.CASH_AFTER],
            )
            for a in members.member[members.members_from[house] : members.members_from[house + 1]]
        }
        pi = dict(zip(classes, np.nan_to_num(exact.price[house]).tolist(), strict=True))
        objective, net = found.figures[house, rounding.OBJECTIVE], found.figures[house, rounding.NAV]
        bound = programs.ask(name, at_hand, pi, objective + 0.002 * net, solver).bound_usd
        assert bound <= objective + 1e-9 * net
