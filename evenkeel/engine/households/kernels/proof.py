"""The proof, in two ways that know nothing of segments or paths.

A bound that no lists of the household's accounts can beat, for any prices mu of an account's cash and pi of a class:

    sum over classes, cash too    min over H of [penalty_k(H) - pi_k H]
  + sum over accounts a           min over c of [plan_a(c) + M (-c)+ + (location_a,cash + pi_cash + mu_a) c] - mu_a * cash_a
                                + sum over lots      min(0, cost - mu_a - pi_k - location_ak) * room
                                + sum over classes   min over purchases of (cost + mu_a + pi_k + location_ak) y, together at most nav_a
                                + sum over classes   (pi_k + location_ak) V_ak

And the residual network of the lists themselves: a cycle in it of negative cost would be a better list.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.load import spendable
from evenkeel.engine.kernels.penalties import penalty, plan_cost


@inner
def read_prices(h, members, classes, target_cost, band_cost):  # type: ignore[no-untyped-def]
    """Write mu and pi from the nodes' prices; a class's price is a slope of its penalty."""
    sink, edge = members + classes, target_cost + band_cost
    for m in range(members):
        h.mu[m] = h.p[m] - h.p[sink]
    for k in range(classes):
        h.pi[k] = min(max(h.p[sink] - h.p[members + k], -edge), edge)


@inner
def cash_bound(h, m, price, plan, plans, band_cost):  # type: ignore[no-untyped-def]
    """Return the account's least cost of its cash, no less than its floor, where a dollar costs `price` besides its plan."""
    first, last = (plans.rows_from[plan], plans.rows_from[plan + 1]) if plan >= 0 else (0, 0)
    floor, best = min(0.0, h.cash[m]), np.inf
    for i in range(2 + last - first):
        c = floor
        if i == 1:
            c = 0.0
        elif i > 1:
            c = max(floor, plans.at_frac[first + i - 2] * h.nav[m] + plans.at_usd[first + i - 2])
        cost = band_cost * max(0.0, -c) + plan_cost(
            c, h.nav[m], first, last, plans.at_frac, plans.at_usd, plans.below, plans.above
        )
        best = min(best, cost + price * c)
    return best


@inner
def house_bound(h, members, classes, width, total, target_cost, band_cost, buy_cost, accounts, plans, member, place):  # type: ignore[no-untyped-def]
    """Return the bound at `h.mu` and `h.pi`; lots and purchases that are off do not exist."""
    bound = 0.0
    for k in range(classes):
        lower, target, upper = h.lower[k] * total, h.target[k] * total, h.upper[k] * total
        best = np.inf
        for at in (lower, target, upper):
            best = min(best, penalty(at, target, lower, upper, target_cost, band_cost) - h.pi[k] * at)
        bound += best
    for m in range(members):
        plan = accounts.plan[member[place + m]]
        most = 0.0
        if plan >= 0:
            for r in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
                most += plans.above[r]
        # What a dollar costs besides the plan is above the plan's last slope, but for rounding: cash has no best place beyond it.
        location = h.location[m * width]
        price = max(location + h.pi[0] + h.mu[m], -most)
        h.mu[m] = price - location - h.pi[0]
        mu = h.mu[m]
        bound += cash_bound(h, m, price, plan, plans, band_cost) - mu * h.cash[m]
        for k in range(1, classes):
            cell = m * width + k
            dollar = h.pi[k] + h.location[cell]
            bound += dollar * h.held[cell]
            for o in range(h.lots_from[cell], h.lots_to[cell]):
                i = h.order[o]
                if not h.sell_off[i]:
                    bound += min(0.0, h.cost[i] - mu - dollar) * h.room[i]
            left = spendable(h.nav[m], h.cash[m])
            for b in range(h.buys_from[cell], h.buys_to[cell]):
                if h.buy_off[b]:
                    continue
                gain = buy_cost[h.buy_row[b]] + mu + dollar
                if gain >= 0.0 or left <= 0.0:
                    break
                amount = min(left, h.buy_room[b])
                bound += gain * amount
                left -= amount
    return bound


