"""Lots told by number give what the same lots as a table give, whatever is odd about them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow.parquet as pq
import pytest
from polars.testing import assert_frame_equal

from evenkeel.engine.columns import Texts
from evenkeel.engine.folder import solve_tables
from evenkeel.engine.lots import order_lots
from evenkeel.engine.numbered import IDS, NumberedLots, joined, texts_of
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from evenkeel.errors import UsageError
from tests.unit.engine.problems import random_tables
from tests.unit.engine.test_folder import write


def numbered(lots: pl.DataFrame, rows: int) -> NumberedLots:
    """Return lots as row groups of so many rows tell them, each with numbers of its own."""
    parts = []
    for start in range(0, max(lots.height, 1), rows):
        some = lots.slice(start, rows)
        account, security = (texts_of(some.select(name).to_arrow().column(0).dictionary_encode()) for name in IDS)
        parts.append(NumberedLots(account, security, some.drop(IDS)))
    return joined(parts)


ODD: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "as they are": lambda lots: lots,
    "in another order": lambda lots: lots.sample(fraction=1, shuffle=True, seed=7),
    "lots of one security in another order": lambda lots: lots.sort(
        "account_id", "security_id", "lot_id", descending=[False, False, True]
    ),
    "securities in another order": lambda lots: lots.sort(
        "account_id", "security_id", "lot_id", descending=[False, True, False]
    ),
    "accounts in another order": lambda lots: lots.sort(
        "account_id", "security_id", "lot_id", descending=[True, False, False]
    ),
    "of an unknown account": lambda lots: lots.with_columns(
        pl.when(pl.col("account_id") == lots["account_id"][0])
        .then(pl.lit("0"))
        .otherwise("account_id")
        .alias("account_id")
    ),
    "of an unknown security": lambda lots: lots.with_columns(
        pl.when(pl.int_range(pl.len()) == 5).then(pl.lit("GHOST")).otherwise("security_id").alias("security_id")
    ),
    "short, and without a basis": lambda lots: lots.with_columns(
        pl.when(pl.int_range(pl.len()) % 9 == 4).then(-pl.col("held_qty")).otherwise("held_qty").alias("held_qty"),
        pl.when(pl.int_range(pl.len()) % 7 == 3).then(None).otherwise("unit_basis_usd").alias("unit_basis_usd"),
    ),
    "with a basis that is not a number": lambda lots: lots.with_columns(
        pl.when(pl.int_range(pl.len()) % 7 == 3).then(float("nan")).otherwise("unit_basis_usd").alias("unit_basis_usd")
    ),
    "none": lambda lots: lots.clear(),
}


@pytest.mark.parametrize("rows", [3, 11, 10_000])
@pytest.mark.parametrize("odd", list(ODD))
def test_they_are_ordered_as_a_table_is(odd: str, rows: int) -> None:
    tables = random_tables(5, 40, washed=True)
    accounts, known = tables.accounts.sort("account_id"), tables.securities["security_id"].unique().sort()
    lots = ODD[odd](tables.lots.sort("account_id", "security_id", "lot_id"))
    by_table, by_number = order_lots(accounts, lots, known), order_lots(accounts, numbered(lots, rows), known)
    assert np.array_equal(by_number.starts, by_table.starts)
    assert np.array_equal(by_number.security, by_table.security)
    assert_frame_equal(by_number.table.drop(IDS, strict=False), by_table.table.drop(IDS))
    assert_frame_equal(by_number.findings, by_table.findings)


@pytest.mark.parametrize("odd", [name for name in ODD if name != "none"])
def test_a_file_of_them_is_solved_as_a_table_is(tmp_path: Path, odd: str) -> None:
    tables = random_tables(5, 40, washed=True)
    lots = ODD[odd](tables.lots.sort("account_id", "security_id", "lot_id"))
    folder = write(tables, tmp_path / "in")
    lots.write_parquet(folder / "lots.parquet", row_group_size=10)
    solve_tables(folder, tmp_path / "out", part=3)
    answer = solve(
        Tables(tables.accounts, tables.models, tables.securities, lots, tables.cash_terms, tables.restrictions)
    )
    for name in ("accounts", "classes", "trades"):
        assert_frame_equal(pl.read_parquet(tmp_path / "out" / f"{name}.parquet"), getattr(answer, name))
    key = ["account_id", "security_id", "lot_id", "finding"]
    assert_frame_equal(pl.read_parquet(tmp_path / "out" / "findings.parquet").sort(key), answer.findings.sort(key))


def test_what_was_filtered_is_spelled_as_it_stood() -> None:
    lots = random_tables(5, 40, washed=True).lots
    is_wanted = np.arange(lots.height) % 3 == 1
    assert_frame_equal(numbered(lots, 8).filter(is_wanted).spelled(), lots.filter(pl.Series(is_wanted)))


@pytest.mark.parametrize("name", ["account_id", "security_id", "lot_id"])
def test_a_null_key_is_told(tmp_path: Path, name: str) -> None:
    tables = random_tables(5, 40, washed=True)
    folder = write(tables, tmp_path / "in")
    with_null = tables.lots.sort("account_id").with_columns(
        pl.when(pl.int_range(pl.len()) == 5).then(None).otherwise(name).alias(name)
    )
    # With a null account the parts come as tables, as statistics tell of it; with any other null by number.
    pq.write_table(with_null.to_arrow(), folder / "lots.parquet", row_group_size=16)
    with pytest.raises(UsageError, match=f"lots: null in {name}, which may not be"):
        solve_tables(folder, tmp_path / "out")


def test_a_place_of_minus_one_is_a_null() -> None:
    texts = Texts(pl.Series(["a", "b"]), np.array([1, -1, 0], np.int32))
    assert texts.spelled().to_list() == ["b", None, "a"]
