"""The lake: what goes in comes out, for each date alone, whoever else writes."""

import datetime as dt
import multiprocessing
import os
import signal
import time
from pathlib import Path

import polars as pl
import pytest
from deltalake import DeltaTable
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.securities import Securities
from data_contracts.conform import ContractBreach, digest
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.fields import frac, key
from data_contracts.positions import Positions
from data_contracts.source_files import SourceFiles
from data_contracts.valuations import Valuations
from evenkeel.adapters.stores.delta_store import DeltaStore
from evenkeel.errors import EvenkeelError
from evenkeel.ports import StoredDataset
from tests.adapters.stores.samples import processes

MONDAY = dt.date(2026, 7, 27)
TUESDAY = dt.date(2026, 7, 28)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)


def values(dtype: pl.DataType) -> st.SearchStrategy[object]:
    if isinstance(dtype, pl.Decimal):
        return st.decimals(-(10**20), 10**20, places=dtype.scale, allow_nan=False)
    if dtype == pl.Int64:
        return st.integers(-(2**63), 2**63 - 1)
    if dtype == pl.Float64:
        return st.floats(allow_nan=False)
    if dtype == pl.Boolean:
        return st.booleans()
    if dtype == pl.Date:
        return st.dates()
    if isinstance(dtype, pl.Datetime):
        return st.datetimes(dt.datetime(1970, 1, 1), dt.datetime(2200, 1, 1), timezones=st.just(dt.UTC))
    return TEXT


@st.composite
def frames(draw: st.DrawFn, contract: type[Contract], date: dt.date) -> pl.DataFrame:
    """Rows with the contract's types, unique keys, nulls where it is not a key."""
    keys = contract.key_columns()
    count = draw(st.integers(0, 4))
    columns: dict[str, list[object]] = {}
    for name, dtype in contract.polars_schema().items():
        if name == "business_date":
            columns[name] = [date] * count
        elif name in keys:
            columns[name] = draw(st.lists(values(dtype), min_size=count, max_size=count, unique=True))
        else:
            columns[name] = draw(st.lists(st.none() | values(dtype), min_size=count, max_size=count))
    return pl.DataFrame(columns, schema=contract.polars_schema()).sort(keys)


def coverage(date: dt.date, count: int, reason: str | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "business_date": date,
                "account_id": f"A{number:05d}",
                "portfolio_id": f"P{number:05d}",
                "household_id": f"H{number:05d}",
                "custodian": "schwab",
                "status": "scanned",
                "reason": reason,
            }
            for number in range(count)
        ],
        schema=Coverage.polars_schema(),
    )


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> DeltaStore:
    if request.param == "folder":
        return DeltaStore(tmp_path / "lake")
    bucket = request.getfixturevalue("s3_bucket")
    return DeltaStore(f"s3://{bucket}/lake", endpoint_url=request.getfixturevalue("s3_endpoint"))


@pytest.mark.parametrize("contract", [Positions, Valuations, SourceFiles, Coverage, Securities, ModelTargets])
@given(data=st.data())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_what_goes_in_comes_out(contract: type[Contract], data: st.DataObject, tmp_path: Path) -> None:
    frame = data.draw(frames(contract, MONDAY))
    store = DeltaStore(tmp_path / "lake", rows_per_file=2)
    stored = store.write(contract, MONDAY, frame.reverse())
    assert_frame_equal(store.read(contract, stored), frame)
    assert store.read(contract, stored).schema == contract.polars_schema()
    assert stored.digest == digest(frame, contract)
    assert stored.row_count == frame.height


def test_a_date_is_replaced_and_others_stay(store: DeltaStore) -> None:
    monday = store.write(Coverage, MONDAY, coverage(MONDAY, 3))
    tuesday = store.write(Coverage, TUESDAY, coverage(TUESDAY, 2))
    corrected = store.write(Coverage, MONDAY, coverage(MONDAY, 5, "late"))
    assert store.read(Coverage, monday).height == 3, "an earlier manifest still reads what it named"
    assert_frame_equal(store.read(Coverage, corrected), coverage(MONDAY, 5, "late"))
    assert_frame_equal(store.read(Coverage, tuesday), coverage(TUESDAY, 2))
    both = store.scan(Coverage, [corrected, tuesday]).collect()
    assert_frame_equal(both, pl.concat([coverage(MONDAY, 5, "late"), coverage(TUESDAY, 2)]))
    assert corrected.version > tuesday.version > monday.version


