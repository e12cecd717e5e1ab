"""One try at every group: the mixtures of its cases, the list at its lots' own rates, or none, each priced with the true tax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8, Problem
from evenkeel.engine.netted.at_rates import Best, Lists, Part, take_part, totals
from evenkeel.engine.netted.master import Limits, pair_places
from evenkeel.engine.netted.mix import Sides, both_sides, mixed_lists, tidy
from evenkeel.engine.netted.price import NetGains, gains_of, net_gains, own_taxes, tax_change
from evenkeel.engine.netted.search import Cases, Columns, own_tax_of, search, sums_of
from evenkeel.engine.netted.stake import LotGains, Stake

CENT = 0.005


class Scope(Protocol):
    """What differs between accounts alone and households."""

    @property
    def problem(self) -> Problem:
        """Return the problem that the stake's accounts are of."""

    @property
    def nav(self) -> F8:
        """Return the value of each account at stake."""

    @property
    def cash(self) -> F8:
        """Return the cash of each account at stake before its trades, less what is spoken for."""

    def take(self, at: I8, problem: Problem) -> Self:
        """Return the accounts at those places of the stake, which are those of another problem."""

    def solve(self, part: Part) -> Best:
        """Return a kernel's best lists of the part."""

    def plain(self, part: Part, lists: Lists) -> F8:
        """Return by copy what the lists cost, all but tax."""

    def floor(self, part: Part) -> F8 | None:
        """Return by account what its sales less its purchases must come to at least, where that is so."""


@dataclass(frozen=True)
class Tried:
    """Candidates, a copy of the part each: every case's mixture, then each group's list at own rates where given, then none.

    `objective`: by copy, infinite where a budget is not kept. `bound`: by group. `sides`: what the mixture of the case with the least bound
    both sells and buys.
    """

    part: Part
    lists: Lists
    objective: F8
    net: NetGains
    cases: Cases
    bound: F8
    sides: Sides

    def best(self, groups: int) -> I8:
        """Return each group's best copy; of equal ones none before a mixture before the list at own rates."""
        count = len(self.cases.group)
        rank = np.full(len(self.part.group), 2)
        rank[:count], rank[-groups:] = 1, 0
        return least(self.part.group, self.objective, rank, groups)

    def best_case(self, groups: int) -> I8:
        """Return each group's best case."""
        return least(self.cases.group, self.objective[: len(self.cases.group)], self.cases.value, groups)


def true_sums(part: Part, stake: Stake, limits: Limits, lists: Lists, net: NetGains, gains: LotGains) -> F8_2D:
    """Return the sums that budgets cap, with gains as they are."""
    sums = sums_of(part, lists, stake, gains, limits.caps.shape[1])
    places = pair_places(stake, part.group, net.short.shape[1])
    for j in range(places.shape[1]):
        at = np.nonzero(places[:, j] >= 0)[0]
        sums[at, 3 * j + 2] = net.short[at, j] + net.long[at, j]
    return sums


def attempt(scope: Scope, stake: Stake, gains: LotGains, limits: Limits, dust: F8, base: Lists | None) -> Tried:
    """Search every case of every group and price what is found.

    Args:
        scope: Accounts alone, or households.
        stake: What is at stake.
        gains: What a dollar sold of each lot realises.
        limits: What couples lots.
        dust: By account at stake.
        base: The best lists at the lots' own rates; accounts are places in the stake, lots those of the problem.
    """
    groups = np.arange(stake.groups)
    one_each = take_part(scope.problem, stake, groups)
    columns, width = Columns(), limits.caps.shape[1]
    nothing = np.zeros(0, np.int64)
    none = Lists(nothing, nothing, nothing, np.zeros(0), np.zeros(0))
    columns.add(groups, scope.plain(one_each, none), np.zeros((stake.groups, width)))
    if base is not None:
        base = base._replace(lot=one_each.own_lot(scope.problem, stake, base))
        plain = scope.plain(one_each, base) + own_tax_of(one_each, base, stake, gains)
        columns.add(groups, plain, sums_of(one_each, base, stake, gains, width), one_each, base)
    cases = search(scope.problem, stake, gains, limits, scope.solve, columns)
    bound = np.full(stake.groups, np.inf)
    np.minimum.at(bound, cases.group, cases.bound)

    copies = [cases.group, groups] if base is None else [cases.group, groups, groups]
    part = take_part(scope.problem, stake, np.concatenate(copies))
    mixed = mixed_lists(part, stake, columns, cases)
    crumb = (1e-12 * limits.scale[part.group])[part.copy]
    tight = least(cases.group, cases.bound, cases.bound, stake.groups)
    sides = both_sides(part, mixed, tight, 1e-10 * limits.scale)
    lists = tidy(part, mixed, crumb, dust[part.at], scope.floor(part))
    if base is not None:
        accounts, lots = len(part.at) - 2 * len(one_each.at), len(part.lot) - 2 * len(one_each.lot)
        own = base._replace(account=base.account + accounts, lot=np.where(base.lot >= 0, base.lot + lots, -1))
        lists = Lists(*(np.concatenate(arrays) for arrays in zip(lists, own, strict=True)))
    most = cases.is_split.shape[1]
    of_trades = gains_of(part, lists)
    net = net_gains(part, stake, lists, of_trades, gains.is_long, most)
    tax = totals(part.copy, own_taxes(part, stake, lists, of_trades), len(part.group))
    tax += tax_change(limits.terms, pair_places(stake, part.group, most), net)
    objective = scope.plain(part, lists) + tax
    is_over = (true_sums(part, stake, limits, lists, net, gains) > limits.caps[part.group] + CENT).any(axis=1)
    return Tried(part, lists, np.where(is_over, np.inf, objective), net, cases, bound, sides)


def least(group: I8, value: F8, rank: F8 | I8, groups: int) -> I8:
    """Return the place of each group's least value, of equal ones that of the least rank."""
    order = np.lexsort((rank, value, group))
    first = np.searchsorted(group[order], np.arange(groups))
    chosen: I8 = order[first]
    return chosen
