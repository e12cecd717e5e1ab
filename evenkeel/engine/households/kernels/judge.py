"""What the lists of a household cost, from the definition."""

from __future__ import annotations

from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.judge import lot_tax
from evenkeel.engine.kernels.penalties import excess, penalty, plan_cost, shortfall


@inner
def clean_house(h, members, classes, width, total, dust, member, place):  # type: ignore[no-untyped-def]
    """Drop trades under an account's dust threshold and crumbs of floating point; a lot sold but for a crumb is sold.

    What an account then lacks for its purchases is taken off the largest: it pays with nobody else's money.
    """
    crumb = 1e-12 * total
    for m in range(members):
        least = max(dust[member[place + m]], crumb)
        lacks = min(0.0, h.cash[m]) - h.cash[m] - crumb
        for k in range(1, classes):
            cell = m * width + k
            for o in range(h.lots_from[cell], h.lots_to[cell]):
                i = h.order[o]
                if h.sold[i] > 0.0 and h.room[i] - h.sold[i] <= crumb:
                    h.sold[i] = h.room[i]
                if h.sold[i] < least:
                    h.sold[i] = 0.0
                lacks -= h.sold[i]
            for b in range(h.buys_from[cell], h.buys_to[cell]):
                if h.buy_usd[b] < least:
                    h.buy_usd[b] = 0.0
                lacks += h.buy_usd[b]
        while lacks > 0.0:
            largest, most = -1, 0.0
            for k in range(1, classes):
                cell = m * width + k
                for b in range(h.buys_from[cell], h.buys_to[cell]):
                    if h.buy_usd[b] > most:
                        largest, most = b, h.buy_usd[b]
            if largest < 0:
                break
            left = most - lacks - crumb
            h.buy_usd[largest] = left if left >= least else 0.0
            lacks -= most - h.buy_usd[largest]


@inner
def house_both_sides(h, members, classes, width):  # type: ignore[no-untyped-def]
    """Return a purchase whose security is sold too in its account, and its cell; or -1."""
    for m in range(members):
        for k in range(1, classes):
            cell = m * width + k
            for b in range(h.buys_from[cell], h.buys_to[cell]):
                if h.buy_usd[b] > 0.0:
                    for o in range(h.lots_from[cell], h.lots_to[cell]):
                        if h.sold[h.order[o]] > 0.0 and h.lot_row[h.order[o]] == h.buy_row[b]:
                            return b, cell
    return -1, -1


@inner
def judge_member(h, m, a, classes, width, accounts, universes, lots, plans, figures, is_rounded):  # type: ignore[no-untyped-def]
    """Write the member's figures (columns as in `arrays.MEMBER_FIGURES`, but for the price of cash), and what each cell has moved.

    Units sold are `sold_qty` where the lists are rounded; otherwise dollars over price.
    """
    tax, cost, sold, bought = 0.0, 0.0, 0.0, 0.0
    location, location_before = h.location[m * width] * h.cash[m], h.location[m * width] * h.cash[m]
    for k in range(1, classes):
        cell = m * width + k
        moved = 0.0
        for o in range(h.lots_from[cell], h.lots_to[cell]):
            i = h.order[o]
            usd = h.sold[i]
            if usd > 0.0:
                j = accounts.lots_from[a] + i - h.lots_first[m]
                row = h.lot_row[i]
                qty = h.sold_qty[i] if is_rounded else usd / universes.price[row]
                tax += lot_tax(lots.basis[j], lots.rate[j], lots.washed[j], qty, usd)[0]
                cost += universes.sell_cost[row] * usd
                sold += usd
                moved -= usd
        for b in range(h.buys_from[cell], h.buys_to[cell]):
            if h.buy_usd[b] > 0.0:
                cost += universes.buy_cost[h.buy_row[b]] * h.buy_usd[b]
                bought += h.buy_usd[b]
                moved += h.buy_usd[b]
        h.moved[cell] = moved
        location_before += h.location[cell] * h.held[cell]
        location += h.location[cell] * (h.held[cell] + moved)
    h.moved[m * width] = sold - bought
    location += h.location[m * width] * (sold - bought)
    after = h.cash[m] + sold - bought
    plan = accounts.plan[a]
    r0, r1 = (plans.rows_from[plan], plans.rows_from[plan + 1]) if plan >= 0 else (0, 0)
    nav = h.nav[m]
    figures[1], figures[2] = h.cash[m], after
    figures[3] = max(-after, shortfall(after, nav, r0, r1, plans.at_frac, plans.at_usd, plans.is_floor), 0.0)
    figures[4], figures[5], figures[6], figures[7] = sold, bought, tax, cost
    figures[8], figures[9] = location_before, location
    band_cost = accounts.band_cost[a]
    figures[10] = band_cost * max(0.0, -after)
    figures[10] += plan_cost(after, nav, r0, r1, plans.at_frac, plans.at_usd, plans.below, plans.above)
    before = band_cost * max(0.0, -h.cash[m])
    return before + plan_cost(h.cash[m], nav, r0, r1, plans.at_frac, plans.at_usd, plans.below, plans.above)


@inner
def judge_house(  # type: ignore[no-untyped-def]
    h, members, classes, width, total, first, accounts, universes, lots, plans, member, place, figures, member_figures, is_rounded
):  # fmt: skip
    """Write the figures of the household (columns as in `arrays.HOUSEHOLD_FIGURES`) and its members; return the objective."""
    target_cost, band_cost = accounts.target_cost[first], accounts.band_cost[first]
    for f in range(16):
        figures[f] = 0.0
    figures[0] = total
    for m in range(members):
        a = member[place + m]
        own = member_figures[a]
        plan_before = judge_member(h, m, a, classes, width, accounts, universes, lots, plans, own, is_rounded)
        figures[1] += own[1]
        figures[2] += own[2]
        figures[3] += own[4]
        figures[4] += own[5]
        figures[5] += plan_before + own[8]
        figures[7] += own[6]
        figures[8] += own[7]
        figures[9] += own[8]
        figures[10] += own[9]
        figures[13] += own[10]
    distance = 0.0
    for k in range(classes):
        value = h.class_held[k]
        for m in range(members):
            value += h.moved[m * width + k]
        lower, target, upper = h.lower[k] * total, h.target[k] * total, h.upper[k] * total
        distance += abs(value - target)
        figures[15] += excess(value, lower, upper)
        figures[14] += excess(h.class_held[k], lower, upper)
        figures[5] += penalty(h.class_held[k], target, lower, upper, target_cost, band_cost)
    figures[11], figures[12] = target_cost * distance, band_cost * figures[15]
    figures[6] = figures[7] + figures[8] + figures[10] + figures[11] + figures[12] + figures[13]
    return figures[6]