def test_other_readers_see_the_newest_of_each_date(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path / "lake")
    store.write(Coverage, MONDAY, coverage(MONDAY, 3))
    first = store.write(Coverage, TUESDAY, coverage(TUESDAY, 2))
    store.write(Coverage, MONDAY, coverage(MONDAY, 5))
    table = str(tmp_path / "lake" / "coverage")
    now = pl.read_delta(table).sort("business_date", "account_id")
    assert_frame_equal(now, pl.concat([coverage(MONDAY, 5), coverage(TUESDAY, 2)]))
    assert pl.read_delta(table, version=first.version).height == 5


def test_the_same_rows_are_not_written_again(store: DeltaStore) -> None:
    first = store.write(Coverage, MONDAY, coverage(MONDAY, 3))
    assert store.write(Coverage, MONDAY, coverage(MONDAY, 3).reverse()) == first
    other = store.write(Coverage, MONDAY, coverage(MONDAY, 2))
    back = store.write(Coverage, MONDAY, coverage(MONDAY, 3))
    assert back.version > other.version > first.version, "what another content has replaced is written anew"
    assert back.files != first.files


def test_an_empty_frame_keeps_its_schema_and_empties_the_date(store: DeltaStore) -> None:
    empty = Coverage.empty_frame()
    first = store.write(Coverage, MONDAY, empty)
    assert first.files == ()
    assert store.read(Coverage, first).schema == Coverage.polars_schema()
    store.write(Coverage, MONDAY, coverage(MONDAY, 2))
    store.write(Coverage, MONDAY, empty)
    again = store.write(Coverage, MONDAY, empty)
    assert store.scan(Coverage, [again]).collect().height == 0
    later = store.write(Coverage, TUESDAY, coverage(TUESDAY, 1))
    assert store.scan(Coverage, [again, later]).collect().height == 1


def test_a_table_of_the_book_is_stored_by_date(store: DeltaStore) -> None:
    keys = ModelTargets.key_columns()
    frame = pl.DataFrame(
        {
            name: ["x"] if name in keys and dtype == pl.String else [None]
            for name, dtype in ModelTargets.polars_schema().items()
        },
        schema=ModelTargets.polars_schema(),
    )
    monday = store.write(ModelTargets, MONDAY, frame)
    tuesday = store.write(ModelTargets, TUESDAY, frame)
    assert_frame_equal(store.read(ModelTargets, tuesday), frame)
    dated = store.scan(ModelTargets, [monday, tuesday]).collect()
    assert dated.columns[0] == "business_date"
    assert dated["business_date"].to_list() == [MONDAY, TUESDAY]


def test_frames_that_are_not_the_contracts_are_refused(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path / "lake")
    with pytest.raises(ContractBreach, match="reason"):
        store.write(Coverage, MONDAY, coverage(MONDAY, 1).drop("reason"))
    with pytest.raises(ContractBreach, match="1 rows are not of 2026-07-28"):
        store.write(Coverage, TUESDAY, coverage(MONDAY, 1))


def test_a_lost_file_is_said_plainly(tmp_path: Path) -> None:
    store = DeltaStore(tmp_path / "lake")
    stored = store.write(Coverage, MONDAY, coverage(MONDAY, 1))
    (tmp_path / "lake" / "coverage" / stored.files[0]).unlink()
    with pytest.raises(EvenkeelError, match=r"coverage of 2026-07-27.*restore the lake"):
        store.read(Coverage, stored)


def older() -> type[Contract]:
    class Things(Contract):
        business_date: dt.date = key("Date.")
        thing_id: str = key("Id.")

    return Things


def newer() -> type[Contract]:
    class Things(Contract):
        business_date: dt.date = key("Date.")
        thing_id: str = key("Id.")
        weight_frac: float = frac("Weight.", null=True)

    return Things


def test_a_column_the_contract_gains_is_null_before(tmp_path: Path) -> None:
    row = {"business_date": [MONDAY], "thing_id": ["a"]}
    first = DeltaStore(tmp_path).write(older(), MONDAY, pl.DataFrame(row))
    store = DeltaStore(tmp_path)
    assert store.read(newer(), first)["weight_frac"].to_list() == [None]
    second = store.write(
        newer(), TUESDAY, pl.DataFrame({"business_date": [TUESDAY], "thing_id": ["a"], "weight_frac": [0.5]})
    )
    assert store.scan(newer(), [first, second]).collect()["weight_frac"].to_list() == [None, 0.5]
    assert store.read(older(), second).columns == ["business_date", "thing_id"]
    assert "weight_frac" in pl.read_delta(str(tmp_path / "things")).columns


