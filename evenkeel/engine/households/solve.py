"""Solve a problem of households in memory."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.arrays import I8
from evenkeel.engine.households.answer import HouseholdAnswer, empty_household_answer, tabulate_households
from evenkeel.engine.households.arrays import HouseholdAnswerArrays, HouseholdProblem, make_house
from evenkeel.engine.households.compiled import solve_house_book_kernel
from evenkeel.engine.households.problem import HouseholdTables, prepare_households
from evenkeel.engine.netted.stake import is_netted
from evenkeel.engine.scratch import make_scratch


def solve_households(tables: HouseholdTables) -> HouseholdAnswer:
    """Return the best trades of every household's accounts, and the proof.

    The same rows in any order give the same answer. Where an account cannot be solved, its household's value is not known: its other
    accounts wait and say so; other households are not touched.

    Args:
        tables: Tables that keep their contracts.
    """
    prepared = prepare_households(tables)
    if is_netted(prepared.prepared.accounts):
        from evenkeel.engine.netted.households import solve_netted_households

        return solve_netted_households(prepared, tables.tax_units, run_household_kernel)
    return tabulate_households(prepared, run_household_kernel(prepared.arrays))


def run_household_kernel(problem: HouseholdProblem) -> HouseholdAnswerArrays:
    """Return the kernel's arrays for the problem; trades it had no room for the first time cost a second run."""
    accounts, households = problem.problem.accounts, problem.households
    classes = problem.problem.class_count
    most_rows, most_terms = _most(problem.problem.universes.rows_from), _most(problem.problem.plans.rows_from)
    counts = np.diff(accounts.lots_from)[households.member]
    lots = np.concatenate([[0], np.cumsum(counts)])[households.members_from]
    space = make_scratch(_most(accounts.lots_from), classes, most_rows, most_terms)
    members = _most(households.members_from)
    house = make_house(members, _most(lots), members * most_rows, classes, most_terms)
    room = 16 * len(accounts.model) + 64
    kernel = solve_house_book_kernel()
    arrays = problem.problem[:6]
    while True:
        answer = empty_household_answer(len(households.members_from) - 1, len(accounts.model), classes, room)
        count = kernel(*arrays, households, answer, space, house, classes)
        if count <= room:
            return answer
        room = count


def _most(starts: I8) -> int:
    """Return the largest number of entries that one owner has."""
    return int(np.diff(starts).max()) if len(starts) > 1 else 0
