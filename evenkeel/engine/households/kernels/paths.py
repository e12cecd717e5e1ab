"""Successive shortest paths: every arc at its own best, then what is too much somewhere goes the cheapest way to where it is too little.

Reduced costs (slope + p of the tail - p of the head) of all arcs that have room, and of all that can be taken back, stay at least 0: so
when nothing is left over, no cycle can save anything.
"""

from __future__ import annotations

import numpy as np

from evenkeel.engine.households.kernels.arcs import refresh, settle
from evenkeel.engine.kernels.jit import inner

STEPS = 50
"""Steps a segment after which the search ends as it stands; the bound then says what is missing. Never seen."""


@inner
def start(h, members, classes, width, total):  # type: ignore[no-untyped-def]
    """Set the prices of nodes, every arc at its own best for them, and what each node then has too much."""
    sink = members + classes
    for node in range(sink + 1):
        h.p[node], h.excess[node] = 0.0, 0.0
    for m in range(members):
        # A dollar of cash costs the same everywhere, so that cash without a plan has a best place.
        h.p[m] = -h.location[m * width]
        value = h.cash[m]
        for k in range(1, classes):
            value += h.held[m * width + k]
        left = value
        for k in range(classes):
            cell = m * width + k
            settle(h, cell, h.p[m], h.cash[m] if k == 0 else h.held[cell])
            left -= h.flow[cell]
            h.excess[members + k] += h.flow[cell]
        h.excess[m] = left
    h.excess[sink] = -total
    for k in range(classes):
        arc = members * width + k
        settle(h, arc, 0.0, h.class_held[k])
        h.excess[members + k] -= h.flow[arc]
        h.excess[sink] += h.flow[arc]


@inner
def closer(h, node, dist, hops, arc, previous):  # type: ignore[no-untyped-def]
    """Reach a node over an arc, if that is nearer; of equals, by fewer arcs: what trades least."""
    if not h.done[node] and (dist < h.dist[node] or (dist == h.dist[node] and hops < h.hops[node])):
        h.dist[node], h.hops[node], h.via[node], h.previous[node] = dist, hops, arc, previous


@inner
def search(h, members, classes, width, crumb):  # type: ignore[no-untyped-def]
    """Find the nearest node that has too little from any that has too much, or -1, and raise prices by the distances."""
    sink = members + classes
    for node in range(sink + 1):
        is_source = h.excess[node] > crumb
        h.dist[node], h.hops[node] = 0.0 if is_source else np.inf, 0
        h.done[node], h.previous[node] = 0, -1
    found = -1
    while True:
        i, best, hops = -1, np.inf, 0
        for node in range(sink + 1):
            if not h.done[node] and (h.dist[node] < best or (h.dist[node] == best and h.hops[node] < hops)):
                i, best, hops = node, h.dist[node], h.hops[node]
        if i < 0:
            break
        if h.excess[i] < -crumb:
            found = i
            break
        h.done[i] = 1
        if i < members:
            for k in range(classes):
                arc = i * width + k
                if h.up[arc] < np.inf:
                    cost = max(0.0, h.up[arc] + h.p[i] - h.p[members + k])
                    closer(h, members + k, best + cost, hops + 1, arc, i)
        elif i < sink:
            k = i - members
            for m in range(members):
                arc = m * width + k
                if h.down[arc] > -np.inf:
                    cost = max(0.0, h.p[i] - h.down[arc] - h.p[m])
                    closer(h, m, best + cost, hops + 1, arc, i)
            arc = members * width + k
            if h.up[arc] < np.inf:
                closer(h, sink, best + max(0.0, h.up[arc] + h.p[i] - h.p[sink]), hops + 1, arc, i)
        else:
            for k in range(classes):
                arc = members * width + k
                if h.down[arc] > -np.inf:
                    cost = max(0.0, h.p[sink] - h.down[arc] - h.p[members + k])
                    closer(h, members + k, best + cost, hops + 1, arc, sink)
    if found >= 0:
        for node in range(sink + 1):
            if h.done[node]:
                h.p[node] += h.dist[node] - h.dist[found]
    return found


@inner
def room(h, arc, is_up):  # type: ignore[no-untyped-def]
    """Return how much more, or less, the arc can carry at its present slope."""
    if is_up:
        return h.seg_width[h.at[arc]] - h.part[arc]
    return h.part[arc] if h.part[arc] > 0.0 else h.seg_width[h.at[arc] - 1]


@inner
def push(h, arc, is_up, amount, tiny):  # type: ignore[no-untyped-def]
    """Carry so much more, or less; a remainder that is tiny is no remainder."""
    if is_up:
        h.part[arc] += amount
        if h.seg_width[h.at[arc]] - h.part[arc] <= tiny:
            h.at[arc] += 1
            h.part[arc] = 0.0
    else:
        if h.part[arc] == 0.0:
            h.at[arc] -= 1
            h.part[arc] = h.seg_width[h.at[arc]]
        h.part[arc] -= amount
        if h.part[arc] <= tiny:
            h.part[arc] = 0.0
    refresh(h, arc)


@inner
def flow_out(h, members, classes, width, total, segments):  # type: ignore[no-untyped-def]
    """Find the best flow, and the prices that prove it."""
    start(h, members, classes, width, total)
    scale = abs(total)
    for m in range(members):
        for k in range(classes):
            scale = max(scale, abs(h.held[m * width + k]))
    crumb, tiny = 1e-13 * scale, 1e-15 * scale
    for _ in range(STEPS * (segments + members + classes)):
        end = search(h, members, classes, width, crumb)
        if end < 0:
            break
        amount, node = -h.excess[end], end
        while h.previous[node] >= 0:
            # Accounts come before classes, classes before the sink: an arc goes up from a lower node to a higher one.
            amount = min(amount, room(h, h.via[node], h.previous[node] < node))
            node = h.previous[node]
        amount = min(amount, h.excess[node])
        h.excess[node] -= amount
        h.excess[end] += amount
        node = end
        while h.previous[node] >= 0:
            push(h, h.via[node], h.previous[node] < node, amount, tiny)
            node = h.previous[node]


@inner
def spread(h, members, classes, width):  # type: ignore[no-untyped-def]
    """Write what of each lot is sold and of each purchase bought, from the cells' flow."""
    for m in range(members):
        for k in range(1, classes):
            cell = m * width + k
            for o in range(h.lots_from[cell], h.lots_to[cell]):
                h.sold[h.order[o]] = 0.0
            for b in range(h.buys_from[cell], h.buys_to[cell]):
                h.buy_usd[b] = 0.0
            for g in range(h.segs_from[cell], h.segs_to[cell]):
                left = np.inf if g < h.at[cell] else (h.part[cell] if g == h.at[cell] else 0.0)
                for n in range(h.seg_piece[g], h.seg_piece[g + 1]):
                    kept = min(left, h.piece_width[n])
                    left -= kept
                    if h.piece_source[n] >= 0:
                        h.sold[h.piece_source[n]] = h.piece_width[n] - kept
                    else:
                        h.buy_usd[-1 - h.piece_source[n]] = kept
