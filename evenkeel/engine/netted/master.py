"""The program over lists found so far: which mixture of them is best, taxes netted and budgets kept, and at which rates to look further.

A mixture of lists of one group is a list that costs no more than the mixture of their costs, since all but the tax is convex. So each case
(a convex part of the tax for each of the group's pairs) is a small linear program, and its duals are the rates of gains and of value sold.
Many cases are solved in one call (`simplex`), none of which sees another.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8
from evenkeel.engine.netted.at_rates import ranges
from evenkeel.engine.netted.simplex import Tableaus
from evenkeel.engine.netted.stake import Stake
from evenkeel.engine.netted.terms import Terms

CASES = 4_000
"""Cases a call."""

CRUMB = 1e-13
"""Weights under it are none."""


@dataclass(frozen=True)
class Limits:
    """What couples the lots of each group.

    `terms`: of each pair. `caps`: on sums, groups x sums, infinite: none. `scale`: by group, dollars that a unit of the program stands for.
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
    """Build and solve some cases. Rows: weights sum to one; for each pair what `_add_pair` says; then caps on value sold."""
    cases, sums, most = len(group), pool.sums.shape[1], is_split.shape[1]
    scale, counts = limits.scale[group], np.diff(starts)[group]
    column = order[ranges(starts[group], counts)]
    case, place = np.repeat(np.arange(cases), counts), ranges(np.zeros(cases, np.int64), counts)
    lists = int(counts.max())
    width = lists + sums + 4 * most
    table = np.zeros((cases, 2 + sums, width + 1))
    table[case, 0, place], table[:, 0, -1] = 1.0, 1.0
    table[case, -1, place] = pool.plain[column] / scale[case]
    values, caps = pool.sums[column] / scale[case, None], limits.caps[group]
    is_column = np.zeros((cases, width), bool)
    is_column[case, place] = True
    is_column[:, lists : lists + sums] = True
    for k in range(sums):
        # A sum under its cap; a row without one has a slack of 1 and says nothing.
        is_capped = np.isfinite(caps[:, k])
        table[case, 1 + k, place] = np.where(is_capped[case], values[:, k], 0.0)
        table[:, 1 + k, lists + k] = 1.0
        table[:, 1 + k, -1] = np.where(is_capped, caps[:, k] / scale, 1.0)
    programs = Tableaus(table, np.zeros((cases, 1 + sums), np.int64), is_column)
    programs.basis[:, 1:] = lists + np.arange(sums)
    places, constant = pair_places(stake, group, most), np.zeros(cases)
    for j in range(most):
        at = np.nonzero(places[:, j] >= 0)[0]
        pairs = Pairs(j, at, limits.terms.take(places[at, j]), is_split[at, j], scale[at])
        constant[at] += _add_pair(programs, pairs, lists, sums, (case, place, values))
    every = np.arange(cases)
    # To trade nothing, each group's first list, is where to begin; its sums are 0.
    programs.pivot(every, np.zeros(cases, np.int64), np.zeros(cases, np.int64))
    for j in range(most):
        at = np.nonzero(places[:, j] >= 0)[0]
        _begin(programs, Pairs(j, at, limits.terms.take(places[at, j]), is_split[at, j], scale[at]), lists, sums)
    programs.solve()
    short, long = np.zeros((cases, most)), np.zeros((cases, most))
    reduced = programs.reduced()
    for j in range(most):
        at = np.nonzero(places[:, j] >= 0)[0]
        pieces = reduced[at][:, lists + sums + 4 * j : lists + sums + 4 * j + 4]
        of_sum = pieces[:, 0] + limits.terms.carry[places[at, j]]
        short[at, j] = np.where(is_split[at, j], pieces[:, 3] + pieces[:, 1], of_sum)
        long[at, j] = np.where(is_split[at, j], pieces[:, 3], of_sum)
    prices = np.where(np.isfinite(caps), np.maximum(reduced[:, lists : lists + sums], 0.0), 0.0)
    weight = programs.values()
    of_case, row = np.nonzero((programs.basis < lists) & (weight > CRUMB))
    found = column[(np.cumsum(counts) - counts)[of_case] + programs.basis[of_case, row]]
    return (programs.least() + constant) * scale, short, long, prices, of_case + first, found, weight[of_case, row]


