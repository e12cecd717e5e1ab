"""The best list of each group, with its bound: one try at all, then branches where a mixture would sell and buy the same security."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8
from evenkeel.engine.netted.at_rates import Best, Lists, Part, at_rates, lot_costs, moved_lists, take_part, totals
from evenkeel.engine.netted.attempt import Scope, Tried, attempt
from evenkeel.engine.netted.branch import branches
from evenkeel.engine.netted.master import Limits, pair_places
from evenkeel.engine.netted.price import NetGains
from evenkeel.engine.netted.search import account_rates
from evenkeel.engine.netted.stake import LotGains, Stake
from evenkeel.engine.netted.terms import Terms


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
    tried: Tried
    case: I8


def limits_of(stake: Stake, terms: Terms, nav: F8) -> Limits:
    """Return what couples lots; `nav` by account at stake."""
    pairs, groups = stake.pairs_in(), stake.groups
    width = int((3 * pairs + totals(stake.group, stake.share_no >= 0, groups)).max(initial=1))
    caps = np.full((groups, max(width, 3)), np.inf)
    own = terms.take(stake.pair_unit)
    caps[stake.pair_group, 3 * stake.pair_no + 2] = own.room
    has_share = stake.share_no >= 0
    group = stake.group
    caps[group[has_share], (3 * pairs[group] + stake.share_no)[has_share]] = (
        np.where(has_share, stake.share, 0.0) * np.maximum(nav, 0.0)
    )[has_share]
    scale = np.maximum(totals(group, nav, groups), 1.0)
    return Limits(own, caps, scale)


def decide(scope: Scope, stake: Stake, gains: LotGains, limits: Limits, base: Lists, dust: F8) -> Decision:
    """Return the best list of every group: arguments as for `attempt`."""
    groups = np.arange(stake.groups)
    part = take_part(scope.problem, stake, groups)
    tried = attempt(scope, stake, gains, limits, dust, base)
    best, case = tried.best(stake.groups), tried.best_case(stake.groups)
    lists = moved_lists(tried.part, tried.lists, best, part, groups)
    net = NetGains(tried.net.short[best], tried.net.long[best])
    lists, objective, net, bound = branches(
        scope, stake, gains, limits, dust, tried, part, lists, tried.objective[best], net
    )
    cases, places = tried.cases, pair_places(stake, groups, tried.cases.is_split.shape[1])
    rates = account_rates(part, stake, places, cases.short[case], cases.long[case], cases.caps[case])
    taxed = at_rates(part, stake, gains, rates)
    return Decision(
        part, lists, objective, bound, net, cases.caps[case], taxed, lot_costs(part, stake, gains, rates), scope.solve(taxed),
        tried, case,
    )  # fmt: skip
