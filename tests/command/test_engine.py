"""`evenkeel engine solve`: a stranger's tables in, an answer and a short summary out."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import polars as pl
import pytest

from evenkeel.cli import run_command
from evenkeel.engine.problem import Tables
from tests.unit.engine.netted_scene import netted_scene
from tests.unit.engine.scene import scene

DRIFTED = [{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}]


def write(tables: Tables, folder: Path) -> Path:
    folder.mkdir()
    for part in fields(tables):
        getattr(tables, part.name).write_parquet(folder / f"{part.name}.parquet")
    return folder


@pytest.mark.parametrize("form", ["--rounded", "--unrounded"])
def test_it_solves_and_sums_up(tmp_path: Path, capsys: pytest.CaptureFixture[str], form: str) -> None:
    problem = write(scene(lots=DRIFTED), tmp_path / "in")
    assert run_command(["engine", "solve", str(problem), str(tmp_path / "out"), form]) == 0
    said = capsys.readouterr().out
    assert "1 accounts, 2 trades" in said
    assert "traded: 1" in said
    assert "Largest gap: 0.0000 bp of net asset value, account A." in said
    trades = pl.read_parquet(tmp_path / "out" / "trades.parquet")
    assert trades["value_usd"].round(6).to_list() == [5_000, 5_000]


def test_tax_units_are_read_and_their_years_written(tmp_path: Path) -> None:
    lots = [{"security": "VTI", "qty": 100, "basis": 50.0, "long": True}]
    problem = write(netted_scene(lots, {"carry_long_usd": 500.0}), tmp_path / "in")
    assert run_command(["engine", "solve", str(problem), str(tmp_path / "out")]) == 0
    taxes = pl.read_parquet(tmp_path / "out" / "tax_results.parquet").row(0, named=True)
    # 3,500 sold, half of it gain, less 500 carried in, which would else be deducted at 37 per cent.
    assert (taxes["problem_id"], taxes["long_gain_usd"], taxes["tax_usd"]) == ("A", 1_750.0, 0.20 * 1_250 + 0.37 * 500)
    (problem / "tax_units.parquet").unlink()
    assert run_command(["engine", "solve", str(problem), str(tmp_path / "out")]) == 0
    outcomes = pl.read_parquet(tmp_path / "out" / "accounts.parquet")["outcome"].to_list()
    assert outcomes == ["tax_unit_unknown"]


def test_only_what_is_outside_is_solved_where_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = write(scene(lots=[{"security": "VTI", "qty": 610}, {"security": "BND", "qty": 780}]), tmp_path / "in")
    assert run_command(["engine", "solve", str(problem), str(tmp_path / "out"), "--outside-only"]) == 0
    said = capsys.readouterr().out
    assert "1 accounts, 0 trades" in said
    assert "within_bands: 1" in said
    assert pl.read_parquet(tmp_path / "out" / "drift.parquet")["value_usd"].to_list() == [39_000, 0, 61_000]
    assert run_command(["engine", "solve", str(problem), str(tmp_path / "out")]) == 0
    assert not (tmp_path / "out" / "drift.parquet").exists()


def test_a_place_that_is_no_folder_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run_command(["engine", "solve", str(tmp_path / "none"), str(tmp_path / "out")]) == 2
    assert "is not a folder" in capsys.readouterr().err
    (tmp_path / "in").mkdir()
    assert run_command(["engine", "solve", str(tmp_path / "in"), str(tmp_path / "out")]) == 2
    assert "has no accounts.parquet" in capsys.readouterr().err
    (tmp_path / "file").touch()
    assert run_command(["engine", "solve", str(tmp_path / "in"), str(tmp_path / "file")]) == 2
    assert "is a file" in capsys.readouterr().err


def test_the_answer_never_replaces_the_problem(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = write(scene(lots=DRIFTED), tmp_path / "in")
    before = (problem / "accounts.parquet").read_bytes()
    assert run_command(["engine", "solve", str(problem), str(tmp_path / "in" / ".." / "in")]) == 2
    assert "give another folder for the answer" in capsys.readouterr().err
    assert (problem / "accounts.parquet").read_bytes() == before


def test_a_table_that_is_not_parquet_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    problem = write(scene(lots=DRIFTED), tmp_path / "in")
    (problem / "lots.parquet").write_text("account_id,security_id\n")
    assert run_command(["engine", "solve", str(problem), str(tmp_path / "out")]) == 2
    assert "lots.parquet cannot be read as Parquet" in capsys.readouterr().err
