"""A problem in a folder of Parquet, its answer in another.

Accounts are read and solved some at a time, so that memory does not grow with the book.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import cast

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc

from data_contracts.contract import Contract
from evenkeel.engine.account_columns import AccountColumns
from evenkeel.engine.answer import SolvedBook, tell
from evenkeel.engine.codes import Outcome
from evenkeel.engine.columns import told_of
from evenkeel.engine.compiled import measure_book_kernel, round_book_kernel, solve_book_kernel
from evenkeel.engine.drift import measure
from evenkeel.engine.households.folder import OUTPUTS as HOUSEHOLD_OUTPUTS
from evenkeel.engine.households.folder import SolvedHouseholds, household_folder, solve_together
from evenkeel.engine.netted.stake import is_netted
from evenkeel.engine.numbered import NumberedLots
from evenkeel.engine.parts import ReadLots, parts_of
from evenkeel.engine.problem import Tables, prepare
from evenkeel.engine.remarks import shared_remarks
from evenkeel.engine.shared import Shared, prepare_shared
from evenkeel.engine.solve import remarks_on, solve_prepared
from evenkeel.engine.tables.checking import checked, checked_numbered
from evenkeel.engine.tables.files import table_files
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities, TaxUnits
from evenkeel.engine.tables.keys import is_rising
from evenkeel.engine.tables.outputs import AccountResults, ClassResults, Drift, Findings, Remarks, TaxResults, Trades
from evenkeel.engine.tables.writing import AnswerFiles
from evenkeel.engine.threads import ahead, default_threads, in_order
from evenkeel.errors import UsageError

PART = 25_000
"""Accounts solved at a time; half as many take a twelfth longer and a sixth less memory, twice as many half as much memory again."""

OPTIONAL = (CashTerms, Restrictions, TaxUnits)
OUTPUTS: dict[str, type[Contract]] = {
    "accounts": AccountResults,
    "classes": ClassResults,
    "trades": Trades,
    "findings": Findings,
    "tax_results": TaxResults,
    "remarks": Remarks,
}
DRIFT: dict[str, type[Contract]] = {"drift": Drift}
HOUSEHOLDS: dict[str, type[Contract]] = {
    name: contract for name, contract in HOUSEHOLD_OUTPUTS.items() if name not in OUTPUTS
}


@dataclass(frozen=True)
class Solved:
    """How many accounts were read, had trades, and could not be solved or measured; how many trades there are; what stands out.

    `outcomes` counts accounts by outcome. `largest_gap_frac` is the largest gap as a share of the account's value, `largest_gap_id` whose
    it is; null where nothing was solved. `remarks` are rows of that table, by what was done about them. All but `remarks` are of accounts
    alone; `households`: what became of the others, None where the folder has no table of households.
    """

    accounts: int
    traded: int
    unsolved: int
    trades: int
    outcomes: dict[str, int]
    largest_gap_frac: float | None
    largest_gap_id: str | None
    remarks: dict[str, int]
    households: SolvedHouseholds | None = None


def solve_tables(
    in_dir: Path,
    out_dir: Path,
    *,
    part: int = PART,
    is_rounded: bool = False,
    is_outside_only: bool = False,
    threads: int | None = None,
) -> Solved:
    """Solve the problem in `in_dir` and write the tables of OUTPUTS to `out_dir`, one Parquet file each.

    Where the folder has a table `households`, accounts that name one are solved together with its others: their rows follow those of the
    accounts alone in the tables that both have, and the tables of HOUSEHOLDS are written too.

    Args:
        in_dir: Holds accounts, models, securities and lots, and may hold cash_terms, restrictions, tax_units, households and
            location_costs: `NAME.parquet`, or a folder `NAME` of Parquet files. Columns beyond the contract's are not read. Rows stand in
            any order.
        out_dir: Made if it does not exist; files of an answer in it are replaced. Not `in_dir`, whose accounts it would replace.
        part: Accounts solved at a time.
        is_rounded: As for `solve`.
        is_outside_only: Measure every account, write `drift` too, and solve only those outside their bands (`drift.measure`); the others
            have outcome `within_bands`. Households are all solved.
        threads: Parts solved at once, each in memory; the answer is the same. None: one a core, at most `threads.MOST`.

    Raises:
        UsageError: A table or column is missing, an account names a household and there is no table of them, a value is not of its
            column's type, or a key is null or repeats; names the table, the first rows and what to do. No file of an answer is left then.
    """
    if out_dir.resolve() == in_dir.resolve():
        raise UsageError(
            f"{out_dir} holds the problem, whose tables the answer would replace; give another folder for the answer"
        )
    whole = {
        contract: checked(_read(in_dir, contract), contract)
        for contract in (Accounts, Models, Securities, CashTerms, Restrictions, TaxUnits)
    }
    lot_files = _files(in_dir, Lots)
    lot_columns = _present(pl.scan_parquet(lot_files), Lots)
    together = household_folder(in_dir)
    accounts = whole[Accounts]
    if together is not None:
        accounts = accounts.filter(~pl.col("account_id").is_in(together.members.implode()))
        together.refuse_ids(accounts["account_id"])
    if not is_rising(accounts, ["account_id"]):
        accounts = accounts.sort("account_id")
    # Known to be in order, no part is sorted again.
    accounts = accounts.with_columns(pl.col("account_id").set_sorted())
    shared = prepare_shared(whole[Models], whole[Securities], whole[CashTerms])
    _load_kernels(is_rounded, is_outside_only)
    no_lots = Lots.empty_frame()

    def jobs() -> Iterator[Callable[[], dict[str, pa.Table]]]:
        for rows, read in parts_of(accounts, lot_files, lot_columns, part):
            lots = read if together is None else _without(read, together.members)
            limits = whole[Restrictions]
            if limits.height:
                limits = limits.join(rows, on="account_id", how="semi")
            tables = Tables(
                rows, whole[Models], whole[Securities], no_lots, whole[CashTerms], limits, tax_units=whole[TaxUnits]
            )
            yield partial(_solve_part, tables, lots, shared, is_rounded, is_outside_only)

    odd = shared_remarks(whole[Models], whole[Securities]).to_arrow()
    remarks = Counter(odd["effect"].to_pylist())
    tallies: list[_Tally] = []
    outputs = OUTPUTS | (DRIFT if is_outside_only else {}) | (HOUSEHOLDS if together is not None else {})
    with AnswerFiles(out_dir, outputs, {*DRIFT, *HOUSEHOLDS}) as files:
        # Without an account, they stand first.
        files.write({"remarks": odd})
        # What is written is on its way while the next part is read.
        for answer in ahead(in_order(jobs(), threads or default_threads()), files.write):
            tallies.append(_tally(answer))
            remarks.update(answer["remarks"]["effect"].to_pylist())
        houses = None if together is None else solve_together(together, files, remarks, is_rounded=is_rounded)
    return _summed(tallies, remarks, houses)


def _without(lots: ReadLots, members: pl.Series) -> ReadLots:
    """Return the lots of accounts that are no household's: the others are known, though not here."""
    if isinstance(lots, NumberedLots):
        return lots.filter(~lots.account.names.is_in(members.implode()).to_numpy()[lots.account.places])
    # A lot without an account stays, to be refused.
    return lots.filter(~pl.col("account_id").is_in(members.implode()).fill_null(False))


