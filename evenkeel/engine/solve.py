"""Solve a problem in memory."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.answer import Answer, empty_answer, tabulate
from evenkeel.engine.arrays import I8, AnswerArrays, Problem
from evenkeel.engine.compiled import solve_book_kernel
from evenkeel.engine.problem import Tables, prepare
from evenkeel.engine.scratch import make_scratch


def solve(tables: Tables) -> Answer:
    """Return the best trades of every account, and the proof.

    The same rows in any order give the same answer. An account that cannot be solved has an outcome that says why; others are not touched.

    Args:
        tables: Tables that keep their contracts (`evenkeel.engine.folder.checked` makes sure).
    """
    prepared = prepare(tables)
    return tabulate(prepared, run_kernel(prepared.arrays))


def run_kernel(problem: Problem) -> AnswerArrays:
    """Return the kernel's arrays for the problem; trades it had no room for the first time cost a second run."""
    accounts = len(problem.accounts.model)
    room = 16 * accounts + 64
    kernel = solve_book_kernel()
    space = make_scratch(
        _most(problem.accounts.lots_from),
        problem.class_count,
        _most(problem.universes.rows_from),
        _most(problem.plans.rows_from),
    )
    while True:
        answer = empty_answer(accounts, problem.class_count, room)
        count = kernel(*problem, answer, space)
        if count <= room:
            return answer
        room = count


def _most(starts: I8) -> int:
    """Return the largest number of entries that one owner has."""
    return int(np.diff(starts).max()) if len(starts) > 1 else 0
