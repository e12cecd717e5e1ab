"""Back and forth: the kernels give the best lists at the rates at hand, the program over all lists so far gives the next rates.

Every kernel call is a bound on its case, whatever the rates; the search ends where the best mixture is that bound.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8, Problem
from evenkeel.engine.netted.at_rates import Best, Lists, Part, Rates, Solver, at_rates, row_sums, take_part, totals
from evenkeel.engine.netted.master import Limits, Mixtures, Pool, mixtures, pair_places
from evenkeel.engine.netted.stake import LotGains, Stake
from evenkeel.engine.netted.terms import first_rates, fit_rates, net_tax, part_bound

ROUNDS = 60
CLOSE = 1e-11
"""Share of the group's value: a mixture this near to its bound is the best."""


class Columns:
    """Lists of groups in terms of the whole problem: account (place in the stake), lot (-1: a purchase), row, dollars."""

    def __init__(self) -> None:
        self._parts: list[tuple[I8, F8, F8_2D]] = []
        self._trades: list[tuple[I8, I8, I8, I8, F8]] = []
        self._count = 0

    def add(self, group: I8, plain: F8, sums: F8_2D, part: Part | None = None, lists: Lists | None = None) -> None:
        """Add a list for each group given; without lists: without trades."""
        self._parts.append((group, plain, sums))
        if part is not None and lists is not None and len(lists.usd):
            lot = np.where(lists.lot >= 0, part.lot[lists.lot] if len(part.lot) else -1, -1)
            column = self._count + part.copy[lists.account]
            self._trades.append((column, part.at[lists.account], lot, lists.row, lists.usd))
        self._count += len(group)

    def pool(self) -> Pool:
        """Return what the program needs of them."""
        return Pool(*(np.concatenate(parts) for parts in zip(*self._parts, strict=True)))

    def trades(self) -> tuple[I8, I8, I8, I8, F8]:
        """Return column, account, lot, row and dollars of every trade, by column."""
        if not self._trades:
            none = np.zeros(0, np.int64)
            return none, none, none, none, np.zeros(0)
        column, *rest = (np.concatenate(parts) for parts in zip(*self._trades, strict=True))
        order = np.argsort(column, kind="stable")
        at, lot, row, usd = (array[order] for array in rest)
        return column[order], at, lot, row, usd


@dataclass
class Cases:
    """Every case of every group: which parts, the best bound so far and at which rates it was found, and the best mixture."""

    group: I8
    is_split: np.ndarray
    bound: F8
    value: F8
    short: F8_2D
    long: F8_2D
    caps: F8_2D
    case: I8
    column: I8
    weight: F8


def cases_of(stake: Stake) -> tuple[I8, np.ndarray]:
    """Return group and parts of every case: each pair's tax in either part, so two to the power of pairs a group."""
    pairs = stake.pairs_in()
    counts = 1 << pairs
    group = np.repeat(np.arange(stake.groups), counts)
    number = np.arange(len(group)) - np.repeat(np.cumsum(counts) - counts, counts)
    most = int(pairs.max(initial=0))
    return group, (number[:, None] >> np.arange(most)) & 1 == 1


def sums_of(part: Part, lists: Lists, stake: Stake, gains: LotGains, width: int) -> F8_2D:
    """Return the sums of each copy's trades: gains as the kernels count them."""
    sums = np.zeros((len(part.group), width))
    sold = lists.lot >= 0
    account, lot, usd = lists.account[sold], part.lot[lists.lot[sold]], lists.usd[sold]
    at, copy = part.at[account], part.copy[account]
    pair, share = stake.pair[at], stake.share_no[at]
    has_pair, has_share = pair >= 0, share >= 0
    gain = gains.gain[lot] * usd
    first = 3 * stake.pair_no[pair] if len(stake.pair_no) else np.zeros(len(pair), np.int64)
    np.add.at(sums, (copy[has_pair], (first + gains.is_long[lot])[has_pair]), gain[has_pair])
    np.add.at(sums, (copy[has_pair], (first + 2)[has_pair]), gain[has_pair])
    place = 3 * stake.pairs_in()[part.group[copy]] + share
    np.add.at(sums, (copy[has_share], place[has_share]), usd[has_share])
    return sums


def own_tax_of(part: Part, lists: Lists, stake: Stake, gains: LotGains) -> F8:
    """Return by copy the tax of accounts without a unit, as the kernels count it."""
    sold = (lists.lot >= 0) & (stake.pair[part.at[lists.account]] < 0)
    tax = gains.own[part.lot[lists.lot[sold]]] * lists.usd[sold]
    own: F8 = totals(part.copy[lists.account[sold]], tax, len(part.group))
    return own


