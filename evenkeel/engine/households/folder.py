"""A problem of households in a folder of Parquet, its answer in another.

`evenkeel.engine.folder` solves accounts alone, and writes both kinds of answers. Households are solved some at a time; lots are read again
for every part, those of its accounts only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import polars as pl
import pyarrow as pa

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
from evenkeel.engine.tables.writing import AnswerFiles
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


@dataclass(frozen=True)
class SolvedHouseholds:
    """How many households were read, how many accounts and trades they have, what became of them, and the largest gap as for `Solved`."""

    households: int
    accounts: int
    trades: int
    outcomes: dict[str, int]
    largest_gap_frac: float | None
    largest_gap_id: str | None


class HouseholdFolder:
    """The households of a folder, checked, and ready to be solved some at a time."""

    def __init__(self, in_dir: Path) -> None:
        """Read and check all but the lots.

        Args:
            in_dir: Holds the tables of INPUTS and lots: `NAME.parquet`, or a folder `NAME` of Parquet files; cash_terms, restrictions,
                location_costs and tax_units may be absent, and so may the columns household_id and location_id.

        Raises:
            UsageError: A table or column is missing, a value is not of its column's type, or a key is null or repeats; names the table,
                the first rows and what to do.
        """
        self._tables = {name: _read(in_dir, name, contract) for name, contract in INPUTS.items()}
        lots = pl.scan_parquet(table_files(in_dir, "lots", list(Lots.polars_schema())))
        present = lots.collect_schema().names()
        self._lots = lots.select([column for column in Lots.polars_schema() if column in present])
        self._accounts = self._tables["accounts"].filter(pl.col("household_id").is_not_null())
        known = self._tables["households"]["household_id"]
        self.ids = pl.concat([self._accounts["household_id"], known]).unique().sort()
        """Households that are known or that an account names, in order."""

    def refuse_ids(self, accounts: pl.Series) -> None:
        """Refuse accounts alone that have the id of a household: `tax_results` could not tell their years apart.

        Raises:
            UsageError: There are tax units and such an account; names it.
        """
        same = accounts.filter(accounts.is_in(self.ids.implode())).sort()
        if len(same) and self._tables["tax_units"].height:
            raise UsageError(
                f"households: {same[0]} is also the id of an account alone, as are {len(same)} in all, and tax_results "
                "names either; give households ids of their own"
            )

    @property
    def members(self) -> pl.Series:
        """Accounts that name a household."""
        return self._accounts["account_id"]

    def answers(self, part: int = PART, *, is_rounded: bool = False) -> Iterator[HouseholdAnswer]:
        """Yield the answer of `part` households at a time, in order: at least one. What is no account's is remarked with the first.

        Raises:
            UsageError: A lot repeats a key, or has a value that is not of its column's type.
        """
        for start in range(0, max(1, len(self.ids)), part):
            some = self.ids.slice(start, part).to_frame("household_id")
            rows = self._accounts.join(some, on="household_id", how="semi")
            held = self._lots.join(rows.lazy().select("account_id"), on="account_id", how="semi").collect()
            tables = HouseholdTables(
                accounts=rows,
                lots=checked(held, Lots),
                households=self._tables["households"].join(some, on="household_id", how="semi"),
                **{name: table for name, table in self._tables.items() if name not in ("accounts", "households")},
            )
            answer = solve_households(tables, is_rounded=is_rounded)
            yield answer if not start else replace(answer, remarks=answer.remarks.filter(pl.col("account_id") != ""))


def solve_household_tables(in_dir: Path, out_dir: Path, *, part: int = PART, is_rounded: bool = False) -> int:
    """Solve the households in `in_dir`, write the tables of OUTPUTS to `out_dir`, one Parquet file each, and return how many there are.

    Args:
        in_dir: As for `HouseholdFolder`. Accounts without a household are left out.
        out_dir: Made if it does not exist; files of an answer in it are replaced.
        part: Households solved at a time.
        is_rounded: As for `solve_households`.

    Raises:
        UsageError: As for `HouseholdFolder`. No file of an answer is left then.
    """
    folder = HouseholdFolder(in_dir)
    with AnswerFiles(out_dir, OUTPUTS, ()) as files:
        for answer in folder.answers(part, is_rounded=is_rounded):
            files.write(told(answer))
    return len(folder.ids)


def told(answer: HouseholdAnswer) -> dict[str, pa.Table]:
    """Return the tables of an answer by name, to be written."""
    return {name: getattr(answer, name).to_arrow() for name in OUTPUTS}


def household_folder(in_dir: Path) -> HouseholdFolder | None:
    """Return the households of a folder that has their table; None: it has not, and no account names one.

    Raises:
        UsageError: An account names a household and the table is missing; or as for `HouseholdFolder`.
    """
    if table_files(in_dir, "households", list(Households.polars_schema()), may_be_absent=True):
        return HouseholdFolder(in_dir)
    accounts = pl.scan_parquet(table_files(in_dir, "accounts", ["account_id", "household_id"]))
    if "household_id" in accounts.collect_schema().names():
        naming = accounts.filter(pl.col("household_id").is_not_null()).select("account_id", "household_id").limit(1)
        for account_id, household_id in naming.collect().iter_rows():
            raise UsageError(
                f"accounts: {account_id} names household {household_id}, and {in_dir} has no table households; "
                "add it, or leave household_id out to solve every account alone"
            )
    return None


def solve_together(
    together: HouseholdFolder, files: AnswerFiles, remarks: Counter[str], *, is_rounded: bool
) -> SolvedHouseholds:
    """Solve the households, write their answer after that of accounts alone, and count their remarks."""
    outcomes: Counter[str] = Counter()
    accounts, trades, gaps = 0, 0, [pl.DataFrame(schema={"household_id": pl.String, "gap_frac": pl.Float64})]
    for answer in together.answers(is_rounded=is_rounded):
        # What is no account's was said with those alone.
        tables = told(replace(answer, remarks=answer.remarks.filter(pl.col("account_id") != "")))
        files.write(tables)
        outcomes.update(answer.households["outcome"].to_list())
        remarks.update(tables["remarks"]["effect"].to_pylist())
        accounts += answer.household_accounts.height
        trades += answer.trades.height
        gaps.append(answer.households.select("household_id", "gap_frac").drop_nulls().top_k(1, by="gap_frac"))
    widest = pl.concat(gaps).sort("gap_frac", "household_id", descending=[True, False]).head(1).rows()
    name, gap = widest[0] if widest else (None, None)
    return SolvedHouseholds(len(together.ids), accounts, trades, dict(sorted(outcomes.items())), gap, name)


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
