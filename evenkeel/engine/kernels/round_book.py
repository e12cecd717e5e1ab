"""The second compiled door: rounded lists of a problem whose exact answer is known."""

from __future__ import annotations

import numpy as np
from numba import types

from evenkeel.engine.arrays import (
    AccountArrays,
    AnswerArrays,
    LimitArrays,
    LotArrays,
    ModelArrays,
    PlanArrays,
    UniverseArrays,
)
from evenkeel.engine.kernels.book import BOUND, MU, NOTHING
from evenkeel.engine.kernels.emit import emit
from evenkeel.engine.kernels.improve import improve
from evenkeel.engine.kernels.jit import inner, outer, type_of
from evenkeel.engine.kernels.judge import judge
from evenkeel.engine.kernels.levels import level_of, lifted, qty_at, set_levels
from evenkeel.engine.kernels.load import FIGURE_INVALID, FINE, bar, load_buys, load_lots, load_model, spendable, unbar
from evenkeel.engine.kernels.moves import bends_of_cash, put
from evenkeel.engine.scratch import RoundSpace, Scratch

CASH_AFTER, OBJECTIVE_BEFORE = 2, 6
STOP, AGAIN = 2e-7, 1e-5
"""Shares of n: no pair is tried under the first gap, no second start under the second."""

SIGNATURE = types.int64(
    *(type_of(arrays) for arrays in (AccountArrays, ModelArrays, UniverseArrays, LotArrays, PlanArrays, LimitArrays)),
    types.int64,
    type_of(AnswerArrays),
    type_of(AnswerArrays),
    type_of(Scratch),
    type_of(RoundSpace),
    types.int64,
)


@inner
def start_levels(r, s, a, start, first, lot_count, items, accounts, universes, exact, is_empty):  # type: ignore[no-untyped-def]
    """Set every level to the nearest of the exact list, orders under their minimum left out. Return net cents into cash."""
    net = 0
    for n in range(items):
        r.level[n], r.cents[n] = 0, 0
    if is_empty:
        return net
    for t in range(exact.trades_from[a], exact.trades_from[a + 1]):
        n = -1
        if exact.trade_lot[t] >= 0:
            n = exact.trade_lot[t] - first
        else:
            for b in range(items - lot_count):
                if s.buy_row[b] == exact.trade_row[t]:
                    n = lot_count + b
                    break
        if n < 0 or r.most[n] == 0:
            continue
        usd = exact.trade_usd[t]
        low = level_of(usd, r.unit_usd[n], r.most[n])
        if n < lot_count and usd >= s.room[n] - 0.5 * r.unit_usd[n]:
            low = r.most[n]
        elif low < r.most[n] and usd - low * r.unit_usd[n] > 0.5 * r.unit_usd[n]:
            low += 1
        local = s.local[n] if n < lot_count else s.emit_local[n - lot_count]
        net += put(r, s, n, low, start, first, lot_count, local, universes)
        if r.cents[n] * 0.01 < accounts.dust[a]:
            net += put(r, s, n, 0, start, first, lot_count, local, universes)
    for n in range(items):
        row = s.row[n] if n < lot_count else s.buy_row[n - lot_count]
        side = r.sold[row - start] if n < lot_count else r.bought[row - start]
        lacks = universes.min_ticket[row] * 100.0 - side
        if r.level[n] > 0 and lacks > 1e-6:
            local = s.local[n] if n < lot_count else s.emit_local[n - lot_count]
            to = lifted(r.level[n], r.most[n], r.unit_usd[n], lacks)
            net += put(r, s, n, to, start, first, lot_count, local, universes)
    return net


@inner
def clear(r, s, start, lot_count, items, count):  # type: ignore[no-untyped-def]
    """Take every trade back."""
    for k in range(count):
        r.now[k] = s.held[k]
    for n in range(items):
        row = s.row[n] if n < lot_count else s.buy_row[n - lot_count]
        r.sold[row - start], r.bought[row - start] = 0, 0
        r.level[n], r.cents[n] = 0, 0


@inner
def write_list(r, s, first, lot_count, items, universes, lots):  # type: ignore[no-untyped-def]
    """Write the levels as dollars and units."""
    for i in range(lot_count):
        s.sold[i] = r.cents[i] / 100.0
        s.sold_qty[i] = qty_at(r.level[i], r.most[i], r.units[i], universes.price[s.row[i]], lots.qty[first + i])
    for b in range(items - lot_count):
        n = lot_count + b
        s.buy_usd[b] = r.cents[n] / 100.0
        s.buy_qty[b] = qty_at(r.level[n], r.most[n], r.units[n], universes.price[s.buy_row[b]], -1.0)


@inner
def allowance_of_lot(more, saved, basis, rate, price, units, most):  # type: ignore[no-untyped-def]
    """Return how far rounding a lot's value to the cent may take a list under the bound.

    All of it may be worth up to half a cent more in cents than in dollars (`more`, each dollar of which saves up to `saved`), and a gain
    is of cents less basis of units.
    """
    total = more * max(0.0, saved) if more > 0.0 else 0.0
    if rate > 0.0:
        off = 0.005 if units > 0.0 and most > 1 else abs(more)
        if units == 1.0 and abs(price * 100.0 - np.rint(price * 100.0)) < 1e-6:
            off = abs(more)
        total += off * rate * basis / price
    return total


