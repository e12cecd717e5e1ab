"""What the lists of a date are solved from: accounts, lots, what may be sold and bought, and what stands in the way."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import AssetType, Obstacle, Registration, TaxStatus
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.limits import counted_sector, keep_least, weight_limits
from evenkeel.stages.propose.lots import KEY, in_flight, open_lots
from evenkeel.stages.propose.rates import gain_rates
from evenkeel.stages.propose.redemptions import early_holdings, keep_early
from evenkeel.stages.propose.restrictions import barred
from evenkeel.stages.propose.shelf import (
    SUBSTITUTE_RANK,
    UNTRADED,
    candidates,
    nodes_of_securities,
    steps_and_costs,
    unit_values,
    usual_values,
)
from evenkeel.stages.propose.steps import with_whole_steps
from evenkeel.stages.propose.targets import node_of

ALERT_ONLY = (Registration.PLAN_401K.value, Registration.PLAN_529.value)
"""Accounts under ERISA and 529 plans get alerts without trades: who consents, and when a change is allowed, is a person's to find out."""

EXEMPT_FROM_ISSUER_LIMIT = (AssetType.ETF.value, AssetType.MUTUAL_FUND.value, AssetType.MONEY_MARKET.value)
LOSS_PREFERENCE = 1e-3
"""What of a loss's saving counts where a list is not for harvesting: enough to sell losses first, too little to swap for them."""


@dataclass(frozen=True)
class Case:
    """The lists wanted, and everything about their accounts that does not change from one attempt to the next.

    `wanted`: `portfolio_id`, `household_id`, `alert_id`, `rule`, `kind`, `is_urgent`, `model_id`, `policy_version`.
    `accounts`: `account_id`, `portfolio_id`, `household_id`, `model_id`, `kind`, `custodian`, `tax_unit_id`, `tax_status`, `short_rate`,
        `long_rate`, `is_alert_only`, `cash_usd` (what is in flight and spoken for counted as done), `min_cash_usd`, `least_cash_frac` (of
        the portfolio, by its IPS; null: none).
    `lots`: as `open_lots` returns them, with `node_id`, `price_usd`, `value_usd`, `unit_basis_usd`, `unit_gain`, `rate`, `washed_qty`,
        `kept_by` (the obstacle that keeps it; null: it may be sold), `kept_until_date` and `kept_restriction_id` where a restriction does,
        `free_qty` (how much of it may be sold for all that a redemption period keeps), `is_deep_loss` (taxed, and down by the policy's
        share), `whole_qty`, `may_go_whole`, `is_all_or_none` and `is_bound_together` as `with_whole_steps` adds them.
    `shelf`: `account_id`, `security_id`, `node_id`, `asset_type`, `price_usd`, `sell_cost_frac`, `buy_cost_frac`, `unit_step_qty`,
        `min_ticket_usd`, `buy_rank` (null: not to be bought), `security_target`, `issuer_id` (null: the limit for issuers does not count),
        `sector` (null: the limit for sectors does not count).
    `bars`: purchases that are barred: `account_id`, `security_id`, `rule`, `until_date`, `restriction_id`.
    `flying`: as `in_flight` returns it.
    `early`: funds with units within their redemption period, as `early_holdings` returns it.
    `limits`: least and largest weights, as `weight_limits` returns them.
    """

    trade_date: dt.date
    wanted: pl.DataFrame
    accounts: pl.DataFrame
    lots: pl.DataFrame
    shelf: pl.DataFrame
    bars: pl.DataFrame
    flying: pl.DataFrame
    early: pl.DataFrame
    limits: pl.DataFrame


BARS = pl.Schema(
    {
        "account_id": pl.String,
        "security_id": pl.String,
        "rule": pl.String,
        "until_date": pl.Date,
        "restriction_id": pl.String,
    }
)


