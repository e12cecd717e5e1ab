"""Solve a problem in memory."""

from __future__ import annotations

from evenkeel.engine.answer import Answer, empty_answer, tabulate
from evenkeel.engine.arrays import AnswerArrays, Problem
from evenkeel.engine.compiled import solve_book_kernel
from evenkeel.engine.problem import Tables, prepare


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
    while True:
        answer = empty_answer(accounts, problem.class_count, room)
        count = solve_book_kernel()(*problem, answer)
        if count <= room:
            return answer
        room = count
