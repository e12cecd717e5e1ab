"""The answer of one household: its classes, its accounts' cells, and their trades in the order in which they are told."""

from __future__ import annotations

from evenkeel.engine.codes import HOUSEHOLD_OUTCOMES, OUTCOMES, HouseholdOutcome, Outcome
from evenkeel.engine.kernels.emit import emit
from evenkeel.engine.kernels.jit import inner

NOTHING = OUTCOMES.index(Outcome.NOTHING_TO_TRADE)
TRADED = HOUSEHOLD_OUTCOMES.index(HouseholdOutcome.TRADED)
NOTHING_TO_TRADE = HOUSEHOLD_OUTCOMES.index(HouseholdOutcome.NOTHING_TO_TRADE)
CASH_PRICE = 11


@inner
def tell_member(h, s, m, a, classes, width, accounts, universes, lots, answer, n, is_rounded):  # type: ignore[no-untyped-def]
    """Write the member's cells, and its trades from place n on; return the place after them."""
    first = h.lots_first[m]
    own = accounts.lots_from[a + 1] - accounts.lots_from[a]
    buys = 0
    s.buys_at[0], s.buys_at[1] = 0, 0
    for k in range(classes):
        cell = m * width + k
        if h.is_here[cell]:
            klass = h.klass[k]
            answer.cell_before[a, klass] = h.held[cell]
            answer.cell_after[a, klass] = h.held[cell] + h.moved[cell]
            answer.cell_location[a, klass] = h.location[cell]
            answer.cell_price[a, klass] = h.pi[k] + h.location[cell] if k > 0 else -h.mu[m]
        if k == 0:
            continue
        s.pi[k] = h.pi[k] + h.location[cell]
        for b in range(h.buys_from[cell], h.buys_to[cell]):
            s.buy_row[buys], s.buy_usd[buys], s.buy_qty[buys] = h.buy_row[b], h.buy_usd[b], h.buy_qty[b]
            buys += 1
        s.buys_at[k + 1] = buys
        for o in range(h.lots_from[cell], h.lots_to[cell]):
            s.local[h.order[o] - first] = k
    for i in range(own):
        s.row[i], s.sold[i], s.cost[i] = h.lot_row[first + i], h.sold[first + i], h.cost[first + i]
        s.sold_qty[i] = h.sold_qty[first + i]
    return emit(s, accounts.lots_from[a], own, classes, h.mu[m], universes, lots, answer, n, is_rounded)


@inner
def tell_house(  # type: ignore[no-untyped-def]
    h, s, house, members, classes, width, accounts, universes, lots, member, place, answer, trades, is_rounded
):
    """Write the household's classes and outcome and all of its members; return the place after their trades."""
    for k in range(classes):
        moved = 0.0
        for m in range(members):
            moved += h.moved[m * width + k]
        answer.before[house, h.klass[k]] = h.class_held[k]
        answer.after[house, h.klass[k]] = h.class_held[k] + moved
        answer.price[house, h.klass[k]] = h.pi[k]
    answer.outcome[house] = NOTHING_TO_TRADE
    for m in range(members):
        a = member[place + m]
        answer.trades_begin[a] = trades
        trades = tell_member(h, s, m, a, classes, width, accounts, universes, lots, answer, trades, is_rounded)
        answer.trades_end[a] = trades
        answer.member_figures[a, CASH_PRICE] = h.mu[m]
        if answer.trades_begin[a] == trades:
            answer.member_outcome[a] = NOTHING
        else:
            answer.outcome[house] = TRADED
    return trades