class Pairs(NamedTuple):
    """Pairs of one number in their groups: of which cases, their terms and parts, and the groups' scale."""

    no: int
    at: I8
    terms: Terms
    is_split: np.ndarray
    scale: F8


def _add_pair(programs: Tableaus, pairs: Pairs, lists: int, sums: int, of_lists: tuple[I8, I8, F8_2D]) -> F8:
    """Add the pieces of each pair's part, and the rows that make the lists' gains theirs; return the constant of the part.

    With t the sum of short and long gain: where the part is of the sum, t = -D - a + b + c (row of t) and b + slack = D; where it is
    split, t = t+ - t- (row of t) and S = s+ - s-. All are 0 or more. The third row of a pair is its budget.
    """
    case, place, values = of_lists
    no, at, terms, is_split, scale = pairs
    table, row, row_t, piece = programs.table, 1 + 3 * no, 2 + 3 * no, lists + sums + 4 * no
    of_case = np.full(len(table), -1)
    of_case[at] = np.arange(len(at))
    is_in = of_case[case] >= 0
    case, place, values = case[is_in], place[is_in], values[is_in]
    table[case, row_t, place] = values[:, 3 * no + 2]
    table[case, row, place] = np.where(is_split[of_case[case]], values[:, 3 * no], 0.0)
    table[at, row_t, lists + row_t - 1] = 0.0
    table[at, row, lists + row - 1] = np.where(is_split, 0.0, 1.0)
    programs.is_column[at, lists + row_t - 1] = False
    programs.is_column[at, lists + row - 1] = ~is_split
    limit, start_t = terms.limit / scale, (terms.start_short + terms.start_long) / scale
    table[at, row_t, -1] = np.where(is_split, -start_t, -limit - start_t)
    table[at, row, -1] = np.where(is_split, -terms.start_short / scale, limit)
    none, one = np.zeros(len(at)), np.ones(len(at))
    for i, (of_split, of_sum) in enumerate(
        (
            ((-one, none, terms.short - terms.long), (none, one, -terms.carry)),
            ((one, none, none), (one, -one, terms.ordinary)),
            ((none, -one, terms.long), (none, -one, terms.short)),
            ((none, one, none), (none, none, none)),
        )
    ):
        for to, one_part, other_part in zip((row, row_t, -1), of_split, of_sum, strict=True):
            table[at, to, piece + i] = np.where(is_split, one_part, other_part)
        programs.is_column[at, piece + i] = is_split | (i < 3)
    return np.where(is_split, 0.0, -terms.ordinary * limit)


def _begin(programs: Tableaus, pairs: Pairs, lists: int, sums: int) -> None:
    """Give each pair's rows the pieces that the year stands on before any trade."""
    no, at, terms, is_split, _ = pairs
    row, row_t, piece = 1 + 3 * no, 2 + 3 * no, lists + sums + 4 * no
    total = terms.start_short + terms.start_long
    is_gain, is_past = ~is_split & (total > 0), ~is_split & (total < -terms.limit)
    of_row = piece + np.where(terms.start_short < 0, 1, 0)
    of_t = piece + np.where(total < 0, 3, 2)
    one_row, one = np.where(is_gain, row, row_t), np.where(is_past, piece, piece + 1)
    other_row, other = np.where(is_gain, row_t, row), np.where(is_gain, piece + 2, lists + row - 1)
    programs.pivot(at, np.where(is_split, row, one_row), np.where(is_split, of_row, one))
    programs.pivot(at, np.where(is_split, row_t, other_row), np.where(is_split, of_t, other))