def make_case(
    trade_date: dt.date,
    wanted: pl.DataFrame,
    holdings: pl.DataFrame,
    tax_lots: pl.DataFrame,
    prices: pl.DataFrame,
    washed: pl.DataFrame,
    no_buys: pl.DataFrame,
    book: Book,
    policy: Policy,
) -> Case:
    """Return the case of the portfolios wanted.

    Args:
        trade_date: The next session.
        wanted: `portfolio_id`, `household_id`, `alert_id`, `rule`, `kind`, `is_urgent`, `model_id`, `policy_version`.
        holdings: Dataset of the day.
        tax_lots: Dataset of the day.
        prices: Dataset of the day.
        washed: `account_id`, `security_id`, `lot_id`, `washed_qty`, `clear_from_date`, `answer` of taxable lots at a loss.
        no_buys: `account_id`, `security_id`, `last_date`: purchases that would wash a loss already taken.
        book: As it holds.
        policy: The house's.
    """
    held = holdings.join(wanted.select("portfolio_id"), on="portfolio_id", how="semi")
    accounts = _accounts(wanted, held, book, policy)
    deep = node_of(book.model_targets)
    nodes = nodes_of_securities(book, deep)
    bars = barred(accounts, book, trade_date)
    flying = in_flight(held)
    values = unit_values(held, book)
    own_lots = open_lots(held, tax_lots, book, trade_date)
    early = early_holdings(own_lots, book.securities, trade_date)
    shelf = _shelf(accounts, values, usual_values(holdings, prices, book), nodes, early, book, policy)
    limits = weight_limits(accounts, book, trade_date)
    # What a redemption period keeps counts towards a least weight, so it is told first.
    lots = _lots(own_lots, accounts, shelf, bars, flying, washed, policy).pipe(
        keep_early, early, is_fee_paid=policy.trading.is_redemption_fee_paid
    )
    lots = keep_least(lots, accounts, flying, limits).pipe(with_whole_steps, shelf)
    buys = pl.concat(
        [
            bars.filter(pl.col("side") == "buy").select(list(BARS)),
            _bar(flying, Obstacle.ORDER_IN_FLIGHT),
            no_buys.join(accounts, on="account_id", how="semi").select(
                *KEY,
                pl.lit(Obstacle.WASH_SALE_IF_BOUGHT.value).alias("rule"),
                pl.col("last_date").alias("until_date"),
                pl.lit(None, pl.String).alias("restriction_id"),
            ),
        ]
    )
    return Case(trade_date, wanted, accounts, lots.sort(*KEY, "lot_id"), shelf, buys, flying, early, limits)


def _bar(rows: pl.DataFrame, rule: Obstacle) -> pl.DataFrame:
    return rows.select(
        *KEY,
        pl.lit(rule.value).alias("rule"),
        pl.lit(None, pl.Date).alias("until_date"),
        pl.lit(None, pl.String).alias("restriction_id"),
    )


def _accounts(wanted: pl.DataFrame, held: pl.DataFrame, book: Book, policy: Policy) -> pl.DataFrame:
    """Return the accounts that are measured, with how they are taxed and their cash."""
    rates = gain_rates(book, policy.trading)
    cash = (
        held.filter(pl.col("asset_class") == "cash")
        .group_by("account_id")
        .agg(pl.col("proforma_usd").sum().cast(pl.Float64).alias("cash_usd"))
    )
    is_taxable = pl.col("tax_status") == TaxStatus.TAXABLE.value
    return (
        held.select("account_id", "portfolio_id")
        .unique()
        .join(wanted.select("portfolio_id", "household_id", "model_id", "kind"), on="portfolio_id", how="left")
        .join(
            book.accounts.select(
                "account_id", "custodian", "tax_unit_id", "tax_status", "registration", "min_cash_usd"
            ),
            on="account_id",
            how="left",
        )
        .join(rates, on="account_id", how="left")
        .join(cash, on="account_id", how="left")
        .join(_least_cash(book), on="portfolio_id", how="left")
        .with_columns(
            pl.when(is_taxable).then("short_rate_frac").otherwise(0.0).alias("short_rate"),
            pl.when(is_taxable).then("long_rate_frac").otherwise(0.0).alias("long_rate"),
            pl.col("registration").is_in(ALERT_ONLY).alias("is_alert_only"),
            pl.col("cash_usd").fill_null(0.0),
            pl.col("min_cash_usd").cast(pl.Float64).fill_null(0.0),
        )
        .sort("account_id")
    )


