"""The proof: for any prices mu and pi, a bound that no list of trades can beat.

    bound(mu, pi) = sum over lots of       min(0, cost - mu - pi_k) * room
                  + sum over classes of    min over purchases of (cost + mu + pi_k) * y, together at most what it could spend
                  + sum over classes of    pi_k * V_k + min over h of [penalty_k(h) - pi_k * h]
                  + min over c of          [cost of cash(c) + mu * c] - mu * cash

It needs no order of lots and no segment, and holds whatever the prices are; good ones make it tight.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.load import spendable
from evenkeel.engine.kernels.penalties import penalty, plan_cost


@inner
def class_prices(s, count, nav, mu, target_cost, band_cost, buy_cost, sell_off, buy_off):  # type: ignore[no-untyped-def]
    """Write pi of each class: a slope of its penalty where it stands that agrees with its trades at mu."""
    crumb = 1e-12 * nav
    for k in range(1, count):
        low, high = -np.inf, np.inf
        h = s.held[k]
        for o in range(s.lots_at[k], s.lots_at[k + 1]):
            i = s.order[o]
            if s.room[i] <= 0.0 or sell_off[i]:
                continue
            h -= s.sold[i]
            # Sold: cost <= mu + pi. Not wholly sold: cost >= mu + pi.
            if s.sold[i] > crumb:
                low = max(low, s.cost[i] - mu)
            if s.sold[i] < s.room[i] - crumb:
                high = min(high, s.cost[i] - mu)
        for b in range(s.buys_at[k], s.buys_at[k + 1]):
            if buy_off[b]:
                continue
            h += s.buy_usd[b]
            if s.buy_usd[b] > crumb:
                high = min(high, -buy_cost[s.buy_row[b]] - mu)
            if s.buy_usd[b] < s.buy_room[b] - crumb:
                low = max(low, -buy_cost[s.buy_row[b]] - mu)
        # The penalty's slopes left and right of h, a hair's breadth apart; a price between them that agrees with the trades.
        hair = 1e-10 * nav
        left, right = -(target_cost + band_cost), -(target_cost + band_cost)
        for at, up in ((s.lower[k], band_cost), (s.target[k], 2.0 * target_cost), (s.upper[k], band_cost)):
            if at * nav < h - hair:
                left += up
            if at * nav <= h + hair:
                right += up
        low, high = max(low, left), min(high, right)
        pi = min(max(0.0, low), high) if low <= high else 0.5 * (low + high)
        edge = target_cost + band_cost
        s.pi[k] = min(max(pi, -edge), edge)


@inner
def bound(s, count, lots, nav, cash, mu, target_cost, band_cost, plan, plans, buy_cost, sell_off, buy_off):  # type: ignore[no-untyped-def]
    """Return the bound at mu and `s.pi`; lots and purchases marked in `sell_off` and `buy_off` do not exist."""
    total = -mu * cash
    for i in range(lots):
        if not sell_off[i]:
            total += min(0.0, s.cost[i] - mu - s.pi[s.local[i]]) * s.room[i]
    for k in range(1, count):
        left, pi = spendable(nav, cash), s.pi[k]
        for b in range(s.buys_at[k], s.buys_at[k + 1]):
            if buy_off[b]:
                continue
            gain = buy_cost[s.buy_row[b]] + mu + pi
            if gain >= 0.0 or left <= 0.0:
                break
            width = min(left, s.buy_room[b])
            total += gain * width
            left -= width
        lower, target, upper = s.lower[k] * nav, s.target[k] * nav, s.upper[k] * nav
        best = np.inf
        for h in (lower, target, upper):
            best = min(best, penalty(h, target, lower, upper, target_cost, band_cost) - pi * h)
        total += pi * s.held[k] + best
    lower, target, upper = s.lower[0] * nav, s.target[0] * nav, s.upper[0] * nav
    first, last = (plans.rows_from[plan], plans.rows_from[plan + 1]) if plan >= 0 else (0, 0)
    best = np.inf
    for i in range(3 + last - first):
        if i == 0:
            c = lower
        elif i == 1:
            c = target
        elif i == 2:
            c = upper
        else:
            c = plans.at_frac[first + i - 3] * nav + plans.at_usd[first + i - 3]
        cost = penalty(c, target, lower, upper, target_cost, band_cost)
        cost += plan_cost(c, nav, first, last, plans.at_frac, plans.at_usd, plans.below, plans.above)
        best = min(best, cost + mu * c)
    return total + best
