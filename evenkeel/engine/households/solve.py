"""Solve a problem of households in memory."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.arrays import I8
from evenkeel.engine.households.answer import HouseholdAnswer, empty_household_answer, tabulate_households
from evenkeel.engine.households.arrays import House, HouseholdAnswerArrays, HouseholdProblem, make_house
from evenkeel.engine.households.compiled import round_house_book_kernel, solve_house_book_kernel
from evenkeel.engine.households.problem import HouseholdTables, prepare_households
from evenkeel.engine.households.round_space import make_house_round
from evenkeel.engine.scratch import Scratch, make_scratch


def solve_households(tables: HouseholdTables, *, is_rounded: bool = False) -> HouseholdAnswer:
    """Return the best trades of every household's accounts, and the proof.

    The same rows in any order give the same answer. Where an account cannot be solved, its household's value is not known: its other
    accounts wait and say so; other households are not touched.

    Args:
        tables: Tables that keep their contracts.
        is_rounded: Trades in steps of their securities and in cents, no order under its minimum, rather than exact dollars.
    """
    prepared = prepare_households(tables)
    exact = run_household_kernel(prepared.arrays)
    return tabulate_households(prepared, round_household_lists(prepared.arrays, exact) if is_rounded else exact)


def run_household_kernel(problem: HouseholdProblem) -> HouseholdAnswerArrays:
    """Return the kernel's arrays for the problem; trades it had no room for the first time cost a second run."""
    accounts, households, classes = problem.problem.accounts, problem.households, problem.problem.class_count
    space, house = _spaces(problem)
    room = 16 * len(accounts.model) + 64
    kernel = solve_house_book_kernel()
    arrays = problem.problem[:6]
    while True:
        answer = empty_household_answer(len(households.members_from) - 1, len(accounts.model), classes, room)
        count = kernel(*arrays, households, answer, space, house, classes)
        if count <= room:
            return answer
        room = count


def round_household_lists(problem: HouseholdProblem, exact: HouseholdAnswerArrays) -> HouseholdAnswerArrays:
    """Return the rounded lists found by search from those of `exact`, whose prices and bounds stand."""
    accounts, households, classes = problem.problem.accounts, problem.households, problem.problem.class_count
    space, house = _spaces(problem)
    rows = _most(problem.problem.universes.rows_from)
    steps = make_house_round(*_sizes(problem))
    room = int(exact.trades_end.max(initial=0)) + 4 * len(accounts.model) + 64
    kernel = round_house_book_kernel()
    while True:
        answer = empty_household_answer(len(households.members_from) - 1, len(accounts.model), classes, room)
        count = kernel(*problem.problem[:6], households, exact, answer, space, house, steps, classes, rows)
        if count <= room:
            return answer
        room = count


def _spaces(problem: HouseholdProblem) -> tuple[Scratch, House]:
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
