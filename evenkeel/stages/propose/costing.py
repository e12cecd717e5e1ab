"""What orders cost: as the engine prices them, a share of the dollars traded and a smallest order, and as they are stated, by the rule.

The engine takes what is in proportion to an order. What is not, a ticket or a least commission, it does not see: the smallest order is so
large that it hardly matters, and no order is below what the rule (`evenkeel.rules.costs`) calls worth its cost.
"""

from __future__ import annotations

from decimal import Decimal

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.vocab import AssetType
from evenkeel.policy.costs import CommissionRule
from evenkeel.policy.model import TradingRule
from evenkeel.rules.costs import Commission, CostPolicy, RedemptionFee, fixed_cents
from evenkeel.rules.costs_many import trade_costs
from evenkeel.rules.whole_numbers import cents_expr, half_even_expr, usd_expr
from evenkeel.stages.propose.lots import KEY

NEVER_USD = 1e12
"""The smallest order where none is worth its cost: more than any account holds."""
_ROUNDING_USD = 0.02
"""The three parts of a cost are rounded to the cent, each by half a cent at most."""
_COSTS = ("commission_usd", "half_spread_usd", "redemption_fee_usd")
_ORDER = ["account_id", "security_id", "side"]


def cost_policy(trading: TradingRule, custodians: list[str], securities: pl.DataFrame) -> CostPolicy:
    """Return the policy as the rule takes it.

    Args:
        trading: The policy's. A kind that it lists no commission for costs none.
        custodians: All that orders may go to.
        securities: The book's: `security_id`, `redemption_fee_frac`, `redemption_days`.
    """
    listed = {(line.custodian, line.asset_type): _commission(line) for line in trading.commissions}
    free = {(custodian, kind): Commission() for custodian in custodians for kind in AssetType}
    with_fee = securities.filter(pl.col("redemption_fee_frac") > 0)
    return CostPolicy(
        commissions=free | listed,
        half_spreads={kind: trading.half_spreads.get(kind, trading.other_half_spread_frac) for kind in AssetType},
        security_half_spreads=trading.security_half_spreads,
        redemption_fees={
            name: RedemptionFee(fee, days)
            for name, fee, days in with_fee.select("security_id", "redemption_fee_frac", "redemption_days").iter_rows()
        },
        minimum_trade_usd=_decimal(trading.min_trade_usd),
        value_over_cost=trading.value_over_cost,
        value_over_ticket=trading.value_over_ticket,
    )


def half_spread(trading: TradingRule) -> pl.Expr:
    """Return half the spread as a share of the price, by `security_id` where the policy names it, else by `asset_type`."""
    by_kind = pl.col("asset_type").replace_strict(
        {kind.value: rate for kind, rate in trading.half_spreads.items()},
        default=trading.other_half_spread_frac,
        return_dtype=pl.Float64,
    )
    own = pl.col("security_id").replace_strict(trading.security_half_spreads, default=None, return_dtype=pl.Float64)
    return pl.coalesce(own, by_kind)


def engine_costs(rows: pl.DataFrame, trading: TradingRule) -> pl.DataFrame:
    """Return the rows with what a dollar of them costs to sell and to buy, and the smallest order.

        sell_cost_frac = half spread + share of value + sellers' share + per unit / price + redemption fee
        buy_cost_frac  = half spread + share of value + per unit / price

    A largest commission is not in the share: a large order is priced too dear rather than too cheap. Neither share is above 1, as the
    commission of a penny share can be: a dollar that costs a dollar is dear enough.

    Args:
        rows: `custodian`, `security_id`, `asset_type`, `price_usd`, `early_fee_frac` (the fund's fee where units held in the account
            would be early and the policy pays it, else null), and whatever else.
        trading: The policy's.

    Returns:
        The rows with `sell_cost_frac`, `buy_cost_frac`, `min_ticket_usd`: from there on every order reaches `min_trade_usd`,
        `value_over_ticket` times its ticket or least commission, and `value_over_cost` times its cost.
    """
    money = ("ticket_usd", "per_unit_usd", "min_usd", "fixed_usd")
    rates = ("value_frac", "sell_value_frac")
    lines = pl.DataFrame(
        [
            (
                *(line.custodian, line.asset_type.value, line.ticket_usd, line.per_unit_usd, line.min_usd),
                *(fixed_cents(_commission(line)) / 100, line.value_frac, line.sell_value_frac, line.max_usd),
            )
            for line in trading.commissions
        ],
        schema={
            "custodian": pl.String,
            "asset_type": pl.String,
            **dict.fromkeys((*money, *rates, "max_usd"), pl.Float64),
        },
        orient="row",
    )
    spread, fee = half_spread(trading), pl.col("early_fee_frac").fill_null(0.0)
    in_both = pl.col("value_frac") + pl.col("per_unit_usd") / pl.col("price_usd")
    times = trading.value_over_cost
    # What the commission and the other costs keep of each dollar's worth; the dearer side decides.
    others = 1.0 - times * (spread + fee)
    all_rates = others - times * (in_both + pl.col("sell_value_frac"))
    by_ticket = _smallest(times, pl.col("ticket_usd"), all_rates)
    by_most = _smallest(times, pl.col("max_usd"), others)
    by_least = _smallest(times, pl.col("min_usd"), others)
    worth = pl.max_horizontal(pl.min_horizontal(by_ticket, by_most), by_least)
    return (
        rows.join(lines, on=["custodian", "asset_type"], how="left", maintain_order="left")
        .with_columns(pl.col(*money, *rates).fill_null(0.0))
        .with_columns(
            (spread + in_both + pl.col("sell_value_frac") + fee).clip(upper_bound=1.0).alias("sell_cost_frac"),
            (spread + in_both).clip(upper_bound=1.0).alias("buy_cost_frac"),
            pl.max_horizontal(
                pl.lit(trading.min_trade_usd), trading.value_over_ticket * pl.col("fixed_usd"), worth
            ).alias("min_ticket_usd"),
        )
        .drop(*money, *rates, "max_usd")
    )