@inner
def residual(h, members, classes, width, total, target_cost, band_cost, buy_cost, accounts, plans, member, place):  # type: ignore[no-untyped-def]
    """Write the slopes up and down of every arc from the lists alone: lots sold and kept, purchases, cash and class values."""
    crumb, hair = 1e-12 * total, 1e-10 * total
    for m in range(members):
        cash = h.cash[m]
        for k in range(1, classes):
            cell = m * width + k
            up, down, left = np.inf, -np.inf, spendable(h.nav[m], h.cash[m])
            value = h.held[cell]
            for o in range(h.lots_from[cell], h.lots_to[cell]):
                i = h.order[o]
                if h.room[i] <= 0.0 or h.sell_off[i]:
                    continue
                value -= h.sold[i]
                cash += h.sold[i]
                if h.sold[i] > crumb:
                    up = min(up, -h.cost[i])
                if h.sold[i] < h.room[i] - crumb:
                    down = max(down, -h.cost[i])
            for b in range(h.buys_from[cell], h.buys_to[cell]):
                value += h.buy_usd[b]
                cash -= h.buy_usd[b]
                left -= h.buy_usd[b]
            for b in range(h.buys_from[cell], h.buys_to[cell]):
                if h.buy_off[b]:
                    continue
                if h.buy_usd[b] > crumb:
                    down = max(down, buy_cost[h.buy_row[b]])
                if left > crumb and h.buy_usd[b] < h.buy_room[b] - crumb:
                    up = min(up, buy_cost[h.buy_row[b]])
            h.up[cell], h.down[cell], h.flow[cell] = up + h.location[cell], down + h.location[cell], value
        plan, cell = accounts.plan[member[place + m]], m * width
        up, down = h.location[cell], h.location[cell]
        if plan >= 0:
            for r in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
                at = plans.at_frac[r] * h.nav[m] + plans.at_usd[r]
                up += plans.above[r] if at <= cash + hair else -plans.below[r]
                down += plans.above[r] if at < cash - hair else -plans.below[r]
        up -= band_cost if cash < -hair else 0.0
        down -= band_cost if cash <= hair else 0.0
        if cash <= min(0.0, h.cash[m]) + hair:
            down = -np.inf
        h.up[cell], h.down[cell], h.flow[cell] = up, down, cash
    for k in range(classes):
        value = 0.0
        for m in range(members):
            value += h.flow[m * width + k]
        up, down = -(target_cost + band_cost), -(target_cost + band_cost)
        for at, jump in ((h.lower[k], band_cost), (h.target[k], 2.0 * target_cost), (h.upper[k], band_cost)):
            if at * total <= value + hair:
                up += jump
            if at * total < value - hair:
                down += jump
        arc = members * width + k
        h.up[arc], h.down[arc] = up, down


@inner
def cheapest_cycle(h, members, classes, width):  # type: ignore[no-untyped-def]
    """Return 0 where no cycle of the residual network saves anything, else how far below 0 distances still fall (Bellman and Ford)."""
    sink = members + classes
    slack = 1e-12
    for node in range(sink + 1):
        h.dist[node] = 0.0
    fell = 0.0
    for _ in range(sink + 2):
        fell = 0.0
        for k in range(classes):
            head = members + k
            for m in range(members):
                arc = m * width + k
                step = h.dist[head] - (h.dist[m] + h.up[arc])
                if step > slack:
                    h.dist[head] -= step
                    fell = max(fell, step)
                step = h.dist[m] - (h.dist[head] - h.down[arc])
                if step > slack:
                    h.dist[m] -= step
                    fell = max(fell, step)
            arc = members * width + k
            step = h.dist[sink] - (h.dist[head] + h.up[arc])
            if step > slack:
                h.dist[sink] -= step
                fell = max(fell, step)
            step = h.dist[head] - (h.dist[sink] - h.down[arc])
            if step > slack:
                h.dist[head] -= step
                fell = max(fell, step)
        if fell == 0.0:
            break
    return 0.0 - fell
