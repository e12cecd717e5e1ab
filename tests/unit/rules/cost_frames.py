"""Trades as a frame, and their costs in both forms."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

from data_contracts.fields import FACT_DTYPE
from evenkeel.rules.costs import CostOutcome, CostPolicy, Trade, TradeCost
from evenkeel.rules.costs_many import trade_costs


def vectorised(trades: Sequence[Trade], policy: CostPolicy) -> list[TradeCost]:
    """Return what the frames' form says of each trade."""
    frame = pl.DataFrame(
        [
            (
                str(n),
                t.custodian,
                t.security_id,
                t.asset_type.value,
                t.side.value,
                t.trade_qty,
                t.value_usd,
                t.early_qty,
            )
            for n, t in enumerate(trades)
        ],
        schema={
            "trade_id": pl.String,
            "custodian": pl.String,
            "security_id": pl.String,
            "asset_type": pl.String,
            "side": pl.String,
            "trade_qty": FACT_DTYPE,
            "value_usd": FACT_DTYPE,
            "early_qty": FACT_DTYPE,
        },
        orient="row",
    )
    return [
        TradeCost(commission, spread, fee, cost, None if why_not is None else CostOutcome(why_not))
        for _, commission, spread, fee, cost, why_not in trade_costs(frame, policy).iter_rows()
    ]
