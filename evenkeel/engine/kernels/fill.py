"""Water-filling: every class at its own best for free cash, then the cheapest segment first until the cash row balances."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.arrays import F8, I8
from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.scratch import Scratch

KEEP, CASH, BUY = 0, 1, 2
"""Order of segments of equal slope: what trades least comes first. Then by class, as met."""


@inner
def fill(s: Scratch, count: int, cash: float, places: int, first_slope: float) -> float:
    """Set `sold` and `buy_usd` to the best trades and return mu, what one more dollar of cash would save.

    Args:
        s: Segments and places of cash of the account.
        count: Classes of the account, cash first.
        cash: Cash before.
        places: How many places of cash.
        first_slope: Slope of the cost of cash below the first of them.
    """
    need = cash
    for k in range(1, count):
        for o in range(s.lots_at[k], s.lots_at[k + 1]):
            s.sold[s.order[o]] = 0.0
        for b in range(s.buys_at[k], s.buys_at[k + 1]):
            s.buy_usd[b] = 0.0
        # Everything is sold to begin with; segments then are kept or bought.
        place = s.segs_at[k]
        for i in range(s.segs_at[k], s.segs_at[k + 1]):
            if s.source[i] >= 0:
                s.sold[s.source[i]] += s.width[i]
                need += s.width[i]
        while place < s.segs_at[k + 1] and (s.slope[place] < 0.0 or (s.slope[place] == 0.0 and s.source[place] >= 0)):
            take(s.source, s.sold, s.buy_usd, place, s.width[place])
            need -= s.width[place]
            place += 1
        s.filled[k] = place
    corner, left_slope = 0, first_slope
    while corner < places - 1 and left_slope + s.cash_jump[corner] < 0.0:
        left_slope += s.cash_jump[corner]
        corner += 1
    need -= s.cash_at[corner]
    if need > 0.0:
        return float(pour(s, count, need, corner, places, left_slope + s.cash_jump[corner]))
    return float(draw(s, count, -need, corner, left_slope))


@inner
def take(source: I8, sold: F8, buy_usd: F8, i: int, amount: float) -> None:
    """Keep or buy `amount` of segment i; negative: sell it, or do not buy it, after all."""
    if source[i] >= 0:
        sold[source[i]] -= amount
    else:
        buy_usd[-1 - source[i]] += amount


@inner
def pour(s: Scratch, count: int, need: float, corner: int, places: int, cash_slope: float) -> float:
    """Put `need` dollars where they cost least: into classes or cash."""
    while True:
        best, best_slope, best_rank = 0, cash_slope, CASH
        for k in range(1, count):
            i = s.filled[k]
            if i == s.segs_at[k + 1]:
                continue
            rank = KEEP if s.source[i] >= 0 else BUY
            if s.slope[i] < best_slope or (s.slope[i] == best_slope and rank < best_rank):
                best, best_slope, best_rank = k, s.slope[i], rank
        if best == 0:
            width = s.cash_at[corner + 1] - s.cash_at[corner] if corner + 1 < places else np.inf
            if need <= width:
                return -best_slope
            corner += 1
            cash_slope += s.cash_jump[corner]
        else:
            width = s.width[s.filled[best]]
            take(s.source, s.sold, s.buy_usd, s.filled[best], min(width, need))
            if need <= width:
                return -best_slope
            s.filled[best] += 1
        need -= width


@inner
def draw(s: Scratch, count: int, need: float, corner: int, cash_slope: float) -> float:
    """Take `need` dollars from where they save least: the last of what was filled, from classes or cash."""
    if need == 0.0:
        return 0.0
    while True:
        best, best_slope, best_rank = 0, cash_slope, CASH
        for k in range(1, count):
            i = s.filled[k] - 1
            if i < s.segs_at[k]:
                continue
            rank = KEEP if s.source[i] >= 0 else BUY
            if s.slope[i] > best_slope or (s.slope[i] == best_slope and rank > best_rank):
                best, best_slope, best_rank = k, s.slope[i], rank
        if best == 0:
            width = s.cash_at[corner] - s.cash_at[corner - 1] if corner > 0 else np.inf
            if need <= width:
                return -best_slope
            corner -= 1
            cash_slope -= s.cash_jump[corner]
        else:
            s.filled[best] -= 1
            width = s.width[s.filled[best]]
            take(s.source, s.sold, s.buy_usd, s.filled[best], -min(width, need))
            if need <= width:
                return -best_slope
        need -= width
