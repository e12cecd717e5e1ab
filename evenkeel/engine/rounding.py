"""Rounded lists: from exact ones in dollars to whole steps by search, and a program where the search leaves too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.answer import empty_answer
from evenkeel.engine.arrays import FIGURES, I8, AnswerArrays, Problem
from evenkeel.engine.codes import OUTCOMES, WAYS, FoundBy, Outcome
from evenkeel.engine.compiled import round_book_kernel
from evenkeel.engine.problem import Prepared, Tables
from evenkeel.engine.scratch import make_round_space, make_scratch

EXTRA_BUYS, ALL_BUYS = 4, 2**31
"""Purchases of a class beyond those that are enough for it: what the search tries, and what a program's list may name."""
PROGRAM_GAP = 1e-4
"""One basis point of net asset value: past it a program is asked."""
PROGRAM_ACCOUNTS = 100
"""So many accounts of a problem at most, largest gaps first: a program takes some tenths of a second, the search some milliseconds."""

NAV, CASH_AFTER, OBJECTIVE = (FIGURES.index(name) for name in ("nav_usd", "cash_after_usd", "objective_usd"))
BOUND, MU = FIGURES.index("bound_usd"), FIGURES.index("cash_price_frac")
SEARCH, KEPT, PROGRAM, LEFT = (
    WAYS.index(way) for way in (FoundBy.SEARCH, FoundBy.SEARCH_KEPT, FoundBy.PROGRAM, FoundBy.SEARCH_LEFT)
)
SKIPPED = OUTCOMES.index(Outcome.FIGURE_INVALID)
SOLVED = [OUTCOMES.index(outcome) for outcome in (Outcome.TRADED, Outcome.NOTHING_TO_TRADE)]


@dataclass(frozen=True)
class Rounded:
    """A rounded answer, and by account how its list was found: a place in `codes.WAYS`."""

    answer: AnswerArrays
    found_by: I8


def sizes(problem: Problem) -> tuple[int, int, int, int]:
    """Return the most lots, classes, securities and terms that one account has, as `make_scratch` wants them."""
    return (
        _most(problem.accounts.lots_from),
        problem.class_count,
        _most(problem.universes.rows_from),
        _most(problem.plans.rows_from),
    )


def round_problem(
    tables: Tables,
    prepared: Prepared,
    exact: AnswerArrays,
    most: int = PROGRAM_ACCOUNTS,
    but: I8 | None = None,
) -> Rounded:
    """Return rounded lists: by search, and by a program for at most `most` accounts where the search leaves more than PROGRAM_GAP.

    `but`: places of accounts that no program is asked for here.
    """
    searched = round_lists(prepared.arrays, exact)
    found_by = np.full(len(searched.outcome), SEARCH)
    figures = searched.figures
    with np.errstate(invalid="ignore"):
        gap = (figures[:, OBJECTIVE] - figures[:, BOUND]) / figures[:, NAV]
        is_wide = np.isin(searched.outcome, SOLVED) & (gap > PROGRAM_GAP)
    if but is not None:
        is_wide[but] = False
    wide = np.flatnonzero(is_wide)
    wide = wide[np.argsort(-gap[wide], kind="stable")]
    found_by[wide[most:]] = LEFT
    asked = np.sort(wide[:most])
    if not len(asked):
        return Rounded(searched, found_by)
    start, bounds = _programs(tables, prepared, exact, searched, asked)
    polished = round_lists(prepared.arrays, start, ALL_BUYS)
    is_better = np.zeros(len(found_by), bool)
    is_better[asked] = polished.figures[asked, OBJECTIVE] < figures[asked, OBJECTIVE] - 1e-6
    found_by[asked] = np.where(is_better[asked], PROGRAM, KEPT)
    answer = _merged(searched, polished, is_better)
    proven = np.minimum(bounds, answer.figures[asked, OBJECTIVE])
    answer.figures[asked, BOUND] = np.maximum(answer.figures[asked, BOUND], proven)
    return Rounded(answer, found_by)


