"""The trades of accounts at stake in place of those that an answer has, as its arrays."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8
from evenkeel.engine.netted.at_rates import Lists, Part, ranges
from evenkeel.engine.netted.price import Gains

TRADES = (
    "trade_lot",
    "trade_row",
    "trade_usd",
    "trade_tax",
    "trade_gain",
    "trade_disallowed",
    "trade_margin",
    "trade_qty",
)


@dataclass(frozen=True)
class NewLists:
    """Lists of accounts at stake: a part with one copy of each group, its trades with gains and tax.

    `lot_cost`: by lot of the part, what a dollar sold costs at the rates of the prices. `price`: by account and class (cash: -mu).
    """

    part: Part
    lists: Lists
    gains: Gains
    trade_tax: F8
    lot_cost: F8
    price: F8_2D


def trades_with(
    old: dict[str, np.ndarray], begin: I8, end: I8, places: I8, lots_from: I8, new: NewLists
) -> tuple[dict[str, np.ndarray], I8]:
    """Return the trades of all accounts in order of account, and where each account's begin.

    Args:
        old: Trades by name of `TRADES`.
        begin: Where each account's begin in `old`.
        end: Where they end.
        places: Accounts at stake, in the order of the part's.
        lots_from: Where each account's lots begin in the whole problem.
        new: Their lists.
    """
    part, universes = new.part, new.part.problem.universes
    counts = end - begin
    counts[places] = np.bincount(new.lists.account, minlength=len(places))
    starts = np.concatenate([[0], np.cumsum(counts)])
    others = np.ones(len(counts), bool)
    others[places] = False
    take = ranges(begin[others], (end - begin)[others])
    put = ranges(starts[:-1][others], counts[others])
    order = np.lexsort((new.lists.lot, new.lists.row, new.lists.account))
    account, lot, row, usd, qty = (array[order] for array in new.lists)
    is_sale = lot >= 0
    own = lot - part.problem.accounts.lots_from[account] + lots_from[places][account]
    mu, pi = -new.price[account, 0], np.nan_to_num(new.price[account, universes.klass[row]])
    of_sale = mu + pi - universes.sell_cost[row] - np.append(new.lot_cost, 0.0)[lot]
    margin = np.where(is_sale, of_sale, -(universes.buy_cost[row] + mu + pi))
    values = {
        "trade_lot": np.where(is_sale, own, -1), "trade_row": row, "trade_usd": usd, "trade_tax": new.trade_tax[order],
        "trade_gain": new.gains.gain[order], "trade_disallowed": new.gains.disallowed[order], "trade_margin": margin,
        "trade_qty": qty,
    }  # fmt: skip
    trades = {name: np.zeros(int(starts[-1]), old[name].dtype) for name in TRADES}
    to = ranges(starts[places], counts[places])
    for name in TRADES:
        trades[name][put] = old[name][take]
        trades[name][to] = values[name]
    return trades, starts
