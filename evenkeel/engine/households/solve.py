"""Solve a problem of households in memory."""

from __future__ import annotations

from dataclasses import fields

from evenkeel.engine.columns import plain_figures
from evenkeel.engine.households.answer import HouseholdAnswer, empty_household_answer, tabulate_households
from evenkeel.engine.households.arrays import HouseholdAnswerArrays, HouseholdProblem
from evenkeel.engine.households.compiled import solve_house_book_kernel
from evenkeel.engine.households.problem import HouseholdTables, prepare_households
from evenkeel.engine.households.remarks import household_remarks
from evenkeel.engine.households.rounding import PROGRAM_HOUSEHOLDS, round_households
from evenkeel.engine.households.spaces import household_spaces
from evenkeel.engine.netted.stake import is_netted


def solve_households(
    tables: HouseholdTables, *, is_rounded: bool = False, programs: int = PROGRAM_HOUSEHOLDS
) -> HouseholdAnswer:
    """Return the best trades of every household's accounts, and the proof.

    The same rows in any order give the same answer. Where an account cannot be solved, its household's value is not known: its other
    accounts wait and say so; other households are not touched.

    Args:
        tables: Tables that keep their contracts.
        is_rounded: Trades in steps of their securities and in cents, no order under its minimum, rather than exact dollars.
        programs: How many rounded lists at most an exact program is asked for, where the search leaves more than a basis point; 0: none.

    Raises:
        UsageError: Lots repeat a key.
    """
    answer = _solved(tables, is_rounded, programs)
    plain = {
        table.name: plain_figures(getattr(answer, table.name)) for table in fields(answer) if table.name != "remarks"
    }
    return HouseholdAnswer(**plain, remarks=household_remarks(tables, answer.household_accounts))


def _solved(tables: HouseholdTables, is_rounded: bool, programs: int) -> HouseholdAnswer:
    prepared = prepare_households(tables)
    if is_netted(prepared.prepared.accounts):
        from evenkeel.engine.netted.households import solve_netted_households
        from evenkeel.engine.netted.rounded_houses import RoundHousesBy

        by = RoundHousesBy(tables, programs) if is_rounded else None
        return solve_netted_households(prepared, tables.tax_units, run_household_kernel, by)
    exact = run_household_kernel(prepared.arrays)
    if not is_rounded:
        return tabulate_households(prepared, exact)
    rounded = round_households(tables, prepared, exact, programs)
    return tabulate_households(prepared, rounded.answer, rounded.found_by)


def run_household_kernel(problem: HouseholdProblem) -> HouseholdAnswerArrays:
    """Return the kernel's arrays for the problem; trades it had no room for the first time cost a second run."""
    accounts, households, classes = problem.problem.accounts, problem.households, problem.problem.class_count
    space, house = household_spaces(problem)
    room = 16 * len(accounts.model) + 64
    kernel = solve_house_book_kernel()
    arrays = problem.problem[:6]
    while True:
        answer = empty_household_answer(len(households.members_from) - 1, len(accounts.model), classes, room)
        count = kernel(*arrays, households, answer, space, house, classes)
        if count <= room:
            return answer
        room = count
