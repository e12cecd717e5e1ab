"""What distance costs, computed straight from its definition.

These are called often: they take numbers and single arrays. A tuple of arrays as an argument costs two counts a member and call.
"""

from __future__ import annotations

from evenkeel.engine.arrays import F8, U1
from evenkeel.engine.kernels.jit import inner


@inner
def excess(h: float, lower: float, upper: float) -> float:
    """Return how many dollars h is outside the band."""
    if h < lower:
        return lower - h
    return h - upper if h > upper else 0.0


@inner
def penalty(h: float, target: float, lower: float, upper: float, target_cost: float, band_cost: float) -> float:
    """Return target_cost * |h - target| + band_cost * dist(h, band), all in dollars."""
    outside = 0.0
    if h < lower:
        outside = lower - h
    elif h > upper:
        outside = h - upper
    return target_cost * abs(h - target) + band_cost * outside


@inner
def plan_cost(c: float, nav: float, first: int, last: int, at_frac: F8, at_usd: F8, below: F8, above: F8) -> float:
    """Return the cost of the plan's terms, first to last, at cash c."""
    total = 0.0
    for r in range(first, last):
        over = c - (at_frac[r] * nav + at_usd[r])
        total += above[r] * over if over > 0.0 else -below[r] * over
    return total


@inner
def shortfall(c: float, nav: float, first: int, last: int, at_frac: F8, at_usd: F8, is_floor: U1) -> float:
    """Return how far cash c is under the highest floor of the plan."""
    short = 0.0
    for r in range(first, last):
        if is_floor[r]:
            short = max(short, at_frac[r] * nav + at_usd[r] - c)
    return short
