"""`evenkeel engine solve` on tables that it refuses whole: what is said names the table, the rows and how many there are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from evenkeel.cli import run_command
from evenkeel.engine.tables.inputs import Restrictions
from tests.command.engine_folder import (
    FORMS,
    book,
    put,
    refused,
    solved,
    write,
)
from tests.unit.engine.problems import frame


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_a_lot_given_twice_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_sorted: bool, form: str
) -> None:
    tables = book()
    lots = pl.concat([tables.lots, tables.lots.slice(0, 1)])
    lots = lots.sort("account_id", "security_id", "lot_id", descending=not is_sorted)
    folder = write(replace(tables, lots=lots), tmp_path / "in")
    said = refused(folder, tmp_path, capsys)
    assert "lots: 1 rows repeat a key (account_id, security_id, lot_id)" in said
    assert "A / VTI / L0" in said
    # The same lot with other figures is no better.
    other = lots.with_columns(pl.int_range(pl.len()).cast(pl.Float64).alias("held_qty"))
    assert "A / VTI / L0" in refused(replace(tables, lots=other), tmp_path, capsys)
    assert run_command(["engine", "solve", str(folder), str(tmp_path / "out"), form, "--outside-only"]) == 2


def test_repeated_keys_are_named_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = book()
    twice = {
        "accounts": "accounts: 2 rows repeat a key (account_id); give each one row: A, B",
        "models": "models: 2 rows repeat a key (model_id, asset_class); give each one row: M / equity, M / bond",
        "securities": "securities: 4 rows repeat a key (universe_id, security_id); give each one row: "
        "U / VTI, U / VXUS, U / BND and 1 more",
    }
    for name, message in twice.items():
        table = getattr(tables, name)
        assert message in refused(replace(tables, **{name: pl.concat([table, table])}), tmp_path, capsys)
    limits = frame(Restrictions, [("B", "VTI", True, False, None), ("B", "VTI", False, True, None)])
    said = refused(replace(tables, restrictions=limits), tmp_path, capsys)
    assert "restrictions: 1 rows repeat a key (account_id, security_id); give each one row: B / VTI" in said


def test_a_null_key_names_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = book()
    said = refused(replace(tables, lots=put(tables.lots, "lot_id", None, account_id="B")), tmp_path, capsys)
    assert "lots: null in lot_id" in said
    assert "2 rows (account_id, security_id, lot_id): B / BND / null, B / VXUS / null" in said
    silent = replace(tables, securities=put(tables.securities, "asset_class", None, security_id="AGG"))
    assert "securities: 1 rows without asset_class: U / AGG" in refused(silent, tmp_path, capsys)


CASTS: list[tuple[str, str, pl.Expr, str]] = [
    ("securities", "buy_rank", pl.col("buy_rank") + 0.5, "buy_rank has 4 values that are no Int64, the first 0.5"),
    ("securities", "is_buyable", pl.lit(2), "is_buyable has 4 values that are no Boolean, the first 2"),
    ("securities", "is_buyable", pl.lit("yes"), "is_buyable is String, not Boolean"),
    ("securities", "price_usd", pl.lit(True), "price_usd is Boolean, not Float64"),
    ("accounts", "cash_usd", pl.lit("a lot"), "cash_usd has 2 values that are no Float64, the first a lot"),
    ("accounts", "cash_usd", pl.lit(2**53 + 1), "cash_usd has 2 values that are no Float64, the first 9007199254740993"),
    ("accounts", "account_id", pl.int_range(pl.len()) + 0.5, "account_id is Float64, not String"),
    ("lots", "is_sellable", pl.lit(0.5), "is_sellable has 4 values that are no Boolean, the first 0.5"),
    ("lots", "held_qty", pl.lit("2026-01-01").str.to_date(), "held_qty is Date, not Float64"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "made", "message"), CASTS)
def test_a_value_that_a_cast_would_change_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, column: str, made: pl.Expr, message: str
) -> None:
    tables = book()
    bad = replace(tables, **{table: getattr(tables, table).with_columns(made.alias(column))})
    assert f"{table}: {message}" in refused(bad, tmp_path, capsys)


def test_types_that_lose_nothing_are_read(tmp_path: Path) -> None:
    tables, plain = book(), solved(book(), tmp_path / "plain")
    other = replace(
        tables,
        securities=tables.securities.with_columns(
            pl.col("buy_rank").cast(pl.Float32),
            pl.col("is_buyable").cast(pl.Int8),
            pl.col("price_usd").cast(pl.Decimal(38, 15)),
            pl.col("asset_class").cast(pl.Categorical),
        ),
        lots=tables.lots.with_columns(pl.col("held_qty").cast(pl.Int32), pl.col("gain_rate_frac").cast(pl.String)),
    )
    answer = solved(other, tmp_path / "other")
    for name, table in plain.items():
        assert answer[name].equals(table), name
