"""Households, their accounts' taxes netted and budgets kept: from a prepared problem to its answer."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.households.answer import HouseholdAnswer, tabulate_households
from evenkeel.engine.households.arrays import HouseholdAnswerArrays, HouseholdProblem
from evenkeel.engine.households.problem import PreparedHouseholds
from evenkeel.engine.netted.at_rates import Lists
from evenkeel.engine.netted.choosing import ready
from evenkeel.engine.netted.house import SOLVED_HOUSES, RunHouses, house_answer_with
from evenkeel.engine.netted.house_choosing import ChosenHouses, Netted, choose_houses
from evenkeel.engine.netted.price import gains_of, net_gains
from evenkeel.engine.netted.results import change_of, disallowed_of, of_pairs, result_rows, spread
from evenkeel.engine.netted.rounded_houses import RoundHousesBy, rounded_lists
from evenkeel.engine.netted.told import NewLists
from evenkeel.engine.tables.outputs import TaxResults


def solve_netted_households(
    prepared: PreparedHouseholds, tax_units: pl.DataFrame, run: RunHouses, by: RoundHousesBy | None
) -> HouseholdAnswer:
    """Return the best trades of every household's accounts, taxes netted and budgets kept.

    Accounts of one tax unit net with each other within their household; a unit in two households is taken twice against the year so far.

    Args:
        prepared: The problem.
        tax_units: Its tax units.
        run: Solves a problem at its lots' own rates.
        by: How lists are rounded; None: exact lists.
    """
    known = ready(prepared.prepared, tax_units)
    netted = Netted(known, HouseholdProblem(known.prepared.arrays, prepared.arrays.households), run)
    prepared = replace(prepared, arrays=netted.arrays, prepared=known.prepared)
    answer = base = run(netted.arrays)
    rows: pl.DataFrame = TaxResults.empty_frame()
    found_by = None
    chosen = choose_houses(netted, base)
    ids = prepared.households["household_id"]
    if by is not None:
        rounded = rounded_lists(netted, prepared, base, chosen, by)
        answer, found_by = rounded.answer, rounded.found_by
        if chosen is not None:
            answer, rows = _told(netted, ids, answer, chosen, rounded.lists, rounded.bound, to_the_cent=True)
    elif chosen is not None:
        decision = chosen.decision
        answer, rows = _told(netted, ids, base, chosen, decision.lists, decision.bound, to_the_cent=False)
    answer.member_outcome[known.outcome >= 0] = known.outcome[known.outcome >= 0]
    return replace(tabulate_households(prepared, answer, found_by), tax_results=rows)


def _told(
    netted: Netted,
    ids: pl.Series,
    base: HouseholdAnswerArrays,
    chosen: ChosenHouses,
    lists: Lists,
    bound: F8,
    *,
    to_the_cent: bool,
) -> tuple[HouseholdAnswerArrays, pl.DataFrame]:
    """Return the answer with these lists of the households at stake, and the rows of `tax_results`."""
    stake, decision, terms, is_long = chosen.stake, chosen.decision, chosen.terms, netted.known.is_long
    part, houses = decision.part, chosen.houses
    gains = gains_of(part, lists)
    net = net_gains(part, stake, lists, gains, is_long, decision.net.short.shape[1])
    short, long = of_pairs(stake, net)
    change = change_of(terms, short, long, disallowed_of(part, stake, lists, gains), to_the_cent=to_the_cent)
    trade_tax = spread(part, stake, lists, gains, terms, net, change, is_long)
    new = NewLists(part, lists, gains, trade_tax, decision.lot_cost, decision.best.price)
    priced = chosen.scope.answer(decision.at_rates)
    answer = house_answer_with(base, chosen.scope, chosen.places, houses, new, bound, priced)
    rows = result_rows(stake, terms, ids.gather(houses), change, decision.caps)
    # A step that makes no sense is seen by the search only.
    unsolved: I8 = houses[~np.isin(base.outcome[houses], SOLVED_HOUSES)]
    answer.outcome[unsolved] = base.outcome[unsolved]
    theirs = np.isin(chosen.house_of_account, unsolved)
    answer.member_outcome[chosen.places[theirs]] = base.member_outcome[chosen.places[theirs]]
    return answer, rows.filter(~pl.col("problem_id").is_in(ids.gather(unsolved).to_list()))
