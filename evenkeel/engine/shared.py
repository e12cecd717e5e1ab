"""What the accounts of a book refer to and share, as arrays: models, universes of securities, cash plans."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from evenkeel.engine.arrays import I8, AccountArrays, ModelArrays, PlanArrays, UniverseArrays, normal
from evenkeel.engine.codes import CASH_CLASS, FLOORS
from evenkeel.engine.columns import codes_of, flags_of, floats_of, given, starts_of, starts_of_counts
from evenkeel.engine.tables.fits import AS_BUYABLE, is_unfit
from evenkeel.engine.tables.inputs import Models, Securities

MONEY = ["cash_usd", "spoken_for_usd", "target_cost_frac", "band_cost_frac", "dust_usd"]


@dataclass(frozen=True)
class Shared:
    """Models, universes and plans as arrays, with the names that their places stand for.

    `securities` are the rows of `UniverseArrays`, what is not fit in them as `_fit_securities` leaves it; `security_ids` are the names of
    security numbers, `classes` those of class numbers, cash first. Ids are distinct and in order.
    """

    models: ModelArrays
    universes: UniverseArrays
    plans: PlanArrays
    securities: pl.DataFrame
    model_ids: pl.Series
    universe_ids: pl.Series
    plan_ids: pl.Series
    security_ids: pl.Series
    classes: pl.Series


def prepare_shared(models: pl.DataFrame, securities: pl.DataFrame, cash_terms: pl.DataFrame) -> Shared:
    """Return the tables as arrays. Made once, it serves any number of accounts."""
    models = _fit_models(models.sort("model_id", "asset_class"))
    securities = _fit_securities(given(securities, Securities).sort("universe_id", "security_id"))
    plans = cash_terms.sort("cash_plan_id", "term")
    names = pl.concat([models["asset_class"], securities["asset_class"]]).unique().sort()
    classes = pl.concat([pl.Series("asset_class", [CASH_CLASS]), names.filter(names != CASH_CLASS)])
    security_ids = securities["security_id"].unique().sort()
    return Shared(
        models=ModelArrays(
            starts_of(models["model_id"]),
            codes_of(models["asset_class"], classes),
            *floats_of(models, ["target_frac", "lower_frac", "upper_frac"]),
        ),
        universes=_universes(securities, starts_of(securities["universe_id"]), security_ids, classes),
        plans=PlanArrays._make(
            [
                starts_of(plans["cash_plan_id"]),
                *floats_of(plans, ["at_frac", "at_usd", "below_cost_frac", "above_cost_frac"]),
                flags_of(plans["term"].is_in([floor.value for floor in FLOORS]), False),
            ]
        ),
        securities=securities,
        model_ids=models["model_id"].unique(maintain_order=True),
        universe_ids=securities["universe_id"].unique(maintain_order=True),
        plan_ids=plans["cash_plan_id"].unique(maintain_order=True),
        security_ids=security_ids,
        classes=classes,
    )


def account_arrays(accounts: pl.DataFrame, shared: Shared, lots_from: I8, limits_from: I8) -> AccountArrays:
    """Return accounts as arrays, what they refer to by its place."""
    plan = codes_of(accounts["cash_plan_id"], shared.plan_ids)
    plan = np.where(accounts["cash_plan_id"].is_null().to_numpy(), np.int32(-2), plan)
    return AccountArrays._make(
        [
            normal(codes_of(accounts["model_id"], shared.model_ids), np.int64),
            normal(codes_of(accounts["universe_id"], shared.universe_ids), np.int64),
            normal(plan, np.int64),
            *floats_of(accounts, MONEY),
            lots_from,
            limits_from,
        ]
    )


def some_accounts(accounts: AccountArrays, is_wanted: np.ndarray, lots_from: I8, limits_from: I8) -> AccountArrays:
    """Return the wanted ones of the accounts, which have their own lots and limits."""
    own = accounts._replace(lots_from=accounts.lots_from[:-1], limits_from=accounts.limits_from[:-1])
    wanted = AccountArrays._make([np.ascontiguousarray(values[is_wanted]) for values in own])
    return wanted._replace(lots_from=lots_from, limits_from=limits_from)


def has_impossible_target() -> pl.Expr:
    """Return whether a row of `models` aims below 0 though its class could only be held.

    Our own lists aim there where an account is short or overdrawn: with a band that goes below 0, or in cash.
    """
    return (pl.col("target_frac") < 0) & (pl.col("lower_frac") >= 0) & (pl.col("asset_class") != CASH_CLASS)


def _fit_models(models: pl.DataFrame) -> pl.DataFrame:
    """Return the models; an impossible target is null, which makes accounts of the model `figure_invalid`."""
    target = pl.when(has_impossible_target()).then(None).otherwise("target_frac").alias("target_frac")
    return models.with_columns(target).select(list(Models.polars_schema()))


def _fit_securities(securities: pl.DataFrame) -> pl.DataFrame:
    """Return the securities; one with a figure that is not fit is not bought by anybody, and stops only accounts that hold it.

    That is what the kernels make of a cost of selling that is null: they look at it where the security is held, whatever is to be traded.
    """
    is_odd = is_unfit(Securities, *AS_BUYABLE)
    return securities.with_columns(
        (pl.col("is_buyable") & ~is_odd & ~is_unfit(Securities, "price_usd")).alias("is_buyable"),
        pl.when(is_odd).then(None).otherwise("sell_cost_frac").alias("sell_cost_frac"),
    )


def policy_of(models: ModelArrays, classes: int) -> np.ndarray:
    """Return target, lower and upper end by model and class; 0 where the model does not name the class."""
    owner = np.repeat(np.arange(len(models.rows_from) - 1), np.diff(models.rows_from))
    policy = np.zeros((3, max(1, len(models.rows_from) - 1), classes))
    for row, values in enumerate((models.target, models.lower, models.upper)):
        policy[row, owner, models.klass] = values
    return policy


def _universes(securities: pl.DataFrame, starts: I8, security_ids: pl.Series, classes: pl.Series) -> UniverseArrays:
    """Return the securities as arrays, and who may be bought in each universe and class, cheapest first."""
    klass = codes_of(securities["asset_class"], classes)
    owner = np.repeat(np.arange(len(starts) - 1), np.diff(starts))
    place = owner * len(classes) + klass
    order = (
        securities.select("buy_cost_frac", "buy_rank", "is_buyable")
        .with_columns(place=pl.Series(place))
        .with_row_index("row")
        .filter(pl.col("is_buyable").fill_null(False))
        .sort("place", "buy_cost_frac", "buy_rank", "row", nulls_last=True)
    )
    counts = np.bincount(order["place"].to_numpy(), minlength=(len(starts) - 1) * len(classes))
    return UniverseArrays._make(
        [
            starts,
            codes_of(securities["security_id"], security_ids),
            klass,
            *floats_of(securities, ["price_usd", "sell_cost_frac", "buy_cost_frac"]),
            starts_of_counts(counts),
            normal(order["row"].to_numpy(), np.int64),
            *floats_of(securities, ["unit_step_qty"]),
            *floats_of(securities.with_columns(pl.col("min_ticket_usd").fill_null(0.0)), ["min_ticket_usd"]),
        ]
    )
