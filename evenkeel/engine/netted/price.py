"""What lists cost, from the definition, over arrays: penalties, plans, half-spreads, gains and the tax on them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8, ModelArrays, PlanArrays
from evenkeel.engine.netted.at_rates import Lists, Part, row_sums, totals
from evenkeel.engine.netted.stake import Stake
from evenkeel.engine.netted.terms import Terms, net_tax


class Flows(NamedTuple):
    """By account: value sold and bought, half-spreads and fees, and what each class gains (cash first)."""

    sold: F8
    bought: F8
    cost: F8
    moved: F8_2D


class Gains(NamedTuple):
    """By trade: gain and disallowed loss (NaN without a basis, or for a purchase), and the tax at its lot's own rate."""

    gain: F8
    disallowed: F8
    own_tax: F8


class NetGains(NamedTuple):
    """By copy and number of its pair: what its trades realise."""

    short: F8_2D
    long: F8_2D


def flows_of(part: Part, lists: Lists) -> Flows:
    """Return what lists move."""
    universes, count = part.problem.universes, len(part.at)
    is_sale = lists.lot >= 0
    sold = totals(lists.account, np.where(is_sale, lists.usd, 0.0), count)
    bought = totals(lists.account, np.where(is_sale, 0.0, lists.usd), count)
    spread = np.where(is_sale, universes.sell_cost[lists.row], universes.buy_cost[lists.row])
    moved = np.zeros((count, part.problem.class_count))
    np.add.at(moved, (lists.account, universes.klass[lists.row]), np.where(is_sale, -lists.usd, lists.usd))
    moved[:, 0] = sold - bought
    return Flows(sold, bought, totals(lists.account, spread * lists.usd, count), moved)


def gains_of(part: Part, lists: Lists) -> Gains:
    """Return what each sale realises; of a loss the units that are disallowed go first."""
    lots = part.problem.lots
    basis, washed, rate = (
        np.where(lists.lot >= 0, np.append(array, 0.0)[lists.lot], np.nan)
        for array in (lots.basis, lots.washed, lots.rate)
    )
    gain = lists.usd - lists.qty * basis
    with np.errstate(invalid="ignore"):
        disallowed = np.where(gain < 0, -gain * np.minimum(washed, lists.qty) / lists.qty, 0.0)
    disallowed = np.where(np.isnan(gain), np.nan, disallowed)
    return Gains(gain, disallowed, np.nan_to_num(rate * (gain + disallowed)))


def net_gains(part: Part, stake: Stake, lists: Lists, gains: Gains, is_long: np.ndarray, most: int) -> NetGains:
    """Return what counts of the gains of each copy's pairs; `is_long` by lot of the whole problem."""
    net = np.zeros((2, len(part.group), max(most, 1)))
    sale = np.nonzero((lists.lot >= 0) & (stake.pair[part.at[lists.account]] >= 0))[0]
    account = lists.account[sale]
    no = stake.pair_no[stake.pair[part.at[account]]] if len(stake.pair_no) else np.zeros(0, np.int64)
    term = is_long[part.lot[lists.lot[sale]]].astype(np.int64)
    np.add.at(net, (term, part.copy[account], no), (gains.gain + gains.disallowed)[sale])
    return NetGains(net[0][:, :most], net[1][:, :most])


def tax_change(terms: Terms, places: I8, net: NetGains) -> F8:
    """Return by copy the change of T over all its pairs; `places`: copies x pairs, -1 where there is none."""
    total = np.zeros(len(places))
    for j in range(places.shape[1]):
        at = np.nonzero(places[:, j] >= 0)[0]
        own = terms.take(places[at, j])
        before = net_tax(own, own.start_short, own.start_long)
        total[at] += net_tax(own, own.start_short + net.short[at, j], own.start_long + net.long[at, j]) - before
    return total


def own_taxes(part: Part, stake: Stake, lists: Lists, gains: Gains) -> F8:
    """Return by account the tax at its lots' own rates, 0 where its gains are netted."""
    is_own = stake.pair[part.at[lists.account]] < 0
    taxes: F8 = totals(lists.account, np.where(is_own, gains.own_tax, 0.0), len(part.at))
    return taxes


def model_rows(models: ModelArrays, classes: int) -> tuple[F8_2D, F8_2D, F8_2D]:
    """Return target, lower and upper by model and class; 0 where the model does not name the class."""
    owner = np.repeat(np.arange(len(models.rows_from) - 1), np.diff(models.rows_from))
    policy = np.zeros((3, max(1, len(models.rows_from) - 1), classes))
    for row, values in enumerate((models.target, models.lower, models.upper)):
        policy[row, owner, models.klass] = values
    return policy[0], policy[1], policy[2]


def distances(values: F8_2D, nav: F8, model: I8, models: ModelArrays) -> tuple[F8, F8]:
    """Return the sum over classes of the distance from target and of that from the band, in dollars."""
    target, lower, upper = (rows[model] * nav[:, None] for rows in model_rows(models, values.shape[1]))
    outside = np.maximum(lower - values, 0.0) + np.maximum(values - upper, 0.0)
    return row_sums(np.abs(values - target)), row_sums(outside)


def plan_costs(cash: F8, nav: F8, plan: I8, plans: PlanArrays) -> tuple[F8, F8]:
    """Return the cost of cash by its plan's terms, and how far it is under the highest floor."""
    cost, short = np.zeros(len(cash)), np.zeros(len(cash))
    if len(plans.rows_from) < 2:
        return cost, short
    has_plan = plan >= 0
    first = np.where(has_plan, plans.rows_from[plan], 0)
    count = np.where(has_plan, plans.rows_from[np.where(has_plan, plan + 1, 0)] - first, 0)
    for t in range(int(count.max(initial=0))):
        at = np.nonzero(count > t)[0]
        row = first[at] + t
        over = cash[at] - (plans.at_frac[row] * nav[at] + plans.at_usd[row])
        cost[at] += np.where(over > 0, plans.above[row] * over, -plans.below[row] * over)
        short[at] = np.where(plans.is_floor[row] == 1, np.maximum(short[at], -over), short[at])
    return cost, short