def _least_cash(book: Book) -> pl.DataFrame:
    """Return `portfolio_id`, `least_cash_frac`: the least share of cash that its IPS asks for."""
    return (
        book.portfolios.select("portfolio_id", "ips_id")
        .join(
            book.ips_profiles.select("ips_id", pl.col("min_cash_frac").alias("least_cash_frac")),
            on="ips_id",
            how="inner",
        )
        .drop("ips_id")
    )


def _shelf(
    accounts: pl.DataFrame,
    values: pl.DataFrame,
    usual: pl.DataFrame,
    nodes: pl.DataFrame,
    early: pl.DataFrame,
    book: Book,
    policy: Policy,
) -> pl.DataFrame:
    """Return what each account holds or may buy, cash left out."""
    # The engine has one share a security: where the fee is paid, all of a fund that would pay it on some is priced with it.
    paid = early if policy.trading.is_redemption_fee_paid else early.clear()
    may_buy = candidates(book, nodes).drop("node_id")
    buyable = (
        accounts.select("account_id", "custodian", "model_id")
        .join(may_buy, on="model_id", how="inner")
        .join(usual, on=["custodian", "security_id"], how="inner")
        .select(*KEY, "price_usd", "buy_rank", "security_target")
    )
    own = values.join(accounts.select("account_id", "model_id"), on="account_id", how="inner").join(
        may_buy, on=["model_id", "security_id"], how="left"
    )
    rows = pl.concat(
        [
            own.select(*KEY, "price_usd", "buy_rank", "security_target"),
            buyable.join(own, on=KEY, how="anti"),
        ]
    )
    # Funds hold many issuers, and the government's bonds have none that could fail.
    has_issuer = ~pl.col("asset_type").is_in(EXEMPT_FROM_ISSUER_LIMIT)
    kinds = book.securities.select(
        "security_id",
        "asset_type",
        "asset_class",
        "is_illiquid",
        pl.when(has_issuer).then("issuer_id").alias("issuer_id"),
        counted_sector().alias("sector"),
    )
    placed = (
        rows.join(accounts.select("account_id", "custodian", "model_id"), on="account_id", how="left")
        .join(nodes, on=["model_id", "security_id"], how="left")
        .join(kinds, on="security_id", how="left")
        .join(paid.select(*KEY, pl.col("redemption_fee_frac").alias("early_fee_frac")), on=KEY, how="left")
        .filter(pl.col("asset_class") != "cash")
        .with_columns(pl.col("security_target").fill_null(0.0))
    )
    return steps_and_costs(placed, policy.trading).drop("custodian", "model_id", "early_fee_frac").sort(KEY)


