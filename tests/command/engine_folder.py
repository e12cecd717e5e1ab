"""Tables of two accounts for `evenkeel engine solve`: written, solved or refused, and what came out."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evenkeel.cli import run_command
from evenkeel.engine.problem import Tables
from evenkeel.engine.tables.inputs import Accounts, Lots
from tests.unit.engine.problems import frame
from tests.unit.engine.scene import scene

NAN, INF = float("nan"), float("inf")
FORMS = ["--rounded", "--unrounded"]
Answer = dict[str, pl.DataFrame]


def book() -> Tables:
    """Return two accounts of one model and universe: A holds VTI and BND, B holds VXUS and BND; AGG is for sale too."""
    prices = {"VTI": ("equity", 100.0), "VXUS": ("equity", 50.0), "BND": ("bond", 50.0), "AGG": ("bond", 100.0)}
    tables = scene(lots=[{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}], prices=prices)
    return replace(
        tables,
        accounts=pl.concat([tables.accounts, frame(Accounts, [("B", "M", "U", None, 0.0, 0.0, 0.0, 5.0, 0.01)])]),
        lots=pl.concat(
            [
                tables.lots,
                frame(
                    Lots,
                    [
                        ("B", "BND", "1", 600.0, None, 0.0, 0.0, True),
                        ("B", "VXUS", "1", 1_400.0, 40.0, 0.1, 0.0, True),
                    ],
                ),
            ]
        ),
    )


def put(table: pl.DataFrame, column: str, value: object, **where: str) -> pl.DataFrame:
    """Return the table with another value in the rows named."""
    is_it = pl.all_horizontal(pl.col(name) == key for name, key in where.items())
    kind = table.schema[column]
    return table.with_columns(pl.when(is_it).then(pl.lit(value, kind)).otherwise(column).alias(column))


def write(tables: Tables, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for part in fields(tables):
        getattr(tables, part.name).write_parquet(folder / f"{part.name}.parquet")
    return folder


def solved(tables: Tables, place: Path, *words: str) -> Answer:
    """Return the command's answer."""
    place.mkdir()
    assert run_command(["engine", "solve", str(write(tables, place / "in")), str(place / "out"), *words]) == 0
    return {file.stem: pl.read_parquet(file) for file in (place / "out").glob("*.parquet")}


def refused(tables: Tables | Path, place: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the command says that refuses the tables; no answer is left."""
    folder = write(tables, place / "in") if isinstance(tables, Tables) else tables
    capsys.readouterr()
    assert run_command(["engine", "solve", str(folder), str(place / "out")]) == 2
    assert not list((place / "out").glob("*.parquet"))
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return " ".join(said.err.split())


def outcomes(answer: Answer) -> dict[str, str]:
    return dict(answer["accounts"].select("account_id", "outcome").iter_rows())


def remarks(answer: Answer) -> list[tuple[Any, ...]]:
    return answer["remarks"].rows()


def assert_same_but(answer: Answer, other: Answer, account: str) -> None:
    """Assert that all accounts but one have what they had."""
    for name in ("accounts", "classes", "trades"):
        mine, theirs = (one[name].filter(pl.col("account_id") != account) for one in (answer, other))
        assert mine.equals(theirs), name
        assert mine.height
