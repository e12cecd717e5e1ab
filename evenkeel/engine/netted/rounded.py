"""Rounded lists of accounts whose taxes are netted: searched at the rates of the best case, then taxed by the rule, to the cent.

Rounding may take a list over a budget by a step; then the account is decided again with a budget that is less by as much, a few times, and
after that the best list that keeps the budget stands, be it none. A budget of gains that does not bind the decided list is not kept by
making it less; there the search is told that a dollar of gain costs more, each time four times as much (`pushed`).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import numpy as np
import polars as pl

from evenkeel.engine.arrays import F8, I8, AnswerArrays
from evenkeel.engine.netted.alone import BOUND, NOTHING, TRADED, Alone, answer_with, lists_in
from evenkeel.engine.netted.asking import WORTH_A_PROGRAM, Ask, Found, with_programs
from evenkeel.engine.netted.at_rates import Lists, Part, kept_lists, totals
from evenkeel.engine.netted.attempt import CENT, Scope
from evenkeel.engine.netted.choosing import Chosen, Ready, Rounder, Run, choose
from evenkeel.engine.netted.held import Held, at_case, at_real_prices
from evenkeel.engine.netted.price import flows_of, gains_of, net_gains
from evenkeel.engine.netted.results import change_of, disallowed_of, of_pairs, result_rows, spread
from evenkeel.engine.netted.rounded_program import NettedPrograms
from evenkeel.engine.netted.stated import HAIR, Stated, better, in_part, stated
from evenkeel.engine.netted.told import NewLists
from evenkeel.engine.problem import Tables
from evenkeel.engine.rounded_program import program_solver
from evenkeel.engine.rounding import ALL_BUYS, CASH_AFTER, Rounded, round_lists, round_problem
from evenkeel.engine.tables.outputs import TaxResults

PUSH = 0.002
"""What a dollar of gain costs more where a list in steps is over a budget that does not bind, at first."""

TRIES = 7
"""Times that an account is decided with less of a budget, by half a cent more at first and by four times as much each time."""


@dataclass(frozen=True)
class RoundBy:
    """How lists are rounded: by search, and by at most `programs` programs, which are written from `tables`."""

    tables: Tables
    programs: int


def rounded_answer(
    known: Ready, base: AnswerArrays, chosen: Chosen[Alone] | None, run: Run, by: RoundBy
) -> tuple[Rounded, pl.DataFrame]:
    """Return the answer with rounded lists, and the rows of `tax_results`.

    Args:
        known: The problem.
        base: Exact lists of all accounts at their lots' own rates.
        chosen: What was decided for accounts at stake; None: there are none.
        run: Solves a problem at its lots' own rates.
        by: How lists are rounded.
    """
    arrays = known.prepared.arrays
    at_own_rates = round_problem(
        by.tables, known.prepared, base, by.programs, None if chosen is None else chosen.places
    )
    if chosen is None:
        return at_own_rates, TaxResults.empty_frame()
    rounded, found_by = at_own_rates.answer, at_own_rates.found_by
    part, places = chosen.decision.part, chosen.places
    own = lists_in(rounded, places)
    own = own._replace(lot=part.own_lot(arrays, chosen.stake, own))
    best = stated(chosen, known, kept_lists(own, np.zeros(len(own.lot), bool)))
    best = better(best, stated(chosen, known, own))
    less_gain, less_sold, push = (np.zeros(len(base.outcome)) for _ in range(3))
    now: Chosen[Alone] | None = chosen
    for attempt in range(TRIES):
        if now is None:
            break
        at = np.searchsorted(places, now.places)
        lists = rounded_at_rates(now, run, round_lists, push[now.places])
        here = stated(chosen, known, in_part(lists, now.decision.part, part, at))
        tried = np.isin(np.arange(len(places)), at)
        best = better(best, here, tried)
        for as_is in at_real_prices(attempt, TRIES):
            free = in_part(rounded_at_rates(now, run, round_lists, held=as_is), now.decision.part, part, at)
            best = better(best, stated(chosen, known, free), tried)
        is_over = tried & ~here.is_kept
        if not is_over.any():
            break
        less_gain[places] += np.where(is_over, np.maximum(here.over_gain, 0.0) * 1.5 + CENT * 4**attempt, 0.0)
        push[places] = np.where(is_over & (here.over_gain > HAIR), pushed(attempt), 0.0)
        less_sold[places] += np.where(is_over, np.maximum(here.over_sold, 0.0) * 1.5 + CENT * 4**attempt, 0.0)
        some = np.zeros(len(base.outcome), bool)
        some[places[is_over]] = True
        now = choose(known, base, run, some, less_gain, less_sold)
    found = _with_programs(known, chosen, best, run, by)
    found_by[places] = found.found_by
    answer, rows = _told(known, rounded, chosen, found.best.lists, found.bound)
    return Rounded(answer, found_by), rows


def _with_programs(known: Ready, chosen: Chosen[Alone], best: Stated, run: Run, by: RoundBy) -> Found:
    ids = known.prepared.accounts["account_id"].gather(chosen.places).to_list()

    def programs(groups: I8) -> Ask:
        of, solver = NettedPrograms(by.tables, known.prepared, [ids[g] for g in groups]), program_solver()
        return lambda group, case, objective_usd: of.ask(ids[group], case, objective_usd, solver)

    def polish(groups: I8, case: I8, lists: Lists, held: Held) -> Lists:
        return _rounded(chosen, groups, case, lists, run, partial(round_lists, extra=ALL_BUYS), held)

    return with_programs(known, chosen, best, programs, polish, by.programs, WORTH_A_PROGRAM)


def _told(
    known: Ready, rounded: AnswerArrays, chosen: Chosen[Alone], lists: Lists, bound: F8
) -> tuple[AnswerArrays, pl.DataFrame]:
    decision, stake = chosen.decision, chosen.stake
    part = decision.part
    gains = gains_of(part, lists)
    most = decision.net.short.shape[1]
    net = net_gains(part, stake, lists, gains, known.is_long, most)
    short, long = of_pairs(stake, net)
    change = change_of(chosen.terms, short, long, disallowed_of(part, stake, lists, gains), to_the_cent=True)
    trade_tax = spread(part, stake, lists, gains, chosen.terms, net, change, known.is_long)
    tax = totals(lists.account, trade_tax, stake.groups)
    new = NewLists(part, lists, gains, trade_tax, decision.lot_cost, decision.best.price)
    answer = answer_with(rounded, chosen.scope, chosen.places, new, tax, bound)
    ids = known.prepared.accounts["account_id"].gather(chosen.places)
    rows = result_rows(stake, chosen.terms, ids, change, decision.caps)
    # A step that makes no sense is seen by the search only.
    outcome = rounded.outcome[chosen.places]
    is_unsolved = ~np.isin(outcome, (TRADED, NOTHING))
    answer.outcome[chosen.places[is_unsolved]] = outcome[is_unsolved]
    return answer, rows.filter(~pl.col("problem_id").is_in(ids.filter(pl.Series(is_unsolved)).to_list()))


def is_held(chosen: Chosen[Scope]) -> np.ndarray:
    """Tell of whose decided lists a budget binds."""
    held: np.ndarray = np.any(chosen.decision.caps > 0, axis=1)
    return held


def pushed(attempt: int) -> float:
    """Return what a dollar of gain costs more in the next attempt where no budget binds and the list is over one."""
    return float(PUSH * 4**attempt)


def rounded_at_rates(
    chosen: Chosen[Alone], run: Run, rounder: Rounder, push: F8 | None = None, held: Held = Held.PRICED
) -> Lists:
    """Return the rounded lists found from the decided ones at the rates of their best case, in the decision's part.

    `push`: by group, what a dollar of gain costs more, where no budget binds. `held`: how those are rounded whom a budget binds, or all
    where that is at real prices.
    """
    decision = chosen.decision
    is_bound = is_held(chosen) | held.is_free
    found = [
        _rounded(
            chosen, np.nonzero(is_in)[0], decision.case[is_in], decision.lists, run, rounder,
            held=how, push=None if how is not Held.NOT or push is None else push[is_in],
        )
        for how, is_in in ((Held.NOT, ~is_bound), (held, is_bound))
        if is_in.any()
    ]  # fmt: skip
    return Lists(*(np.concatenate(arrays) for arrays in zip(*found, strict=True)))


def _rounded(
    chosen: Chosen[Alone],
    groups: I8,
    case: I8,
    lists: Lists,
    run: Run,
    rounder: Rounder,
    held: Held = Held.NOT,
    push: F8 | None = None,
) -> Lists:
    """Round some accounts' lists, which are those of the decision's part, at the rates of a case each (`held.at_case`)."""
    decision, every = chosen.decision, np.arange(len(groups))
    part, problem, lot, lists, is_kept = at_case(chosen, groups, case, lists, held, push)
    start = run(problem)
    own, is_all = lists_in(start, every), np.isin(lists.account, every[is_kept])
    begun = (kept_lists(lists, is_all), kept_lists(own, ~is_kept[own.account]))
    lists = Lists(*(np.concatenate(arrays) for arrays in zip(*begun, strict=True)))
    cut = Part(problem, groups, every, every, lot)
    none = np.zeros(len(lists.usd))
    new = NewLists(cut, lists, gains_of(cut, lists), none, np.zeros(len(lot)), start.price)
    scope = chosen.scope.take(part.at, problem)
    start = answer_with(start, scope, every, new, np.zeros(len(groups)), start.figures[:, BOUND])
    # Floors are those that the decided list keeps: the start may have less cash, its sales being whole.
    decided = chosen.scope.cash + flows_of(decision.part, decision.lists).moved[:, 0]
    start.figures[:, CASH_AFTER] = decided[groups]
    rounded = lists_in(rounder(problem, start), every)
    rounded = rounded._replace(lot=np.where(rounded.lot >= 0, np.append(lot, -1)[rounded.lot], -1))
    return in_part(rounded, part, decision.part, groups)
