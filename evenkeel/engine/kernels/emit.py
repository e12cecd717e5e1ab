"""The trades of one account, written in the order in which they are told."""

from __future__ import annotations

import numpy as np

from evenkeel.engine.kernels.jit import inner
from evenkeel.engine.kernels.judge import lot_tax


@inner
def emit(s, first, lot_count, count, mu, universes, lots, answer, n, is_rounded):  # type: ignore[no-untyped-def]
    """Write the account's trades by security and lot from place n on, as far as there is room, and return the place after them."""
    order, local = s.emit_order, s.emit_local
    m = 0
    for k in range(1, count):
        for b in range(s.buys_at[k], s.buys_at[k + 1]):
            if s.buy_usd[b] > 0.0:
                j = m
                while j > 0 and s.buy_row[order[j - 1]] > s.buy_row[b]:
                    order[j], local[j] = order[j - 1], local[j - 1]
                    j -= 1
                order[j], local[j] = b, k
                m += 1
    space = len(answer.trade_usd)
    at = 0
    for i in range(lot_count + 1):
        while at < m and (i == lot_count or s.buy_row[order[at]] < s.row[i]):
            b = order[at]
            if n < space:
                answer.trade_lot[n], answer.trade_row[n], answer.trade_usd[n] = -1, s.buy_row[b], s.buy_usd[b]
                answer.trade_tax[n], answer.trade_gain[n], answer.trade_disallowed[n] = 0.0, np.nan, np.nan
                answer.trade_qty[n] = s.buy_qty[b] if is_rounded else s.buy_usd[b] / universes.price[s.buy_row[b]]
                answer.trade_margin[n] = -(universes.buy_cost[s.buy_row[b]] + mu + s.pi[local[at]])
            at += 1
            n += 1
        if i < lot_count and s.sold[i] > 0.0:
            if n < space:
                j = first + i
                qty = s.sold_qty[i] if is_rounded else s.sold[i] / universes.price[s.row[i]]
                tax, gain, disallowed = lot_tax(lots.basis[j], lots.rate[j], lots.washed[j], qty, s.sold[i])
                answer.trade_qty[n] = qty
                answer.trade_lot[n], answer.trade_row[n], answer.trade_usd[n] = first + i, s.row[i], s.sold[i]
                answer.trade_tax[n], answer.trade_gain[n], answer.trade_disallowed[n] = tax, gain, disallowed
                answer.trade_margin[n] = mu + s.pi[s.local[i]] - s.cost[i]
            n += 1
    return n
