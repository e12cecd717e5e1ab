"""Households, their accounts' taxes netted and budgets kept: from a prepared problem to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl

from evenkeel.engine.households.answer import HouseholdAnswer, tabulate_households
from evenkeel.engine.households.arrays import MEMBER_FIGURES, HouseholdAnswerArrays, HouseholdProblem
from evenkeel.engine.households.problem import PreparedHouseholds
from evenkeel.engine.netted.choosing import Ready, ready
from evenkeel.engine.netted.decide import decide, limits_of
from evenkeel.engine.netted.house import HOUSE_NOTHING, HOUSE_TRADED, Houses, house_answer_with, house_lists
from evenkeel.engine.netted.price import gains_of
from evenkeel.engine.netted.results import change_of, disallowed_of, of_pairs, result_rows, spread
from evenkeel.engine.netted.stake import lot_gains, stake_of
from evenkeel.engine.netted.told import NewLists
from evenkeel.engine.tables.outputs import TaxResults

Run = Callable[[HouseholdProblem], HouseholdAnswerArrays]


def solve_netted_households(prepared: PreparedHouseholds, tax_units: pl.DataFrame, run: Run) -> HouseholdAnswer:
    """Return the best trades of every household's accounts, taxes netted and budgets kept.

    Accounts of one tax unit net with each other within their household; a unit in two households is taken twice against the year so far.
    """
    known = ready(prepared.prepared, tax_units)
    arrays = HouseholdProblem(known.prepared.arrays, prepared.arrays.households)
    answer = run(arrays)
    answer, rows = _with_netted(known, arrays, prepared.households["household_id"], answer, run)
    answer.member_outcome[known.outcome >= 0] = known.outcome[known.outcome >= 0]
    told = tabulate_households(replace(prepared, arrays=arrays, prepared=known.prepared), answer)
    return replace(told, tax_results=rows)


def _with_netted(
    known: Ready, arrays: HouseholdProblem, ids: pl.Series, base: HouseholdAnswerArrays, run: Run
) -> tuple[HouseholdAnswerArrays, pl.DataFrame]:
    households, problem = arrays.households, arrays.problem
    house = np.repeat(np.arange(len(households.members_from) - 1), np.diff(households.members_from))
    is_solved = np.isin(base.outcome, (HOUSE_TRADED, HOUSE_NOTHING))[house]
    house, member = house[is_solved], households.member[is_solved]
    stake, houses = stake_of(house, member, known.unit[member], known.share[member])
    if not stake.groups:
        return base, TaxResults.empty_frame()
    places = stake.account
    figures = base.member_figures[places]
    scope = Houses(
        problem, run, base.cell_before[places], base.cell_location[places], figures[:, MEMBER_FIGURES.index("nav_usd")],
        figures[:, MEMBER_FIGURES.index("cash_before_usd")], households.location[places], households.location_cost,
    )  # fmt: skip
    limits = limits_of(stake, known.terms, scope.nav)
    gains = lot_gains(problem, known.is_long)
    decision = decide(scope, stake, gains, limits, house_lists(base, places), problem.accounts.dust[places])
    part, lists, terms = decision.part, decision.lists, limits.terms
    of_trades = gains_of(part, lists)
    short, long = of_pairs(stake, decision.net)
    change = change_of(terms, short, long, disallowed_of(part, stake, lists, of_trades), to_the_cent=False)
    trade_tax = spread(part, stake, lists, of_trades, terms, decision.net, change, known.is_long)
    new = NewLists(part, lists, of_trades, trade_tax, decision.lot_cost, decision.best.price)
    answer = house_answer_with(base, scope, places, houses, new, decision.bound, decision.at_rates)
    return answer, result_rows(stake, terms, ids.gather(houses), change, decision.caps)
