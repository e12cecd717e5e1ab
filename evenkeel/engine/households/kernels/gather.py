"""From accounts, one after the other, to their household: lots, purchases and classes side by side."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.codes import OUTCOMES, Outcome
from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.load import (
    FIGURE_INVALID,
    FINE,
    NO_VALUE,
    bar,
    load_buys,
    load_lots,
    load_model,
    spendable,
    unbar,
)
from evenkeel.engine.kernels.segments import sort_lots

LOCATION_UNKNOWN = OUTCOMES.index(Outcome.LOCATION_UNKNOWN)


@inner
def load_member(s, a, accounts, models, universes, lots, plans, limits, class_count, extra):  # type: ignore[no-untyped-def]
    """Load account a into `s`, `extra` as for `load_buys`. Return outcome, count of classes and value.

    An account without value, or overdrawn beyond what it holds, belongs to its household all the same: it buys nothing.
    """
    outcome, count = load_model(s, a, accounts, models, plans)
    value = 0.0
    if outcome == FINE:
        bar(s, a, accounts, universes, limits)
        outcome, count, value = load_lots(s, a, count, accounts, universes, lots)
        if outcome == NO_VALUE and value <= 0.0 and np.isfinite(value):
            outcome = FINE
        most = spendable(value, s.held[0])
        if outcome == FINE and not load_buys(s, a, count, most, accounts, universes, limits, class_count, extra):
            outcome = FIGURE_INVALID
        unbar(s, a, accounts, universes, lots, limits)
        if outcome == FINE:
            sort_lots(s, accounts.lots_from[a + 1] - accounts.lots_from[a], count)
    return outcome, count, value


@inner
def forget(s, count):  # type: ignore[no-untyped-def]
    """Make `s` ready for the next account."""
    for k in range(count):
        s.local_of[s.klass[k]] = -1


@inner
def add_member(h, s, m, width, count, value, lot_count, first_lot, first_buy, classes):  # type: ignore[no-untyped-def]
    """Copy the account in `s` to member m, whose lots and purchases begin at those places; return the count of classes."""
    h.nav[m], h.cash[m], h.lots_first[m] = max(0.0, value), s.held[0], first_lot
    for cell in range(m * width, (m + 1) * width):
        h.lots_from[cell], h.lots_to[cell], h.buys_from[cell], h.buys_to[cell] = 0, 0, 0, 0
        h.held[cell], h.is_here[cell] = 0.0, 0
    for k in range(count):
        local = h.class_of[s.klass[k]]
        if local < 0:
            local = classes
            h.class_of[s.klass[k]], h.klass[local] = local, s.klass[k]
            h.target[local], h.lower[local], h.upper[local] = s.target[k], s.lower[k], s.upper[k]
            classes += 1
        cell = m * width + local
        h.held[cell], h.is_here[cell] = s.held[k], 1
        h.lots_from[cell], h.lots_to[cell] = first_lot + s.lots_at[k], first_lot + s.lots_at[k + 1]
        h.buys_from[cell], h.buys_to[cell] = first_buy + s.buys_at[k], first_buy + s.buys_at[k + 1]
        for o in range(s.lots_at[k], s.lots_at[k + 1]):
            h.order[first_lot + o] = first_lot + s.order[o]
            h.lot_cell[first_lot + s.order[o]] = cell
    for i in range(lot_count):
        j = first_lot + i
        h.lot_row[j], h.room[j], h.cost[j], h.sold[j], h.sell_off[j] = s.row[i], s.room[i], s.cost[i], 0.0, 0
    for b in range(s.buys_at[count]):
        j = first_buy + b
        h.buy_row[j], h.buy_room[j], h.buy_usd[j], h.buy_off[j] = s.buy_row[b], s.buy_room[b], 0.0, 0
    return classes


@inner
def locate(h, members, classes, width, location, households, place):  # type: ignore[no-untyped-def]
    """Write what a dollar of each class costs in each member, over its cheapest class: none is negative. Return whether all are finite."""
    for m in range(members):
        row = location[households.member[place + m]]
        least = np.inf
        for k in range(classes):
            cost = households.location_cost[row, h.klass[k]] if row >= 0 else 0.0
            if not np.isfinite(cost):
                return False
            h.location[m * width + k] = cost
            least = min(least, cost)
        for k in range(classes):
            h.location[m * width + k] -= least
    return True
