"""The costs of many trades at once: the rule of `costs`, over a frame. A property holds the two equal to the cent."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import OrderSide
from evenkeel.rules.costs import PER_UNIT_PARTS, Commission, CostOutcome, CostPolicy, fixed_cents
from evenkeel.rules.whole_numbers import (
    PARTS,
    QUANTA,
    cents,
    cents_expr,
    half_even_expr,
    parts,
    quanta_expr,
    units_expr,
    usd_expr,
)

_WHOLE = pl.Int128()
_SCHEDULE = pl.Schema(
    [("custodian", pl.String()), ("asset_type", pl.String())]
    + [(name, _WHOLE) for name in ("ticket", "per_unit", "value_rate", "sell_rate", "least", "most", "fixed")]
)


def trade_costs(trades: pl.DataFrame, policy: CostPolicy) -> pl.DataFrame:
    """Return `costs.trade_cost` of many trades, in the order given.

    Args:
        trades: `trade_id`, `custodian`, `security_id`, `asset_type`, `side`, `trade_qty`, `value_usd`, `early_qty` (null: not known;
            only asked for where the fund has a redemption fee).
        policy: What the costs depend on.

    Returns:
        `trade_id`, `commission_usd`, `half_spread_usd`, `redemption_fee_usd`, `cost_usd`, `why_not` (null: may be proposed).
    """
    is_sale = pl.col("side") == OrderSide.SELL
    rows = (
        trades.select(
            "trade_id",
            "custodian",
            "security_id",
            "asset_type",
            "side",
            quanta_expr("trade_qty").alias("qty"),
            cents_expr("value_usd").alias("value"),
            quanta_expr("early_qty").alias("early"),
        )
        .join(_schedule(policy), on=["custodian", "asset_type"], how="left", maintain_order="left")
        .with_columns(
            _rates("security_id", {name: parts(rate) for name, rate in policy.security_half_spreads.items()}).alias(
                "own"
            ),
            _rates("asset_type", {kind.value: parts(rate) for kind, rate in policy.half_spreads.items()}).alias("kind"),
            _rates("security_id", {name: parts(fee.fee_frac) for name, fee in policy.redemption_fees.items()}).alias(
                "fee"
            ),
        )
    )
    by_unit = half_even_expr(pl.col("per_unit") * pl.col("qty"), pl.lit(PER_UNIT_PARTS * QUANTA, pl.Int128))
    rate = pl.col("value_rate") + pl.when(is_sale).then("sell_rate").otherwise(pl.lit(0, pl.Int128))
    full = pl.col("ticket") + by_unit + _of_parts(rate * pl.col("value"))
    fee = _of_parts(pl.col("fee") * half_even_expr(pl.col("value") * pl.col("early"), pl.col("qty")))
    rows = rows.with_columns(
        # A line without a maximum has a null there: `min_horizontal` passes over it.
        pl.when(full.is_not_null())
        .then(pl.min_horizontal(pl.max_horizontal(full, "least"), "most"))
        .alias("commission"),
        _of_parts(pl.coalesce("own", "kind") * pl.col("value")).alias("half_spread"),
        pl.when(pl.col("fee").is_null() | ~is_sale).then(pl.lit(0, pl.Int128)).otherwise(fee).alias("redemption"),
    )
    is_known = pl.all_horizontal(pl.col("commission", "half_spread", "redemption").is_not_null()) & (
        (pl.col("qty") > 0) & (pl.col("value") > 0)
    ).fill_null(False)
    cost = pl.col("commission") + pl.col("half_spread") + pl.col("redemption")
    worth = pl.max_horizontal(parts(policy.value_over_cost) * cost, parts(policy.value_over_ticket) * pl.col("fixed"))
    why_not = (
        pl.when(~is_known)
        .then(pl.lit(CostOutcome.COST_UNKNOWN.value))
        .when(pl.col("value") < cents(policy.minimum_trade_usd))
        .then(pl.lit(CostOutcome.BELOW_MINIMUM.value))
        .when(pl.col("value") * PARTS < worth)
        .then(pl.lit(CostOutcome.BELOW_COST.value))
    )
    return rows.select(
        "trade_id",
        usd_expr("commission").alias("commission_usd"),
        usd_expr("half_spread").alias("half_spread_usd"),
        usd_expr("redemption").alias("redemption_fee_usd"),
        pl.when(is_known).then(usd_expr(cost)).alias("cost_usd"),
        why_not.alias("why_not"),
    )


def early_units_of_many(sales: pl.DataFrame, lots: pl.DataFrame, policy: CostPolicy) -> pl.DataFrame:
    """Return `costs.early_units` of the sales of funds with a redemption fee.

    Args:
        sales: `trade_id` (unique), `account_id`, `security_id`, `trade_qty`, `sold_date`.
        lots: `account_id`, `security_id`, `acquired_date`, `held_qty`.
        policy: For the funds' periods.

    Returns:
        By `trade_id`: `early_qty`; null where a lot's date is not known or the lots do not hold what is sold.
    """
    days = {name: fee.holding_days for name, fee in policy.redemption_fees.items()}
    pool = (
        sales.filter(pl.col("security_id").is_in(list(days)))
        .select("trade_id", "account_id", "security_id", "sold_date", quanta_expr("trade_qty").alias("sold"))
        .join(
            lots.select("account_id", "security_id", "acquired_date", quanta_expr("held_qty").alias("held")),
            on=["account_id", "security_id"],
            how="left",
        )
        .sort("trade_id", "acquired_date", "held")
    )
    before = pl.col("held").cum_sum().over("trade_id") - pl.col("held")
    held_days = (pl.col("sold_date") - pl.col("acquired_date")).dt.total_days()
    period = pl.col("security_id").replace_strict(days, default=None, return_dtype=pl.Int64)
    is_known = pl.col("acquired_date").is_not_null().all() & (pl.col("held").sum() >= pl.col("sold").first())
    return (
        pool.with_columns((pl.col("sold") - before).clip(0, pl.col("held")).alias("take"))
        .group_by("trade_id")
        .agg(pl.when(is_known).then(pl.col("take").filter(held_days < period).sum()).alias("early"))
        .select("trade_id", units_expr("early").alias("early_qty"))
        .sort("trade_id")
    )


def _schedule(policy: CostPolicy) -> pl.DataFrame:
    rows = [(custodian, kind.value, *_line(line)) for (custodian, kind), line in policy.commissions.items()]
    return pl.DataFrame(rows, schema=_SCHEDULE, orient="row")


def _line(line: Commission) -> tuple[int, int, int, int, int, int | None, int]:
    most = None if line.max_usd is None else cents(line.max_usd)
    rates = parts(float(line.per_unit_usd)), parts(line.value_frac), parts(line.sell_value_frac)
    return cents(line.ticket_usd), *rates, cents(line.min_usd), most, fixed_cents(line)


def _rates(column: str, rates: dict[str, int]) -> pl.Expr:
    return pl.col(column).replace_strict(rates, default=None, return_dtype=pl.Int64).cast(pl.Int128)


def _of_parts(product: pl.Expr) -> pl.Expr:
    return half_even_expr(product, pl.lit(PARTS, pl.Int128))