def _load_kernels(is_rounded: bool, is_outside_only: bool) -> None:
    """Load what is compiled before there are threads: loading is not for several at once."""
    solve_book_kernel()
    if is_rounded:
        round_book_kernel()
    if is_outside_only:
        measure_book_kernel()


def _solve_part(
    tables: Tables, read: ReadLots, shared: Shared, is_rounded: bool, is_outside_only: bool
) -> dict[str, pa.Table]:
    """Return the part's tables of the answer by name."""
    numbered: NumberedLots | None = None
    if isinstance(read, NumberedLots) and not is_rounded and not is_netted(tables.accounts):
        numbered = checked_numbered(read)
    else:
        # Programs, and taxes that are netted, look lots up by their ids.
        lots = read.spelled() if isinstance(read, NumberedLots) else read
        tables = replace(tables, lots=checked(lots, Lots))
    if not is_outside_only:
        book = solve_prepared(prepare(tables, shared, numbered), tables, is_rounded=is_rounded)
        accounts = book.accounts
        return _told(book, accounts, accounts, tables, numbered)
    measured = measure(tables, shared, numbered)
    book = solve_prepared(measured.outside, tables, is_rounded=is_rounded)
    outside = book.accounts
    accounts = measured.accounts.with_those(outside, measured.is_outside)
    return {**_told(book, outside, accounts, tables, numbered), "drift": measured.told}


