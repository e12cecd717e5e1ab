"""What may be traded of each lot and purchase once trades have steps, and what an amount of it costs.

A level is a step: whole shares, a thousandth, or a cent where a security is traded in dollars. The highest level of a lot is all of it: the
one below leaves a step or more, so that no crumb of a share remains.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.judge import lot_tax
from evenkeel.engine.kernels.load import spendable

HAIR = 1e-9


NEARLY = 10.0
"""Cents that a program's order may lack of its minimum: it counts in dollars, a list in whole cents."""


@inner
def qty_at(level, most, units, price, held):  # type: ignore[no-untyped-def]
    """Return the units of a level; `held` is what a lot holds, below 0 for a purchase."""
    if level == most and held >= 0.0:
        return held
    return level * units if units > 0.0 else level * 0.01 / price


@inner
def cents_at(level, most, units, price, whole):  # type: ignore[no-untyped-def]
    """Return the cents of a level."""
    if level == most:
        return whole
    return np.int64(np.rint(level * units * price * 100.0)) if units > 0.0 else level


@inner
def level_of(usd, unit_usd, most):  # type: ignore[no-untyped-def]
    """Return the highest level that is not above `usd`, within what may be traded."""
    return np.int64(max(0.0, min(np.floor(usd / unit_usd + HAIR), most * 1.0)))


@inner
def cost_at(basis, rate, washed, qty, usd, cost_frac):  # type: ignore[no-untyped-def]
    """Return tax, half-spread and fees of an amount; a purchase has rate 0."""
    if qty <= 0.0:
        return 0.0
    tax = lot_tax(basis, rate, washed, qty, usd)[0] if rate > 0.0 else 0.0
    return tax + cost_frac * usd


@inner
def makes_sense(step, least):  # type: ignore[no-untyped-def]
    """Tell whether a security's step and its smallest order are figures that a list can keep."""
    return not (step <= 0.0 or np.isinf(step)) and least >= 0.0 and np.isfinite(least)


@inner
def levels_of_lot(step, price, room, held):  # type: ignore[no-untyped-def]
    """Return units and dollars a level of a lot, its highest level, and the cents of that; `room` 0: it may not be sold."""
    whole = np.int64(np.rint(room * 100.0))
    units, unit_usd = (0.0, 0.01) if np.isnan(step) else (step, step * price)
    if whole <= 0:
        return units, unit_usd, np.int64(0), whole
    return units, unit_usd, whole if np.isnan(step) else max(1, np.int64(np.floor(held / step + HAIR))), whole


@inner
def levels_of_purchase(step, price, room):  # type: ignore[no-untyped-def]
    """Return the same of a purchase of up to `room` dollars."""
    if np.isnan(step):
        most = np.int64(np.floor(room / 0.01 + HAIR))
        return 0.0, 0.01, most, most
    most = np.int64(np.floor(room / (step * price) + HAIR))
    while most > 0 and np.rint(most * step * price * 100.0) > room * 100.0 + HAIR:
        most -= 1
    return step, step * price, most, np.int64(np.rint(most * step * price * 100.0))


@inner
def set_levels(r, s, first, lot_count, count, mu, nav, universes, lots):  # type: ignore[no-untyped-def]
    """Write steps, highest levels and reduced costs of every lot and purchase. Return whether the figures make sense."""
    for i in range(lot_count):
        row = s.row[i]
        if not makes_sense(universes.step[row], universes.min_ticket[row]):
            return False
        r.units[i], r.unit_usd[i], r.most[i], r.whole[i] = levels_of_lot(
            universes.step[row], universes.price[row], s.room[i], lots.qty[first + i]
        )
        r.reduced[i] = s.cost[i] - mu - s.pi[s.local[i]]
        r.room[i] = s.room[i]
    for k in range(1, count):
        for b in range(s.buys_at[k], s.buys_at[k + 1]):
            row, n = s.buy_row[b], lot_count + b
            if not makes_sense(universes.step[row], universes.min_ticket[row]):
                return False
            r.units[n], r.unit_usd[n], r.most[n], r.whole[n] = levels_of_purchase(
                universes.step[row], universes.price[row], s.buy_room[b]
            )
            r.reduced[n] = universes.buy_cost[row] + mu + s.pi[k]
            # A purchase that pays without a cap of its own shares what the account could spend: it cannot be priced apart.
            r.room[n] = s.buy_room[b] if s.buy_room[b] < spendable(nav, s.held[0]) or r.reduced[n] >= 0.0 else np.nan
    return True


@inner
def lifted(level, most, unit_usd, lacks):  # type: ignore[no-untyped-def]
    """Return the level at which an order that lacks `lacks` cents of its minimum has it: 0 where it lacks more than NEARLY."""
    if lacks <= 0.0 or lacks > NEARLY + 1e-6 or unit_usd * 100.0 > NEARLY:
        return np.int64(0)
    to = level + np.int64(np.ceil(lacks / (unit_usd * 100.0) - 1e-9))
    return to if to <= most else np.int64(0)


@inner
def loss_of(reduced, room, usd):  # type: ignore[no-untyped-def]
    """Return how much at least a list is above the bound that trades `usd` of it; 0 where it cannot be told."""
    loss = reduced * usd if reduced > 0.0 else -reduced * (room - usd)
    return loss if loss > 0.0 else 0.0
