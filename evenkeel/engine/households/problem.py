"""The tables of a problem of households, and how they become arrays."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evenkeel.engine.arrays import I8, normal
from evenkeel.engine.codes import Finding
from evenkeel.engine.households.arrays import HouseholdArrays, HouseholdProblem
from evenkeel.engine.problem import Prepared, Tables, prepare

POLICY = ("model_id", "target_cost_frac", "band_cost_frac")
"""What is the household's: its accounts' own columns of these names are not read."""


@dataclass(frozen=True)
class HouseholdTables(Tables):
    """The tables of a problem of households, in any order of rows. Of `accounts` (`MemberAccounts`) those alone are left out."""

    households: pl.DataFrame
    location_costs: pl.DataFrame


@dataclass(frozen=True)
class PreparedHouseholds:
    """A problem of households as arrays, with the rows that its places stand for.

    `households` are those that are known and have accounts, in key order, as in `HouseholdArrays`; `accounts` in `prepared` are theirs.
    `members` are all accounts that name a household, in key order; `every_household` has each id once, and whether it is known.
    """

    arrays: HouseholdProblem
    prepared: Prepared
    households: pl.DataFrame
    members: pl.DataFrame
    every_household: pl.DataFrame


def prepare_households(tables: HouseholdTables) -> PreparedHouseholds:
    """Return the problem as arrays: accounts get their household's model and costs, then are prepared as accounts alone are."""
    members = tables.accounts.filter(pl.col("household_id").is_not_null()).sort("account_id")
    known = members.drop(POLICY).join(tables.households, on="household_id", how="inner", maintain_order="left")
    one_account = Tables(known, tables.models, tables.securities, tables.lots, tables.cash_terms, tables.restrictions)
    prepared = prepare(one_account)
    elsewhere = prepared.findings.join(tables.accounts, on="account_id", how="semi").filter(
        pl.col("finding") == Finding.ACCOUNT_UNKNOWN.value
    )
    prepared = replace(prepared, findings=prepared.findings.join(elsewhere, on="account_id", how="anti"))
    households = tables.households.join(known, on="household_id", how="semi").sort("household_id")
    by_household = prepared.accounts.select("household_id").with_row_index("place").sort("household_id", "place")
    sizes = by_household["household_id"].rle().struct.field("len").to_numpy()
    members_from: I8 = normal(np.concatenate([[0], np.cumsum(sizes)]), np.int64)
    arrays = HouseholdArrays(
        members_from,
        normal(by_household["place"].to_numpy(), np.int64),
        *_locations(prepared, tables.location_costs),
    )
    every = pl.concat([tables.households.select("household_id"), members.select("household_id")]).unique()
    every = every.with_columns(
        pl.col("household_id").is_in(tables.households["household_id"].to_list()).alias("is_known")
    )
    return PreparedHouseholds(
        HouseholdProblem(prepared.arrays, arrays),
        prepared,
        households,
        members.select("account_id", "household_id"),
        every,
    )


def _locations(prepared: Prepared, location_costs: pl.DataFrame) -> tuple[I8, np.ndarray]:
    """Return each account's row of location costs (-1: unknown, -2: none), and the costs by row and class number."""
    kinds = location_costs.select("location_id").unique().sort("location_id").with_row_index("row")
    classes = prepared.classes.to_frame("asset_class").with_row_index("klass")
    rows = location_costs.join(kinds, on="location_id").join(classes, on="asset_class")
    costs = np.zeros((kinds.height + 1, prepared.arrays.class_count))
    costs[rows["row"].to_numpy(), rows["klass"].to_numpy()] = (
        rows["location_cost_frac"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    )
    found = prepared.accounts.select("location_id").join(kinds, on="location_id", how="left", maintain_order="left")
    place = found.select(
        pl.when(pl.col("location_id").is_null()).then(-2).otherwise(pl.col("row").cast(pl.Int64).fill_null(-1))
    ).to_series()
    return normal(place.to_numpy(), np.int64), normal(costs, np.float64)
