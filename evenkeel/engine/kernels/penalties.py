"""What distance costs, computed straight from its definition."""

from __future__ import annotations

from numba import njit

from evenkeel.engine.arrays import PlanArrays


@njit(cache=False, nogil=True)
def excess(s, k, h, nav):  # type: ignore[no-untyped-def]
    """Return how many dollars h is outside the class's band."""
    return max(0.0, max(s.lower[k] * nav - h, h - s.upper[k] * nav))


@njit(cache=False, nogil=True)
def class_penalty(s, k, h, nav, target_cost, band_cost):  # type: ignore[no-untyped-def]
    """Return target_cost * |h - target| + band_cost * dist(h, band)."""
    return target_cost * abs(h - s.target[k] * nav) + band_cost * excess(s, k, h, nav)


@njit(cache=False, nogil=True)
def plan_cost(c: float, nav: float, plan: int, plans: PlanArrays) -> float:
    """Return the cost of the plan's terms at cash c."""
    total = 0.0
    if plan >= 0:
        for r in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
            over = c - (plans.at_frac[r] * nav + plans.at_usd[r])
            total += plans.above[r] * over if over > 0.0 else -plans.below[r] * over
    return total


@njit(cache=False, nogil=True)
def cash_cost(s, c, nav, target_cost, band_cost, plan, plans):  # type: ignore[no-untyped-def]
    """Return the whole cost of cash c: distance from its class's target and band, and the plan's terms."""
    return class_penalty(s, 0, c, nav, target_cost, band_cost) + plan_cost(c, nav, plan, plans)


@njit(cache=False, nogil=True)
def shortfall(c: float, nav: float, plan: int, plans: PlanArrays) -> float:
    """Return how far cash c is under the highest floor of the plan."""
    short = 0.0
    if plan >= 0:
        for r in range(plans.rows_from[plan], plans.rows_from[plan + 1]):
            if plans.is_floor[r]:
                short = max(short, plans.at_frac[r] * nav + plans.at_usd[r] - c)
    return short