def _told(
    book: SolvedBook, solved: AccountColumns, accounts: AccountColumns, tables: Tables, numbered: NumberedLots | None
) -> dict[str, pa.Table]:
    """Return the tables of the answer by name; `solved` are the book's accounts, `accounts` all."""
    remarks = remarks_on(tables, tables.lots if numbered is None else numbered, accounts)
    return {"accounts": told_of(accounts.columns()), **tell(book, solved), "remarks": remarks.to_arrow()}


def _files(in_dir: Path, contract: type[Contract]) -> list[Path]:
    """Return the table's Parquet files; none where it may be absent and is."""
    columns = list(contract.polars_schema())
    return table_files(in_dir, contract.dataset_name(), columns, may_be_absent=contract in OPTIONAL)


def _present(scan: pl.LazyFrame, contract: type[Contract]) -> list[str]:
    """Return the contract's columns that the table has; those that are missing are left for `checked` to tell."""
    present = scan.collect_schema().names()
    return [column for column in contract.polars_schema() if column in present]


def _read(in_dir: Path, contract: type[Contract]) -> pl.DataFrame:
    files = _files(in_dir, contract)
    if not files:
        return contract.empty_frame()
    scan = pl.scan_parquet(files)
    return scan.select(_present(scan, contract)).collect()


@dataclass(frozen=True)
class _Tally:
    """Of some accounts: how many there are by outcome, how many trades, and the largest gap with its account."""

    outcomes: dict[str, int]
    trades: int
    gap: float | None
    gap_id: str | None


def _tally(answer: dict[str, pa.Table]) -> _Tally:
    accounts = answer["accounts"]
    counts = {str(row["values"]): int(row["counts"]) for row in pc.value_counts(accounts["outcome"]).to_pylist()}
    gaps = accounts["gap_frac"]
    gap = pc.max(gaps).as_py()
    whose = None if gap is None else str(accounts["account_id"][pc.index(gaps, gap).as_py()])
    return _Tally(counts, answer["trades"].num_rows, gap, whose)


def _summed(tallies: list[_Tally], remarks: Counter[str], households: SolvedHouseholds | None) -> Solved:
    """Return the tallies of all parts as one."""
    counts: Counter[str] = Counter()
    for tally in tallies:
        counts.update(tally.outcomes)
    accounts = sum(counts.values())
    traded = counts[Outcome.TRADED]
    left = counts[Outcome.NOTHING_TO_TRADE] + counts[Outcome.WITHIN_BANDS]
    unsolved = accounts - traded - left
    # Of equal gaps that of the first account.
    worst = min(
        (tally for tally in tallies if tally.gap is not None),
        key=lambda tally: (-cast("float", tally.gap), tally.gap_id),
        default=_Tally({}, 0, None, None),
    )
    trades = sum(tally.trades for tally in tallies)
    return Solved(
        accounts,
        traded,
        unsolved,
        trades,
        dict(sorted(counts.items())),
        worst.gap,
        worst.gap_id,
        dict(sorted(remarks.items())),
        households,
    )
