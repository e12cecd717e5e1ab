"""The search for better rounded lists of a household: single moves, then chains of them, until none improves the lists.

A chain is one step of one lot or purchase, then the best answer of another to it, then another's to both: sold here and bought there takes
two, a dollar that changes places between two accounts four.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.households.kernels.house_moves import (
    best_house_level,
    cost_around,
    cost_of_cash,
    cost_of_class,
    cost_of_item,
    may_stand,
    put_item,
)
from evenkeel.engine.households.round_space import CHAIN
from evenkeel.engine.kernels.jit import called, inner
from evenkeel.engine.kernels.levels import level_of, loss_of

SWEEPS = 60
CHAINS_OF = 64
"""Chains are tried among at most so many lots and purchases, those that lose least to the bound."""
TRIES = 150_000
"""At most so many best answers are asked for, some tenths of a second. Counted, not timed: the same problem has the same lists."""


@inner
def cost_of_lists(r, h, members, classes, items, target_cost, band_cost, accounts, universes, lots, plans):  # type: ignore[no-untyped-def]
    """Return the objective of the lists at hand less what places cost before, with what each account's cash lacks of its floor."""
    total = 0.0
    for k in range(classes):
        total += cost_of_class(r, k, r.now[k], target_cost, band_cost)
    for m in range(members):
        total += cost_of_cash(r, h, m, h.cash[m] + r.net[m] * 0.01, band_cost, accounts, plans)
    for n in range(items):
        if r.level[n] > 0:
            total += cost_of_item(r, n, r.level[n], universes, lots)
    return total


@inner
def pick_items(r, items, spare):  # type: ignore[no-untyped-def]
    """List what may move, what loses least to the bound by a step first, and return how many there are."""
    count = 0
    for n in range(items):
        if r.most[n] == 0:
            continue
        up = r.level[n] + 1 if r.level[n] < r.most[n] else r.level[n] - 1
        loss = min(
            loss_of(r.reduced[n], r.room[n], up * r.unit_usd[n]), loss_of(r.reduced[n], r.room[n], r.cents[n] * 0.01)
        )
        if not loss <= spare:
            continue
        at = count
        while at > 0 and r.loss[at - 1] > loss:
            r.loss[at], r.active[at] = r.loss[at - 1], r.active[at - 1]
            at -= 1
        r.loss[at], r.active[at] = loss, n
        count += 1
    return count


@inner
def first_step(r, n, way, dust, universes):  # type: ignore[no-untyped-def]
    """Return the next level of n that way, past what is too small to be ordered; all of it where that is too small alone."""
    # A cent more of one and less of another creeps: of what is traded in cents all or nothing is tried, the rest follows others.
    to = r.level[n] + way if r.units[n] > 0.0 else (r.most[n] if way > 0 else np.int64(0))
    smallest = max(dust, universes.min_ticket[r.row[n]])
    if to > 0 and to * r.unit_usd[n] < smallest:
        return min(level_of(smallest, r.unit_usd[n], r.most[n]) + 1, r.most[n]) if way > 0 else np.int64(0)
    return to


@called
def improve_house(r, h, members, classes, items, bound, stop, total, target_cost, band_cost, accounts, universes, lots, plans):  # type: ignore[no-untyped-def]  # fmt: skip
    """Search from the lists at hand, leave the best in `r`, and return their cost as `cost_of_lists` says."""
    least = max(1e-6, 1e-11 * total)
    objective = cost_of_lists(
        r, h, members, classes, items, target_cost, band_cost, accounts, universes, lots, plans
    )  # fmt: skip
    tries = 0
    for _ in range(SWEEPS):
        spare = max(0.0, objective - bound)
        count = pick_items(r, items, spare)
        is_better = False
        for t in range(count):
            n = r.active[t]
            to, change = best_house_level(r, h, n, spare, target_cost, band_cost, accounts, universes, lots, plans)
            if change < -least:
                put_item(r, n, to, universes)
                objective += change
                is_better = True
        tries += count
        if is_better:
            continue
        if objective - bound <= stop or tries > TRIES:
            break
        count = min(count, CHAINS_OF)
        for t in range(count * 2):
            n, way = r.active[t // 2], 2 * (t % 2) - 1
            dust, level = accounts.dust[r.account[r.member[n]]], r.level[n]
            to = first_step(r, n, way, dust, universes)
            if to < 0 or to > r.most[n] or to == level or tries > TRIES:
                continue
            if loss_of(r.reduced[n], r.room[n], to * r.unit_usd[n]) > spare:
                continue
            change = -cost_around(r, h, n, level, 0.0, target_cost, band_cost, accounts, universes, lots, plans)
            put_item(r, n, to, universes)
            if to > 0 and r.cents[n] * 0.01 < dust:
                put_item(r, n, level, universes)
                continue
            change += cost_around(r, h, n, to, 0.0, target_cost, band_cost, accounts, universes, lots, plans)
            r.chain[0], r.chain_level[0] = n, level
            length, is_found = 1, False
            while length < CHAIN and not is_found:
                last = r.chain[length - 1]
                is_open = not may_stand(r, last, universes)
                best, best_to, best_change = np.int64(-1), np.int64(0), np.inf
                for q in range(count):
                    other = r.active[q]
                    is_used = is_open and r.slot[other] != r.slot[last]
                    for c in range(length):
                        is_used = is_used or r.chain[c] == other
                    if is_used:
                        continue
                    to_other, more = best_house_level(
                        r, h, other, spare, target_cost, band_cost, accounts, universes, lots, plans
                    )
                    if more < best_change:
                        best, best_to, best_change = other, to_other, more
                tries += count
                if best < 0:
                    break
                r.chain[length], r.chain_level[length] = best, r.level[best]
                put_item(r, best, best_to, universes)
                change += best_change
                length += 1
                if change < -least:
                    is_found = True
                    for c in range(length):
                        is_found = is_found and may_stand(r, r.chain[c], universes)
            if is_found:
                objective += change
                is_better = True
                spare = max(0.0, objective - bound)
            else:
                for c in range(length - 1, -1, -1):
                    put_item(r, r.chain[c], r.chain_level[c], universes)
        if not is_better:
            break
    return objective