def _lots(
    lots: pl.DataFrame,
    accounts: pl.DataFrame,
    shelf: pl.DataFrame,
    bars: pl.DataFrame,
    flying: pl.DataFrame,
    washed: pl.DataFrame,
    policy: Policy,
) -> pl.DataFrame:
    """Return the lots with what a unit is worth, what its sale would be taxed at, and what keeps it."""
    trading = policy.trading
    no_sells = bars.filter(pl.col("side") == "sell").select(
        *KEY,
        pl.col("rule").alias("sell_rule"),
        pl.col("until_date").alias("kept_until_date"),
        pl.col("restriction_id").alias("kept_restriction_id"),
    )
    terms = pl.DataFrame(
        [(kind.value, one.sells, one.only_losses, one.harvests) for kind, one in TERMS.items()],
        schema=["kind", "sells", "only_losses", "harvests"],
        orient="row",
    )
    rows = (
        lots.join(
            accounts.select("account_id", "kind", "short_rate", "long_rate", "is_alert_only"),
            on="account_id",
            how="inner",
        )
        .join(terms, on="kind", how="left")
        .join(shelf.select(*KEY, "node_id", "price_usd", "asset_type", "is_illiquid"), on=KEY, how="left")
        .join(no_sells, on=KEY, how="left")
        .join(flying.select(*KEY, pl.lit(True).alias("is_flying")), on=KEY, how="left")
        .join(washed.select(*KEY, "lot_id", "washed_qty", "clear_from_date", "answer"), on=[*KEY, "lot_id"], how="left")
        .with_columns(
            pl.col("washed_qty").fill_null(0.0).cast(pl.Float64),
            (pl.col("cost_usd") / pl.col("held_qty")).alias("unit_basis_usd"),
            (pl.col("price_usd") * pl.col("held_qty")).alias("value_usd"),
        )
        .with_columns((pl.col("price_usd") - pl.col("unit_basis_usd")).alias("unit_gain"))
    )
    is_loss = (pl.col("unit_gain") < 0).fill_null(False)
    # Of a lot whose age is not known, a gain counts as short-term and a loss as nothing.
    full_rate = (
        pl.when(pl.col("is_long_term").is_null() & ~is_loss)
        .then("short_rate")
        .when(pl.col("is_long_term").is_null())
        .then(0.0)
        .when("is_long_term")
        .then("long_rate")
        .otherwise("short_rate")
    )
    rate = pl.when(is_loss & ~pl.col("harvests")).then(full_rate * LOSS_PREFERENCE).otherwise(full_rate)
    is_taxed = pl.col("short_rate") > 0
    of_lot = (-pl.col("unit_gain") * pl.min_horizontal("washed_qty", "held_qty")).clip(lower_bound=0.0)
    # The limit is of a sale, and a sale is of all lots of a security. Each lot was asked about alone, and a share replaces one only: where
    # one lot is washed in part, all free replacements are counted in it, and together no more shares are washed than that.
    at_most = pl.col("washed_qty").filter(pl.col("washed_qty") < pl.col("held_qty")).max().over(KEY)
    dearest = (-pl.col("unit_gain")).filter(pl.col("washed_qty") > 0).max().over(KEY)
    disallowed = pl.min_horizontal(of_lot.sum().over(KEY), pl.when(at_most > 0).then(at_most * dearest))
    down = -pl.col("unit_gain") / pl.col("unit_basis_usd")
    kept_by = (
        pl.when(pl.col("held_qty") <= 0)
        .then(pl.lit(Obstacle.SHORT_POSITION.value))
        .when(pl.col("sell_rule").is_not_null())
        .then("sell_rule")
        .when(pl.col("is_illiquid") | pl.col("asset_type").is_in(UNTRADED))
        .then(pl.lit(Obstacle.ILLIQUID.value))
        .when(pl.col("is_flying"))
        .then(pl.lit(Obstacle.ORDER_IN_FLIGHT.value))
        .when(is_taxed & pl.col("lots_differ"))
        .then(pl.lit(Obstacle.LOTS_DIFFER.value))
        .when(is_taxed & pl.col("unit_basis_usd").is_null())
        .then(pl.lit(Obstacle.BASIS_MISSING.value))
        .when(is_taxed & is_loss & (of_lot > 0) & (disallowed > trading.wash_limit_usd))
        .then(pl.lit(Obstacle.WASH_SALE_IF_SOLD.value))
    )
    is_deep_loss = is_taxed & is_loss & (down >= trading.harvest_loss_frac).fill_null(False)
    is_open = pl.col("sells") & ~pl.col("is_alert_only") & (~pl.col("only_losses") | is_deep_loss)
    return rows.with_columns(
        rate.alias("rate"),
        full_rate.alias("full_rate"),
        kept_by.alias("kept_by"),
        is_open.alias("is_open"),
        is_deep_loss.alias("is_deep_loss"),
    ).drop("kind", "sells", "only_losses", "harvests", "sell_rule", "is_flying", "is_illiquid", "asset_type")


def is_substitute(rank: pl.Expr) -> pl.Expr:
    """Tell which candidates stand in for the model's own."""
    return rank >= SUBSTITUTE_RANK
