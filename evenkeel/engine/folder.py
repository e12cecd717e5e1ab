"""A problem in a folder of Parquet, its answer in another.

Accounts are read and solved some at a time, so that memory does not grow with the book. Lots that are sorted by account are read once;
unsorted ones are read again for every part, which is slower and gives the same answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow.parquet as pq

from data_contracts.contract import Contract
from evenkeel.engine.answer import Answer
from evenkeel.engine.codes import CASH_CLASS, CashTerm, Outcome
from evenkeel.engine.problem import Tables, given
from evenkeel.engine.solve import solve
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities, TaxUnits
from evenkeel.engine.tables.outputs import AccountResults, ClassResults, Findings, TaxResults, Trades
from evenkeel.errors import UsageError

PART = 12_500
"""Accounts solved at a time; larger parts take more memory and are not faster."""

OPTIONAL = (CashTerms, Restrictions, TaxUnits)
OUTPUTS: dict[str, type[Contract]] = {
    "accounts": AccountResults,
    "classes": ClassResults,
    "trades": Trades,
    "findings": Findings,
    "tax_results": TaxResults,
}


@dataclass(frozen=True)
class Solved:
    """How many accounts were read, had trades, and could not be solved; how many trades there are; what stands out.

    `outcomes` counts accounts by outcome. `largest_gap_frac` is the largest gap as a share of the account's value, `largest_gap_id` whose
    it is; null where nothing was solved.
    """

    accounts: int
    traded: int
    unsolved: int
    trades: int
    outcomes: dict[str, int]
    largest_gap_frac: float | None
    largest_gap_id: str | None


def solve_tables(in_dir: Path, out_dir: Path, *, part: int = PART, is_rounded: bool = False) -> Solved:
    """Solve the problem in `in_dir` and write the tables of OUTPUTS to `out_dir`, one Parquet file each.

    Args:
        in_dir: Holds accounts, models, securities and lots, and may hold cash_terms, restrictions and tax_units: `NAME.parquet`, or a folder `NAME` of
            Parquet files. Columns beyond the contract's are not read. Rows stand in any order.
        out_dir: Made if it does not exist; files of an answer in it are replaced. Not `in_dir`, whose accounts it would replace.
        part: Accounts solved at a time.
        is_rounded: As for `solve`.

    Raises:
        UsageError: A table or column is missing, a column is not of its type, or a key repeats; names the table and what to do.
    """
    if out_dir.resolve() == in_dir.resolve():
        raise UsageError(
            f"{out_dir} holds the problem, whose tables the answer would replace; give another folder for the answer"
        )
    scans = {
        contract: _scan(in_dir, contract)
        for contract in (Accounts, Models, Securities, Lots, CashTerms, Restrictions, TaxUnits)
    }
    whole = {
        contract: checked(_read(scans[contract], contract), contract) for contract in scans if contract is not Lots
    }
    accounts = whole[Accounts].sort("account_id")
    out_dir.mkdir(parents=True, exist_ok=True)
    tallies: list[pl.DataFrame] = []
    trades = 0
    writers = {
        name: pq.ParquetWriter(out_dir / f"{name}.parquet", _arrow_schema(contract))
        for name, contract in OUTPUTS.items()
    }
    try:
        for rows, low, high in _parts(accounts, part):
            some = scans[Lots]
            if low is not None:
                some = some.filter(pl.col("account_id") >= low)
            if high is not None:
                some = some.filter(pl.col("account_id") < high)
            limits = whole[Restrictions].join(rows, on="account_id", how="semi")
            tables = Tables(
                rows,
                whole[Models],
                whole[Securities],
                checked(_read(some, Lots), Lots),
                whole[CashTerms],
                limits,
                tax_units=whole[TaxUnits],
            )
            answer = solve(tables, is_rounded=is_rounded)
            _write(answer, writers)
            tallies.append(_tally(answer))
            trades += answer.trades.height
    finally:
        for writer in writers.values():
            writer.close()
    return _summed(pl.concat(tallies), trades)


def checked(table: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Return the table with the contract's columns, of its types, each key once.

    Raises:
        UsageError: As `solve_tables`.
    """
    name, schema = contract.dataset_name(), contract.polars_schema()
    table = given(table, contract)
    missing = [column for column in schema if column not in table.columns]
    if missing:
        raise UsageError(f"{name}: columns missing: {', '.join(missing)}; docs/engine-tables.md lists them all")
    try:
        table = table.select(pl.col(column).cast(dtype) for column, dtype in schema.items())
    except pl.exceptions.PolarsError as error:
        raise UsageError(f"{name}: a column is not of its type: {str(error).splitlines()[0]}") from error
    keys = contract.key_columns()
    texts = [column for column in keys if table[column].null_count()]
    if texts:
        raise UsageError(f"{name}: null in {', '.join(texts)}, which may not be")
    if contract is Lots:
        return table
    repeated = table.height - table.select(pl.struct(keys).n_unique()).item() if table.height else 0
    if repeated:
        raise UsageError(f"{name}: {repeated} rows repeat a key ({', '.join(keys)}); give each one row")
    if contract is Securities:
        silent = table.filter(pl.col("asset_class").is_null()).height
        if silent:
            raise UsageError(f"securities: {silent} rows without asset_class")
        cash = table.filter(pl.col("asset_class") == CASH_CLASS).height
        if cash:
            raise UsageError(
                f"securities: {cash} rows of class {CASH_CLASS}; count a sweep in accounts.cash_usd, or give it its own class"
            )
    if contract is CashTerms:
        odd = table.filter(~pl.col("term").is_in([term.value for term in CashTerm])).height
        if odd:
            raise UsageError(f"cash_terms: {odd} rows whose term is none of {', '.join(CashTerm)}")
    return table


