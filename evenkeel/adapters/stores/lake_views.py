"""Every dataset of a home as a DuckDB view, for people who ask in SQL.

A view shows what the manifests name and nothing else: the current run of each committed date. Only questions are answered: a
statement that writes is refused, and no file but those of the lake can be read.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import duckdb
import polars as pl

from data_contracts.contract import Contract
from evenkeel.adapters.stores.delta_store import DeltaStore
from evenkeel.adapters.stores.delta_table import PARTITION
from evenkeel.errors import UsageError
from evenkeel.ports import FrameStore, Records, RunRecord, StoredDataset

QUESTIONS = "SELECT, FROM, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN"
_EXPLAIN = re.compile(r"^\s*EXPLAIN\b(\s+ANALYZE\b|\s*\([^)]*\))*", re.IGNORECASE)


class Answer(NamedTuple):
    """Columns and rows of a query."""

    columns: list[str]
    rows: list[tuple[Any, ...]]


def connect(
    records: Records,
    store: FrameStore,
    contracts: Mapping[str, type[Contract]],
    *,
    kinds: Sequence[str] = ("daily", "market_event"),
    mentioned_in: str | None = None,
) -> duckdb.DuckDBPyConnection:
    """Return a connection with a view for each dataset, over all committed dates.

    A view has the contract's columns, with `business_date` first where the contract has none; a dataset without rows is an empty
    view. `runs` lists the committed runs.

    Args:
        records: Says which runs count.
        store: The lake.
        contracts: Datasets by name.
        kinds: Kinds of run.
        mentioned_in: The only query there will be: datasets that it does not name get a view without rows, which saves the time of
            opening their files.
    """
    runs = [run for kind in kinds for run in records.manifests(kind)]
    wanted = {name for name in contracts if mentioned_in is None or name in mentioned_in.lower()}
    stored: dict[str, list[StoredDataset]] = {name: [] for name in contracts}
    for run in runs:
        for one in run.datasets:
            if one.dataset in wanted and one.files:
                stored[one.dataset].append(one)
    connection = duckdb.connect(":memory:")
    connection.execute("SET TimeZone = 'UTC'")
    _create_runs(connection, runs)
    opened: list[str] = []
    for name, contract in contracts.items():
        paths: list[str] = []
        if isinstance(store, DeltaStore) and not store.is_remote:
            paths = [path for one in stored[name] for path in store.addresses(one)]
        elif stored[name]:
            # DuckDB has no object-store reader here; polars fetches what a remote lake has.
            connection.register(name, store.scan(contract, stored[name]).collect())
            continue
        connection.execute(_view(name, contract, paths))
        opened += paths
    connection.execute(f"SET allowed_paths = [{', '.join(map(_quoted, opened))}]")
    connection.execute("SET enable_external_access = false")
    connection.execute("SET lock_configuration = true")
    return connection


def run_query(connection: duckdb.DuckDBPyConnection, sql: str) -> Answer:
    """Return the answer to one question (a statement of `QUESTIONS`).

    Raises:
        UsageError: It is not one statement, it writes, or DuckDB does not understand it.
    """
    try:
        statements = connection.extract_statements(sql)
        if len(statements) != 1:
            raise UsageError(f"one statement at a time, not {len(statements)}")
        if not _is_question(connection, statements[0]):
            raise UsageError(f"only questions are answered ({QUESTIONS}); the lake is not written to")
        result = connection.execute(statements[0])
        return Answer([column[0] for column in result.description or ()], result.fetchall())
    except duckdb.Error as error:
        raise UsageError(str(error).strip()) from error


def _is_question(connection: duckdb.DuckDBPyConnection, statement: duckdb.Statement) -> bool:
    """Tell whether a statement only asks. `EXPLAIN ANALYZE` runs what it explains, so that must be a question itself."""
    if statement.type != duckdb.StatementType.EXPLAIN:
        return bool(statement.type == duckdb.StatementType.SELECT)
    explained = connection.extract_statements(_EXPLAIN.sub("", statement.query, count=1))
    return [inner.type for inner in explained] == [duckdb.StatementType.SELECT]


def _view(name: str, contract: type[Contract], paths: Sequence[str]) -> str:
    """Return the view's statement: columns and types come from the contract, also where a file is older than a column of it."""
    schema = contract.polars_schema()
    dated = schema if PARTITION in schema else pl.Schema({PARTITION: pl.Date(), **schema})
    columns = ", ".join(f'CAST(NULL AS {_sql_type(dtype)}) AS "{column}"' for column, dtype in dated.items())
    shape = f"SELECT {columns} WHERE false"
    if not paths:
        return f'CREATE VIEW "{name}" AS {shape}'
    files = ", ".join(map(_quoted, paths))
    names = ", ".join(f'"{column}"' for column in dated)
    return (
        f'CREATE VIEW "{name}" AS SELECT {names} FROM ({shape} UNION ALL BY NAME '
        f"SELECT * FROM read_parquet([{files}], union_by_name = true, hive_types = {{'{PARTITION}': DATE}}))"
    )


def _create_runs(connection: duckdb.DuckDBPyConnection, runs: Sequence[RunRecord]) -> None:
    connection.execute(
        "CREATE TABLE runs (business_date DATE, run_id VARCHAR, kind VARCHAR, status VARCHAR, book_digest VARCHAR, "
        "policy_version VARCHAR, code_version VARCHAR, started_at TIMESTAMPTZ, finished_at TIMESTAMPTZ)"
    )
    for run in runs:
        connection.execute(
            "INSERT INTO runs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                run.business_date,
                run.run_id,
                run.kind,
                run.status,
                run.book_digest,
                run.policy_version,
                run.code_version,
                run.started_at,
                run.finished_at,
            ],
        )


def _sql_type(dtype: pl.DataType | type[pl.DataType]) -> str:
    if isinstance(dtype, pl.Decimal):
        return f"DECIMAL({dtype.precision}, {dtype.scale})"
    if isinstance(dtype, pl.Datetime):
        return "TIMESTAMPTZ"
    names = {pl.Int64: "BIGINT", pl.Float64: "DOUBLE", pl.Boolean: "BOOLEAN", pl.Date: "DATE", pl.String: "VARCHAR"}
    return next(name for known, name in names.items() if dtype == known)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
