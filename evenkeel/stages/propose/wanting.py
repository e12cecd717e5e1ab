"""What a list would have had use for: where a sale or a purchase was still wanted after it. Only there an obstacle is told.

A sale or purchase is wanted by its node (a class or sleeve still off what the kind of list goes for), by an account still short of cash,
or, in a harvest, by a loss. What stood in the way of trades that nobody wanted is no obstacle.
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import OrderSide, RebalanceKind
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.targets import CASH

NODE = ["portfolio_id", "node_id"]
SOME = 1e-4
"""Weight by which a node must be off: less is rounding."""
SHORT_USD = 0.005


def wanted_nodes(case: Case, lists: Lists, weights: pl.DataFrame) -> pl.DataFrame:
    """Return, of every node, whether the list would have sold more of it, or bought more.

        sales     : above what is aimed at; or above its target, where what is kept of it is the reason why more is aimed at
        to a band : above the band's upper end (or halfway to it), the class's or the sleeve's own
        purchases : below what is aimed at; to a band: below its lower end
        harvests  : no sales by node; purchases where what was sold for its loss is not replaced

    Raising cash wants sales only while cash is below what is aimed at. A kind that does not sell wants no sales, one that does not buy no
    purchases.

    Args:
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.
        weights: As `node_weights` returns them.

    Returns:
        `portfolio_id`, `node_id`, `is_sale_wanted`, `is_buy_wanted`.
    """
    aims = lists.problems.models().select(
        pl.col("model_id").alias("portfolio_id"),
        pl.col("asset_class").alias("node_id"),
        pl.col("target_frac").alias("aim"),
        pl.col("lower_frac").alias("low"),
    )
    rows = (
        weights.join(case.wanted.select("portfolio_id", "kind"), on="portfolio_id", how="inner")
        .join(_terms(), on="kind", how="left")
        .join(aims, on=NODE, how="left")
        .join(lists.problems.nodes.select(*NODE, "aim_frac"), on=NODE, how="left")
    )
    after, target = pl.col("weight_after_frac"), pl.col("target_frac")
    is_cash = pl.col("node_id") == CASH
    is_raised_by_kept = pl.col("aim_frac") > target + SOME
    above_aim = (after > pl.col("aim") + SOME) | (is_raised_by_kept & (after > target + SOME))
    left = pl.when(pl.col("kind") == RebalanceKind.TO_MIDPOINT.value).then(TERMS[RebalanceKind.TO_MIDPOINT].band)
    reach = left.otherwise(1.0)
    class_after, class_target = (one.sum().over("portfolio_id", "asset_class") for one in (after, target))
    is_class_over = class_after > class_target + reach * (pl.col("class_upper") - class_target) + SOME
    is_node_over = after > target + reach * (pl.col("own_upper") - target) + SOME
    above_band = (is_class_over.fill_null(False) & (after > target + SOME)) | is_node_over.fill_null(False)
    is_cash_low = (is_cash & (after < pl.col("aim") - SOME)).any().over("portfolio_id")
    needs_cash = (pl.col("kind") != RebalanceKind.RAISE_CASH.value) | is_cash_low
    sold_less = after < pl.col("weight_before_frac") - SOME
    is_sale_wanted = (
        pl.col("sells")
        & ~pl.col("only_losses")
        & needs_cash
        & pl.when("goes_to_target").then(above_aim).otherwise(above_band)
    )
    below = pl.when("goes_to_target").then(after < pl.col("aim") - SOME).otherwise(after < pl.col("low") - SOME)
    is_buy_wanted = pl.col("buys") & pl.when("only_losses").then(sold_less).otherwise(below)
    return rows.select(
        *NODE,
        (is_sale_wanted & ~is_cash).fill_null(False).alias("is_sale_wanted"),
        (is_buy_wanted & ~is_cash).fill_null(False).alias("is_buy_wanted"),
    )


def wanted_sales(rows: pl.DataFrame, case: Case, lists: Lists, nodes: pl.DataFrame) -> pl.DataFrame:
    """Return the lots, with `portfolio_id`, whose sale was wanted.

    Args:
        rows: `account_id`, `security_id`, `node_id`, `lot_id` of `Case.lots`; other columns are kept.
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.
        nodes: As `wanted_nodes` returns them.
    """
    losses = case.lots.filter("is_deep_loss").select(*KEY, "lot_id", pl.lit(True).alias("is_loss"))
    cash = lists.account_cash.select("account_id", pl.col("cash_after_usd").cast(pl.Float64))
    accounts = (
        case.accounts.filter(~pl.col("is_alert_only"))
        .select("account_id", "portfolio_id", "kind", "min_cash_usd")
        .join(_terms(), on="kind", how="left")
        .join(cash, on="account_id", how="left")
        .with_columns(
            (pl.col("cash_after_usd") < pl.max_horizontal("min_cash_usd", pl.lit(0.0)) - SHORT_USD).alias("is_short")
        )
        .select("account_id", "portfolio_id", "sells", "harvests", "only_losses", "is_short")
    )
    is_for_cash = pl.col("sells") & ~pl.col("only_losses") & pl.col("is_short").fill_null(False)
    is_for_loss = pl.col("harvests") & pl.col("is_loss").fill_null(False)
    return (
        rows.join(accounts, on="account_id", how="inner")
        .join(nodes.select(*NODE, "is_sale_wanted"), on=NODE, how="left")
        .join(losses, on=[*KEY, "lot_id"], how="left")
        .filter(pl.col("is_sale_wanted").fill_null(False) | is_for_cash | is_for_loss)
        .drop("sells", "harvests", "only_losses", "is_short", "is_sale_wanted", "is_loss")
    )


def wanted_buys(rows: pl.DataFrame, lists: Lists, nodes: pl.DataFrame) -> pl.DataFrame:
    """Return the purchases that were wanted: of nodes that lack something, or where something else of the node was bought instead.

    An account that sells a security did not want to buy it.

    Args:
        rows: `portfolio_id`, `account_id`, `security_id`, `node_id`; other columns are kept.
        lists: As `solve_case` returns them.
        nodes: As `wanted_nodes` returns them.
    """
    lacking = nodes.filter("is_buy_wanted").select(NODE)
    sold = lists.trades.filter(pl.col("side") == OrderSide.SELL.value).select(KEY).unique()
    bought_instead = (
        lists.trades.filter(pl.col("side") == OrderSide.BUY.value)
        .select("account_id", pl.col("asset_class").alias("node_id"))
        .unique()
    )
    free = rows.join(sold, on=KEY, how="anti")
    return pl.concat(
        [free.join(lacking, on=NODE, how="semi"), free.join(bought_instead, on=["account_id", "node_id"], how="semi")]
    ).unique(maintain_order=True)


def _terms() -> pl.DataFrame:
    """Return what each kind may do: `kind`, `sells`, `buys`, `goes_to_target`, `only_losses`, `harvests`."""
    names = ("sells", "buys", "goes_to_target", "only_losses", "harvests")
    columns = {name: [getattr(one, name) for one in TERMS.values()] for name in names}
    return pl.DataFrame({"kind": [kind.value for kind in TERMS], **columns})
