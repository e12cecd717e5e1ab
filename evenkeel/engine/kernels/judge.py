"""What a list of trades costs, from its definition: objective and components, and the tax of each lot sold."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.penalties import excess, penalty, plan_cost, shortfall
from evenkeel.engine.scratch import Scratch


@inner
def lot_tax(basis, rate, washed, qty, usd):  # type: ignore[no-untyped-def]
    """Return tax, gain and disallowed loss of selling `qty` of a lot for `usd`; disallowed units go first. Gain without a basis: NaN."""
    if np.isnan(basis):
        return 0.0, np.nan, np.nan
    gain = usd - qty * basis
    disallowed = 0.0
    if gain < 0.0:
        disallowed = -gain * min(washed, qty) / qty
    return rate * (gain + disallowed), gain, disallowed


@inner
def clean(s: Scratch, lots: int, count: int, nav: float, dust: float) -> None:
    """Drop trades under the dust threshold and crumbs of floating point; a lot sold but for a crumb is sold."""
    crumb = 1e-12 * nav
    least = max(dust, crumb)
    for i in range(lots):
        if s.sold[i] > 0.0 and s.room[i] - s.sold[i] <= crumb:
            s.sold[i] = s.room[i]
        if s.sold[i] < least:
            s.sold[i] = 0.0
    for b in range(s.buys_at[count]):
        if s.buy_usd[b] < least:
            s.buy_usd[b] = 0.0
        s.buy_usd[b] = min(s.buy_usd[b], s.buy_room[b])


@inner
def judge(s, a, first, lot_count, count, nav, cash, accounts, universes, lots, plans, figures, is_rounded):  # type: ignore[no-untyped-def]
    """Write the figures of the account's trades (columns as in `arrays.FIGURES`) and return the objective.

    Units sold are `sold_qty` where the list is rounded; otherwise dollars over price.
    """
    target_cost, band_cost, plan = accounts.target_cost[a], accounts.band_cost[a], accounts.plan[a]
    tax, cost, sold, bought = 0.0, 0.0, 0.0, 0.0
    for k in range(count):
        s.bought[k] = 0.0
    for i in range(lot_count):
        if s.sold[i] > 0.0:
            qty = s.sold_qty[i] if is_rounded else s.sold[i] / universes.price[s.row[i]]
            j = first + i
            tax += lot_tax(lots.basis[j], lots.rate[j], lots.washed[j], qty, s.sold[i])[0]
            cost += universes.sell_cost[s.row[i]] * s.sold[i]
            sold += s.sold[i]
            s.bought[s.local[i]] -= s.sold[i]
    for k in range(1, count):
        for b in range(s.buys_at[k], s.buys_at[k + 1]):
            if s.buy_usd[b] > 0.0:
                cost += universes.buy_cost[s.buy_row[b]] * s.buy_usd[b]
                bought += s.buy_usd[b]
                s.bought[k] += s.buy_usd[b]
    s.bought[0] = sold - bought
    distance, outside, outside_before = 0.0, 0.0, 0.0
    before = 0.0
    for k in range(count):
        h = s.held[k] + s.bought[k]
        distance += abs(h - s.target[k] * nav)
        lower, target, upper = s.lower[k] * nav, s.target[k] * nav, s.upper[k] * nav
        outside += excess(h, lower, upper)
        outside_before += excess(s.held[k], lower, upper)
        before += penalty(s.held[k], target, lower, upper, target_cost, band_cost)
    r0, r1 = (plans.rows_from[plan], plans.rows_from[plan + 1]) if plan >= 0 else (0, 0)
    before += plan_cost(cash, nav, r0, r1, plans.at_frac, plans.at_usd, plans.below, plans.above)
    after = s.held[0] + s.bought[0]
    terms = plan_cost(after, nav, r0, r1, plans.at_frac, plans.at_usd, plans.below, plans.above)
    objective = tax + cost + target_cost * distance + band_cost * outside + terms
    figures[0], figures[1], figures[2] = nav, cash, after
    figures[3] = shortfall(after, nav, r0, r1, plans.at_frac, plans.at_usd, plans.is_floor)
    figures[4], figures[5], figures[6], figures[7] = sold, bought, before, objective
    figures[8], figures[9] = tax, cost
    figures[10], figures[11], figures[12] = target_cost * distance, band_cost * outside, terms
    figures[13], figures[14] = outside_before, outside
    return objective
