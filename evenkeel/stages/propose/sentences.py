"""What is said of a list of trades, a trade and an obstacle: one plain sentence each, rendered when read from what is stored."""

from __future__ import annotations

import polars as pl


def trade_sentences(trades: pl.DataFrame) -> pl.DataFrame:
    """Return the key of `data_contracts.trades` and `sentence` for each trade, in the order given.

    "Sell 42 of USTM (about $4,210): US equity is 55.2 % of the portfolio, 7.8 points above its target; after all trades 47.9 %.
    Long-term gain about $310, tax about $62."

    Args:
        trades: `data_contracts.trades`.
    """
    raise NotImplementedError


def proposal_sentences(proposals: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """Return the key of `data_contracts.proposals` and `sentence` for each proposal, in the order given.

    "Three sales for about $31,200 and two purchases for about $30,900 bring the largest drift from 7.8 to 0.4 points; tax about $412
    (1.3 % of what is sold); within 0.02 basis points of the best possible list." A proposal without trades says why it has none.

    Args:
        proposals: `data_contracts.proposals`.
        trades: Their trades, `data_contracts.trades`: lots of one security in one account count as one sale.
    """
    raise NotImplementedError


def obstacle_sentences(proposals: pl.DataFrame) -> pl.DataFrame:
    """Return `business_date`, `proposal_id`, `obstacle_no` (1, 2 ...) and `sentence` for each obstacle of `obstacles_json`.

    "PLMR may not be sold: it is kept as a legacy position (restriction R-17)."

    Args:
        proposals: `data_contracts.proposals`.
    """
    raise NotImplementedError
