"""Harvest a security or buy it, not both, in each account of a household: branches as of one account, over the whole network."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.households.kernels.arcs import build_cells, build_places
from evenkeel.engine.households.kernels.judge import clean_house, house_both_sides, judge_house
from evenkeel.engine.households.kernels.paths import flow_out, spread
from evenkeel.engine.households.kernels.proof import cheapest_cycle, house_bound, read_prices, residual
from evenkeel.engine.kernels.choose import copy
from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.load import spendable

NODES = 2_000


@inner
def mark_cell(h, cell, row, no_sell, no_buy):  # type: ignore[no-untyped-def]
    """Bar or allow both sides of a security in a cell."""
    for o in range(h.lots_from[cell], h.lots_to[cell]):
        if h.lot_row[h.order[o]] == row:
            h.sell_off[h.order[o]] = no_sell
    for b in range(h.buys_from[cell], h.buys_to[cell]):
        if h.buy_row[b] == row:
            h.buy_off[b] = no_buy


@inner
def choose_house(  # type: ignore[no-untyped-def]
    h, s, members, classes, width, total, first, lot_count, buy_count, accounts, universes, lots, plans, member, place, figures,
    member_figures,
):  # fmt: skip
    """Leave the best lists and their prices in `h`; return the bound of all branches, and the best lists' cheapest cycle.

    Past NODES branches what is left is not searched: its bound counts, so that the gap says what may have been missed.
    """
    target_cost, band_cost = accounts.target_cost[first], accounts.band_cost[first]
    edge = abs(total)
    for m in range(members):
        edge += (classes + 1) * spendable(h.nav[m], h.cash[m]) + abs(h.cash[m])
        for k in range(1, classes):
            edge += abs(h.held[m * width + k])
    best, proven, best_cycle, depth, nodes = np.inf, np.inf, 0.0, 0, 0
    while True:
        segments = build_cells(h, members, classes, width, universes)
        build_places(
            h, s, members, classes, width, segments, total, edge, target_cost, band_cost, accounts, plans, member, place
        )
        flow_out(h, members, classes, width, total, segments)
        spread(h, members, classes, width)
        read_prices(h, members, classes, target_cost, band_cost)
        node = house_bound(
            h, members, classes, width, total, target_cost, band_cost, universes.buy_cost, accounts, plans, member, place
        )  # fmt: skip
        # Slopes of what is left over come before crumbs are cleaned away, which would blur them.
        residual(
            h, members, classes, width, total, target_cost, band_cost, universes.buy_cost, accounts, plans, member, place
        )  # fmt: skip
        clean_house(h, members, classes, width, total, accounts.dust, member, place)
        nodes += 1
        b, cell = house_both_sides(h, members, classes, width)
        is_left = node >= best - 1e-12 * total or (nodes > NODES and best < np.inf)
        if b >= 0 and not is_left:
            h.branch_row[depth], h.branch_cell[depth], h.branch_second[depth] = h.buy_row[b], cell, 0
            mark_cell(h, cell, h.buy_row[b], 0, 1)
            depth += 1
            continue
        proven = min(proven, node)
        if b < 0:
            cycle = cheapest_cycle(h, members, classes, width)
            objective = judge_house(
                h, members, classes, width, total, first, accounts, universes, lots, plans, member, place, figures, member_figures,
                False,
            )  # fmt: skip
            if objective < best:
                best, best_cycle = objective, cycle
                copy(h.sold, h.best_sold, lot_count)
                copy(h.buy_usd, h.best_bought, buy_count)
                copy(h.pi, h.best_pi, classes)
                copy(h.mu, h.best_mu, members)
        while depth > 0 and h.branch_second[depth - 1]:
            depth -= 1
            mark_cell(h, h.branch_cell[depth], h.branch_row[depth], 0, 0)
        if depth == 0:
            break
        h.branch_second[depth - 1] = 1
        mark_cell(h, h.branch_cell[depth - 1], h.branch_row[depth - 1], 1, 0)
    copy(h.best_sold, h.sold, lot_count)
    copy(h.best_bought, h.buy_usd, buy_count)
    copy(h.best_pi, h.pi, classes)
    copy(h.best_mu, h.mu, members)
    return proven, best_cycle
