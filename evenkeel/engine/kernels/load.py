"""From tables to one account's classes and lots: values, costs of selling, and what makes it unfit to be solved."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.arrays import AccountArrays, LimitArrays, LotArrays, ModelArrays, PlanArrays, UniverseArrays
from evenkeel.engine.codes import OUTCOMES, Outcome
from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.scratch import Scratch

SUM_TOLERANCE = 1e-9
FINE = OUTCOMES.index(Outcome.TRADED)
MODEL_UNKNOWN = OUTCOMES.index(Outcome.MODEL_UNKNOWN)
UNIVERSE_UNKNOWN = OUTCOMES.index(Outcome.UNIVERSE_UNKNOWN)
CASH_PLAN_UNKNOWN = OUTCOMES.index(Outcome.CASH_PLAN_UNKNOWN)
TARGETS_NOT_ONE = OUTCOMES.index(Outcome.TARGETS_NOT_ONE)
BANDS_CONTRADICTORY = OUTCOMES.index(Outcome.BANDS_CONTRADICTORY)
SECURITY_UNPRICED = OUTCOMES.index(Outcome.SECURITY_UNPRICED)
NO_VALUE = OUTCOMES.index(Outcome.NO_VALUE)
FIGURE_INVALID = OUTCOMES.index(Outcome.FIGURE_INVALID)
WITHIN_BANDS = OUTCOMES.index(Outcome.WITHIN_BANDS)


@inner
def find(codes, start, stop, code):  # type: ignore[no-untyped-def]
    """Return the place of `code` in the ascending codes[start:stop], or -1."""
    end = stop
    while start < stop:
        middle = (start + stop) // 2
        if codes[middle] < code:
            start = middle + 1
        else:
            stop = middle
    return start if start < end and codes[start] == code else -1


@inner
def is_cost(value):  # type: ignore[no-untyped-def]
    """Tell whether the value is finite and not negative."""
    return np.isfinite(value) and value >= 0.0


@inner
def add_class(s: Scratch, count: int, klass: int) -> int:
    """Begin the class as local class `count`, with target and band 0, and return the new count."""
    s.local_of[klass] = count
    s.klass[count] = klass
    s.held[count] = 0.0
    s.target[count] = 0.0
    s.lower[count] = 0.0
    s.upper[count] = 0.0
    return count + 1


@inner
def load_model(s: Scratch, a: int, accounts: AccountArrays, models: ModelArrays, plans: PlanArrays):  # type: ignore[no-untyped-def]
    """Begin the account's classes from its model; cash is local class 0. Return outcome and count of classes."""
    count = add_class(s, 0, 0)
    model, plan = accounts.model[a], accounts.plan[a]
    if model < 0:
        return MODEL_UNKNOWN, count
    if accounts.universe[a] < 0:
        return UNIVERSE_UNKNOWN, count
    if plan == -1:
        return CASH_PLAN_UNKNOWN, count
    total = 0.0
    for r in range(models.rows_from[model], models.rows_from[model + 1]):
        local = s.local_of[models.klass[r]]
        if local < 0:
            local = count
            count = add_class(s, count, models.klass[r])
        s.target[local], s.lower[local], s.upper[local] = models.target[r], models.lower[r], models.upper[r]
        if not (np.isfinite(models.target[r]) and np.isfinite(models.lower[r]) and np.isfinite(models.upper[r])):
            return FIGURE_INVALID, count
        if models.lower[r] > models.upper[r]:
            return BANDS_CONTRADICTORY, count
        total += models.target[r]
    if not abs(total - 1.0) <= SUM_TOLERANCE:
        return TARGETS_NOT_ONE, count
    if not (np.isfinite(accounts.cash[a]) and is_cost(accounts.spoken_for[a]) and is_cost(accounts.dust[a])):
        return FIGURE_INVALID, count
    if not (is_cost(accounts.target_cost[a]) and is_cost(accounts.band_cost[a])):
        return FIGURE_INVALID, count
    if plan >= 0:
        for r in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
            if not (is_cost(plans.below[r]) and is_cost(plans.above[r])):
                return FIGURE_INVALID, count
            if not (np.isfinite(plans.at_frac[r]) and np.isfinite(plans.at_usd[r])):
                return FIGURE_INVALID, count
    return FINE, count