def _scan(in_dir: Path, contract: type[Contract]) -> pl.LazyFrame:
    name = contract.dataset_name()
    for place in (in_dir / f"{name}.parquet", in_dir / name):
        if place.exists():
            scan = pl.scan_parquet(place if place.is_file() else place / "*.parquet")
            try:
                scan.collect_schema()
            except (pl.exceptions.PolarsError, OSError) as error:
                raise UsageError(f"{place} cannot be read as Parquet: {str(error).splitlines()[0]}") from error
            return scan
    if contract in OPTIONAL:
        return contract.empty_frame().lazy()
    raise UsageError(f"{in_dir} has no {name}.parquet and no folder {name}")


def _read(scan: pl.LazyFrame, contract: type[Contract]) -> pl.DataFrame:
    """Read the contract's columns; those that are missing stay so, for `checked` to tell."""
    present = scan.collect_schema().names()
    return scan.select([column for column in contract.polars_schema() if column in present]).collect()


def _parts(accounts: pl.DataFrame, part: int) -> Iterator[tuple[pl.DataFrame, str | None, str | None]]:
    """Yield accounts in order, with the ids from which on and before which their lots are: together, all lots."""
    starts = list(range(0, max(accounts.height, 1), part))
    for start in starts:
        rows = accounts.slice(start, part)
        end = start + part
        low = None if start == 0 else str(rows["account_id"][0])
        high = None if end >= accounts.height else str(accounts["account_id"][end])
        yield rows, low, high


def _arrow_schema(contract: type[Contract]) -> object:
    return contract.empty_frame().to_arrow().schema


def _write(answer: Answer, writers: dict[str, pq.ParquetWriter]) -> None:
    for name, writer in writers.items():
        table = getattr(answer, name)
        if table.height:
            writer.write_table(table.to_arrow().cast(writer.schema))


def _tally(answer: Answer) -> pl.DataFrame:
    """Return by outcome how many accounts there are, and the largest gap with its account."""
    worst = pl.col("account_id").sort_by("gap_frac", descending=True, nulls_last=True).first()
    return answer.accounts.group_by("outcome").agg(
        pl.len().alias("accounts"), pl.col("gap_frac").max(), worst.alias("worst_id")
    )


def _summed(tallies: pl.DataFrame, trades: int) -> Solved:
    """Return the tallies of all parts as one."""
    counts = tallies.group_by("outcome").agg(pl.col("accounts").sum()).sort("outcome")
    outcomes = {str(outcome): int(number) for outcome, number in counts.iter_rows()}
    solved = tallies.filter(pl.col("gap_frac").is_not_null()).sort("gap_frac", "worst_id", descending=[True, False])
    accounts = sum(outcomes.values())
    traded = outcomes.get(Outcome.TRADED, 0)
    unsolved = accounts - traded - outcomes.get(Outcome.NOTHING_TO_TRADE, 0)
    gap, whose = (solved["gap_frac"][0], solved["worst_id"][0]) if solved.height else (None, None)
    return Solved(accounts, traded, unsolved, trades, outcomes, gap, whose)
