"""The bound of rounded lists whose taxes are netted: every case's, less what rounding values and taxes to the cent can gain there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8
from evenkeel.engine.netted.at_rates import Part, at_rates, lot_costs, take_part, totals
from evenkeel.engine.netted.attempt import CENT, Scope
from evenkeel.engine.netted.choosing import Chosen
from evenkeel.engine.netted.master import pair_places
from evenkeel.engine.netted.search import account_rates

OF_CENTS = 0.04
"""Dollars that rounding amounts of tax, gains and carry-overs to the cent, before and after, may take off the change of a unit's tax."""


@dataclass(frozen=True)
class CaseBounds:
    """By case, in the order of the decision's: its bound, and prices of classes at its rates (cash: -mu).

    `price`: of accounts, those of case c from `first[c]` on; `class_price`: of a household's classes, by case.
    """

    group: I8
    bound: F8
    first: I8
    price: F8_2D
    class_price: F8_2D

    def of_groups(self, count: int) -> F8:
        """Return by group what no list has a lower objective than: the least of its cases' bounds."""
        least = np.full(count, np.inf)
        np.minimum.at(least, self.group, self.bound)
        return least


def case_bounds(chosen: Chosen[Scope]) -> CaseBounds:
    """Return the bound of each case of each account for lists rounded or not: the exact one's, less what cents can gain there."""
    stake, cases, scope, gains = chosen.stake, chosen.decision.tried.cases, chosen.scope, chosen.gains
    part = take_part(scope.problem, stake, cases.group)
    places = pair_places(stake, cases.group, cases.is_split.shape[1])
    rates = account_rates(part, stake, places, cases.short, cases.long, cases.caps)
    best = scope.solve(at_rates(part, stake, gains, rates))
    account = np.repeat(np.arange(len(part.at)), np.diff(part.problem.accounts.lots_from))
    rate = np.where(gains.is_long[part.lot], rates.long[account], rates.short[account])
    rate = np.where(stake.pair[part.at[account]] >= 0, rate, part.problem.lots.rate)
    cost = lot_costs(part, stake, gains, rates)
    of_lots = _off_cents(part, gains.row[part.lot], account, cost, rate, best.price)
    off = totals(part.copy[account], of_lots, len(cases.group))
    bound = cases.bound - off - OF_CENTS * stake.pairs_in()[cases.group]
    first: I8 = np.searchsorted(part.copy, np.arange(len(cases.group)))
    return CaseBounds(cases.group, bound, first, best.price, best.class_price)


def _off_cents(part: Part, row: I8, account: I8, cost: F8, rate: F8, price: F8_2D) -> F8:
    """Return by lot how far values in whole cents may take a list under the bound, as `kernels.round_book.allowance`."""
    lots, universes = part.problem.lots, part.problem.universes
    unit_price, step = universes.price[row], universes.step[row]
    room = np.where((lots.sellable == 1) & (lots.qty > 0), lots.qty * unit_price, 0.0)
    whole = np.round(room * 100.0)
    more = whole * 0.01 - room
    saves = -price[account, 0] + np.nan_to_num(price[account, universes.klass[row]]) - universes.sell_cost[row] - cost
    total = np.where(more > 0, more * np.maximum(saves, 0.0), 0.0)
    has_step = ~np.isnan(step)
    many = has_step & (lots.qty / np.where(has_step, step, 1.0) >= 2.0 - 1e-9)
    is_exact = (step == 1.0) & (np.abs(unit_price * 100.0 - np.round(unit_price * 100.0)) < 1e-6)
    off = np.where(many & ~is_exact, CENT, np.abs(more))
    total += np.where(rate > 0, off * rate * np.nan_to_num(lots.basis) / unit_price, 0.0)
    return np.where(whole > 0, total, 0.0)
