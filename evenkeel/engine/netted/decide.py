"""The best list of each group: the mixtures of its cases, the list at its lots' own rates, or none, each priced with the true tax."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8, Problem
from evenkeel.engine.netted.at_rates import Best, Lists, Part, at_rates, lot_costs, take_part
from evenkeel.engine.netted.master import Limits, pair_places
from evenkeel.engine.netted.mix import mixed_lists, tidy
from evenkeel.engine.netted.price import NetGains, gains_of, net_gains, own_taxes, tax_change
from evenkeel.engine.netted.search import Cases, Columns, account_rates, own_tax_of, search, sums_of
from evenkeel.engine.netted.stake import LotGains, Stake
from evenkeel.engine.netted.terms import Terms

CENT = 0.005


class Scope(Protocol):
    """What differs between accounts alone and households."""

    problem: Problem

    def solve(self, part: Part) -> Best:
        """Return a kernel's best lists of the part."""

    def plain(self, part: Part, lists: Lists) -> F8:
        """Return by copy what the lists cost, all but tax."""

    def floor(self, part: Part) -> F8 | None:
        """Return by account what its sales less its purchases must come to at least, where that is so."""


@dataclass(frozen=True)
class Decision:
    """By group: a part of one copy each, its lists, their objective, proven bound and sums of gains; prices and rates of its best case.

    `at_rates` is the part with lots taxed at these rates, `best` what the kernel finds there.
    """

    part: Part
    lists: Lists
    objective: F8
    bound: F8
    net: NetGains
    caps: F8_2D
    at_rates: Part
    lot_cost: F8
    best: Best
    cases: Cases


def limits_of(stake: Stake, terms: Terms, nav: F8) -> Limits:
    """Return what couples lots; `nav` by account at stake."""
    pairs, groups = stake.pairs_in(), stake.groups
    width = int((3 * pairs + np.bincount(stake.group, stake.share_no >= 0, groups)).max(initial=1))
    caps = np.full((groups, max(width, 1)), np.inf)
    own = terms.take(stake.pair_unit)
    caps[stake.pair_group, 3 * stake.pair_no + 2] = own.room
    has_share = stake.share_no >= 0
    group = stake.group
    caps[group[has_share], (3 * pairs[group] + stake.share_no)[has_share]] = (np.where(has_share, stake.share, 0.0) * np.maximum(nav, 0.0))[
        has_share
    ]
    scale = np.maximum(np.bincount(group, nav, groups), 1.0)
    return Limits(own, caps, scale)


def true_sums(part: Part, stake: Stake, limits: Limits, lists: Lists, net: NetGains, gains: LotGains) -> F8_2D:
    """Return the sums that budgets cap, with gains as they are."""
    sums = sums_of(part, lists, stake, gains, limits.caps.shape[1])
    places = pair_places(stake, part.group, net.short.shape[1])
    for j in range(places.shape[1]):
        at = np.nonzero(places[:, j] >= 0)[0]
        sums[at, 3 * j + 2] = net.short[at, j] + net.long[at, j]
    return sums


def decide(scope: Scope, stake: Stake, gains: LotGains, limits: Limits, base: Lists, dust: F8) -> Decision:
    """Return the best list of every group.

    Args:
        scope: Accounts alone, or households.
        stake: What is at stake.
        gains: What a dollar sold of each lot realises.
        limits: What couples lots.
        base: The best lists at the lots' own rates; accounts are places in the stake, lots those of the whole problem.
        dust: By account at stake.
    """
    groups = np.arange(stake.groups)
    one_each = take_part(scope.problem, stake, groups)
    first = scope.problem.accounts.lots_from[stake.account]
    lot = np.where(
        base.lot >= 0, one_each.problem.accounts.lots_from[base.account] + base.lot - first[base.account], -1
    )
    base = base._replace(lot=lot)
    none = Lists(*(array[:0] for array in base))
    columns = Columns()
    width = limits.caps.shape[1]
    columns.add(groups, scope.plain(one_each, none), np.zeros((stake.groups, width)))
    plain = scope.plain(one_each, base) + own_tax_of(one_each, base, stake, gains)
    columns.add(groups, plain, sums_of(one_each, base, stake, gains, width), one_each, base)
    cases = search(scope.problem, stake, gains, limits, scope.solve, columns)

    count, size = len(cases.group), len(one_each.at)
    part = take_part(scope.problem, stake, np.concatenate([cases.group, groups, groups]))
    mixed = mixed_lists(part, stake, columns, cases)
    crumb = (1e-12 * limits.scale[part.group])[part.copy]
    mixed = tidy(part, mixed, crumb, dust[part.at], scope.floor(part))
    own_accounts, own_lots = len(part.at) - 2 * size, len(part.lot) - 2 * len(one_each.lot)
    moved = base._replace(account=base.account + own_accounts, lot=np.where(base.lot >= 0, base.lot + own_lots, -1))
    lists = Lists(*(np.concatenate(arrays) for arrays in zip(mixed, moved, strict=True)))

    most = cases.is_split.shape[1]
    of_trades = gains_of(part, lists)
    net = net_gains(part, stake, lists, of_trades, gains.is_long, most)
    own = np.bincount(part.copy, own_taxes(part, stake, lists, of_trades), len(part.group))
    tax = tax_change(limits.terms, pair_places(stake, part.group, most), net)
    objective = scope.plain(part, lists) + own + tax
    is_over = (true_sums(part, stake, limits, lists, net, gains) > limits.caps[part.group] + CENT).any(axis=1)
    # Of equal ones: a mixture before the list of own rates, and none before all.
    rank = np.concatenate([np.ones(count), np.full(stake.groups, 2), np.zeros(stake.groups)])
    chosen = _least(part.group, np.where(is_over, np.inf, objective), rank, stake.groups)
    best_case = _least(cases.group, np.where(is_over, np.inf, objective)[:count], cases.value, stake.groups)
    bound = np.full(stake.groups, np.inf)
    np.minimum.at(bound, cases.group, cases.bound)

    is_in = np.isin(part.copy[lists.account], chosen)
    place = np.zeros(len(part.group), np.int64)
    place[chosen] = groups
    begin = np.searchsorted(part.copy, np.arange(len(part.group)))
    account = lists.account[is_in]
    copy = part.copy[account]
    to = stake.group_from[place[copy]] + account - begin[copy]
    own_lot = lists.lot[is_in] - part.problem.accounts.lots_from[account]
    final = Lists(
        to, np.where(lists.lot[is_in] >= 0, one_each.problem.accounts.lots_from[to] + own_lot, -1),
        lists.row[is_in], lists.usd[is_in], lists.qty[is_in],
    )  # fmt: skip
    places = pair_places(stake, groups, most)
    rates = account_rates(one_each, stake, places, cases.short[best_case], cases.long[best_case], cases.caps[best_case])
    taxed = at_rates(one_each, stake, gains, rates)
    return Decision(
        one_each, final, objective[chosen], bound, NetGains(net.short[chosen], net.long[chosen]), cases.caps[best_case],
        taxed, lot_costs(one_each, stake, gains, rates), scope.solve(taxed), cases,
    )  # fmt: skip


def _least(group: I8, value: F8, rank: F8, groups: int) -> I8:
    """Return the place of each group's least value, of equal ones that of the least rank."""
    order = np.lexsort((rank, value, group))
    first = np.searchsorted(group[order], np.arange(groups))
    chosen: I8 = order[first]
    return chosen
