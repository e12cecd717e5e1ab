"""The queries of the documentation name views and columns that a home has."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import polars as pl
import pytest

from evenkeel.run.catalogue import DATASETS

DOCS = Path(__file__).resolve().parents[2] / "docs"
FENCED = [
    (page.name, query)
    for page in sorted(DOCS.rglob("*.md"))
    for query in re.findall(r"^```sql\n(.*?)^```", page.read_text("utf-8"), re.MULTILINE | re.DOTALL)
]
IN_A_COMMAND = [
    (page.name, query)
    for page in [*sorted(DOCS.rglob("*.md")), DOCS.parent / "README.md"]
    for query in re.findall(r'evenkeel sql "([^"]+)"', page.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def views() -> duckdb.DuckDBPyConnection:
    """Every dataset, empty; a date is a column of each, also of those whose contract has none."""
    connection = duckdb.connect()
    for name, contract in DATASETS.items():
        frame: pl.DataFrame = contract.empty_frame()
        if "business_date" not in frame.columns:
            frame = frame.with_columns(pl.lit(None, dtype=pl.Date).alias("business_date"))
        connection.register(name, frame)
    return connection


@pytest.mark.parametrize(("page", "query"), FENCED + IN_A_COMMAND)
def test_query_can_be_asked(views: duckdb.DuckDBPyConnection, page: str, query: str) -> None:
    assert views.execute(query).fetchall() == []


def test_there_are_queries() -> None:
    assert len(FENCED) >= 6
    assert len(IN_A_COMMAND) >= 2
