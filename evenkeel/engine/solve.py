"""Solve a problem in memory."""

from __future__ import annotations

import polars as pl

from evenkeel.engine.account_columns import AccountColumns
from evenkeel.engine.answer import Answer, SolvedBook, empty_answer, tabulate
from evenkeel.engine.arrays import AnswerArrays, Problem
from evenkeel.engine.compiled import solve_book_kernel
from evenkeel.engine.netted.stake import is_netted
from evenkeel.engine.numbered import NumberedLots
from evenkeel.engine.problem import Prepared, Tables, prepare
from evenkeel.engine.remarks import OF_FIGURES, account_remarks, lots_of, shared_remarks
from evenkeel.engine.rounding import PROGRAM_ACCOUNTS, round_problem, sizes
from evenkeel.engine.scratch import make_scratch
from evenkeel.engine.shared import Shared
from evenkeel.engine.tables.outputs import Remarks


def solve(
    tables: Tables, *, is_rounded: bool = False, programs: int = PROGRAM_ACCOUNTS, shared: Shared | None = None
) -> Answer:
    """Return the best trades of every account, and the proof.

    The same rows in any order give the same answer. An account that cannot be solved has an outcome that says why; others are not touched.

    Args:
        tables: Tables that keep their contracts (`evenkeel.engine.tables.checking.checked` makes sure).
        is_rounded: Trades in steps of their securities and in cents, no order under its minimum, rather than exact dollars.
        programs: How many rounded lists at most an exact program is asked for, where the search leaves more than a basis point; 0: none.
        shared: As for `prepare`.

    Raises:
        UsageError: Lots repeat a key.
    """
    book = solve_prepared(prepare(tables, shared), tables, is_rounded=is_rounded, programs=programs)
    remarks = [shared_remarks(tables.models, tables.securities), remarks_on(tables, tables.lots, book.accounts)]
    return tabulate(book, pl.concat(remarks))


def remarks_on(tables: Tables, lots: pl.DataFrame | NumberedLots, accounts: AccountColumns) -> pl.DataFrame:
    """Return `remarks` of those of the accounts that were not solved for their figures; `lots` are all accounts'."""
    ids = accounts.ids_of(OF_FIGURES)
    if not len(ids):
        return Remarks.empty_frame()
    unsolved = tables.accounts.join(ids.to_frame("account_id"), on="account_id", how="semi")
    return account_remarks(tables, unsolved, lots_of(lots, ids))


def solve_prepared(
    prepared: Prepared, tables: Tables, *, is_rounded: bool = False, programs: int = PROGRAM_ACCOUNTS
) -> SolvedBook:
    """Return a problem that is arrays already solved, as `solve`; `tables` are those it was made of."""
    if is_netted(prepared.accounts):
        from evenkeel.engine.netted.accounts import solve_netted
        from evenkeel.engine.netted.rounded import RoundBy

        return solve_netted(prepared, tables.tax_units, run_kernel, RoundBy(tables, programs) if is_rounded else None)
    exact = run_kernel(prepared.arrays)
    if not is_rounded:
        return SolvedBook(prepared, exact)
    rounded = round_problem(tables, prepared, exact, programs)
    return SolvedBook(prepared, rounded.answer, rounded.found_by)


def run_kernel(problem: Problem) -> AnswerArrays:
    """Return the kernel's arrays for the problem; trades it had no room for the first time cost a second run."""
    accounts = len(problem.accounts.model)
    room = 16 * accounts + 64
    kernel = solve_book_kernel()
    space = make_scratch(*sizes(problem))
    while True:
        answer = empty_answer(accounts, problem.class_count, room)
        count = kernel(*problem, answer, space)
        if count <= room:
            return answer
        room = count