@inner
def load_lots(s: Scratch, a: int, count: int, accounts: AccountArrays, universes: UniverseArrays, lots: LotArrays):  # type: ignore[no-untyped-def]
    """Value the account's lots and price a dollar sold of each. Return outcome, count of classes, and net asset value.

    A loss that is partly disallowed is priced over the whole lot (the convex envelope of its cost), so that the bound holds.
    """
    u, first = accounts.universe[a], accounts.lots_from[a]
    start, stop = universes.rows_from[u], universes.rows_from[u + 1]
    nav = accounts.cash[a] - accounts.spoken_for[a]
    row, known = -1, -2
    for j in range(first, accounts.lots_from[a + 1]):
        i = j - first
        if lots.security[j] != known:
            known = lots.security[j]
            row = find(universes.security, start, stop, known) if known >= 0 else -1
        if row < 0 or not (universes.price[row] > 0.0 and np.isfinite(universes.price[row])):
            return SECURITY_UNPRICED, count, nav
        price, qty = universes.price[row], lots.qty[j]
        if not (np.isfinite(qty) and is_cost(lots.rate[j]) and is_cost(lots.washed[j])):
            return FIGURE_INVALID, count, nav
        if np.isinf(lots.basis[j]) or not is_cost(universes.sell_cost[row]):
            return FIGURE_INVALID, count, nav
        local = s.local_of[universes.klass[row]]
        if local < 0:
            local = count
            count = add_class(s, count, universes.klass[row])
        value = price * qty
        cost = universes.sell_cost[row]
        is_kept = qty <= 0.0 or lots.sellable[j] == 0 or (s.barred[row - start] & 1) != 0
        if lots.rate[j] > 0.0:
            if np.isnan(lots.basis[j]):
                is_kept = True
            else:
                tax = lots.rate[j] * (price - lots.basis[j]) / price
                if tax < 0.0 and not is_kept:
                    tax *= 1.0 - min(lots.washed[j], qty) / qty
                cost += tax
        s.row[i], s.local[i], s.value[i], s.cost[i], s.sold[i] = row, local, value, cost, 0.0
        s.room[i] = 0.0 if is_kept else value
        if not is_kept and cost + universes.buy_cost[row] < 0.0:
            s.barred[row - start] |= 4
        s.held[local] += value
        nav += value
    s.held[0] = accounts.cash[a] - accounts.spoken_for[a]
    return (FINE if nav > 0.0 and np.isfinite(nav) else NO_VALUE), count, nav


@inner
def bar(s: Scratch, a: int, accounts: AccountArrays, universes: UniverseArrays, limits: LimitArrays) -> None:
    """Mark what the account's restrictions bar."""
    u = accounts.universe[a]
    start, stop = universes.rows_from[u], universes.rows_from[u + 1]
    for r in range(accounts.limits_from[a], accounts.limits_from[a + 1]):
        row = find(universes.security, start, stop, limits.security[r])
        if row >= 0:
            s.barred[row - start] = limits.no_sell[r] + 2 * limits.no_buy[r]


@inner
def unbar(
    s: Scratch, a: int, accounts: AccountArrays, universes: UniverseArrays, lots: LotArrays, limits: LimitArrays
) -> None:
    """Clear every mark that the account's restrictions and lots have left."""
    u = accounts.universe[a]
    start, stop = universes.rows_from[u], universes.rows_from[u + 1]
    for r in range(accounts.limits_from[a], accounts.limits_from[a + 1]):
        row = find(universes.security, start, stop, limits.security[r])
        if row >= 0:
            s.barred[row - start] = 0
    for i in range(accounts.lots_from[a + 1] - accounts.lots_from[a]):
        if start <= s.row[i] < stop:
            s.barred[s.row[i] - start] = 0


@inner
def spendable(nav, cash):  # type: ignore[no-untyped-def]
    """Return the most that a class may buy: what the account could spend if it sold all, an overdraft being no deeper after than before.

    No list with that cash can buy more, so that it bounds the exact problem and takes nothing from rounded lists.
    """
    return nav - min(0.0, cash) if nav > 0.0 else 0.0


@inner
def load_buys(s, a, count, most, accounts, universes, limits, class_count, extra):  # type: ignore[no-untyped-def]
    """List what each class may buy, cheapest first, until it is enough for `most`, as `spendable`. Return whether the figures make sense.

    What may be harvested does not count as enough: if it is, something else must be bought. `extra` more are listed in each class: a
    rounded list may fit better with a dearer one.
    """
    u, n = accounts.universe[a], 0
    start = universes.rows_from[u]
    low, high = accounts.limits_from[a], accounts.limits_from[a + 1]
    for k in range(count):
        s.buys_at[k] = n
        left, more = most, extra
        place = u * class_count + s.klass[k]
        for b in range(universes.buys_from[place], universes.buys_from[place + 1]):
            row = universes.buy_row[b]
            if not (universes.price[row] > 0.0 and np.isfinite(universes.price[row])):
                continue
            if s.barred[row - start] & 2:
                continue
            if not is_cost(universes.buy_cost[row]):
                return False
            room = most
            if high > low:
                r = find(limits.security, low, high, universes.security[row])
                if r >= 0:
                    if not limits.buy_cap[r] >= 0.0:
                        return False
                    room = min(room, limits.buy_cap[r])
            if room > 0.0:
                s.buy_row[n], s.buy_room[n], s.buy_usd[n] = row, room, 0.0
                n += 1
                if not s.barred[row - start] & 4:
                    left -= room
            if left <= 0.0:
                if more == 0:
                    break
                more -= 1
    s.buys_at[count] = n
    return True
