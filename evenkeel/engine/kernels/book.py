"""The one compiled door: every account of a problem, one pass over its lots."""

from __future__ import annotations

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
from evenkeel.engine.kernels.emit import emit
from evenkeel.engine.kernels.jit import outer, type_of
from evenkeel.engine.kernels.judge import judge
from evenkeel.engine.kernels.load import FIGURE_INVALID, FINE, bar, load_buys, load_lots, load_model, spendable, unbar
from evenkeel.engine.kernels.segments import sort_lots
from evenkeel.engine.scratch import Scratch

NOTHING = OUTCOMES.index(Outcome.NOTHING_TO_TRADE)
BOUND, MU = 15, 16

SIGNATURE = types.int64(
    *(type_of(arrays) for arrays in (AccountArrays, ModelArrays, UniverseArrays, LotArrays, PlanArrays, LimitArrays)),
    types.int64,
    type_of(AnswerArrays),
    type_of(Scratch),
)


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
            if outcome == FINE and not load_buys(
                s, a, count, spendable(nav, s.held[0]), accounts, universes, limits, class_count, 0
            ):
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