@inner
def allowance(r, s, first, lot_count, mu, universes, lots):  # type: ignore[no-untyped-def]
    """Return how far rounding values to the cent may take a list under the bound."""
    total = 0.0
    for i in range(lot_count):
        if r.most[i] > 0:
            j, saved = first + i, mu + s.pi[s.local[i]] - s.cost[i]
            more, price = r.whole[i] * 0.01 - s.room[i], universes.price[s.row[i]]
            total += allowance_of_lot(more, saved, lots.basis[j], lots.rate[j], price, r.units[i], r.most[i])
    return total


@outer(SIGNATURE)
def round_book(accounts, models, universes, lots, plans, limits, class_count, exact, answer, s, r, extra):  # type: ignore[no-untyped-def]
    """Write the rounded list of every account of `exact` to `answer` and return how many trades there are, as `solve_book`.

    `extra` as for `load_buys`.
    """
    trades = 0
    for a in range(len(accounts.model)):
        answer.trades_from[a] = trades
        answer.outcome[a] = exact.outcome[a]
        figures = answer.figures[a]
        if exact.outcome[a] != FINE and exact.outcome[a] != NOTHING:
            continue
        first = accounts.lots_from[a]
        lot_count = accounts.lots_from[a + 1] - first
        _, count = load_model(s, a, accounts, models, plans)
        bar(s, a, accounts, universes, limits)
        _, count, nav = load_lots(s, a, count, accounts, universes, lots)
        load_buys(s, a, count, spendable(nav, s.held[0]), accounts, universes, limits, class_count, extra)
        unbar(s, a, accounts, universes, lots, limits)
        cash, mu = s.held[0], exact.figures[a, MU]
        start = universes.rows_from[accounts.universe[a]]
        items = lot_count + s.buys_at[count]
        for k in range(count):
            s.pi[k] = exact.price[a, s.klass[k]] if not np.isnan(exact.price[a, s.klass[k]]) else 0.0
            for b in range(s.buys_at[k], s.buys_at[k + 1]):
                s.emit_local[b] = k
        if set_levels(r, s, first, lot_count, count, mu, nav, universes, lots):
            bound = exact.figures[a, BOUND] - allowance(r, s, first, lot_count, mu, universes, lots)
            # Floors that the exact list keeps, and never overdrawn, or more so, by rounding.
            after = exact.figures[a, CASH_AFTER]
            floor = min(0.0, after)
            if accounts.plan[a] >= 0:
                for t in range(plans.rows_from[accounts.plan[a]], plans.rows_from[accounts.plan[a] + 1]):
                    at = plans.at_frac[t] * nav + plans.at_usd[t]
                    if plans.is_floor[t] and after >= at - 1e-6:
                        floor = max(floor, at)
            bends = bends_of_cash(r, s, nav, accounts.plan[a], plans, floor)
            best, stop = np.inf, STOP * nav
            for attempt in range(2):
                clear(r, s, start, lot_count, items, count)
                net = start_levels(
                    r, s, a, start, first, lot_count, items, accounts, universes, exact, attempt == 1
                )  # fmt: skip
                net, found = improve(
                    r, s, a, start, first, lot_count, items, count, cash, net, floor, bends, bound, stop, nav,
                    accounts, universes, lots, plans,
                )  # fmt: skip
                if found < best:
                    best = found
                    for n in range(items):
                        r.best[n] = r.level[n]
                if best - bound <= AGAIN * nav:
                    break
            clear(r, s, start, lot_count, items, count)
            for n in range(items):
                put(r, s, n, r.best[n], start, first, lot_count, 0, universes)
            write_list(r, s, first, lot_count, items, universes, lots)
            objective = judge(s, a, first, lot_count, count, nav, cash, accounts, universes, lots, plans, figures, True)
            if objective > figures[OBJECTIVE_BEFORE]:
                clear(r, s, start, lot_count, items, count)
                write_list(r, s, first, lot_count, items, universes, lots)
                judge(s, a, first, lot_count, count, nav, cash, accounts, universes, lots, plans, figures, True)
            figures[BOUND], figures[MU] = bound, mu
            for k in range(count):
                answer.before[a, s.klass[k]] = s.held[k]
                answer.after[a, s.klass[k]] = s.held[k] + s.bought[k]
                answer.price[a, s.klass[k]] = s.pi[k]
            end = emit(s, first, lot_count, count, mu, universes, lots, answer, trades, True)
            answer.outcome[a] = NOTHING if end == trades else FINE
            trades = end
            clear(r, s, start, lot_count, items, count)
        else:
            answer.outcome[a] = FIGURE_INVALID
        for k in range(count):
            s.local_of[s.klass[k]] = -1
    answer.trades_from[len(accounts.model)] = trades
    return trades
