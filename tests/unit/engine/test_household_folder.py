"""Households in a folder of Parquet: parts, order, what may be absent, what is missing."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest

from data_contracts.conform import conform
from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.folder import OUTPUTS, solve_household_tables
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households
from evenkeel.errors import UsageError
from tests.unit.engine.household_problems import random_households
from tests.unit.engine.netted_problems import netted_households


def write(tables: HouseholdTables, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for part in fields(tables):
        table = getattr(tables, part.name).sample(fraction=1, shuffle=True, seed=3)
        table.write_parquet(folder / f"{part.name}.parquet")
    return folder


@pytest.mark.parametrize(
    ("part", "is_rounded", "is_netted"),
    [(1, False, False), (5, False, False), (1_000, False, False), (5, True, False), (1, False, True), (5, False, True)],
)
def test_the_answer_does_not_depend_on_parts_or_order_and_keeps_its_contracts(
    tmp_path: Path, part: int, is_rounded: bool, is_netted: bool
) -> None:
    tables = netted_households(5, 12, washed=True) if is_netted else random_households(5, 12, washed=True)
    folder = write(tables, tmp_path / "in")
    assert solve_household_tables(folder, tmp_path / "out", part=part, is_rounded=is_rounded) == 12
    answer = solve_households(tables, is_rounded=is_rounded)
    for table in fields(HouseholdAnswer):
        read = pl.read_parquet(tmp_path / "out" / f"{table.name}.parquet")
        expected = getattr(answer, table.name)
        key = OUTPUTS[table.name].key_columns()
        assert read.sort(key).equals(expected), table.name
        assert conform(expected, OUTPUTS[table.name], is_sorted=True).equals(expected)


def test_what_may_be_absent(tmp_path: Path) -> None:
    folder = write(random_households(6, 3), tmp_path / "in")
    for name in ("cash_terms", "restrictions", "location_costs"):
        (folder / f"{name}.parquet").unlink()
    accounts = pl.read_parquet(folder / "accounts.parquet").drop("location_id")
    accounts.with_columns(pl.lit(None, pl.String).alias("cash_plan_id")).write_parquet(folder / "accounts.parquet")
    assert solve_household_tables(folder, tmp_path / "out") == 3
    assert pl.read_parquet(tmp_path / "out" / "households.parquet")["location_cost_usd"].to_list() == [0.0] * 3


def test_a_missing_table_and_a_repeated_key_are_named(tmp_path: Path) -> None:
    folder = write(random_households(7, 3), tmp_path / "in")
    table = pl.read_parquet(folder / "households.parquet")
    pl.concat([table, table.slice(0, 1)]).write_parquet(folder / "households.parquet")
    with pytest.raises(UsageError, match="households: 1 rows repeat a key"):
        solve_household_tables(folder, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (folder / "households.parquet").unlink()
    with pytest.raises(UsageError, match=r"no households\.parquet"):
        solve_household_tables(folder, tmp_path / "out")


def test_a_lot_given_twice_leaves_no_answer(tmp_path: Path) -> None:
    tables = random_households(7, 3)
    folder = write(tables, tmp_path / "in")
    solve_household_tables(folder, tmp_path / "out", part=1)
    pl.concat([tables.lots, tables.lots.tail(1)]).write_parquet(folder / "lots.parquet")
    with pytest.raises(UsageError, match="lots: 1 rows repeat a key"):
        solve_household_tables(folder, tmp_path / "out", part=1)
    assert not list((tmp_path / "out").iterdir())


def test_what_is_no_account_s_is_said_once(tmp_path: Path) -> None:
    tables = random_households(7, 3)
    models = tables.models.with_columns(pl.lit(1.0).alias("upper_frac"), pl.lit(0.9).alias("lower_frac"))
    folder = write(tables, tmp_path / "in")
    models.write_parquet(folder / "models.parquet")
    solve_household_tables(folder, tmp_path / "out", part=1)
    remarks = pl.read_parquet(tmp_path / "out" / "remarks.parquet")
    assert "lower_above_one" in remarks["remark"].to_list()
    assert remarks.is_unique().all()
