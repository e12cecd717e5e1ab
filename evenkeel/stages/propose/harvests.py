"""Losses that may be harvested: what it saves, what could be held instead, and whether to wait."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.fields import FACT_DTYPE
from data_contracts.harvests import Harvests
from data_contracts.vocab import Advice, OrderSide, TaxStatus
from evenkeel.book.model import Book
from evenkeel.policy.model import COMPARE_TOLERANCE, Policy
from evenkeel.rules.wash_sales.window import CLEAR_AFTER_DAYS, WashAnswer
from evenkeel.rules.whole_numbers import cents_expr, usd_expr
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.restrictions import barred
from evenkeel.stages.propose.costing import half_spread
from evenkeel.stages.propose.substitutes import substitutes
from evenkeel.stages.wording import dollars, percent, units

KEY = ["account_id", "security_id"]
_ANSWERS = (WashAnswer.COVERAGE_INCOMPLETE.value, WashAnswer.WASHED.value, WashAnswer.CLEAR.value)
"""What is said of several lots: the first of these that one of them has. Any other answer is as good as none."""


def harvest_rows(
    lots: pl.DataFrame,
    washes: pl.DataFrame,
    rates: pl.DataFrame,
    portfolios: pl.DataFrame,
    book: Book,
    policies: Mapping[str, Policy],
    business_date: dt.date,
    trade_date: dt.date,
    no_buys: pl.DataFrame | None = None,
) -> DataFrame[Harvests]:
    """Return the losses of each taxable account and security that are worth telling.

    A lot is down where its loss is at least the policy's `harvest_loss_frac` of its cost. Over the lots of an account and security that
    are down, each with the share of it that no purchase washes:

        benefit_usd = sum of share * (loss * rate of its term - 2 * half spread * value)

    Args:
        lots: Open long lots: `account_id`, `security_id`, `lot_id`, `held_qty`, `cost_usd` (null: not known, not harvested),
            `value_usd`, `is_long_term` (on `trade_date`; null: taken for long-term, the lower rate). Lots of accounts that are not
            taxable by the book are passed over.
        washes: A row a lot that was asked about: `account_id`, `security_id`, `lot_id`, `washed_qty`, `clear_from_date` (null: clear
            already), `answer` (a code of `evenkeel.rules.wash_sales.WashAnswer`). A lot without a row is `coverage_incomplete`.
        rates: `account_id`, `short_rate_frac`, `long_rate_frac`: the tax unit's, the state's included.
        portfolios: `portfolio_id`, `policy_version` (a policy's label); accounts of other portfolios are passed over.
        book: As it holds on the date.
        policies: Policies by label.
        business_date: Session of the values.
        trade_date: When the sale would trade: the day that restrictions are read for.
        no_buys: `account_id`, `security_id` of purchases that would wash a loss already taken: no substitutes there.

    Returns:
        Rows whose benefit, counted as if nothing were washed, reaches the policy's `harvest_min_usd`; not those of securities that may
        not be sold, or are illiquid. `advice` is `wait` where what is not washed today falls short of it.

    Raises:
        ValueError: A portfolio names a policy that was not given.
    """
    down = _down(_known(lots, portfolios, rates, book, policies), washes)
    rows = down.group_by("portfolio_id", *KEY).agg(*_sums())
    rows = rows.filter(pl.col("if_clear") >= pl.col("harvest_min_usd")).join(
        barred(rows.select(*KEY, pl.lit(OrderSide.SELL.value).alias("side")), book, trade_date), on=KEY, how="anti"
    )
    instead = substitutes(rows.select(KEY), lots, book, trade_date, no_buys)
    return _as_harvests(rows.join(instead, on=KEY, how="left"), book, business_date, trade_date)


def _known(
    lots: pl.DataFrame, portfolios: pl.DataFrame, rates: pl.DataFrame, book: Book, policies: Mapping[str, Policy]
) -> pl.DataFrame:
    """Return the lots of taxable accounts with their terms: rates, half spread, and what the policy says."""
    terms = policy_columns(
        portfolios,
        policies,
        {
            "harvest_loss_frac": lambda policy: policy.trading.harvest_loss_frac,
            "harvest_min_usd": lambda policy: policy.trading.harvest_min_usd,
        },
    )
    named = portfolios.select("portfolio_id", "policy_version")
    spreads = pl.concat(
        [
            book.securities.select(
                pl.lit(label).alias("policy_version"), "security_id", half_spread(policy.trading).alias("half_spread")
            )
            for label, policy in policies.items()
        ]
    )
    taxable = book.accounts.filter(pl.col("tax_status") == TaxStatus.TAXABLE.value).select("account_id", "portfolio_id")
    return (
        lots.select(*KEY, "lot_id", "held_qty", "cost_usd", "value_usd", "is_long_term")
        .join(taxable, on="account_id")
        .join(terms, on="portfolio_id")
        .join(named, on="portfolio_id")
        .join(book.securities.filter(~pl.col("is_illiquid")).select("security_id"), on="security_id")
        .join(spreads, on=["policy_version", "security_id"], how="left")
        .join(rates.select("account_id", "short_rate_frac", "long_rate_frac"), on="account_id", how="left")
    )


def _down(known: pl.DataFrame, washes: pl.DataFrame) -> pl.DataFrame:
    """Return the lots that are down, with their loss and the share of it that is washed."""
    cost, value = pl.col("cost_usd").cast(pl.Float64), pl.col("value_usd").cast(pl.Float64)
    quantity = pl.col("held_qty").cast(pl.Float64)
    share = pl.col("washed_qty").cast(pl.Float64) / quantity
    asked = washes.select(*KEY, "lot_id", "washed_qty", "clear_from_date", "answer")
    rate = pl.when(pl.col("is_long_term").fill_null(True)).then("long_rate_frac").otherwise("short_rate_frac")
    return (
        known.filter(
            quantity > 0, value < cost, cost - value >= cost * (pl.col("harvest_loss_frac") - COMPARE_TOLERANCE)
        )
        .join(asked, on=[*KEY, "lot_id"], how="left")
        .with_columns(
            (cents_expr(cost) - cents_expr(value)).alias("loss"),
            cents_expr(cost).alias("cost"),
            cents_expr(value).alias("value"),
            share.fill_null(0.0).clip(0.0, 1.0).alias("washed_share"),
            pl.when(pl.col("answer").is_in(_ANSWERS)).then("answer").otherwise(pl.lit(_ANSWERS[0])).alias("answer"),
        )
        .with_columns(
            (
                pl.col("loss").cast(pl.Float64) * rate.fill_null(0.0)
                - 2 * pl.col("half_spread") * pl.col("value").cast(pl.Float64)
            ).alias("saves")
        )
    )


def _sums() -> list[pl.Expr]:
    short = ~pl.col("is_long_term").fill_null(True)
    clear = 1 - pl.col("washed_share")
    answer = pl.coalesce(
        pl.when((pl.col("answer") == code).any()).then(pl.lit(code)).otherwise(pl.lit(None, pl.String))
        for code in _ANSWERS
    )
    return [
        pl.col("held_qty").cast(FACT_DTYPE).sum().alias("loss_qty"),
        pl.col("cost", "value", "loss").sum(),
        pl.col("loss").filter(short).sum().alias("short_loss"),
        (pl.col("held_qty").cast(pl.Float64) * pl.col("washed_share")).cast(FACT_DTYPE).sum().alias("washed_qty"),
        pl.col("clear_from_date").max(),
        answer.alias("wash_answer"),
        _exact_sum(pl.col("saves")).alias("if_clear"),
        _exact_sum(pl.col("saves") * clear).alias("benefit"),
        pl.col("harvest_min_usd").first(),
    ]


def _exact_sum(cents: pl.Expr) -> pl.Expr:
    """Return a sum of cents as dollars, in whole ten-thousandths of a cent: it does not depend on the order of the lots."""
    return (cents * 10_000).round().cast(pl.Int64).sum() / 1_000_000


def _as_harvests(rows: pl.DataFrame, book: Book, business_date: dt.date, trade_date: dt.date) -> DataFrame[Harvests]:
    people = book.accounts.select("account_id", "household_id").join(
        book.households.select("household_id", "adviser_id"), on="household_id"
    )
    is_now = pl.col("benefit") >= pl.col("harvest_min_usd")
    free_from = trade_date + dt.timedelta(days=CLEAR_AFTER_DAYS)
    told = rows.join(people, on="account_id").with_columns(
        (pl.col("loss").cast(pl.Float64) / pl.col("cost").cast(pl.Float64)).alias("loss_frac"),
        pl.lit(free_from).alias("free_from_date"),
        is_now.alias("is_now"),
    )
    finished = told.select(
        pl.lit(business_date).alias("business_date"),
        *KEY,
        "portfolio_id",
        "household_id",
        "adviser_id",
        "loss_qty",
        usd_expr("value").alias("value_usd"),
        usd_expr("loss").alias("loss_usd"),
        "loss_frac",
        usd_expr("short_loss").alias("short_term_loss_usd"),
        "washed_qty",
        "wash_answer",
        "clear_from_date",
        usd_expr(cents_expr(pl.col("benefit"))).alias("benefit_usd"),
        "substitute_id",
        "free_from_date",
        pl.when("is_now").then(pl.lit(Advice.ACT_NOW.value)).otherwise(pl.lit(Advice.WAIT.value)).alias("advice"),
        _reason().alias("reason"),
    )
    return conform(finished, Harvests)


def _reason() -> pl.Expr:
    """Return what the figures say, in one sentence."""
    head = pl.format(
        "Lots of {} are down {} %, about {}",
        "security_id",
        percent(pl.col("loss_frac")),
        dollars(usd_expr("loss")),
    )
    is_partly = pl.col("washed_qty") > 0
    until = (
        pl.when(pl.col("clear_from_date").is_not_null()).then(pl.format(" before {}", "clear_from_date")).fill_null("")
    )
    washed = pl.when(is_partly).then(
        pl.format("; the loss on {} units would be washed{}", units(pl.col("washed_qty")), until)
    )
    swap = (
        pl.when(pl.col("substitute_id").is_not_null())
        .then(pl.format("; {} could be held instead until {}", "substitute_id", "free_from_date"))
        .otherwise(pl.format("; nothing that the firm's models hold could stand in for it until {}", "free_from_date"))
    )
    unsure = pl.when(pl.col("wash_answer") == WashAnswer.COVERAGE_INCOMPLETE.value).then(
        pl.lit("; whether other purchases wash it is not fully known")
    )
    now = [
        head,
        pl.format(
            ": selling {} saves about {}",
            pl.when(is_partly).then(pl.lit("the rest")).otherwise(pl.lit("them")),
            dollars(pl.col("benefit")),
        ),
        washed,
        swap,
    ]
    later = [
        head,
        pl.format(", worth about {} once clear", dollars(pl.col("if_clear"))),
        washed,
    ]
    return pl.concat_str(
        [
            pl.when("is_now")
            .then(pl.concat_str(now, ignore_nulls=True))
            .otherwise(pl.concat_str(later, ignore_nulls=True)),
            unsure,
            pl.lit("."),
        ],
        ignore_nulls=True,
    )
