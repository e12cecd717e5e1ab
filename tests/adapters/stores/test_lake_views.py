"""The lake in SQL: every committed row, and nothing but questions."""

import datetime as dt
import decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from data_contracts.alerts import Alerts
from data_contracts.contract import Contract
from data_contracts.drift import Drift
from data_contracts.fields import Fact, Instant, column, key
from evenkeel.adapters.stores.delta_store import DeltaStore
from evenkeel.adapters.stores.lake_views import connect, run_query
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.errors import UsageError
from tests.adapters.stores.samples import MONDAY, NOON, TUESDAY, run


class Lots(Contract):
    """A dataset with a date."""

    business_date: dt.date = key("Date.")
    lot_id: str = key("Id.")
    held_qty: Fact = column("Units.", null=True)
    seen_at: Instant = column("When.", null=True)


class Models(Contract):
    """A table of the book, without a date."""

    model_id: str = key("Id.")
    is_firm: bool = column("Whether.")


DATASETS: dict[str, type[Contract]] = {"lots": Lots, "models": Models, "drift": Drift}
QTY = decimal.Decimal("1.234567890123456")


def lots(date: dt.date, *lot_ids: str) -> pl.DataFrame:
    row = {"business_date": date, "held_qty": QTY, "seen_at": NOON}
    return pl.DataFrame([row | {"lot_id": lot_id} for lot_id in lot_ids], schema=Lots.polars_schema())


def fill(store: DeltaStore, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    records = SqlRecords(f"sqlite:///{tmp_path / 'records.db'}")
    models = pl.DataFrame({"model_id": ["M1"], "is_firm": [True]})
    for number, (date, lot_ids) in enumerate([(MONDAY, ("replaced",)), (MONDAY, ("a", "b")), (TUESDAY, ("a",))]):
        stored = [store.write(Lots, date, lots(date, *lot_ids)), store.write(Models, date, models)]
        stored.append(store.write(Drift, date, Drift.empty_frame()))
        with records.begin() as work:
            work.commit_run(run(f"r{number}", date, datasets=stored), Alerts.empty_frame(), [])
    store.write(Lots, TUESDAY, lots(TUESDAY, "never committed"))
    return connect(records, store, DATASETS)


@pytest.fixture
def local(tmp_path: Path) -> duckdb.DuckDBPyConnection:
    return fill(DeltaStore(tmp_path / "it's a lake"), tmp_path)


@pytest.fixture(params=["folder", "s3"])
def connection(request: pytest.FixtureRequest, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    if request.param == "folder":
        found: duckdb.DuckDBPyConnection = request.getfixturevalue("local")
        return found
    bucket = request.getfixturevalue("s3_bucket")
    return fill(DeltaStore(f"s3://{bucket}/lake", endpoint_url=request.getfixturevalue("s3_endpoint")), tmp_path)


def test_views_show_the_committed_rows(connection: duckdb.DuckDBPyConnection) -> None:
    answer = run_query(connection, "SELECT * FROM lots ORDER BY ALL")
    assert answer.columns == Lots.polars_schema().names()
    assert answer.rows == [(MONDAY, "a", QTY, NOON), (MONDAY, "b", QTY, NOON), (TUESDAY, "a", QTY, NOON)]


def test_a_table_of_the_book_has_its_date(connection: duckdb.DuckDBPyConnection) -> None:
    answer = run_query(connection, "FROM models ORDER BY ALL")
    assert answer.columns == ["business_date", "model_id", "is_firm"]
    assert answer.rows == [(MONDAY, "M1", True), (TUESDAY, "M1", True)]


def test_an_empty_dataset_has_its_columns_and_types(connection: duckdb.DuckDBPyConnection) -> None:
    described = run_query(connection, "DESCRIBE drift").rows
    assert [row[0] for row in described] == Drift.polars_schema().names()
    assert described[0][1] == "DATE"
    assert run_query(connection, "SELECT count(*) FROM drift").rows == [(0,)]
    assert dict(row[:2] for row in run_query(connection, "DESCRIBE lots").rows)["held_qty"] == "DECIMAL(38,15)"


def test_runs_are_listed(local: duckdb.DuckDBPyConnection) -> None:
    assert run_query(local, "SELECT business_date, run_id FROM runs ORDER BY 1").rows == [
        (MONDAY, "r1"),
        (TUESDAY, "r2"),
    ]


@pytest.mark.parametrize(
    "sql",
    [
        "COPY lots TO 'out.csv'",
        "EXPLAIN ANALYZE COPY lots TO 'out.csv'",
        "EXPLAIN /* */ ANALYZE COPY lots TO 'out.csv'",
        "DROP VIEW lots",
        "INSERT INTO runs SELECT * FROM runs",
        "ATTACH 'out.db'",
        "SET enable_external_access = true",
        "INSTALL httpfs",
        "SELECT 1; SELECT 2",
        "",
        "FROM read_csv('/etc/hosts')",
        "FROM glob('/etc/*')",
        "SELEC 1",
        "FROM nothing",
    ],
)
def test_anything_but_one_question_is_refused(local: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(UsageError):
        run_query(local, sql)
    assert not Path("out.csv").exists()


@pytest.mark.parametrize(
    "sql",
    ["SHOW TABLES", "SUMMARIZE lots", "EXPLAIN FROM lots", "EXPLAIN ANALYZE FROM lots", "WITH x AS (FROM lots) FROM x"],
)
def test_questions_of_all_kinds_are_answered(local: duckdb.DuckDBPyConnection, sql: str) -> None:
    assert run_query(local, sql).rows


def test_only_what_is_mentioned_is_opened(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path / "lake")
    records = SqlRecords(f"sqlite:///{tmp_path / 'records.db'}")
    stored = store.write(Lots, MONDAY, lots(MONDAY, "a"))
    with records.begin() as work:
        work.commit_run(run("r1", datasets=[stored]), Alerts.empty_frame(), [])
    named = connect(records, store, DATASETS, mentioned_in="select count(*) from LOTS")
    assert run_query(named, "select count(*) from LOTS").rows == [(1,)]
    other = connect(records, store, DATASETS, mentioned_in="from models")
    assert run_query(other, "from models").rows == []
