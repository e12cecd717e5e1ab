"""Rounded lists: from exact ones in dollars to whole steps, and the exact program where the search leaves too much."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.answer import empty_answer
from evenkeel.engine.arrays import FIGURES, I8, AnswerArrays, Problem
from evenkeel.engine.compiled import round_book_kernel
from evenkeel.engine.scratch import make_round_space, make_scratch

PROGRAM_GAP = 1e-4
"""One basis point of net asset value: past it the exact program is asked."""

NAV, OBJECTIVE, BOUND = FIGURES.index("nav_usd"), FIGURES.index("objective_usd"), FIGURES.index("bound_usd")


@dataclass(frozen=True)
class Rounded:
    """A rounded answer, and by account whether its list is the exact program's, or was left to the search past the limit."""

    answer: AnswerArrays
    is_by_program: np.ndarray
    is_past_limit: np.ndarray


def sizes(problem: Problem) -> tuple[int, int, int, int]:
    """Return the most lots, classes, securities and terms that one account has, as `make_scratch` wants them."""
    return (
        _most(problem.accounts.lots_from),
        problem.class_count,
        _most(problem.universes.rows_from),
        _most(problem.plans.rows_from),
    )


def round_lists(problem: Problem, start: AnswerArrays) -> AnswerArrays:
    """Return the rounded lists found by search from those of `start`, whose prices and bounds stand."""
    accounts = len(problem.accounts.model)
    room = int(start.trades_from[-1]) + 4 * accounts + 64
    kernel, large = round_book_kernel(), sizes(problem)
    space, levels = make_scratch(*large), make_round_space(*large)
    while True:
        answer = empty_answer(accounts, problem.class_count, room)
        count = kernel(*problem, start, answer, space, levels)
        if count <= room:
            return answer
        room = count


def _most(starts: I8) -> int:
    return int(np.diff(starts).max()) if len(starts) > 1 else 0
