"""One move of a household's rounded lists: what it does to the objective, and the best level of one lot or purchase, all else as it is.

As `evenkeel.engine.kernels.moves` for one account; here a move changes its account's cash, its class in the household, and the
household's cash.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import called, inner
from evenkeel.engine.kernels.levels import cents_at, cost_at, level_of, loss_of, qty_at
from evenkeel.engine.kernels.moves import FLOOR_COST
from evenkeel.engine.kernels.penalties import penalty, plan_cost


@inner
def cost_of_class(r, k, value, target_cost, band_cost):  # type: ignore[no-untyped-def]
    """Return the household's penalty of class k at that value."""
    return penalty(value, r.target[k], r.lower[k], r.upper[k], target_cost, band_cost)


@inner
def cost_of_cash(r, h, m, c, band_cost, accounts, plans):  # type: ignore[no-untyped-def]
    """Return what cash c costs in member m by its plan, by being overdrawn, and by what it lacks of the floor."""
    plan = accounts.plan[r.account[m]]
    r0, r1 = (plans.rows_from[plan], plans.rows_from[plan + 1]) if plan >= 0 else (0, 0)
    total = plan_cost(c, h.nav[m], r0, r1, plans.at_frac, plans.at_usd, plans.below, plans.above)
    if c < 0.0:
        total -= band_cost * c
    return total + FLOOR_COST * (r.floor[m] - c) if c < r.floor[m] - 1e-9 else total


@inner
def cost_of_item(r, n, level, universes, lots):  # type: ignore[no-untyped-def]
    """Return what a level of lot or purchase n costs in tax, half-spread, fees, and place."""
    price = universes.price[r.row[n]]
    usd = cents_at(level, r.most[n], r.units[n], price, r.whole[n]) * 0.01
    j = r.lot[n]
    if j < 0:
        return r.frac[n] * usd
    qty = qty_at(level, r.most[n], r.units[n], price, lots.qty[j])
    return cost_at(lots.basis[j], lots.rate[j], lots.washed[j], qty, usd, r.frac[n])


@inner
def put_item(r, n, level, universes):  # type: ignore[no-untyped-def]
    """Set the level of lot or purchase n."""
    cents = cents_at(level, r.most[n], r.units[n], universes.price[r.row[n]], r.whole[n])
    moved = cents - r.cents[n]
    r.level[n], r.cents[n] = level, cents
    if r.lot[n] >= 0:
        r.sold[r.slot[n]] += moved
    else:
        r.bought[r.slot[n]] += moved
        moved = -moved
    r.net[r.member[n]] += moved
    r.now[r.klass[n]] -= moved * 0.01
    r.now[0] += moved * 0.01


@inner
def may_stand(r, n, universes):  # type: ignore[no-untyped-def]
    """Tell whether the orders of n's security in its account may stand: one side only, none under its minimum."""
    sold, bought = r.sold[r.slot[n]], r.bought[r.slot[n]]
    least = universes.min_ticket[r.row[n]] * 100.0 - 1e-6
    return (sold == 0 or sold >= least) and (bought == 0 or bought >= least) and (sold == 0 or bought == 0)


@inner
def cost_around(r, h, n, level, moved, target_cost, band_cost, accounts, universes, lots, plans):  # type: ignore[no-untyped-def]
    """Return all costs that lot or purchase n has a part in, at that level, its class and cash having moved by `moved` dollars of cash."""
    m, k = r.member[n], r.klass[n]
    total = cost_of_item(r, n, level, universes, lots)
    total += cost_of_class(r, k, r.now[k] - moved, target_cost, band_cost)
    total += cost_of_class(r, 0, r.now[0] + moved, target_cost, band_cost)
    return total + cost_of_cash(r, h, m, h.cash[m] + r.net[m] * 0.01 + moved, band_cost, accounts, plans)


@called
def best_house_level(r, h, n, spare, target_cost, band_cost, accounts, universes, lots, plans):  # type: ignore[no-untyped-def]
    """Return the best other level of lot or purchase n, and what it changes: below 0 is better; infinite where it has none.

    `spare`: what a list may lose to the bound at most, to be better than the one at hand.
    """
    m, k = r.member[n], r.klass[n]
    dust = accounts.dust[r.account[m]]
    is_lot = r.lot[n] >= 0
    sign = 1.0 if is_lot else -1.0
    most, level, units, price, whole = r.most[n], r.level[n], r.units[n], universes.price[r.row[n]], r.whole[n]
    usd, cash = r.cents[n] * 0.01, h.cash[m] + r.net[m] * 0.01
    before = cost_around(r, h, n, level, 0.0, target_cost, band_cost, accounts, universes, lots, plans)
    side = r.sold[r.slot[n]] if is_lot else r.bought[r.slot[n]]
    other = r.bought[r.slot[n]] if is_lot else r.sold[r.slot[n]]
    ticket = universes.min_ticket[r.row[n]] * 100.0 - 1e-6
    least = max(dust, (ticket - (side - r.cents[n])) * 0.01)
    bends = r.bends_to[m] - r.bends_from[m]
    best, best_change = np.int64(-1), np.inf
    for t in range(5 + 2 * (6 + bends)):
        if t < 2:
            to = level - 1 + 2 * t
        elif t == 2:
            to = np.int64(0)
        elif t == 3:
            to = most
        elif t == 4:
            to = level_of(least, r.unit_usd[n], most)
            if to * r.unit_usd[n] < least - 1e-9:
                to += 1
        else:
            place = (t - 5) // 2
            if place < 3:
                at = r.lower[k] if place == 0 else (r.target[k] if place == 1 else r.upper[k])
                more = sign * (r.now[k] - at)
            elif place < 6:
                at = r.lower[0] if place == 3 else (r.target[0] if place == 4 else r.upper[0])
                more = sign * (at - r.now[0])
            else:
                more = sign * (r.bends[r.bends_from[m] + place - 6] - cash)
            to = level_of(usd + more, r.unit_usd[n], most) + (t - 5) % 2
        if to < 0 or to > most or to in (level, best):
            continue
        cents = cents_at(to, most, units, price, whole)
        now = cents * 0.01
        if to > 0 and (now < dust or other > 0):
            continue
        total = side - r.cents[n] + cents
        if total != 0 and total < ticket:
            continue
        if loss_of(r.reduced[n], r.room[n], now) > spare:
            continue
        moved = sign * (now - usd)
        change = cost_around(r, h, n, to, moved, target_cost, band_cost, accounts, universes, lots, plans) - before
        if change < best_change:
            best, best_change = to, change
    return best, best_change
