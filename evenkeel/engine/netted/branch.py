"""Where the best mixture of a group would sell a security and buy it in one account: one side is barred, then the other.

A kernel's own lists never have both sides, but a mixture of two of them may. Each branch is a group of its own with a bound of its own,
left as soon as that says that it cannot win; the group's bound is the least of all branches'.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from evenkeel.engine.arrays import F8, I8, LimitArrays, Problem, normal
from evenkeel.engine.netted.at_rates import Lists, Part, kept_lists, moved_lists, take_part
from evenkeel.engine.netted.attempt import Scope, Tried, attempt
from evenkeel.engine.netted.master import Limits
from evenkeel.engine.netted.price import NetGains
from evenkeel.engine.netted.stake import LotGains, Stake, take_stake

NODES = 64
"""Branches of a group; past them what is left is not searched: its bound counts, so that the gap says what may have been missed."""

CLOSE = 1e-10
"""Share of the group's value that a branch must be able to gain."""


@dataclass(frozen=True)
class Node:
    """A branch: its group, what is barred (place in the stake, row of the universe, whether it is the sale), and its bound."""

    group: int
    bars: tuple[tuple[int, int, bool], ...]
    bound: float


def branches(
    scope: Scope, stake: Stake, gains: LotGains, limits: Limits, dust: F8, tried: Tried, part: Part, lists: Lists, objective: F8,
    net: NetGains,
) -> tuple[Lists, F8, NetGains, F8]:  # fmt: skip
    """Return the best lists of all branches, their objective and net gains, and the bound.

    Args:
        scope: As for `attempt`.
        stake: As for `attempt`.
        gains: As for `attempt`.
        limits: As for `attempt`.
        dust: As for `attempt`.
        tried: The first try at every group.
        part: A copy of each group.
        lists: The best lists of the first try, in that part.
        objective: By group.
        net: By group.
    """
    objective, bound = objective.copy(), np.full(stake.groups, np.inf)
    short, long = net.short.copy(), net.long.copy()
    count = np.zeros(stake.groups, np.int64)
    open_nodes: list[Node] = []

    def weigh(node: Node, at: int, row: int) -> None:
        """Branch, or let the node's bound count."""
        can_win = node.bound < objective[node.group] - CLOSE * limits.scale[node.group]
        if at < 0 or not can_win or count[node.group] >= NODES:
            bound[node.group] = min(bound[node.group], node.bound)
            return
        count[node.group] += 2
        for is_sale in (False, True):
            open_nodes.append(replace(node, bars=(*node.bars, (at, row, is_sale))))

    for g in range(stake.groups):
        weigh(Node(g, (), float(tried.bound[g])), int(tried.sides.at[g]), int(tried.sides.row[g]))
    while open_nodes:
        nodes, open_nodes = open_nodes, []
        group = np.array([node.group for node in nodes])
        own = take_part(scope.problem, stake, group)
        problem = _barred(own.problem, _places(own, stake, nodes))
        problem = problem._replace(accounts=problem.accounts._replace(dust=normal(dust[own.at], np.float64)))
        own_stake, pairs = take_stake(stake, group)
        own_limits = Limits(limits.terms.take(pairs), limits.caps[group], limits.scale[group])
        own_gains = LotGains(*(getattr(gains, name)[own.lot] for name in LotGains.__annotations__))
        found = attempt(scope.take(own.at, problem), own_stake, own_gains, own_limits, dust[own.at], None)
        best = found.best(len(nodes))
        better: dict[int, int] = {}
        for i, node in enumerate(nodes):
            if found.objective[best[i]] < objective[node.group]:
                objective[node.group] = found.objective[best[i]]
                better[node.group] = int(best[i])
        for i, node in enumerate(nodes):
            at = int(found.sides.at[i])
            if at >= 0:
                at = int(own.at[at])
            weigh(replace(node, bound=max(node.bound, float(found.bound[i]))), at, int(found.sides.row[i]))
        if better:
            groups, copies = np.array(list(better)), np.array(list(better.values()))
            most = found.net.short.shape[1]  # Of the groups at hand: others may have more pairs.
            short[groups, :most], long[groups, :most] = found.net.short[copies], found.net.long[copies]
            kept = kept_lists(lists, ~np.isin(part.copy[lists.account], groups))
            moved = moved_lists(found.part, found.lists, copies, part, groups)
            lists = Lists(*(np.concatenate(arrays) for arrays in zip(kept, moved, strict=True)))
    return lists, objective, NetGains(short, long), bound


def _places(part: Part, stake: Stake, nodes: list[Node]) -> list[tuple[int, int, bool]]:
    """Return what is barred with the part's accounts."""
    begin = np.searchsorted(part.copy, np.arange(len(part.group)))
    return [
        (int(begin[i] + at - stake.group_from[node.group]), row, is_sale)
        for i, node in enumerate(nodes)
        for at, row, is_sale in node.bars
    ]


def _barred(problem: Problem, bars: list[tuple[int, int, bool]]) -> Problem:
    """Return the problem with one side of a security barred in each of those accounts, as further restrictions."""
    limits, counts = problem.limits, np.diff(problem.accounts.limits_from)
    account = np.concatenate([np.repeat(np.arange(len(counts)), counts), np.array([bar[0] for bar in bars])])
    security = np.concatenate([limits.security, problem.universes.security[[bar[1] for bar in bars]]])
    is_sale = np.array([bar[2] for bar in bars])
    no_sell = np.concatenate([limits.no_sell, is_sale.astype(np.uint8)])
    no_buy = np.concatenate([limits.no_buy, (~is_sale).astype(np.uint8)])
    cap = np.concatenate([limits.buy_cap, np.full(len(bars), np.inf)])
    order = np.lexsort((security, account))
    account, security, no_sell, no_buy, cap = (a[order] for a in (account, security, no_sell, no_buy, cap))
    is_first = np.ones(len(account), bool)
    is_first[1:] = (np.diff(account) != 0) | (np.diff(security) != 0)
    begin: I8 = np.nonzero(is_first)[0]
    counts = np.bincount(account[begin], minlength=len(counts))
    return problem._replace(
        accounts=problem.accounts._replace(limits_from=normal(np.concatenate([[0], np.cumsum(counts)]), np.int64)),
        limits=LimitArrays(
            normal(security[begin], np.int32), normal(np.maximum.reduceat(no_sell, begin), np.uint8),
            normal(np.maximum.reduceat(no_buy, begin), np.uint8), normal(np.minimum.reduceat(cap, begin), np.float64),
        ),
    )  # fmt: skip
