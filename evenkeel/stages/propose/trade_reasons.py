"""Why each trade is in its list: codes, the main one first (`vocab.TradeReason`)."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import OrderSide, RebalanceKind, TradeReason
from evenkeel.stages.propose.case import Case, is_substitute
from evenkeel.stages.propose.cash_needed import cash_needed
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.targets import CASH
from evenkeel.stages.propose.wanting import NODE, SOME

_RAISES = (RebalanceKind.RAISE_CASH.value,)
_INVESTS = (RebalanceKind.INVEST_CASH.value, RebalanceKind.BUY_ONLY.value)
_A_CENT = 0.01
_SHOWS = 0.0005
"""Weight below its target that is told: less prints as 0.0 points."""


def reasons_json(rows: pl.DataFrame, lots: pl.DataFrame, case: Case, lists: Lists) -> pl.Series:
    """Return the codes of each trade as JSON, the main one first.

    Args:
        rows: Trades with the columns of `trade_rows`, the weights of their node.
        lots: The lots, with `is_long_term`.
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.
    """
    rows = _with_cash(rows, case, lists)
    mixed = (
        lots.group_by(KEY)
        .agg(pl.col("is_long_term").n_unique().alias("terms"))
        .filter(pl.col("terms") > 1)
        .select(*KEY, pl.lit(True).alias("has_both_terms"))
    )
    harvests = [kind.value for kind, terms in TERMS.items() if terms.harvests]
    is_sale = pl.col("side") == OrderSide.SELL.value
    over = pl.col("weight_before_frac") > pl.col("target_frac") + 1e-9
    sold_node = is_sale.any().over("portfolio_id", "node_id")
    has_sales = is_sale.any().over("portfolio_id")
    has_buys = (~is_sale).any().over("account_id")
    reason = TradeReason

    is_harvest = (is_sale & pl.col("kind").is_in(harvests) & (pl.col("gain_usd") < 0)).fill_null(False)
    main = _first_of(
        (is_sale & pl.col("kind").is_in(_RAISES) & pl.col("is_cash_short"), reason.RAISES_CASH),
        (is_sale & pl.col("kind").is_in(_RAISES) & ~over, reason.CASH_TO_TARGET),
        (is_harvest, reason.HARVESTS_LOSS),
        (is_sale & (pl.col("target_frac") <= 0), reason.NOT_IN_MODEL),
        (is_sale & over, reason.OVERWEIGHT),
        (is_sale & has_buys, reason.PAYS_FOR_PURCHASES),
        (is_sale & pl.col("is_cash_short"), reason.RAISES_CASH),
        (is_sale, reason.CASH_TO_TARGET),
        (pl.col("kind").is_in(_INVESTS) | (~has_sales & pl.col("is_cash_over")), reason.INVESTS_CASH),
        (pl.col("kind").is_in(harvests) & sold_node, reason.REPLACES_SOLD),
        (~over, reason.UNDERWEIGHT),
        (sold_node, reason.REPLACES_SOLD),
        (pl.lit(True), reason.INVESTS_CASH),
    )
    is_taxed = pl.col("short_rate_frac") > 0
    is_gain = pl.col("gain_usd") >= 0
    past_usd = (pl.col("target_frac") - pl.col("weight_after_frac")) * pl.col("nav_usd")
    is_below = is_sale & ~is_harvest & (pl.col("weight_after_frac") < pl.col("target_frac") - _SHOWS)
    # One that begins below its target is told by its main reason, where that is not what is kept elsewhere.
    is_past = is_below & over
    step = pl.max_horizontal(pl.col("price_usd") * pl.col("unit_step_qty").fill_null(0.0), "min_ticket_usd")
    is_kept_elsewhere = (pl.col("aim_frac") < pl.col("target_frac") - SOME) & (
        pl.col("weight_after_frac") > pl.col("aim_frac") - SOME - step / pl.col("nav_usd")
    )
    is_above_aim = pl.col("weight_before_frac") > pl.col("aim_frac")
    past = _first_of(
        (is_past & (past_usd < step + _A_CENT), reason.PAST_TARGET_FOR_STEP),
        (is_below & is_above_aim & is_kept_elsewhere & pl.col("is_cash_raised"), reason.PAST_TARGET_FOR_CASH),
        (is_below & is_above_aim & is_kept_elsewhere, reason.PAST_TARGET_FOR_KEPT),
        (is_past & has_buys & ~pl.col("is_cash_short"), reason.PAST_TARGET_FOR_PURCHASES),
        (is_past, reason.PAST_TARGET_FOR_CASH),
    )
    codes = pl.concat_list(
        main,
        past,
        _first_of((is_sale & is_taxed & (pl.col("gain_usd") < 0), reason.LOSS_FIRST)),
        _first_of(
            (is_sale & is_taxed & is_gain & pl.col("is_long_term") & pl.col("has_both_terms"), reason.LONG_TERM_FIRST)
        ),
        _first_of((is_sale & ~is_taxed, reason.NO_TAX_HERE)),
        _first_of((~is_sale & is_substitute(pl.col("buy_rank")), reason.SUBSTITUTE)),
    ).list.drop_nulls()
    coded = rows.join(mixed, on=KEY, how="left", maintain_order="left").select(
        pl.concat_str([pl.lit('["'), codes.list.join('","'), pl.lit('"]')]).alias("reasons_json")
    )
    return coded.to_series()


def _with_cash(rows: pl.DataFrame, case: Case, lists: Lists) -> pl.DataFrame:
    """Return the trades with `nav_usd`, `aim_frac` of their node, and what there is of cash.

    `is_cash_short` (their account lacks what must stay, or the portfolio what its IPS asks for), `is_cash_raised` (more must stay than
    cash's own target), `is_cash_over` (there is more than that target).
    """
    least = pl.max_horizontal("min_cash_usd", pl.lit(0.0))
    lacking = case.accounts.select("account_id", (pl.col("cash_usd") < least - _A_CENT).alias("is_account_short"))
    portfolio = cash_needed(case, lists).select(
        "portfolio_id", "nav_usd", (pl.col("cash_usd") < pl.col("ips_usd") - _A_CENT).alias("is_portfolio_short")
    )
    raised = lists.problems.nodes.filter(pl.col("node_id") == CASH).select(
        "portfolio_id",
        (pl.col("aim_frac") > pl.col("target_frac") + SOME).alias("is_cash_raised"),
        (pl.col("weight_frac") > pl.col("target_frac") + SOME).alias("is_cash_over"),
    )
    steps = lists.problems.buyable.select(*KEY, "unit_step_qty", "min_ticket_usd")
    return (
        rows.join(lacking, on="account_id", how="left", maintain_order="left")
        .join(portfolio, on="portfolio_id", how="left", maintain_order="left")
        .join(raised, on="portfolio_id", how="left", maintain_order="left")
        .join(lists.problems.nodes.select(*NODE, "aim_frac"), on=NODE, how="left", maintain_order="left")
        .join(steps, on=KEY, how="left", maintain_order="left")
        .with_columns(
            (pl.col("is_account_short") | pl.col("is_portfolio_short")).fill_null(False).alias("is_cash_short"),
            pl.col("is_cash_raised", "is_cash_over").fill_null(False),
        )
    )


def replaced(rows: pl.DataFrame, lists: Lists) -> pl.Series:
    """Return what a substitute stands in for: the model's first security of the node."""
    first = (
        lists.problems.buyable.filter(pl.col("buy_rank").is_not_null(), ~is_substitute(pl.col("buy_rank")))
        .sort("account_id", "node_id", "buy_rank")
        .unique(["account_id", "node_id"], keep="first", maintain_order=True)
        .select("account_id", "node_id", pl.col("security_id").alias("first"))
    )
    is_other = (pl.col("side") == OrderSide.BUY.value) & is_substitute(pl.col("buy_rank")).fill_null(False)
    return (
        rows.join(first, on=["account_id", "node_id"], how="left", maintain_order="left")
        .select(pl.when(is_other).then("first").alias("replaces_security_id"))
        .to_series()
    )


def _first_of(*cases: tuple[pl.Expr, TradeReason]) -> pl.Expr:
    """Return the code of the first case that is true; null where none is."""
    return pl.coalesce(
        pl.when(condition.fill_null(False)).then(pl.lit(code.value)).otherwise(pl.lit(None, pl.String))
        for condition, code in cases
    )
