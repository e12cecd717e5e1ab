"""What is wrong in the tables in of households: as `evenkeel.engine.remarks`, with what is the household's and not its accounts'."""

from __future__ import annotations

import polars as pl

from evenkeel.engine.households.problem import POLICY, HouseholdTables
from evenkeel.engine.remarks import OF_FIGURES, RowsOf, account_remarks, fits_of, lots_of, remarks_of, shared_remarks
from evenkeel.engine.tables.fits import ANY, COST


def household_remarks(tables: HouseholdTables, accounts: pl.DataFrame) -> pl.DataFrame:
    """Return `remarks` of the households' accounts; `accounts` is the answer's `household_accounts`."""
    odd = shared_remarks(tables.models, tables.securities)
    ids = accounts.filter(pl.col("outcome").is_in([outcome.value for outcome in OF_FIGURES])).select("account_id")
    if not ids.height:
        return odd
    own = tables.accounts.join(ids, on="account_id", how="semi")
    known = own.drop(POLICY).join(tables.households, on="household_id", how="inner", maintain_order="left")
    places = own.select("account_id", "location_id").join(tables.location_costs, on="location_id", how="inner")
    costs = {"target_cost_frac": COST, "band_cost_frac": COST}
    theirs = [
        *RowsOf(known, "households", ("household_id",)).told(fits_of(costs)),
        *RowsOf(places, "location_costs", ("location_id", "asset_class")).told(fits_of({"location_cost_frac": ANY})),
    ]
    lots = lots_of(tables.lots, ids["account_id"])
    return remarks_of([odd, account_remarks(tables, known, lots, but=POLICY), *theirs])
