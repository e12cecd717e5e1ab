"""The tables of a problem, and how they become arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from data_contracts.contract import Contract
from evenkeel.engine.arrays import (
    F8,
    I4,
    I8,
    U1,
    AccountArrays,
    LimitArrays,
    LotArrays,
    ModelArrays,
    PlanArrays,
    Problem,
    UniverseArrays,
    normal,
)
from evenkeel.engine.codes import CASH_CLASS, FLOORS, Finding
from evenkeel.engine.tables.inputs import Accounts, Lots, Restrictions, Securities, TaxUnits

ABSENT_COLUMNS: dict[type, tuple[str, ...]] = {
    Accounts: ("tax_unit_id", "turnover_budget_frac"),
    Lots: ("is_long_term",),
    Securities: ("unit_step_qty", "min_ticket_usd"),
    TaxUnits: ("carry_value_frac", "gain_budget_usd"),
}
"""Columns that a table may lack: null then."""


@dataclass(frozen=True)
class Tables:
    """The tables of a problem, as `evenkeel.engine.tables.inputs` gives them, in any order of rows."""

    accounts: pl.DataFrame
    models: pl.DataFrame
    securities: pl.DataFrame
    lots: pl.DataFrame
    cash_terms: pl.DataFrame
    restrictions: pl.DataFrame
    tax_units: pl.DataFrame = field(default_factory=TaxUnits.empty_frame, kw_only=True)


@dataclass(frozen=True)
class Prepared:
    """A problem as arrays, with the rows that its places stand for.

    `accounts` and `lots` are in key order; `lots` are those of known accounts; `securities` are the rows of `UniverseArrays`; `classes` are
    the names of class numbers, cash first.
    """

    arrays: Problem
    accounts: pl.DataFrame
    securities: pl.DataFrame
    lots: pl.DataFrame
    classes: pl.Series
    findings: pl.DataFrame


def prepare(tables: Tables) -> Prepared:
    """Return the problem as arrays."""
    accounts = tables.accounts.sort("account_id")
    models = tables.models.join(accounts, on="model_id", how="semi").sort("model_id", "asset_class")
    plans = tables.cash_terms.join(accounts, on="cash_plan_id", how="semi").sort("cash_plan_id", "term")
    securities = tables.securities.join(accounts, on="universe_id", how="semi").sort("universe_id", "security_id")
    names = pl.concat([models["asset_class"], securities["asset_class"]]).unique().sort()
    classes = pl.concat([pl.Series("asset_class", [CASH_CLASS]), names.filter(names != CASH_CLASS)])
    codes = securities["security_id"].unique().sort()
    model_from = _starts(models["model_id"])
    universe_from = _starts(securities["universe_id"])
    plan_from = _starts(plans["cash_plan_id"])
    lots, lots_from, findings = _lots_of(accounts, tables.lots)
    limits, limits_from = _limits_of(accounts, tables.restrictions)
    plan = _place(accounts["cash_plan_id"], plans["cash_plan_id"])
    plan = np.where(accounts["cash_plan_id"].is_null().to_numpy(), -2, plan)
    money = ["cash_usd", "spoken_for_usd", "target_cost_frac", "band_cost_frac", "dust_usd"]
    arrays = Problem(
        AccountArrays._make(
            [
                _place(accounts["model_id"], models["model_id"]),
                _place(accounts["universe_id"], securities["universe_id"]),
                normal(plan, np.int64),
                *_floats(accounts, money),
                lots_from,
                limits_from,
            ]
        ),
        ModelArrays(
            model_from,
            _codes(models["asset_class"], classes),
            *_floats(models, ["target_frac", "lower_frac", "upper_frac"]),
        ),
        _universes(securities, universe_from, codes, classes),
        LotArrays._make(
            [
                _codes(lots["security_id"], codes),
                *_floats(lots, ["held_qty", "unit_basis_usd", "gain_rate_frac", "washed_qty"]),
                _flags(lots["is_sellable"], False),
            ]
        ),
        PlanArrays._make(
            [
                plan_from,
                *_floats(plans, ["at_frac", "at_usd", "below_cost_frac", "above_cost_frac"]),
                _flags(plans["term"].is_in([floor.value for floor in FLOORS]), False),
            ]
        ),
        LimitArrays(
            _codes(limits["security_id"], codes),
            _flags(limits["is_sell_barred"], True),
            _flags(limits["is_buy_barred"], True),
            *_floats(limits.with_columns(pl.col("buy_cap_usd").fill_null(np.inf)), ["buy_cap_usd"]),
        ),
        len(classes),
    )
    return Prepared(arrays, accounts, securities, lots, classes, findings)


def given(table: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Return the table with those of the contract's columns that may be absent, null where they are."""
    optional = next((ABSENT_COLUMNS[base] for base in contract.__mro__ if base in ABSENT_COLUMNS), ())
    absent = [name for name in optional if name not in table.columns]
    return table.with_columns(pl.lit(None, contract.polars_schema()[name]).alias(name) for name in absent)


