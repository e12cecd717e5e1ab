"""A problem of households in a folder of Parquet, its answer in another.

Accounts alone are not looked at here: `evenkeel.engine.folder` solves them. Households are solved some at a time; lots are read again for
every part, those of its accounts only.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from data_contracts.contract import Contract
from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.households.tables import (
    HouseholdAccounts,
    HouseholdCells,
    HouseholdClasses,
    HouseholdResults,
    Households,
    LocationCosts,
    MemberAccounts,
)
from evenkeel.engine.tables.checking import checked
from evenkeel.engine.tables.files import table_files
from evenkeel.engine.tables.inputs import CashTerms, Lots, Models, Restrictions, Securities, TaxUnits
from evenkeel.engine.tables.outputs import Findings, Remarks, TaxResults, Trades
from evenkeel.errors import UsageError

PART = 4_000
"""Households solved at a time."""

INPUTS: dict[str, type[Contract]] = {
    "accounts": MemberAccounts,
    "models": Models,
    "securities": Securities,
    "cash_terms": CashTerms,
    "restrictions": Restrictions,
    "households": Households,
    "location_costs": LocationCosts,
    "tax_units": TaxUnits,
}
OPTIONAL = ("cash_terms", "restrictions", "location_costs", "tax_units")
OUTPUTS: dict[str, type[Contract]] = {
    "households": HouseholdResults,
    "household_classes": HouseholdClasses,
    "household_accounts": HouseholdAccounts,
    "household_cells": HouseholdCells,
    "trades": Trades,
    "findings": Findings,
    "tax_results": TaxResults,
    "remarks": Remarks,
}


def solve_household_tables(in_dir: Path, out_dir: Path, *, part: int = PART, is_rounded: bool = False) -> int:
    """Solve the households in `in_dir`, write the tables of OUTPUTS to `out_dir`, one Parquet file each, and return how many there are.

    Args:
        in_dir: Holds the tables of INPUTS and lots: `NAME.parquet`, or a folder `NAME` of Parquet files; cash_terms, restrictions,
            location_costs and tax_units may be absent, and so may the columns household_id and location_id.
        out_dir: Made if it does not exist; files of an answer in it are replaced. Not the folder of an answer for accounts alone, which has
            trades and findings too.
        part: Households solved at a time.
        is_rounded: As for `solve_households`.

    Raises:
        UsageError: A table or column is missing, a value is not of its column's type, or a key is null or repeats; names the table, the
            first rows and what to do. No file of an answer is left then.
    """
    whole = {name: _read(in_dir, name, contract) for name, contract in INPUTS.items()}
    lots = pl.scan_parquet(table_files(in_dir, "lots", list(Lots.polars_schema())))
    present = lots.collect_schema().names()
    lots = lots.select([column for column in Lots.polars_schema() if column in present])
    accounts = whole["accounts"].filter(pl.col("household_id").is_not_null())
    ids = pl.concat([accounts["household_id"], whole["households"]["household_id"]]).unique().sort()
    out_dir.mkdir(parents=True, exist_ok=True)
    writers = {
        name: pq.ParquetWriter(out_dir / f"{name}.parquet", contract.empty_frame().to_arrow().schema)
        for name, contract in OUTPUTS.items()
    }
    is_whole = False
    try:
        for start in range(0, max(1, len(ids)), part):
            some = ids.slice(start, part).to_frame("household_id")
            rows = accounts.join(some, on="household_id", how="semi")
            held = lots.join(rows.lazy().select("account_id"), on="account_id", how="semi").collect()
            tables = HouseholdTables(
                accounts=rows,
                lots=checked(held, Lots),
                households=whole["households"].join(some, on="household_id", how="semi"),
                **{name: whole[name] for name in INPUTS if name not in ("accounts", "households")},
            )
            answer = solve_households(tables, is_rounded=is_rounded)
            if start:
                # What is no account's has been said with the first.
                answer = replace(answer, remarks=answer.remarks.filter(pl.col("account_id") != ""))
            _write(answer, writers)
        is_whole = True
    finally:
        for name, writer in writers.items():
            writer.close()
            if not is_whole:
                # The answer of some households alone would look like one of all.
                (out_dir / f"{name}.parquet").unlink(missing_ok=True)
    return len(ids)


def _read(in_dir: Path, name: str, contract: type[Contract]) -> pl.DataFrame:
    """Return a table with its contract's columns; `household_id` and `location_id` are null where they are absent."""
    files = table_files(in_dir, name, list(contract.polars_schema()), may_be_absent=name in OPTIONAL)
    if not files:
        return contract.empty_frame()
    scan = pl.scan_parquet(files)
    present = scan.collect_schema().names()
    table = scan.select([column for column in contract.polars_schema() if column in present]).collect()
    if contract is MemberAccounts:
        absent = [column for column in ("household_id", "location_id") if column not in present]
        table = table.with_columns(pl.lit(None, pl.String).alias(column) for column in absent)
    try:
        return checked(table, contract)
    except UsageError as error:
        raise UsageError(str(error).replace(contract.dataset_name(), name, 1)) from error


def _write(answer: HouseholdAnswer, writers: dict[str, pq.ParquetWriter]) -> None:
    for name, writer in writers.items():
        table = getattr(answer, name)
        if table.height:
            writer.write_table(table.to_arrow().cast(writer.schema))
