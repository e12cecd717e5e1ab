"""Programs asked where the search of rounded lists leaves too much: of which groups, in which cases, and what becomes of their lists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.netted.at_rates import Lists, totals
from evenkeel.engine.netted.attempt import Scope
from evenkeel.engine.netted.case_at_hand import CaseAtHand, CasesAtHand
from evenkeel.engine.netted.choosing import Chosen, Ready
from evenkeel.engine.netted.held import Held
from evenkeel.engine.netted.rounded_bound import CaseBounds, case_bounds
from evenkeel.engine.netted.stated import Stated, better, stated
from evenkeel.engine.problem import Prepared
from evenkeel.engine.rounded_program import ProgramList
from evenkeel.engine.rounding import KEPT, LEFT, PROGRAM, SEARCH

WORTH_A_PROGRAM = 2e-5
HOUSEHOLD_WORTH_A_PROGRAM = 5e-5
"""Share of net asset value that a program is asked for. Less than for lists that are not netted (`rounding.PROGRAM_GAP`): the search
trades at the rates of one case, and near a corner of the year's tax a program finds better lists, not only better bounds. A household's
takes some seconds, an account's some tenths."""

Ask = Callable[[int, CaseAtHand, float], ProgramList]
"""The program of a group's case, told the objective of the best list so far."""

Polish = Callable[[I8, I8, Lists, Held], Lists]
"""Search on from lists of some groups, at the rates of a case each, in the decision's part."""


@dataclass(frozen=True)
class Found:
    """The best lists, by group their bounds, and how each was found."""

    best: Stated
    bound: F8
    found_by: I8


def with_programs(
    known: Ready, chosen: Chosen[Scope], best: Stated, ask: Callable[[I8], Ask], polish: Polish, most: int, worth: float
) -> Found:
    """Ask programs where the search leaves too much, most dollars first.

    Args:
        known: The problem.
        chosen: What was decided for groups at stake.
        best: What the search found.
        ask: Makes ready to ask for the groups given.
        polish: A program's lists may buy what the search does not list.
        most: So many groups at most.
        worth: Share of a group's value that its program is asked for.
    """
    cases = case_bounds(chosen)
    count = chosen.stake.groups
    bound, found_by = cases.of_groups(count), np.full(count, SEARCH)
    gap, nav = best.objective - bound, totals(chosen.stake.group, chosen.scope.nav, count)
    wide = np.flatnonzero(best.is_kept & (gap > worth * np.maximum(nav, 1.0)))
    wide = wide[np.argsort(-gap[wide], kind="stable")]
    found_by[wide[most:]] = LEFT
    asked = np.sort(wide[:most])
    if not len(asked):
        return Found(best, bound, found_by)
    told = ask_programs(known.prepared, chosen, cases, best.objective, asked, ask(asked))
    before = best.objective.copy()
    for lists, case in zip(told.lists, told.cases, strict=True):
        groups = np.flatnonzero(case >= 0)
        best = better(best, stated(chosen, known, polish(groups, case[groups], lists, Held.NOT)), case >= 0)
        # At a budget's price one list is as good as another: what the program sells is kept to, at real prices.
        groups = groups[(chosen.decision.tried.cases.caps[case[groups]] > 0).any(axis=1)]
        if len(groups):
            polished = polish(groups, case[groups], lists, Held.FREE)
            best = better(best, stated(chosen, known, polished), np.isin(np.arange(count), groups))
    found_by[asked] = np.where(best.objective[asked] < before[asked] - 1e-6, PROGRAM, KEPT)
    bound[asked] = np.maximum(bound[asked], np.minimum(told.bound, best.objective[asked]))
    return Found(best, bound, found_by)


@dataclass(frozen=True)
class Asked:
    """What programs say of some groups.

    Attributes:
        bound: By group asked: no list has a lower objective.
        lists: Lists found, in the decision's part; of each group at most one list in each.
        cases: Of each: by group at stake, the case that its list is of, or -1.
    """

    bound: F8
    lists: tuple[Lists, ...]
    cases: tuple[I8, ...]


def ask_programs(
    prepared: Prepared, chosen: Chosen[Scope], bounds: CaseBounds, objective: F8, asked: I8, ask: Ask
) -> Asked:
    """Ask a program for each case of each group asked whose bound leaves room for a better list.

    Args:
        prepared: The problem.
        chosen: What was decided for groups at stake.
        bounds: Of each of its cases.
        objective: By group at stake, of its best rounded list.
        asked: Groups at stake, by number.
        ask: Asks one.
    """
    at_hand, stake = CasesAtHand(prepared, chosen, bounds), chosen.stake
    place = {name: n for n, name in enumerate(prepared.accounts["account_id"].gather(chosen.places))}
    least = objective[asked]
    found: list[list[tuple[int, int, int, float]]] = []
    of_case: list[I8] = []
    for n, g in enumerate(asked):
        count = 0
        for case in np.flatnonzero(bounds.group == g):
            if bounds.bound[case] >= objective[g]:
                continue
            told = ask(int(g), at_hand.told(int(case)), float(objective[g]))
            least[n] = min(least[n], max(told.bound_usd, float(bounds.bound[case])))
            if told.trades is None:
                continue
            if count == len(found):
                found.append([])
                of_case.append(np.full(stake.groups, -1))
            of_case[count][g] = case
            for name, (sold, bought) in told.trades.items():
                found[count].extend((place[name], lot, -1, usd) for lot, usd in sold.items())
                found[count].extend((place[name], -1, row, usd) for row, usd in bought.items())
            count += 1
    return Asked(least, tuple(_lists_of(prepared, chosen, rows) for rows in found), tuple(of_case))


def _lists_of(prepared: Prepared, chosen: Chosen[Scope], rows: list[tuple[int, int, int, float]]) -> Lists:
    """Return trades (account at stake, lot of the problem or -1, row of the universe or -1, dollars) as lists of the decision's part."""
    part, gains, arrays = chosen.decision.part, chosen.gains, prepared.arrays
    account, lot, row = (np.array([each[j] for each in rows], np.int64) for j in range(3))
    usd = np.array([each[3] for each in rows], np.float64)
    is_sale = lot >= 0
    own = part.problem.accounts.lots_from[account] + lot - arrays.accounts.lots_from[chosen.places[account]]
    row = np.where(is_sale, np.append(gains.row, -1)[lot], row)
    return Lists(account, np.where(is_sale, own, -1), row, usd, usd / arrays.universes.price[row])