def _starts(owners: pl.Series) -> I8:
    """Return where each owner's rows begin, and where the last one's end; the rows are in the owners' order."""
    lengths = owners.rle().struct.field("len").to_numpy()
    starts: I8 = normal(np.concatenate([[0], np.cumsum(lengths)]), np.int64)
    return starts


def _place(wanted: pl.Series, owners: pl.Series) -> I8:
    """Return the place of each wanted owner among the distinct ones, in their order; -1 where there is none."""
    distinct = owners.unique(maintain_order=True)
    places: I8 = normal(_codes(wanted, distinct), np.int64)
    return places


def _codes(values: pl.Series, known: pl.Series) -> I4:
    """Return each value's place in `known`, -1 where it is not in it."""
    table = pl.DataFrame({"value": known, "place": np.arange(len(known), dtype=np.int32)})
    found = values.to_frame("value").join(table, on="value", how="left", maintain_order="left")["place"]
    codes: I4 = normal(found.fill_null(-1).to_numpy(), np.int32)
    return codes


def _floats(table: pl.DataFrame, names: list[str]) -> list[F8]:
    """Return columns as arrays; null becomes NaN."""
    return [normal(table[name].cast(pl.Float64).fill_null(np.nan).to_numpy(), np.float64) for name in names]


def _flags(values: pl.Series, null: bool) -> U1:
    flags: U1 = normal(values.fill_null(null).cast(pl.UInt8).to_numpy(), np.uint8)
    return flags


def _universes(securities: pl.DataFrame, starts: I8, codes: pl.Series, classes: pl.Series) -> UniverseArrays:
    """Return the securities as arrays, and who may be bought in each universe and class, cheapest first."""
    klass = _codes(securities["asset_class"], classes)
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
            _codes(securities["security_id"], codes),
            klass,
            *_floats(securities, ["price_usd", "sell_cost_frac", "buy_cost_frac"]),
            normal(np.concatenate([[0], np.cumsum(counts)]), np.int64),
            normal(order["row"].to_numpy(), np.int64),
            *_floats(given(securities, Securities), ["unit_step_qty"]),
            *_floats(
                given(securities, Securities).with_columns(pl.col("min_ticket_usd").fill_null(0.0)), ["min_ticket_usd"]
            ),
        ]
    )


def _lots_of(accounts: pl.DataFrame, lots: pl.DataFrame) -> tuple[pl.DataFrame, I8, pl.DataFrame]:
    """Return the lots of known accounts in key order, where each account's begin, and what was found."""
    if not _is_in_order(lots):
        lots = lots.sort("account_id", "security_id", "lot_id")
    runs = lots["account_id"].rle().struct.unnest().rename({"value": "account_id"})
    place = _codes(runs["account_id"], accounts["account_id"])
    findings = [_found(lots.filter(pl.Series(np.repeat(place < 0, runs["len"]))), Finding.ACCOUNT_UNKNOWN)]
    if (place < 0).any():
        lots = lots.filter(pl.Series(np.repeat(place >= 0, runs["len"])))
    counts = np.zeros(accounts.height, np.int64)
    counts[place[place >= 0]] = runs["len"].to_numpy()[place >= 0]
    findings += [
        _found(lots.filter(pl.col("unit_basis_usd").is_null() & (pl.col("gain_rate_frac") > 0)), Finding.BASIS_MISSING),
        _found(lots.filter(pl.col("held_qty") <= 0), Finding.NOT_LONG),
    ]
    return lots, normal(np.concatenate([[0], np.cumsum(counts)]), np.int64), pl.concat(findings)


def _is_in_order(lots: pl.DataFrame) -> bool:
    account, security, lot = (pl.col(name) for name in ("account_id", "security_id", "lot_id"))
    same_account, same_security = account == account.shift(), security == security.shift()
    is_later = (
        (account > account.shift())
        | (same_account & (security > security.shift()))
        | (same_account & same_security & (lot >= lot.shift()))
    )
    return bool(lots.select(is_later.fill_null(True).all()).item())


def _found(lots: pl.DataFrame, finding: Finding) -> pl.DataFrame:
    return lots.select("account_id", "security_id", "lot_id", pl.lit(finding.value).alias("finding"))


def _limits_of(accounts: pl.DataFrame, restrictions: pl.DataFrame) -> tuple[pl.DataFrame, I8]:
    """Return the restrictions of known accounts in key order, and where each account's begin."""
    columns = list(Restrictions.polars_schema())
    limits = restrictions.select(columns).sort("account_id", "security_id")
    place = _codes(limits["account_id"], accounts["account_id"])
    limits = limits.filter(pl.Series(place >= 0))
    counts = np.bincount(place[place >= 0], minlength=accounts.height)
    return limits, normal(np.concatenate([[0], np.cumsum(counts)]), np.int64)