def account_rates(part: Part, stake: Stake, places: I8, short: F8_2D, long: F8_2D, caps: F8_2D) -> Rates:
    """Return by account of the part what its group's rates and caps come to; `caps`: what a dollar more of each cap saves."""
    pair, share, copy = stake.pair[part.at], stake.share_no[part.at], part.copy
    no = np.where(pair >= 0, stake.pair_no[pair] if len(stake.pair_no) else 0, 0)
    of_short, of_long, of_both = np.zeros(len(copy)), np.zeros(len(copy)), np.zeros(len(copy))
    if places.shape[1]:
        of_short, of_long, of_both = short[copy, no], long[copy, no], caps[copy, 3 * no + 2]
    place = 3 * stake.pairs_in()[part.group[copy]] + np.maximum(share, 0)
    of_sold = np.where(share >= 0, caps[copy, np.minimum(place, caps.shape[1] - 1)], 0.0)
    return Rates(np.where(pair >= 0, of_short + of_both, 0.0), np.where(pair >= 0, of_long + of_both, 0.0), of_sold)


def fitted(cases: Cases, limits: Limits, places: I8, some: I8, short: F8_2D, long: F8_2D) -> tuple[F8_2D, F8_2D, F8]:
    """Return rates at which every part has a bound, and what the parts add to it."""
    short, long, more = short.copy(), long.copy(), np.zeros(len(some))
    for j in range(places.shape[1]):
        at = np.nonzero(places[:, j] >= 0)[0]
        terms, is_split = limits.terms.take(places[at, j]), cases.is_split[some[at], j]
        short[at, j], long[at, j] = fit_rates(terms, is_split, short[at, j], long[at, j])
        more[at] += part_bound(terms, is_split, short[at, j], long[at, j])
    return short, long, more


def tax_before(stake: Stake, limits: Limits) -> F8:
    """Return by group the tax before, of all its pairs."""
    terms = limits.terms
    before: F8 = totals(stake.pair_group, net_tax(terms, terms.start_short, terms.start_long), stake.groups)
    return before


def search(problem: Problem, stake: Stake, gains: LotGains, limits: Limits, solver: Solver, columns: Columns) -> Cases:
    """Return every case, its bound and best mixture; lists that were found are added to `columns`."""
    group, is_split = cases_of(stake)
    most, count, width = is_split.shape[1], len(group), limits.caps.shape[1]
    zeros = np.zeros((count, most))
    cases = Cases(
        group, is_split, np.full(count, -np.inf), np.full(count, np.inf), zeros.copy(), zeros.copy(), np.zeros((count, width)),
        np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0),
    )  # fmt: skip
    all_places = pair_places(stake, group, most)
    short, long, caps = zeros.copy(), zeros.copy(), np.zeros((count, width))
    for j in range(most):
        at = np.nonzero(all_places[:, j] >= 0)[0]
        short[at, j], long[at, j] = first_rates(limits.terms.take(all_places[at, j]), is_split[at, j])
    before, active = tax_before(stake, limits), np.arange(count)
    told: list[tuple[I8, I8, F8]] = []
    mixed: Mixtures | None = None
    for _ in range(ROUNDS):
        places = all_places[active]
        short, long, more = fitted(cases, limits, places, active, short, long)
        part = take_part(problem, stake, group[active])
        best: Best = solver(at_rates(part, stake, gains, account_rates(part, stake, places, short, long, caps)))
        capped = np.where(caps > 0, limits.caps[group[active]], 0.0)
        bound = best.bound + more - row_sums(caps * capped)
        is_better = bound > cases.bound[active]
        better = active[is_better]
        cases.bound[better] = bound[is_better]
        cases.short[better], cases.long[better] = short[is_better], long[is_better]
        cases.caps[better] = caps[is_better]
        sums = sums_of(part, best.lists, stake, gains, width)
        plain = best.plain + own_tax_of(part, best.lists, stake, gains)
        columns.add(group[active], plain, sums, part, best.lists)
        is_open = _open(cases, active, limits)
        if mixed is not None:
            _keep(told, mixed, active, ~is_open)
        active = active[is_open]
        if not len(active):
            mixed = None
            break
        mixed = mixtures(stake, limits, columns.pool(), group[active], is_split[active])
        cases.value[active] = mixed.value - before[group[active]]
        short, long, caps = mixed.short, mixed.long, mixed.caps
    if mixed is not None:
        _keep(told, mixed, active, np.ones(len(active), bool))
    if told:
        cases.case, cases.column, cases.weight = (np.concatenate(parts) for parts in zip(*told, strict=True))
    return cases


def _open(cases: Cases, active: I8, limits: Limits) -> np.ndarray:
    """Tell which cases are not done: their mixture is above their bound, and their bound under the group's best mixture."""
    least = np.full(int(cases.group.max(initial=-1)) + 1, np.inf)
    np.minimum.at(least, cases.group, cases.value)
    room = CLOSE * limits.scale[cases.group[active]]
    is_open = cases.value[active] - cases.bound[active] > room
    return is_open & ~((cases.bound[active] >= least[cases.group[active]]) & np.isfinite(cases.value[active]))


def _keep(told: list[tuple[I8, I8, F8]], mixed: Mixtures, active: I8, is_done: np.ndarray) -> None:
    """Note the mixtures of cases that are done."""
    is_in = is_done[mixed.case]
    told.append((active[mixed.case[is_in]], mixed.column[is_in], mixed.weight[is_in]))