def round_lists(problem: Problem, start: AnswerArrays, extra: int = EXTRA_BUYS) -> AnswerArrays:
    """Return the rounded lists found by search from those of `start`, whose prices and bounds stand.

    `extra`: so many purchases of a class are tried beyond those that are enough for it, cheapest first.
    """
    accounts = len(problem.accounts.model)
    room = int(start.trades_from[-1]) + 4 * accounts + 64
    kernel, large = round_book_kernel(), sizes(problem)
    space, levels = make_scratch(*large), make_round_space(*large)
    while True:
        answer = empty_answer(accounts, problem.class_count, room)
        count = kernel(*problem, start, answer, space, levels, extra)
        if count <= room:
            return answer
        room = count


def _programs(
    tables: Tables, prepared: Prepared, exact: AnswerArrays, searched: AnswerArrays, asked: I8
) -> tuple[AnswerArrays, np.ndarray]:
    """Return the programs' lists, with the prices and bounds of the exact ones, for the search to go on from; and the programs' bounds."""
    from evenkeel.engine.rounded_program import AtHand, RoundedPrograms, program_solver

    names, classes = prepared.accounts["account_id"].gather(asked).to_list(), prepared.classes.to_list()
    programs, solver = RoundedPrograms(tables, prepared, names), program_solver()
    bounds = np.full(len(asked), -np.inf)
    outcome = np.full(len(exact.outcome), SKIPPED)
    counts = np.zeros(len(outcome), np.int64)
    lot: list[int] = []
    row: list[int] = []
    usd: list[float] = []
    for place, (a, name) in enumerate(zip(asked, names, strict=True)):
        pi = {k: float(p) for k, p in zip(classes, exact.price[a], strict=True) if not np.isnan(p)}
        at_hand = AtHand(float(exact.figures[a, MU]), pi, float(exact.figures[a, CASH_AFTER]))
        found = programs.ask(name, at_hand, float(searched.figures[a, OBJECTIVE]), solver)
        bounds[place] = found.bound_usd
        if found.trades is None:
            continue
        sold, bought = found.trades[name]
        outcome[a] = SOLVED[0]
        counts[a] = len(sold) + len(bought)
        lot += [*sold, *[-1] * len(bought)]
        row += [*[-1] * len(sold), *bought]
        usd += [*sold.values(), *bought.values()]
    trades = empty_answer(0, 0, len(usd))._replace(
        trade_lot=np.array(lot, np.int64), trade_row=np.array(row, np.int64), trade_usd=np.array(usd, np.float64)
    )
    start = exact._replace(
        outcome=outcome,
        trades_from=np.concatenate([[0], np.cumsum(counts)]),
        **{name: getattr(trades, name) for name in trades._fields if name.startswith("trade_")},
    )
    return start, bounds


def _merged(one: AnswerArrays, other: AnswerArrays, is_other: np.ndarray) -> AnswerArrays:
    """Return the answer whose accounts are those of `other` where told, and else those of `one`."""
    whole = {}
    for name in ("outcome", "figures", "before", "after", "price"):
        mine, theirs = getattr(one, name), getattr(other, name)
        whole[name] = np.where(is_other.reshape(-1, *[1] * (mine.ndim - 1)), theirs, mine)
    counts = np.where(is_other, np.diff(other.trades_from), np.diff(one.trades_from))
    starts = np.concatenate([[0], np.cumsum(counts)])
    first = np.where(is_other, other.trades_from[:-1] + len(one.trade_usd), one.trades_from[:-1])
    place = np.repeat(first - starts[:-1], counts) + np.arange(starts[-1])
    trades = {
        name: np.concatenate([getattr(one, name), getattr(other, name)])[place]
        for name in one._fields
        if name.startswith("trade_")
    }
    return AnswerArrays(**whole, trades_from=starts, **trades)


def _most(starts: I8) -> int:
    return int(np.diff(starts).max()) if len(starts) > 1 else 0
