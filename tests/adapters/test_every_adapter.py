"""What holds for every layout, on every sample file and on damaged ones: one suite over the whole registry."""

from __future__ import annotations

import functools
import hashlib
import os
import re
import tempfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from data_contracts.contract import Contract
from data_contracts.other_rows import OtherRows
from data_contracts.parsed import FACT_CONTRACTS, SOURCE_ACCOUNT, parsed_schema
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.feed_map import codes_of, parse_map
from evenkeel.adapters.custodians.registry import LAYOUTS, MAPPED, adapter, recognise
from evenkeel.errors import FileStopped, UsageError
from evenkeel.ports import CustodianFeed, ParsedFile, RawFile

SAMPLES = {
    "schwab_csv": [
        "schwab/Individual-Positions-2023.csv",
        "schwab/Transactions_two_accounts_2021.csv",
        "schwab/GainLoss_Realized_2021.csv",
    ],
    "fidelity_csv": [
        "fidelity/Accounts_History_2021.csv",
        "fidelity/Portfolio_Positions_2021.csv",
        "fidelity/Realized_Gain_Loss_2021.csv",
    ],
    "vanguard_csv": ["vanguard/vanguard.csv"],
    "ibkr_csv": ["ibkr/transaction_history.csv", "ibkr/ibkr-dividends-export.csv"],
    "ibkr_flex": ["ibkr/options_future_2025.xml", "ibkr/uabean_ib.xml", "ibkr/vtandchill_2025.xml"],
    "ofx": [
        "ofx_generic/investment_401k.ofx",
        "ofx_generic/investment_medium.ofx",
        "tiaa/tiaacref.ofx",
        "vanguard/vanguard401k.ofx",
    ],
}
CASES = [(layout, name) for layout, names in SAMPLES.items() for name in names]
each_sample = pytest.mark.parametrize(
    ("layout", "name"), CASES, ids=[f"{layout}-{Path(name).name}" for layout, name in CASES]
)

MAPPED_TEXT = b"Account,Symbol,Units,Value,Date\nA1,VTI,10,2500.50,2025-12-31\nA1,BND,x,1,2025-12-31\n\nA2,BND,-1,-90,2025-12-31\n"


def mapped_feed() -> CustodianFeed:
    columns = {"source_account": "Account", "symbol": "Symbol", "held_qty": "Units", "value_ccy": "Value"}
    data = {"kind": "positions", "columns": columns, "constants": {"currency": "USD"}, "as_of": {"column": "Date"}}
    return adapter(MAPPED, parse_map(data, "map.yaml"))


@functools.cache
def scratch() -> Path:
    return Path(tempfile.mkdtemp(prefix="every-adapter-"))


def parse_bytes(feed: CustodianFeed, name: str, raw: bytes) -> ParsedFile:
    """Parse bytes as a delivered file of that name."""
    path = scratch() / f"{os.getpid()}.bin"
    path.write_bytes(raw)
    return feed.parse(RawFile(hashlib.sha256(raw).hexdigest(), name, path, len(raw)))


def check_parsed(feed: CustodianFeed, parsed: ParsedFile, last_row: int | None = None) -> None:
    """What must hold for whatever an adapter returns.

    A row is named by its first physical line, and a damaged quote makes one row of several lines: `last_row` is then the file's last
    line, where there are fewer rows than lines.
    """
    assert parsed.layout == feed.layout
    assert parsed.generation
    assert set(parsed.tables) <= feed.fills <= set(FACT_CONTRACTS)
    kept: set[int] = set()
    for contract, frame in parsed.tables.items():
        assert frame.schema == parsed_schema(contract)
        assert_values(contract, frame)
        kept |= set(frame["row_no"].to_list())
    rejected = [reject.row_no for reject in parsed.rejects]
    assert len(rejected) == len(set(rejected))
    assert kept.isdisjoint(rejected)
    assert all(1 <= row_no <= (last_row or parsed.row_count) for row_no in kept.union(rejected))
    assert parsed.structural_count >= 0
    assert len(kept) + len(rejected) + parsed.structural_count == parsed.row_count
    assert all(reject.reason for reject in parsed.rejects)


def assert_values(contract: type[Contract], frame: pl.DataFrame) -> None:
    """Columns that the contract requires are filled, keys are unique, codes are codes."""
    full = contract.to_schema().columns
    # A history need not say up to which day it runs: the door decides about files without a date.
    silent = {"as_of_date"}
    required = [name for name in frame.columns if name in full and not full[name].nullable and name not in silent]
    if SOURCE_ACCOUNT in frame.columns and not full["account_key"].nullable:
        required.append(SOURCE_ACCOUNT)
    for name in required:
        assert frame[name].null_count() == 0, f"{contract.dataset_name()}.{name}"
    keys = [name for name in contract.key_columns() if name in frame.columns]
    assert frame.select(keys).is_unique().all()
    for name in frame.columns:
        if codes := codes_of(contract, name):
            assert frame[name].drop_nulls().is_in(codes).all(), f"{contract.dataset_name()}.{name}"


@each_sample
def test_a_sample_is_read_whole_and_the_same_each_time(layout: str, name: str, shared: Path) -> None:
    feed = adapter(layout)
    path = shared / "samples" / name
    raw = path.read_bytes()
    file = RawFile(hashlib.sha256(raw).hexdigest(), path.name, path, len(raw))
    parsed, again = feed.parse(file), adapter(layout).parse(file)
    check_parsed(feed, parsed)
    assert parsed.row_count > 0
    assert parsed.tables
    assert set(parsed.tables) == set(again.tables)
    for contract, frame in parsed.tables.items():
        assert frame.equals(again.tables[contract])
    assert (parsed.rejects, parsed.row_count, parsed.as_of_date) == (again.rejects, again.row_count, again.as_of_date)
    assert path.read_bytes() == raw


