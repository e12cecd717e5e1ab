"""Working space of a problem's largest household, and the search for rounded lists in it."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.arrays import I8
from evenkeel.engine.households.answer import empty_household_answer
from evenkeel.engine.households.arrays import House, HouseholdAnswerArrays, HouseholdProblem, make_house
from evenkeel.engine.households.compiled import round_house_book_kernel
from evenkeel.engine.households.round_space import make_house_round
from evenkeel.engine.rounding import EXTRA_BUYS
from evenkeel.engine.scratch import Scratch, make_scratch


def round_household_lists(
    problem: HouseholdProblem, exact: HouseholdAnswerArrays, extra: int = EXTRA_BUYS
) -> HouseholdAnswerArrays:
    """Return the rounded lists found by search from those of `exact`, whose prices and bounds stand.

    `extra` as for `rounding.round_lists`.
    """
    accounts, households, classes = problem.problem.accounts, problem.households, problem.problem.class_count
    space, house = household_spaces(problem)
    rows = _most(problem.problem.universes.rows_from)
    steps = make_house_round(*_sizes(problem))
    room = int(exact.trades_end.max(initial=0)) + 4 * len(accounts.model) + 64
    kernel = round_house_book_kernel()
    while True:
        answer = empty_household_answer(len(households.members_from) - 1, len(accounts.model), classes, room)
        count = kernel(*problem.problem[:6], households, exact, answer, space, house, steps, classes, rows, extra)
        if count <= room:
            return answer
        room = count


def household_spaces(problem: HouseholdProblem) -> tuple[Scratch, House]:
    """Return working space of the largest account and household."""
    members, lots, rows, classes, terms = _sizes(problem)
    most_lots, most_rows = _most(problem.problem.accounts.lots_from), _most(problem.problem.universes.rows_from)
    return make_scratch(most_lots, classes, most_rows, terms), make_house(members, lots, rows, classes, terms)


def _sizes(problem: HouseholdProblem) -> tuple[int, int, int, int, int]:
    """Return the most members, lots, securities of all members, classes and terms, as `make_house` wants them."""
    accounts, households = problem.problem.accounts, problem.households
    counts = np.diff(accounts.lots_from)[households.member]
    lots = np.concatenate([[0], np.cumsum(counts)])[households.members_from]
    members = _most(households.members_from)
    rows = members * _most(problem.problem.universes.rows_from)
    return members, _most(lots), rows, problem.problem.class_count, _most(problem.problem.plans.rows_from)


def _most(starts: I8) -> int:
    """Return the largest number of entries that one owner has."""
    return int(np.diff(starts).max()) if len(starts) > 1 else 0
