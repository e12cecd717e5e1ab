"""The program over lists found so far: which mixture of them is best, taxes netted and budgets kept, and at which rates to look further.

A mixture of lists of one group is a list that costs no more than the mixture of their costs, since all but the tax is convex. So each case
(a convex part of the tax for each of the group's pairs) is a small linear program, and its duals are the rates of gains and of value sold.
Many cases are solved in one call, as blocks that do not touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import highspy
import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8
from evenkeel.engine.netted.at_rates import ranges
from evenkeel.engine.netted.stake import Stake
from evenkeel.engine.netted.terms import Terms, pieces

CASES = 400
"""Cases a call."""

CRUMB = 1e-13
"""Weights under it are none."""


@dataclass(frozen=True)
class Limits:
    """What couples the lots of each group: terms of each pair, caps on sums (groups x sums, infinite: none), and dollars a unit of the
    program stands for (by group).
    """

    terms: Terms
    caps: F8_2D
    scale: F8


class Pool(NamedTuple):
    """Lists found so far: group, objective without tax, sums (as `Stake` has them: three a pair, then one a turnover budget)."""

    group: I8
    plain: F8
    sums: F8_2D


class Mixtures(NamedTuple):
    """By case: its least value, and the rates of short and long gain (cases x pairs), and what a dollar more of each sum's cap would save.

    `case`, `column`, `weight`: which lists of the pool are in the mixture of which case.
    """

    value: F8
    short: F8_2D
    long: F8_2D
    caps: F8_2D
    case: I8
    column: I8
    weight: F8


def mixtures(stake: Stake, limits: Limits, pool: Pool, group: I8, is_split: np.ndarray) -> Mixtures:
    """Return the best mixture of each case.

    Args:
        stake: What is at stake.
        limits: What couples lots.
        pool: Every group of a case has a list without trades in it.
        group: By case.
        is_split: Cases x pairs of a group: which part of each pair's tax.
    """
    order = np.argsort(pool.group, kind="stable")
    starts = np.searchsorted(pool.group[order], np.arange(stake.groups + 1))
    found = []
    for first in range(0, len(group), CASES):
        some = slice(first, first + CASES)
        found.append(_solve(stake, limits, pool, order, starts, group[some], is_split[some], first))
    return Mixtures(*(np.concatenate(parts) for parts in zip(*found, strict=True)))


def pair_places(stake: Stake, group: I8, most: int) -> I8:
    """Return the place of each pair of each group, -1 where there is none: groups x most."""
    places = np.full((stake.groups, max(most, 1)), -1)
    places[stake.pair_group, stake.pair_no] = np.arange(len(stake.pair_group))
    return places[group][:, :most]


def _solve(
    stake: Stake, limits: Limits, pool: Pool, order: I8, starts: I8, group: I8, is_split: np.ndarray, first: int
) -> tuple[Any, ...]:
    cases, sums, most = len(group), pool.sums.shape[1], is_split.shape[1]
    scale = limits.scale[group]
    counts = np.diff(starts)[group]
    column = order[ranges(starts[group], counts)]
    case = np.repeat(np.arange(cases), counts)
    height = 1 + sums
    # Lists: weights sum to one; their sums are those of the pieces, or under a cap.
    values = np.concatenate([np.ones((len(column), 1)), pool.sums[column] / scale[case, None]], axis=1)
    lower, upper = np.full((cases, height), -np.inf), np.full((cases, height), np.inf)
    lower[:, 0], upper[:, 0] = 1.0, 1.0
    upper[:, 1:] = limits.caps[group] / scale[:, None]
    rows = [(case[:, None] * height + np.arange(height)).ravel()]
    owner = [np.repeat(np.arange(len(column)), height)]
    entries = [values.ravel()]
    cost = [pool.plain[column] / scale[case]]
    least, widest = [np.zeros(len(column))], [np.full(len(column), np.inf)]
    constant = np.zeros(cases)
    width = len(column)
    places = pair_places(stake, group, most)
    for j in range(most):
        at = np.nonzero(places[:, j] >= 0)[0]
        terms = limits.terms.take(places[at, j])
        v_short, v_long, price, room, off_short, off_long, fixed = pieces(terms, is_split[at, j])
        start_short, start_long = (off_short - terms.start_short), (off_long - terms.start_long)
        lower[at, 1 + 3 * j] = upper[at, 1 + 3 * j] = start_short / scale[at]
        lower[at, 2 + 3 * j] = upper[at, 2 + 3 * j] = start_long / scale[at]
        constant[at] += fixed / scale[at]
        columns = width + np.arange(4 * len(at))
        width += 4 * len(at)
        for v, row in ((v_short, 1 + 3 * j), (v_long, 2 + 3 * j)):
            rows.append(np.repeat(at * height + row, 4))
            owner.append(columns)
            entries.append(-v.ravel())
        cost.append(price.ravel())
        least.append(np.where(room < 0, -np.inf, 0.0).ravel())
        widest.append(np.where(room < 0, np.inf, room / scale[at, None]).ravel())
    solution = _run(
        np.concatenate(cost), np.concatenate(least), np.concatenate(widest), lower.ravel(), upper.ravel(),
        np.concatenate(rows), np.concatenate(owner), np.concatenate(entries),
    )  # fmt: skip
    weights, duals = solution[0], solution[1].reshape(cases, height)
    own = np.concatenate(cost) * weights
    value = np.bincount(case, own[: len(column)], cases)
    at_pieces = len(column)
    for j in range(most):
        at = np.nonzero(places[:, j] >= 0)[0]
        value[at] += own[at_pieces : at_pieces + 4 * len(at)].reshape(-1, 4).sum(axis=1)
        at_pieces += 4 * len(at)
    weights = weights[: len(column)]
    is_in = weights > CRUMB
    gains = duals[:, 1:][:, : 3 * most].reshape(cases, most, 3)
    return (
        (value + constant) * scale, -gains[:, :, 0], -gains[:, :, 1], np.maximum(-duals[:, 1:], 0.0) * np.isfinite(limits.caps[group]),
        case[is_in] + first, column[is_in], weights[is_in],
    )  # fmt: skip


def _run(
    cost: F8, least: F8, widest: F8, lower: F8, upper: F8, rows: I8, owner: I8, entries: F8
) -> tuple[F8, F8]:
    """Return values and duals of the program."""
    is_there = entries != 0.0
    rows, owner, entries = rows[is_there], owner[is_there], entries[is_there]
    order = np.argsort(owner, kind="stable")
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(cost), len(lower)
    model.col_cost_, model.col_lower_, model.col_upper_ = cost, least, widest
    model.row_lower_, model.row_upper_ = lower, upper
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(cost)))]).astype(np.int32)
    model.a_matrix_.index_, model.a_matrix_.value_ = rows[order].astype(np.int32), entries[order]
    solver = highspy.Highs()
    for name, value in (
        ("output_flag", False), ("threads", 1), ("primal_feasibility_tolerance", 1e-10),
        ("dual_feasibility_tolerance", 1e-10), ("small_matrix_value", 1e-12),
    ):  # fmt: skip
        solver.setOptionValue(name, value)
    solver.passModel(model)
    solver.run()
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        raise RuntimeError(f"netted taxes: HiGHS: {solver.modelStatusToString(solver.getModelStatus())}")
    solution = solver.getSolution()
    return np.array(solution.col_value), np.array(solution.row_dual)
