"""What every account's classes are worth against their bands: one pass over securities and units, before anything is solved."""

from __future__ import annotations

import numpy as np
from numba import types

from evenkeel.engine.arrays import AccountArrays, DriftArrays, ModelArrays, PlanArrays, UniverseArrays
from evenkeel.engine.kernels.jit import outer, type_of
from evenkeel.engine.kernels.load import (
    FIGURE_INVALID,
    FINE,
    NO_VALUE,
    SECURITY_UNPRICED,
    WITHIN_BANDS,
    add_class,
    find,
    load_model,
)
from evenkeel.engine.kernels.penalties import excess, shortfall
from evenkeel.engine.scratch import Scratch

SIGNATURE = types.void(
    *(type_of(arrays) for arrays in (AccountArrays, ModelArrays, UniverseArrays, PlanArrays)),
    types.int32[::1],
    types.float64[::1],
    types.int64[::1],
    type_of(DriftArrays),
    type_of(Scratch),
)


@outer(SIGNATURE)
def measure_book(accounts, models, universes, plans, security, qty, by_name, drift, s):  # type: ignore[no-untyped-def]
    """Measure every account. Outcomes are TRADED where it is to be solved.

    `security` and `qty` are those of `LotArrays`, `by_name` class numbers in order of their names.
    """
    n = 0
    for a in range(len(accounts.model)):
        outcome, count = load_model(s, a, accounts, models, plans)
        drift.rows_from[a] = n
        nav = accounts.cash[a] - accounts.spoken_for[a]
        s.held[0] = nav
        drift.cash[a] = nav
        if outcome == FINE:
            u = accounts.universe[a]
            start, stop = universes.rows_from[u], universes.rows_from[u + 1]
            row, known = -1, -2
            for j in range(accounts.lots_from[a], accounts.lots_from[a + 1]):
                if security[j] != known:
                    known = security[j]
                    # A universe that has every security is met most often: the place is the number then.
                    row = start + known
                    if known < 0 or row >= stop or universes.security[row] != known:
                        row = find(universes.security, start, stop, known) if known >= 0 else -1
                if row < 0 or not (universes.price[row] > 0.0 and np.isfinite(universes.price[row])):
                    outcome = SECURITY_UNPRICED
                    break
                if not np.isfinite(qty[j]):
                    outcome = FIGURE_INVALID
                    break
                local = s.local_of[universes.klass[row]]
                if local < 0:
                    local = count
                    count = add_class(s, count, universes.klass[row])
                value = universes.price[row] * qty[j]
                s.held[local] += value
                nav += value
        if outcome == FINE and not (nav > 0.0 and np.isfinite(nav)):
            outcome = NO_VALUE
        if outcome == FINE:
            outside = 0.0
            for k in range(count):
                outside += excess(s.held[k], s.lower[k] * nav, s.upper[k] * nav)
            for i in range(len(by_name)):
                k = s.local_of[by_name[i]]
                if k >= 0:
                    weight = s.held[k] / nav
                    drift.klass[n], drift.value[n], drift.weight[n] = by_name[i], s.held[k], weight
                    drift.from_target[n] = weight - s.target[k]
                    drift.outside[n] = weight - min(max(weight, s.lower[k]), s.upper[k])
                    n += 1
            plan = accounts.plan[a]
            first, last = (plans.rows_from[plan], plans.rows_from[plan + 1]) if plan >= 0 else (0, 0)
            short = shortfall(s.held[0], nav, first, last, plans.at_frac, plans.at_usd, plans.is_floor)
            drift.nav[a], drift.excess[a], drift.short[a] = nav, outside, short
            if outside <= accounts.dust[a] and short <= accounts.dust[a]:
                outcome = WITHIN_BANDS
        drift.outcome[a] = outcome
        for k in range(count):
            s.local_of[s.klass[k]] = -1
    drift.rows_from[len(accounts.model)] = n