def stated_costs(trades: pl.DataFrame, early: pl.DataFrame, policy: CostPolicy) -> pl.DataFrame:
    """Return what each trade costs: its order's costs by the rule, shared among its lots by value, to the cent.

    Args:
        trades: `portfolio_id`, `trade_no`, `account_id`, `custodian`, `security_id`, `asset_type`, `side`, `traded_qty`, `value_usd`.
        early: As `early_holdings` returns it.
        policy: As `cost_policy` returns it.

    Returns:
        `portfolio_id`, `trade_no`, `commission_usd`, `half_spread_usd`, `redemption_fee_usd`.
    """
    orders = (
        trades.group_by(*_ORDER, "custodian", "asset_type")
        .agg(pl.col("traded_qty").sum().alias("trade_qty"), pl.col("value_usd").sum())
        .join(early.select(*KEY, "free_qty"), on=KEY, how="left")
        .with_columns(
            (pl.col("trade_qty").cast(pl.Float64) - pl.col("free_qty"))
            .clip(lower_bound=0.0)
            .fill_null(0.0)
            .alias("early_qty"),
            pl.int_range(pl.len()).cast(pl.String).alias("trade_id"),
        )
    )
    told = orders.select(*_ORDER, "trade_id", pl.col("value_usd").alias("order_usd")).join(
        trade_costs(orders, policy), on="trade_id", how="left"
    )
    value, whole = cents_expr("value_usd"), cents_expr("order_usd")
    upto = value.cum_sum().over(_ORDER)

    def share(name: str) -> pl.Expr:
        cost = cents_expr(name)
        return usd_expr(half_even_expr(cost * upto, whole) - half_even_expr(cost * (upto - value), whole)).alias(name)

    return (
        trades.select("portfolio_id", "trade_no", *_ORDER, pl.col("value_usd").cast(MONEY_DTYPE))
        .sort("portfolio_id", "trade_no")
        .join(told, on=_ORDER, how="left", maintain_order="left")
        .select("portfolio_id", "trade_no", *(share(name) for name in _COSTS))
    )


def _smallest(times: float, fixed: pl.Expr, left: pl.Expr) -> pl.Expr:
    """Return the least value that is `times` what it costs: `left` is what each dollar has over after `times` its rates."""
    needed = times * (fixed + _ROUNDING_USD) / left
    is_free = (fixed <= 0) & (times == 1)
    return pl.when(fixed.is_null()).then(None).when(left <= 0).then(NEVER_USD).when(is_free).then(0.0).otherwise(needed)


def _commission(line: CommissionRule) -> Commission:
    return Commission(
        ticket_usd=_decimal(line.ticket_usd),
        per_unit_usd=_decimal(line.per_unit_usd),
        value_frac=line.value_frac,
        sell_value_frac=line.sell_value_frac,
        min_usd=_decimal(line.min_usd),
        max_usd=None if line.max_usd is None else _decimal(line.max_usd),
    )


def _decimal(number: float) -> Decimal:
    return Decimal(str(number))
