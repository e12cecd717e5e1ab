"""A problem in a folder of Parquet: parts, order, what is missing."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import pytest

from data_contracts.conform import conform
from evenkeel.engine.answer import Answer
from evenkeel.engine.drift import measure
from evenkeel.engine.folder import DRIFT, OUTPUTS, solve_tables
from evenkeel.engine.numbered import NumberedLots
from evenkeel.engine.parts import parts_of
from evenkeel.engine.problem import Tables
from evenkeel.engine.solve import solve
from evenkeel.errors import UsageError
from tests.unit.engine.netted_problems import netted_tables
from tests.unit.engine.problems import random_tables, with_wide_bands
from tests.unit.engine.scene import scene


def write(tables: Tables, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for part in fields(tables):
        getattr(tables, part.name).write_parquet(folder / f"{part.name}.parquet")
    return folder


@pytest.mark.parametrize("part", [1, 7, 1_000])
@pytest.mark.parametrize("is_sorted", [True, False])
def test_the_answer_does_not_depend_on_parts_or_order(tmp_path: Path, part: int, is_sorted: bool) -> None:
    tables = random_tables(5, 40, washed=True)
    given = (
        tables
        if is_sorted
        else Tables(
            **{f.name: getattr(tables, f.name).sample(fraction=1, shuffle=True, seed=3) for f in fields(tables)}
        )
    )
    solved = solve_tables(write(given, tmp_path / "in"), tmp_path / "out", part=part)
    answer = solve(tables)
    for table in fields(Answer):
        read = pl.read_parquet(tmp_path / "out" / f"{table.name}.parquet")
        assert read.equals(getattr(answer, table.name)), table.name
    assert (solved.accounts, solved.trades) == (40, answer.trades.height)
    assert solved.unsolved == answer.accounts["nav_usd"].null_count()


@pytest.mark.parametrize("is_rounded", [True, False])
def test_netted_taxes_do_not_depend_on_parts(tmp_path: Path, is_rounded: bool) -> None:
    tables = netted_tables(4, 30, washed=True)
    folder = write(tables, tmp_path / "in")
    solve_tables(folder, tmp_path / "out", part=7, is_rounded=is_rounded)
    answer = solve(tables, is_rounded=is_rounded)
    for table in fields(Answer):
        read = pl.read_parquet(tmp_path / "out" / f"{table.name}.parquet")
        assert read.equals(getattr(answer, table.name)), table.name
        assert conform(read, OUTPUTS[table.name], is_sorted=True).equals(read)
    assert answer.tax_results.height > 20


def test_what_is_written_keeps_its_contract(tmp_path: Path) -> None:
    solve_tables(write(random_tables(6, 30, washed=True), tmp_path / "in"), tmp_path / "out")
    for name, contract in OUTPUTS.items():
        table = pl.read_parquet(tmp_path / "out" / f"{name}.parquet")
        assert conform(table, contract, is_sorted=True).equals(table)


def test_optional_tables_may_be_absent_and_a_table_may_be_a_folder(tmp_path: Path) -> None:
    tables = scene(lots=[{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}])
    folder = write(tables, tmp_path / "in")
    (folder / "cash_terms.parquet").unlink()
    (folder / "restrictions.parquet").unlink()
    (folder / "lots").mkdir()
    (folder / "lots.parquet").unlink()
    tables.lots.slice(0, 1).write_parquet(folder / "lots" / "1.parquet")
    tables.lots.slice(1).write_parquet(folder / "lots" / "2.parquet")
    assert solve_tables(folder, tmp_path / "out").trades == 2


def test_files_of_one_table_that_differ_are_told(tmp_path: Path) -> None:
    lots = [{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}]
    folder = write(scene(lots=lots), tmp_path / "in")
    whole = pl.read_parquet(folder / "lots.parquet")
    (folder / "lots").mkdir()
    whole.slice(0, 1).write_parquet(folder / "lots" / "1.parquet")
    with pytest.raises(UsageError, match=r"both lots\.parquet and a folder lots"):
        solve_tables(folder, tmp_path / "out")
    (folder / "lots.parquet").unlink()
    rest = folder / "lots" / "2.parquet"
    whole.slice(1).with_columns(pl.col("held_qty").cast(pl.Int64)).write_parquet(rest)
    with pytest.raises(UsageError, match=r"lots: held_qty is Int64 in 2\.parquet and Float64 in 1\.parquet"):
        solve_tables(folder, tmp_path / "out")
    whole.slice(1).drop("is_long_term").write_parquet(rest)
    with pytest.raises(UsageError, match=r"lots: is_long_term is absent in 2\.parquet and Boolean in 1\.parquet"):
        solve_tables(folder, tmp_path / "out")
    rest.write_text("hello")
    with pytest.raises(UsageError, match=r"2\.parquet cannot be read as Parquet"):
        solve_tables(folder, tmp_path / "out")
    for file in (folder / "lots").iterdir():
        file.unlink()
    with pytest.raises(UsageError, match=r"lots has no Parquet file"):
        solve_tables(folder, tmp_path / "out")


def test_a_missing_table_and_a_missing_column_are_named(tmp_path: Path) -> None:
    folder = write(scene(lots=[{"security": "VTI", "qty": 700}]), tmp_path / "in")
    pl.read_parquet(folder / "lots.parquet").drop("washed_qty").write_parquet(folder / "lots.parquet")
    with pytest.raises(UsageError, match="lots: columns missing: washed_qty"):
        solve_tables(folder, tmp_path / "out")
    (folder / "models.parquet").unlink()
    with pytest.raises(UsageError, match=r"no models\.parquet"):
        solve_tables(folder, tmp_path / "out")


@pytest.mark.parametrize("name", ["accounts", "models", "securities"])
def test_a_key_that_stands_twice_is_told(tmp_path: Path, name: str) -> None:
    folder = write(scene(lots=[{"security": "VTI", "qty": 700}]), tmp_path / "in")
    table = pl.read_parquet(folder / f"{name}.parquet")
    pl.concat([table, table.slice(0, 1)]).write_parquet(folder / f"{name}.parquet")
    with pytest.raises(UsageError, match=f"{name}: 1 rows repeat a key"):
        solve_tables(folder, tmp_path / "out")


def test_a_security_of_class_cash_is_refused(tmp_path: Path) -> None:
    folder = write(scene(lots=[{"security": "VTI", "qty": 700}], prices={"VTI": ("cash", 1.0)}), tmp_path / "in")
    with pytest.raises(UsageError, match=r"accounts\.cash_usd"):
        solve_tables(folder, tmp_path / "out")


@pytest.mark.parametrize("rows", [1, 7, 64])
def test_row_groups_in_order_are_read_once_whatever_their_size(tmp_path: Path, rows: int) -> None:
    tables = random_tables(5, 40, washed=True)
    folder = write(tables, tmp_path / "in")
    tables.lots.sort("account_id").write_parquet(folder / "lots.parquet", row_group_size=rows)
    accounts = tables.accounts.sort("account_id")
    parts = list(parts_of(accounts, [folder / "lots.parquet"], tables.lots.columns, 3))
    assert len(parts) > 1
    assert pl.concat([part for part, _ in parts]).equals(accounts)
    assert sum(lots.height for _, lots in parts) == tables.lots.height
    for part, read in parts:
        lots = read.spelled() if isinstance(read, NumberedLots) else read
        assert lots.join(part, on="account_id", how="anti").join(accounts, on="account_id", how="semi").is_empty()
    solve_tables(folder, tmp_path / "out", part=3)
    answer = solve(tables)
    for table in fields(Answer):
        assert pl.read_parquet(tmp_path / "out" / f"{table.name}.parquet").equals(getattr(answer, table.name))


def test_only_accounts_outside_their_bands_are_solved_and_all_are_measured(tmp_path: Path) -> None:
    tables = with_wide_bands(random_tables(7, 60, washed=True))
    solved = solve_tables(write(tables, tmp_path / "in"), tmp_path / "out", part=7, is_outside_only=True)
    read = {name: pl.read_parquet(tmp_path / "out" / f"{name}.parquet") for name in (*OUTPUTS, "drift")}
    for name, contract in (OUTPUTS | DRIFT).items():
        assert conform(read[name], contract, is_sorted=True).equals(read[name]), name
    measured, answer = measure(tables), solve(tables)
    assert read["drift"].equals(measured.drift)
    assert read["findings"].equals(answer.findings)
    assert read["accounts"]["account_id"].equals(answer.accounts["account_id"])
    ids = measured.outside.accounts["account_id"].implode()
    for name in ("accounts", "classes", "trades"):
        here, whole = (table.filter(pl.col("account_id").is_in(ids)) for table in (read[name], getattr(answer, name)))
        assert here.equals(whole), name
        if name != "accounts":
            assert here.equals(read[name]), name
    assert 0 < solved.outcomes["within_bands"] < 60
    assert solved.unsolved == answer.accounts["nav_usd"].null_count()


@pytest.mark.parametrize("name", ["lots by number", "lots in no order"])
@pytest.mark.parametrize("is_outside_only", [True, False])
def test_a_lot_given_twice_in_a_late_part_leaves_no_answer(tmp_path: Path, name: str, is_outside_only: bool) -> None:
    tables = random_tables(5, 40)
    folder = write(tables, tmp_path / "in")
    solve_tables(folder, tmp_path / "out", part=7, is_outside_only=is_outside_only)
    lots = tables.lots.sort("account_id", "security_id", "lot_id")
    last = lots.row(-1)
    lots = pl.concat([lots, lots.tail(1)])
    if name == "lots in no order":
        lots = lots.sample(fraction=1, shuffle=True, seed=3)
    lots.write_parquet(folder / "lots.parquet", row_group_size=20)
    with pytest.raises(UsageError, match=f"1 rows repeat a key .*: {' / '.join(last[:3])}$"):
        solve_tables(folder, tmp_path / "out", part=7, is_outside_only=is_outside_only)
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.parametrize("part", [3, 1_000])
@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("is_outside_only", [True, False])
def test_remarks_do_not_depend_on_parts_or_order(
    tmp_path: Path, part: int, is_sorted: bool, is_outside_only: bool
) -> None:
    tables = random_tables(5, 40)
    odd = pl.int_range(pl.len()) % 29 == 3
    lots = tables.lots.with_columns(pl.when(odd).then(float("nan")).otherwise("held_qty").alias("held_qty"))
    price = pl.when(pl.col("security_id") == "S05").then(0.0).otherwise("price_usd").alias("price_usd")
    tables = replace(tables, lots=lots, securities=tables.securities.with_columns(price))
    given = tables if is_sorted else replace(tables, lots=lots.sample(fraction=1, shuffle=True, seed=3))
    solved = solve_tables(write(given, tmp_path / "in"), tmp_path / "out", part=part, is_outside_only=is_outside_only)
    answer, read = solve(tables), pl.read_parquet(tmp_path / "out" / "remarks.parquet")
    assert read.equals(answer.remarks)
    assert conform(read, OUTPUTS["remarks"], is_sorted=True).equals(read)
    assert solved.remarks == {"not_bought": 2, "unsolved": read.height - 2}
    unsolved = answer.accounts.filter(pl.col("outcome").is_in(["figure_invalid", "security_unpriced"]))["account_id"]
    assert set(read["account_id"]) == {"", *unsolved}
    assert len(unsolved) > 10
