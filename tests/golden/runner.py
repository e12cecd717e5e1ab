"""Golden cases are folders: `input.yaml` (a scene, with the computation by hand in its comments) and `expected.yaml`.

`expected.yaml` names tables; a row states the columns that matter. `breaches`, `standing`, `nearest` and `unmeasurable` are complete: no
more rows and no fewer. Of the other tables only the rows that match a stated row's key columns are looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

COMPLETE = ("breaches", "standing", "unmeasurable", "nearest")
KEYS = ("business_date", "portfolio_id", "household_id", "level", "node_id", "asset_class", "rule")


def cases(stage: str) -> list[Path]:
    """Return the folders of a stage's cases."""
    return sorted(path.parent for path in (Path(__file__).parent / stage).glob("*/input.yaml"))


def expected(folder: Path) -> dict[str, Any]:
    """Return what a case expects."""
    loaded: dict[str, Any] = yaml.safe_load((folder / "expected.yaml").read_text(encoding="utf-8"))
    return loaded


def check(tables: Mapping[str, pl.DataFrame], wanted: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
    """Compare tables with what a case expects; floats to 1e-9."""
    for name, rows in wanted.items():
        table = tables[name]
        if name in COMPLETE:
            assert table.height == len(rows), f"{name}: {table.height} rows, expected {len(rows)}:\n{table.to_dicts()}"
        for row in rows:
            _check_row(name, table, row)


def _check_row(name: str, table: pl.DataFrame, row: Mapping[str, Any]) -> None:
    keys = {column: value for column, value in row.items() if column in KEYS and column in table.columns}
    found = table.filter(*(pl.col(column) == value for column, value in keys.items()))
    assert found.height == 1, f"{name}: {found.height} rows for {keys} in\n{table.to_dicts()}"
    actual = found.to_dicts()[0]
    for column, value in row.items():
        got = actual[column]
        if isinstance(value, int | float) and not isinstance(value, bool):
            assert float(got) == pytest.approx(value, abs=1e-9), f"{name} {keys}: {column}"
        elif isinstance(value, str) and value.startswith("~"):
            assert value[1:] in str(got), f"{name} {keys}: {column}: {got!r} does not say {value[1:]!r}"
        else:
            assert got == value, f"{name} {keys}: {column}: {got!r}, expected {value!r}"