@each_sample
def test_a_sample_is_recognised_by_its_own_layout_alone(layout: str, name: str, shared: Path) -> None:
    path = shared / "samples" / name
    assert recognise(path.name, path.read_bytes()[:65536]) == [layout]


@each_sample
def test_other_layouts_stop_at_a_sample(layout: str, name: str, shared: Path) -> None:
    raw = (shared / "samples" / name).read_bytes()
    for other in LAYOUTS:
        if other != layout:
            with pytest.raises(FileStopped) as caught:
                parse_bytes(adapter(other), Path(name).name, raw)
            assert caught.value.check in (Check.FILE_OTHER_LAYOUT, Check.FILE_COLUMNS), other


@each_sample
def test_no_account_number_outside_its_column(layout: str, name: str, shared: Path) -> None:
    """The door masks what stands in `source_account`; kept texts must not carry the number past it."""
    parsed = parse_bytes(adapter(layout), Path(name).name, (shared / "samples" / name).read_bytes())
    accounts = {
        account
        for frame in parsed.tables.values()
        if SOURCE_ACCOUNT in frame.columns
        for account in frame[SOURCE_ACCOUNT].drop_nulls().to_list()
        if re.fullmatch(r"[\w. -]*\d{5}[\w. -]*", account)  # a whole number, no mask and no file's name
    }
    texts = parsed.tables[OtherRows]["payload_json"].to_list() if OtherRows in parsed.tables else []
    for account in accounts:
        assert not any(account in text for text in texts)
        assert account not in parsed.subject
        assert not any(account in note for note in parsed.notes)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("raw", [b"", b"\n", b" \r\n\r\n", b"\xef\xbb\xbf"])
def test_nothing_is_told_as_empty(layout: str, raw: bytes) -> None:
    with pytest.raises(FileStopped) as caught:
        parse_bytes(adapter(layout), "file", raw)
    assert caught.value.check in (Check.FILE_EMPTY, Check.FILE_OTHER_LAYOUT)
    assert "\n" not in caught.value.message
    if raw == b"":
        assert caught.value.check is Check.FILE_EMPTY


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(
    "raw", [b"\x00" * 500, bytes(range(256)) * 4, b"PK\x03\x04 not a table", b"Name,Born\nA,1\n", b"{}"]
)
def test_something_else_is_told_so(layout: str, raw: bytes) -> None:
    assert not adapter(layout).recognises("file.csv", raw)
    with pytest.raises(FileStopped):
        parse_bytes(adapter(layout), "file.csv", raw)


damage = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def survives(feed: CustodianFeed, name: str, raw: bytes) -> None:
    try:
        parsed = parse_bytes(feed, name, raw)
    except FileStopped as error:
        stopped: FileStopped | None = error
    else:
        stopped = None
        check_parsed(feed, parsed, max(parsed.row_count, len(raw.splitlines())))
    assert stopped is None or (stopped.message and "\n" not in stopped.message)


@each_sample
@damage
@given(share=st.floats(0, 1))
@example(share=0.999)
def test_a_file_cut_anywhere_stops_or_is_accounted_for(layout: str, name: str, shared: Path, share: float) -> None:
    raw = (shared / "samples" / name).read_bytes()
    survives(adapter(layout), Path(name).name, raw[: int(len(raw) * share)])


@each_sample
@damage
@given(flips=st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=20))
@example(flips=[(0.525390625, 32)])  # a quote that swallows the next section's title
def test_flipped_bytes_stop_or_are_accounted_for(
    layout: str, name: str, shared: Path, flips: list[tuple[float, int]]
) -> None:
    raw = bytearray((shared / "samples" / name).read_bytes())
    for share, value in flips:
        raw[int(len(raw) * share)] = value
    survives(adapter(layout), Path(name).name, bytes(raw))


@each_sample
def test_doubled_and_reversed_lines_are_accounted_for(layout: str, name: str, shared: Path) -> None:
    lines = (shared / "samples" / name).read_bytes().splitlines(keepends=True)
    survives(adapter(layout), Path(name).name, b"".join(line + line for line in lines))
    survives(adapter(layout), Path(name).name, b"".join(reversed(lines)))


@damage
@given(data=st.data())
def test_a_damaged_mapped_file_is_accounted_for(data: st.DataObject) -> None:
    raw = bytearray(MAPPED_TEXT[: data.draw(st.integers(0, len(MAPPED_TEXT)))])
    for _ in range(data.draw(st.integers(0, 5)) if raw else 0):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    survives(mapped_feed(), "positions.csv", bytes(raw))


def test_a_whole_mapped_file() -> None:
    parsed = parse_bytes(mapped_feed(), "positions.csv", MAPPED_TEXT)
    check_parsed(mapped_feed(), parsed)
    assert (parsed.row_count, len(parsed.rejects), parsed.structural_count) == (5, 1, 2)


def test_every_layout_has_samples_and_a_stated_limit() -> None:
    assert set(SAMPLES) == set(LAYOUTS)
    for layout in LAYOUTS:
        feed = adapter(layout)
        assert feed.layout == layout
        assert feed.max_bytes == 256 * 1024 * 1024
        assert feed.fills


def test_unknown_layouts_and_missing_maps_say_what_to_do() -> None:
    with pytest.raises(UsageError, match="take one of schwab_csv"):
        adapter("axys")
    with pytest.raises(UsageError, match="needs a map"):
        adapter(MAPPED)
