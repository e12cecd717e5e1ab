"""`evenkeel engine solve` on a folder that has households: their accounts are solved together, the others alone, all in one answer."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path

import polars as pl
import pytest

from data_contracts.conform import conform
from evenkeel.cli import run_command
from evenkeel.engine.folder import HOUSEHOLDS, OUTPUTS
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.solve import solve
from tests.unit.engine.household_scene import Member, household
from tests.unit.engine.netted_problems import netted_households

WINNER, LOSER = (
    {"security": "VTI", "qty": qty, "basis": basis, "rate": 0.2} for qty, basis in ((100, 50.0), (40, 150.0))
)


def write(tables: HouseholdTables, folder: Path) -> Path:
    folder.mkdir()
    for part in fields(tables):
        getattr(tables, part.name).write_parquet(folder / f"{part.name}.parquet")
    return folder


def mixed() -> HouseholdTables:
    """Return random households; every fifth account left its own and stands alone."""
    tables = netted_households(11, 9, washed=True)
    accounts = tables.accounts.with_columns(
        pl.when(pl.int_range(pl.len()) % 5 != 0).then("household_id").alias("household_id"),
        pl.lit(tables.models["model_id"][0]).alias("model_id"),
    )
    return replace(tables, accounts=accounts)


@pytest.mark.parametrize("form", ["--rounded", "--unrounded"])
def test_the_answer_is_that_of_the_households_and_that_of_the_accounts_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    tables = mixed()
    assert run_command(["engine", "solve", str(write(tables, tmp_path / "in")), str(tmp_path / "out"), form]) == 0
    read = {file.stem: pl.read_parquet(file) for file in (tmp_path / "out").glob("*.parquet")}
    is_alone = pl.col("household_id").is_null()
    alone = replace(tables, accounts=tables.accounts.filter(is_alone))
    alone = replace(
        alone,
        **{
            name: getattr(tables, name).join(alone.accounts, on="account_id", how="semi")
            for name in ("lots", "restrictions")
        },
    )
    together = solve_households(tables, is_rounded=form == "--rounded")
    single = solve(alone, is_rounded=form == "--rounded")
    for name, contract in (OUTPUTS | HOUSEHOLDS).items():
        parts = [getattr(each, name) for each in (single, together) if hasattr(each, name)]
        if name == "remarks":
            parts[1] = parts[1].filter(pl.col("account_id") != "")
        assert read[name].equals(pl.concat(parts)), name
        assert conform(read[name].sort(contract.key_columns()), contract, is_sorted=True).height == read[name].height
    ids = [set(read[name]["account_id"]) for name in ("accounts", "household_accounts")]
    assert not ids[0] & ids[1]
    assert ids[0] | ids[1] == set(tables.accounts["account_id"])
    said = capsys.readouterr().out
    assert f"{len(ids[0])} accounts alone, {single.trades.height} trades" in said
    assert f"9 households of {len(ids[1])} accounts, {together.trades.height} trades" in said
    assert "bp of net asset value, household " in said


def test_losses_of_one_account_pay_for_gains_of_the_other_only_together(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """10,000 with 5,000 of gain in one, 4,000 with 2,000 of loss in the other, all to be sold: 3,000 taxed, at 20 per cent."""
    members = {"one": Member(lots=[WINNER]), "two": Member(lots=[LOSER])}
    tables = household(members, locations={}, targets={"cash": 1.0})
    assert run_command(["engine", "solve", str(write(tables, tmp_path / "in")), str(tmp_path / "out")]) == 0
    said = capsys.readouterr().out
    assert "accounts alone" not in said
    assert "1 households of 2 accounts, 2 trades" in said
    (tax,) = pl.read_parquet(tmp_path / "out" / "households.parquet")["tax_usd"]
    assert tax == pytest.approx(0.2 * 5_000 - 0.2 * 2_000)


def test_an_account_that_names_a_household_needs_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """To solve it alone would be a guess."""
    folder = write(household({"one": Member(lots=[WINNER])}), tmp_path / "in")
    (folder / "households.parquet").unlink()
    assert run_command(["engine", "solve", str(folder), str(tmp_path / "out")]) == 2
    said = " ".join(capsys.readouterr().err.split())
    assert "accounts: one names household H, and" in said
    assert "has no table households; add it, or leave household_id out" in said
    assert not (tmp_path / "out").exists()


def test_no_table_of_an_older_answer_stays(tmp_path: Path) -> None:
    tables = household({"one": Member(lots=[WINNER])}, targets={"cash": 1.0})
    folder, out = write(tables, tmp_path / "in"), tmp_path / "out"
    assert run_command(["engine", "solve", str(folder), str(out)]) == 0
    assert set(HOUSEHOLDS) <= {file.stem for file in out.iterdir()}
    (folder / "households.parquet").unlink()
    alone = tables.accounts.with_columns(pl.lit("M").alias("model_id")).drop("household_id")
    alone.write_parquet(folder / "accounts.parquet")
    assert run_command(["engine", "solve", str(folder), str(out)]) == 0
    assert {file.stem for file in out.iterdir()} == set(OUTPUTS)


def test_a_bad_row_of_a_household_leaves_no_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = mixed()
    folder = write(
        replace(tables, households=pl.concat([tables.households, tables.households.head(1)])), tmp_path / "in"
    )
    assert run_command(["engine", "solve", str(folder), str(tmp_path / "out")]) == 2
    assert "households: 1 rows repeat a key" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()


def test_a_lot_of_nobody_is_told_once_and_one_of_no_account_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = mixed()
    stray = tables.lots.head(1).with_columns(pl.lit("ZZZ").alias("account_id"))
    folder = write(replace(tables, lots=pl.concat([tables.lots, stray])), tmp_path / "in")
    assert run_command(["engine", "solve", str(folder), str(tmp_path / "out")]) == 0
    findings = pl.read_parquet(tmp_path / "out" / "findings.parquet")
    assert findings.filter(pl.col("finding") == "account_unknown")["account_id"].to_list() == ["ZZZ"]
    none = stray.with_columns(pl.lit(None, pl.String).alias("account_id"))
    pl.concat([tables.lots, none]).write_parquet(folder / "lots.parquet")
    assert run_command(["engine", "solve", str(folder), str(tmp_path / "out")]) == 2
    assert "lots: null in account_id, which may not be: 1 rows" in " ".join(capsys.readouterr().err.split())
    assert not list((tmp_path / "out").iterdir())


def test_an_account_alone_with_the_id_of_a_household_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tables = mixed()
    alone = tables.accounts.filter(pl.col("household_id").is_null())["account_id"][0]
    other = tables.households.head(1).with_columns(pl.lit(alone).alias("household_id"))
    folder = write(replace(tables, households=pl.concat([tables.households, other])), tmp_path / "in")
    assert run_command(["engine", "solve", str(folder), str(tmp_path / "out")]) == 2
    assert f"households: {alone} is also the id of an account alone" in " ".join(capsys.readouterr().err.split())
    assert not (tmp_path / "out").exists()