def test_a_column_that_changes_its_type_is_refused(tmp_path: Path) -> None:
    class Things(Contract):
        business_date: dt.date = key("Date.")
        thing_id: int = key("Id.")

    DeltaStore(tmp_path).write(older(), MONDAY, pl.DataFrame({"business_date": [MONDAY], "thing_id": ["a"]}))
    with pytest.raises(EvenkeelError, match="type of thing_id"):
        DeltaStore(tmp_path).write(Things, MONDAY, pl.DataFrame({"business_date": [MONDAY], "thing_id": [1]}))


def test_files_and_log_are_kept_for_years(tmp_path: Path) -> None:
    DeltaStore(tmp_path, retention_days=2557).write(Coverage, MONDAY, coverage(MONDAY, 1))
    configuration = DeltaTable(tmp_path / "coverage").metadata().configuration
    assert configuration["delta.logRetentionDuration"] == "interval 2557 days"
    assert configuration["delta.deletedFileRetentionDuration"] == "interval 2557 days"


def write_dates(
    lake: str, first: dt.date, count: int, results: "multiprocessing.Queue[tuple[StoredDataset, int]]"
) -> None:
    store = DeltaStore(lake)
    for offset in range(count):
        date = first + dt.timedelta(days=offset)
        results.put((store.write(Coverage, date, coverage(date, 3, str(os.getpid()))), os.getpid()))


@pytest.mark.parametrize("is_same_date", [False, True])
def test_eight_processes_write_at_once(is_same_date: bool, tmp_path: Path) -> None:
    context = processes()
    results: multiprocessing.Queue[tuple[StoredDataset, int]] = context.Queue()
    writers = [
        context.Process(
            target=write_dates,
            args=(str(tmp_path), MONDAY + dt.timedelta(days=0 if is_same_date else 4 * i), 4, results),
        )
        for i in range(8)
    ]
    for writer in writers:
        writer.start()
    found = [results.get(timeout=60) for _ in range(32)]
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0] * 8
    store = DeltaStore(tmp_path)
    for stored, pid in found:
        assert_frame_equal(store.read(Coverage, stored), coverage(stored.business_date, 3, str(pid)))
    table = DeltaTable(tmp_path / "coverage")
    dates = 4 if is_same_date else 32
    assert len(table.file_uris()) == dates, "one writer's rows a date, never two"
    assert pl.read_delta(str(tmp_path / "coverage")).height == 3 * dates
    for stored, _ in found:
        shown = DeltaTable(tmp_path / "coverage", version=stored.version).file_uris()
        assert any(uri.endswith(stored.files[0]) for uri in shown), "the version is one that shows the files"


def write_for_ever(lake: str) -> None:
    store = DeltaStore(lake)
    for number in range(100_000):
        store.write(Coverage, MONDAY, coverage(MONDAY, 5, str(number)))


@pytest.mark.kill
@pytest.mark.parametrize("delay", [0.0, 0.011, 0.023, 0.037, 0.051])
def test_a_killed_writer_leaves_a_table_that_works(delay: float, tmp_path: Path) -> None:
    before = DeltaStore(tmp_path).write(Coverage, MONDAY, coverage(MONDAY, 2))
    writer = processes().Process(target=write_for_ever, args=(str(tmp_path),))
    writer.start()
    log = tmp_path / "coverage" / "_delta_log"
    while not list(log.glob("*05.json")):
        time.sleep(0.005)
    time.sleep(delay)
    assert writer.pid is not None
    os.kill(writer.pid, signal.SIGKILL)
    writer.join()
    store = DeltaStore(tmp_path)
    assert_frame_equal(store.read(Coverage, before), coverage(MONDAY, 2))
    rows = pl.read_delta(str(tmp_path / "coverage"))
    assert rows.height == 5
    assert rows["reason"].n_unique() == 1
    after = store.write(Coverage, MONDAY, coverage(MONDAY, 4, "after"))
    assert_frame_equal(store.read(Coverage, after), coverage(MONDAY, 4, "after"))
    assert pl.read_delta(str(tmp_path / "coverage")).height == 4
