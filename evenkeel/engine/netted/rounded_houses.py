"""Rounded lists of households whose taxes are netted: searched at the rates of the best case, then taxed by the rule, to the cent.

As `rounded` for accounts alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.households.arrays import MEMBER_FIGURES, HouseholdAnswerArrays, HouseholdProblem
from evenkeel.engine.households.problem import HouseholdTables, PreparedHouseholds
from evenkeel.engine.households.rounding import round_households
from evenkeel.engine.households.spaces import round_household_lists
from evenkeel.engine.netted.asking import HOUSEHOLD_WORTH_A_PROGRAM, Ask, Found, with_programs
from evenkeel.engine.netted.at_rates import Lists, Part, kept_lists
from evenkeel.engine.netted.attempt import CENT
from evenkeel.engine.netted.held import Held, at_case, at_real_prices
from evenkeel.engine.netted.house import BOUND, house_answer_with, house_lists, house_problem
from evenkeel.engine.netted.house_choosing import ChosenHouses, Less, Netted, choose_houses
from evenkeel.engine.netted.price import flows_of, gains_of
from evenkeel.engine.netted.rounded import TRIES, is_held, pushed
from evenkeel.engine.netted.rounded_program import NettedHouseholdPrograms
from evenkeel.engine.netted.stated import HAIR, Stated, better, in_part, stated
from evenkeel.engine.netted.told import NewLists
from evenkeel.engine.rounded_program import program_solver
from evenkeel.engine.rounding import ALL_BUYS, EXTRA_BUYS

CASH_AFTER = MEMBER_FIGURES.index("cash_after_usd")


@dataclass(frozen=True)
class RoundHousesBy:
    """How lists are rounded: by search, and by at most `programs` programs, which are written from `tables`."""

    tables: HouseholdTables
    programs: int


@dataclass(frozen=True)
class RoundedLists:
    """A rounded answer at lots' own rates and by household how its lists were found; lists of the decision's part, with their bounds."""

    answer: HouseholdAnswerArrays
    found_by: I8
    lists: Lists
    bound: F8


def rounded_lists(
    netted: Netted,
    prepared: PreparedHouseholds,
    base: HouseholdAnswerArrays,
    chosen: ChosenHouses | None,
    by: RoundHousesBy,
) -> RoundedLists:
    """Return rounded lists.

    Args:
        netted: The problem.
        prepared: It, with ids.
        base: Exact lists of all households at their lots' own rates.
        chosen: What was decided for households at stake; None: there are none.
        by: How lists are rounded.
    """
    none = np.zeros(0, np.int64)
    at_own_rates = round_households(by.tables, prepared, base, by.programs, none if chosen is None else chosen.houses)
    rounded, found_by = at_own_rates.answer, at_own_rates.found_by
    if chosen is None:
        return RoundedLists(rounded, found_by, Lists(none, none, none, np.zeros(0), np.zeros(0)), np.zeros(0))
    part, count = chosen.decision.part, chosen.stake.groups
    own = house_lists(rounded, chosen.places)
    own = own._replace(lot=part.own_lot(netted.arrays.problem, chosen.stake, own))
    best = stated(chosen, netted.known, kept_lists(own, np.zeros(len(own.lot), bool)))
    best = better(best, stated(chosen, netted.known, own))
    order = np.argsort(chosen.places)
    less = Less(np.zeros(len(base.outcome)), np.zeros(len(base.member_outcome)))
    push = np.zeros(count)
    now: ChosenHouses | None = chosen
    for attempt in range(TRIES):
        if now is None:
            break
        group = np.searchsorted(chosen.houses, now.houses)
        account = order[np.searchsorted(chosen.places[order], now.places)]
        tried = np.isin(np.arange(count), group)
        found = stated(chosen, netted.known, in_part(_at_rates(now, push[group]), now.decision.part, part, account))
        best = better(best, found, tried)
        for as_is in at_real_prices(attempt, TRIES):
            free = in_part(_at_rates(now, push[group], as_is), now.decision.part, part, account)
            best = better(best, stated(chosen, netted.known, free), tried)
        is_over = tried & ~found.is_kept
        if not is_over.any():
            break
        more = CENT * 4**attempt
        push = np.where(is_over & (found.over_gain > HAIR), pushed(attempt), 0.0)
        less.gain[chosen.houses] += np.where(is_over, np.maximum(found.over_gain, 0.0) * 1.5 + more, 0.0)
        is_theirs = is_over[chosen.stake.group]
        less.sold[chosen.places] += np.where(is_theirs, np.maximum(found.over_sold, 0.0) * 1.5 + more, 0.0)
        some = np.zeros(len(base.outcome), bool)
        some[chosen.houses[is_over]] = True
        now = choose_houses(netted, base, some, less)
    told = _with_programs(netted, prepared, chosen, best, by)
    found_by[chosen.houses] = told.found_by
    return RoundedLists(rounded, found_by, told.best.lists, told.bound)


def _with_programs(
    netted: Netted, prepared: PreparedHouseholds, chosen: ChosenHouses, best: Stated, by: RoundHousesBy
) -> Found:
    ids = prepared.households["household_id"].gather(chosen.houses).to_list()

    def programs(groups: I8) -> Ask:
        of, solver = NettedHouseholdPrograms(by.tables, prepared, [ids[g] for g in groups]), program_solver()
        return lambda group, case, objective_usd: of.ask_case(ids[group], case, objective_usd, solver)

    def polish(groups: I8, case: I8, lists: Lists, held: Held) -> Lists:
        return _rounded(chosen, groups, case, lists, np.zeros(len(groups)), held, ALL_BUYS)

    return with_programs(netted.known, chosen, best, programs, polish, by.programs, HOUSEHOLD_WORTH_A_PROGRAM)


def _at_rates(chosen: ChosenHouses, push: F8, held: Held = Held.PRICED) -> Lists:
    """Return the rounded lists found from the decided ones at the rates of their best case, in the decision's part.

    `push`, `held`: as for `rounded.rounded_at_rates`.
    """
    is_bound = is_held(chosen) | held.is_free
    decision = chosen.decision
    found = [
        _rounded(
            chosen, np.nonzero(is_in)[0], decision.case[is_in], decision.lists, push[is_in] * (how is Held.NOT), how
        )
        for how, is_in in ((Held.NOT, ~is_bound), (held, is_bound))
        if is_in.any()
    ]
    return Lists(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def _rounded(
    chosen: ChosenHouses, groups: I8, case: I8, lists: Lists, push: F8, held: Held, extra: int = EXTRA_BUYS
) -> Lists:
    """Round some households' lists, which are those of the decision's part, at the rates of a case each (`held.at_case`)."""
    decision, scope, copies = chosen.decision, chosen.scope, np.arange(len(groups))
    part, problem, lot, lists, is_kept = at_case(chosen, groups, case, lists, held, push)
    every = np.arange(len(part.at))
    cut, own_scope = Part(problem, groups, part.copy, every, lot), scope.take(part.at, problem)
    priced = own_scope.answer(cut)
    own, is_of_kept = house_lists(priced, every), is_kept[part.copy]
    begun = (kept_lists(lists, is_of_kept[lists.account]), kept_lists(own, ~is_of_kept[own.account]))
    lists = Lists(*(np.concatenate(arrays) for arrays in zip(*begun, strict=True)))
    new = NewLists(cut, lists, gains_of(cut, lists), np.zeros(len(lists.usd)), np.zeros(len(lot)), priced.cell_price)
    start = house_answer_with(priced, own_scope, every, copies, new, priced.figures[:, BOUND], priced)
    # Floors are those that the decided list keeps: the start may have less cash, its sales being whole.
    decided = scope.cash + flows_of(decision.part, decision.lists).moved[:, 0]
    start.member_figures[:, CASH_AFTER] = decided[part.at]
    found = round_household_lists(HouseholdProblem(problem, house_problem(own_scope, cut)), start, extra)
    rounded = house_lists(found, every)
    rounded = rounded._replace(lot=np.where(rounded.lot >= 0, np.append(lot, -1)[rounded.lot], -1))
    return in_part(rounded, part, decision.part, part.at)
