"""The one compiled door: every account of a problem, one pass over its lots."""

from __future__ import annotations

from typing import Any

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
from evenkeel.engine.codes import OUTCOMES, Outcome
from evenkeel.engine.kernels.certificate import bound
from evenkeel.engine.kernels.choose import both_sides, choose, solve_once
from evenkeel.engine.kernels.jit import inner, outer
from evenkeel.engine.kernels.judge import judge, lot_tax
from evenkeel.engine.kernels.load import FIGURE_INVALID, FINE, bar, load_buys, load_lots, load_model, unbar
from evenkeel.engine.kernels.segments import sort_lots
from evenkeel.engine.scratch import Scratch

NOTHING = OUTCOMES.index(Outcome.NOTHING_TO_TRADE)
BOUND, MU = 15, 16

_TYPES = {
    "F8": types.float64[::1],
    "I8": types.int64[::1],
    "I4": types.int32[::1],
    "U1": types.uint8[::1],
    "F8_2D": types.float64[:, ::1],
}


def type_of(arrays: Any) -> Any:
    """Return numba's type of a tuple of arrays, from the annotations of its class."""
    members: Any = [_TYPES[kind.__forward_arg__] for kind in arrays.__annotations__.values()]
    named: Any = types.NamedTuple
    return named(members, arrays)


SIGNATURE = types.int64(
    *(type_of(arrays) for arrays in (AccountArrays, ModelArrays, UniverseArrays, LotArrays, PlanArrays, LimitArrays)),
    types.int64,
    type_of(AnswerArrays),
    type_of(Scratch),
)


@inner
def emit(s, first, lot_count, count, mu, universes, lots, answer, n, is_rounded):  # type: ignore[no-untyped-def]
    """Write the account's trades by security and lot from place n on, as far as there is room, and return the place after them."""
    order, local = s.emit_order, s.emit_local
    m = 0
    for k in range(1, count):
        for b in range(s.buys_at[k], s.buys_at[k + 1]):
            if s.buy_usd[b] > 0.0:
                j = m
                while j > 0 and s.buy_row[order[j - 1]] > s.buy_row[b]:
                    order[j], local[j] = order[j - 1], local[j - 1]
                    j -= 1
                order[j], local[j] = b, k
                m += 1
    space = len(answer.trade_usd)
    at = 0
    for i in range(lot_count + 1):
        while at < m and (i == lot_count or s.buy_row[order[at]] < s.row[i]):
            b = order[at]
            if n < space:
                answer.trade_lot[n], answer.trade_row[n], answer.trade_usd[n] = -1, s.buy_row[b], s.buy_usd[b]
                answer.trade_tax[n], answer.trade_gain[n], answer.trade_disallowed[n] = 0.0, np.nan, np.nan
                answer.trade_qty[n] = s.buy_qty[b] if is_rounded else s.buy_usd[b] / universes.price[s.buy_row[b]]
                answer.trade_margin[n] = -(universes.buy_cost[s.buy_row[b]] + mu + s.pi[local[at]])
            at += 1
            n += 1
        if i < lot_count and s.sold[i] > 0.0:
            if n < space:
                j = first + i
                qty = s.sold_qty[i] if is_rounded else s.sold[i] / universes.price[s.row[i]]
                tax, gain, disallowed = lot_tax(lots.basis[j], lots.rate[j], lots.washed[j], qty, s.sold[i])
                answer.trade_qty[n] = qty
                answer.trade_lot[n], answer.trade_row[n], answer.trade_usd[n] = first + i, s.row[i], s.sold[i]
                answer.trade_tax[n], answer.trade_gain[n], answer.trade_disallowed[n] = tax, gain, disallowed
                answer.trade_margin[n] = mu + s.pi[s.local[i]] - s.cost[i]
            n += 1
    return n


@outer(SIGNATURE)
def solve_book(accounts, models, universes, lots, plans, limits, class_count, answer, s):  # type: ignore[no-untyped-def]
    """Solve every account and return how many trades there are; more than there is room for: call again with more room."""
    trades = 0
    for a in range(len(accounts.model)):
        answer.trades_from[a] = trades
        first = accounts.lots_from[a]
        lot_count = accounts.lots_from[a + 1] - first
        figures = answer.figures[a]
        outcome, count = load_model(s, a, accounts, models, plans)
        if outcome == FINE:
            bar(s, a, accounts, universes, limits)
            outcome, count, nav = load_lots(s, a, count, accounts, universes, lots)
            if outcome == FINE and not load_buys(s, a, count, nav, accounts, universes, limits, class_count, 0):
                outcome = FIGURE_INVALID
            unbar(s, a, accounts, universes, lots, limits)
        if outcome == FINE:
            cash, target_cost, band_cost, plan = (
                s.held[0],
                accounts.target_cost[a],
                accounts.band_cost[a],
                accounts.plan[a],
            )
            sell_off, buy_off = s.sell_off, s.buy_off
            for i in range(lot_count):
                sell_off[i] = 0
            for b in range(s.buys_at[count]):
                buy_off[b] = 0
            sort_lots(s, lot_count, count)
            mu = solve_once(s, a, lot_count, count, nav, cash, accounts, universes, plans, sell_off, buy_off)
            proven = bound(
                s,
                count,
                lot_count,
                nav,
                cash,
                mu,
                target_cost,
                band_cost,
                plan,
                plans,
                universes.buy_cost,
                sell_off,
                buy_off,
            )
            if both_sides(s, lot_count, s.buys_at[count]) >= 0:
                mu, proven = choose(
                    s,
                    a,
                    first,
                    lot_count,
                    count,
                    nav,
                    cash,
                    accounts,
                    universes,
                    lots,
                    plans,
                    figures,
                    sell_off,
                    buy_off,
                )
            objective = judge(
                s, a, first, lot_count, count, nav, cash, accounts, universes, lots, plans, figures, False
            )
            if objective > figures[6]:
                # Dust left out, or a loss disallowed on what was sold of it, can make a list worse than none.
                for i in range(lot_count):
                    s.sold[i] = 0.0
                for b in range(s.buys_at[count]):
                    s.buy_usd[b] = 0.0
                judge(s, a, first, lot_count, count, nav, cash, accounts, universes, lots, plans, figures, False)
            figures[BOUND], figures[MU] = proven, mu
            s.pi[0] = -mu
            for k in range(count):
                answer.before[a, s.klass[k]] = s.held[k]
                answer.after[a, s.klass[k]] = s.held[k] + s.bought[k]
                answer.price[a, s.klass[k]] = s.pi[k]
            end = emit(s, first, lot_count, count, mu, universes, lots, answer, trades, False)
            if end == trades:
                outcome = NOTHING
            trades = end
        answer.outcome[a] = outcome
        for k in range(count):
            s.local_of[s.klass[k]] = -1
    answer.trades_from[len(accounts.model)] = trades
    return trades
