"""Weights against targets, portfolio by portfolio."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.portfolios import Portfolios
from data_contracts.conform import conform
from data_contracts.drift import Drift
from data_contracts.holdings import Holdings
from data_contracts.household_drift import HouseholdDrift
from data_contracts.valuations import Valuations
from data_contracts.vocab import AssetClass, NodeLevel
from evenkeel.stages.drift.deeper import deeper_levels
from evenkeel.stages.drift.growth import GROWTH_TENTHS
from evenkeel.stages.drift.household import add_up
from evenkeel.stages.drift.nodes import (
    CLASS_CODES,
    Nodes,
    Targets,
    cents,
    class_nodes,
    class_number,
    dollars,
    model_places,
    summed,
    targets_of,
)


@dataclass(frozen=True)
class Measured:
    """What each portfolio is worth, how far it and its household are from their models, and what could not be weighed.

    `unmeasurable` has one row (`portfolio_id`, `reason`) per portfolio that is held and has a model, and yet no weights; the caller makes
    an exception of each.
    """

    valuations: DataFrame[Valuations]
    drift: DataFrame[Drift]
    household_drift: DataFrame[HouseholdDrift]
    unmeasurable: pl.DataFrame


def measure_drift(
    business_date: dt.date,
    holdings: DataFrame[Holdings],
    portfolios: DataFrame[Portfolios],
    model_targets: DataFrame[ModelTargets],
) -> Measured:
    """Return weight, target and drift of every node held or targeted.

        weight_frac[p, n] = sum of proforma_usd over p's holdings in n / sum of proforma_usd over all of p's holdings
        held_frac[p, n]   = the same of value_usd
        drift_frac[p, n]  = weight_frac[p, n] - target_frac[model of p, n]

    Money is summed exactly, in cents; one division follows, in floating point. Shorts and written options keep their sign. Asset
    classes are measured for every portfolio; sleeves and securities in those classes only whose model has targets that deep. Where a
    portfolio's held value is not positive (it is being funded), its held weights are taken as the pro-forma ones.

    A portfolio without a model is left out (see `nearest_models`). One whose pro-forma value is not positive has no weights: it is
    reported in `unmeasurable`, and counts in nobody's household value.

    Args:
        business_date: The session the holdings belong to.
        holdings: Accounts that passed every check, in any order.
        portfolios: The book's portfolios.
        model_targets: The book's models, as they hold on the date.

    Raises:
        ContractBreach: A defect of ours: what was computed does not keep its contract.
        polars.exceptions.InvalidOperationError: A holding's value does not fit 64 bits of cents.
    """
    held = _in_order(holdings)
    everyone = _totals(held).join(
        portfolios.select("portfolio_id", "household_id", "model_id"),
        on="portfolio_id",
        how="left",
        maintain_order="left",
    )
    models = model_targets.filter(pl.col("level") == NodeLevel.CLASS.value)["model_id"].unique()
    everyone = everyone.with_columns(_why_not(models).alias("reason"))
    is_weighed = everyone.select(pl.col("model_id").is_not_null() & pl.col("reason").is_null()).to_series()
    weighed = everyone.filter(is_weighed)
    held = _of_weighed(held, is_weighed)

    classes = class_nodes()
    targets = targets_of(model_targets, classes)
    model_of = model_places(weighed, targets)
    rows = summed(
        held.select("portfolio", class_number().alias("node"), "value_cents", "proforma_cents"),
        model_of,
        targets,
        classes,
    )
    levels = [(classes, rows), *deeper_levels(held, weighed, model_targets)]
    drift = pl.concat(_drift_rows(business_date, nodes, part, weighed) for nodes, part in levels)
    return Measured(
        valuations=_valuations(business_date, weighed, rows, targets, model_of),
        # One level alone is already in the order of the key.
        drift=conform(drift, Drift, is_sorted=len(levels) == 1),
        household_drift=add_up(business_date, rows, weighed),
        unmeasurable=everyone.filter(pl.col("reason").is_not_null()).select("portfolio_id", "reason"),
    )


def _in_order(holdings: pl.DataFrame) -> pl.DataFrame:
    """Return the holdings by portfolio and account, with the portfolio's number and money in cents.

    The contract's order is that already: it is looked at, and sorted only where it is not so.
    """
    portfolio, account = pl.col("portfolio_id"), pl.col("account_id")
    is_ordered = holdings.select(
        (
            (portfolio > portfolio.shift())
            | ((portfolio == portfolio.shift()) & (account >= account.shift())).fill_null(True)
        ).all()
    ).item()
    ordered = holdings if is_ordered else holdings.sort("portfolio_id", "account_id")
    return ordered.select(
        portfolio.rle_id().alias("portfolio"),
        "portfolio_id",
        ((portfolio != portfolio.shift()) | (account != account.shift())).fill_null(True).alias("is_first_of_account"),
        "asset_class",
        "sleeve",
        "security_id",
        cents("value_usd").alias("value_cents"),
        cents("proforma_usd").alias("proforma_cents"),
    )


def _totals(held: pl.DataFrame) -> pl.DataFrame:
    """Return one row a portfolio, in the order of their numbers: id, accounts, sums."""
    sums = (
        held.lazy()
        .select(pl.col("portfolio").set_sorted(), "is_first_of_account", "value_cents", "proforma_cents")
        .group_by("portfolio", maintain_order=True)
        .agg(
            pl.col("is_first_of_account").sum().cast(pl.Int64).alias("account_count"),
            pl.col("value_cents").sum(),
            pl.col("proforma_cents").sum(),
        )
        .collect()
    )
    is_new = held.select((pl.col("portfolio") != pl.col("portfolio").shift()).fill_null(True)).to_series()
    return sums.select(held["portfolio_id"].filter(is_new), "account_count", "value_cents", "proforma_cents")


def _why_not(models: pl.Series) -> pl.Expr:
    return (
        pl.when(pl.col("household_id").is_null())
        .then(pl.format("portfolio {} is held but not in the book; add it to portfolios.csv", "portfolio_id"))
        .when(pl.col("model_id").is_null())
        .then(None)
        .when(~pl.col("model_id").is_in(models.implode()))
        .then(
            pl.format(
                "portfolio {}: model {} has no targets on this date; complete the book's models",
                "portfolio_id",
                "model_id",
            )
        )
        .when(pl.col("proforma_cents") <= 0)
        .then(
            pl.format(
                "portfolio {} cannot be weighed: with orders and planned cash counted its value is not positive; check its cash, "
                "margin and open orders",
                "portfolio_id",
            )
        )
    )


def _of_weighed(held: pl.DataFrame, is_weighed: pl.Series) -> pl.DataFrame:
    """Return the rows of weighed portfolios, numbered anew without gaps."""
    if is_weighed.all():
        return held
    number = is_weighed.cum_sum() - 1
    kept = held.filter(is_weighed.gather(held["portfolio"]))
    return kept.with_columns(number.gather(kept["portfolio"]).cast(pl.UInt32).alias("portfolio"))


def _drift_rows(business_date: dt.date, nodes: Nodes, rows: pl.DataFrame, weighed: pl.DataFrame) -> pl.DataFrame:
    total = weighed.select(
        pl.col("proforma_cents").cast(pl.Float64),
        pl.when(pl.col("value_cents") > 0).then("value_cents").cast(pl.Float64).alias("value_cents"),
    )
    portfolio = rows["portfolio"]
    weight = rows["proforma_cents"] / total["proforma_cents"].gather(portfolio)
    held = rows["value_cents"] / total["value_cents"].gather(portfolio)
    return rows.select(
        pl.lit(business_date).alias("business_date"),
        weighed["portfolio_id"].gather(portfolio),
        pl.lit(nodes.level).alias("level"),
        nodes.node_ids.gather(rows["node"]).alias("node_id"),
        nodes.classes.gather(rows["node"]).alias("asset_class"),
        dollars(pl.col("value_cents")).alias("value_usd"),
        dollars(pl.col("proforma_cents")).alias("proforma_usd"),
        weight.alias("weight_frac"),
        (held if not held.null_count() else held.fill_null(weight)).alias("held_frac"),
        "target_frac",
        (weight - rows["target_frac"]).alias("drift_frac"),
    )


def _valuations(
    business_date: dt.date, weighed: pl.DataFrame, rows: pl.DataFrame, targets: Targets, model_of: pl.Series
) -> DataFrame[Valuations]:
    tenths = pl.Series("tenths", [GROWTH_TENTHS[AssetClass(code)] for code in CLASS_CODES], dtype=pl.Int64)
    growth_of_model = (
        targets.rows.with_columns(tenths.gather(targets.rows["node"]))
        .group_by("model", maintain_order=True)
        .agg((pl.col("target_frac") * pl.col("tenths")).sum())["target_frac"]
    )
    growth = (
        rows.lazy()
        .select(
            pl.col("portfolio").set_sorted(),
            (pl.col("value_cents") * tenths.gather(rows["node"])).alias("growth_value"),
            (pl.col("proforma_cents") * tenths.gather(rows["node"])).alias("growth_proforma"),
        )
        .group_by("portfolio", maintain_order=True)
        .agg(pl.col("growth_value", "growth_proforma").sum())
        .drop("portfolio")
        .collect()
    )
    cash = rows.filter(pl.col("node") == CLASS_CODES.index(AssetClass.CASH.value))
    by_portfolio = growth.with_columns(
        growth_of_model.gather(model_of).alias("growth_target"),
        _at(cash["portfolio"], cash["value_cents"], weighed.height).alias("cash_cents"),
        _at(cash["portfolio"], cash["proforma_cents"], weighed.height).alias("proforma_cash_cents"),
    )
    in_household = weighed.group_by("household_id").agg(pl.col("value_cents").sum().alias("household_cents"))
    frame = (
        pl.concat([weighed, by_portfolio], how="horizontal")
        .join(in_household, on="household_id", how="left", maintain_order="left")
        .select(
            pl.lit(business_date).alias("business_date"),
            "portfolio_id",
            "household_id",
            "model_id",
            "account_count",
            dollars(pl.col("value_cents")).alias("value_usd"),
            dollars(pl.col("proforma_cents")).alias("proforma_usd"),
            dollars(pl.col("household_cents")).alias("household_value_usd"),
            dollars(pl.col("cash_cents")).alias("cash_usd"),
            dollars(pl.col("proforma_cash_cents")).alias("proforma_cash_usd"),
            (
                pl.when(pl.col("value_cents") > 0)
                .then(pl.col("growth_value") / pl.col("value_cents"))
                .otherwise(pl.col("growth_proforma") / pl.col("proforma_cents"))
                / 10
            ).alias("risk_held"),
            (pl.col("growth_target") / 10).alias("risk_target"),
        )
    )
    return conform(frame, Valuations, is_sorted=True)


def _at(portfolio: pl.Series, amounts: pl.Series, count: int) -> pl.Series:
    """Return the amounts at their portfolios' places, 0 elsewhere."""
    return pl.repeat(0, count, dtype=pl.Int64, eager=True).scatter(portfolio, amounts)
