"""Why a list that raises cash sells more than is short: a code and its figures (`vocab.ProposalReason`)."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import OrderSide, ProposalReason, RebalanceKind
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.cash_needed import cash_needed
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.nothing import coded
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.tables import CUSHION_USD
from evenkeel.stages.propose.targets import CASH

_A_CENT = 0.01


def more_cash_reasons(case: Case, lists: Lists) -> pl.DataFrame:
    """Return why a list that raises cash sells more than is short, one reason a portfolio, as `nothing.REASON`.

        more = what is sold - what is short

    Of what explains all of it the first: the dollar of cushion of each account, whole units, the smallest order, cash below what it is
    aimed at; else the rest mends drift.

    Args:
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.
    """
    steps = lists.problems.buyable.select(
        *KEY, "min_ticket_usd", (pl.col("price_usd") * pl.col("unit_step_qty").fill_null(0.0)).alias("unit_usd")
    )
    sold = (
        lists.trades.filter(pl.col("side") == OrderSide.SELL.value)
        .group_by("portfolio_id", *KEY)
        .agg(pl.col("value_usd").cast(pl.Float64).sum().alias("order_usd"))
        .join(steps, on=KEY, how="left")
    )
    # Each account rounds for itself: together they may be a unit, or a smallest order, over in each.
    by_account = sold.group_by("portfolio_id", "account_id").agg(
        pl.col("order_usd").sum().alias("sold_usd"),
        pl.col("unit_usd").max(),
        pl.col("min_ticket_usd").max().alias("smallest_order_usd"),
        (pl.col("order_usd") < pl.col("min_ticket_usd") + pl.col("unit_usd")).any().alias("has_smallest"),
    )
    by_portfolio = by_account.group_by("portfolio_id").agg(
        pl.col("sold_usd", "unit_usd", "smallest_order_usd").sum(), pl.col("has_smallest").any()
    )
    aims = (
        lists.problems.models()
        .filter(pl.col("asset_class") == CASH)
        .select(pl.col("model_id").alias("portfolio_id"), pl.col("target_frac").alias("aim"))
    )
    rows = (
        case.wanted.filter(pl.col("kind") == RebalanceKind.RAISE_CASH.value)
        .select("portfolio_id")
        .join(by_portfolio, on="portfolio_id", how="inner")
        .join(cash_needed(case, lists), on="portfolio_id", how="left")
        .join(aims, on="portfolio_id", how="left")
        .with_columns(
            (pl.col("sold_usd") - pl.col("short_usd")).alias("more_usd"),
            (pl.col("aim") * pl.col("nav_usd")).alias("cash_target_usd"),
            (CUSHION_USD * pl.col("account_count")).alias("cushion_usd"),
        )
    )
    reason, more, cushion = ProposalReason, pl.col("more_usd"), pl.col("cushion_usd") + _A_CENT
    is_short = pl.col("short_usd") > _A_CENT
    is_more = more > _A_CENT
    step = pl.max_horizontal("unit_usd", "smallest_order_usd")
    cash_after = pl.col("cash_usd") + pl.col("sold_usd")
    holds = [
        (reason.MORE_FOR_CUSHION, is_short & (more <= cushion), "cushion_usd"),
        (reason.MORE_FOR_WHOLE_UNITS, is_short & (more < cushion + pl.col("unit_usd")), "unit_usd"),
        (
            reason.MORE_FOR_SMALLEST_ORDER,
            is_short & pl.col("has_smallest") & (more < cushion + step + pl.col("unit_usd")),
            "smallest_order_usd",
        ),
        (reason.MORE_FOR_CASH_TARGET, cash_after < pl.col("cash_target_usd") + cushion + step, "cash_target_usd"),
        (reason.MORE_FOR_DRIFT, pl.lit(True), None),
    ]
    figures = ("sold_usd", "short_usd", "more_usd")
    found = coded(
        rows, [(code, is_more & holds_, figures if name is None else (*figures, name)) for code, holds_, name in holds]
    )
    return found.unique("portfolio_id", keep="first", maintain_order=True)
