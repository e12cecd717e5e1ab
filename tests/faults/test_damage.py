"""What a damage does to a file's bytes: one cell and nothing else, in the sender's own style, its control figures as it believes them."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evenkeel.sandbox.faults.controls import believed
from evenkeel.sandbox.faults.day_files import FeedFile
from evenkeel.sandbox.faults.fault import Session
from evenkeel.sandbox.faults.figures import figure, written
from evenkeel.sandbox.faults.sheets import RowKind, open_sheet, split_cells
from tests.faults.conftest import Runs

HEADER = "Account,Ticker,CUSIP,Security,Units,Price,Price Date,Market Value,Cost"
ROWS = (
    "PL1,USTM,987109105,NORTHFIELD,10.5,20.00,2026-03-06,210.00,100.00",
    "PL1,USGR,902947100,HALYARD,3,7.25,2026-03-06,21.75,20.00",
)


def table(*rows: str) -> FeedFile:
    at = dt.datetime(2026, 3, 6, 22, tzinfo=dt.UTC)
    return FeedFile("plans", "positions_20260306.csv", "\n".join([HEADER, *rows, ""]).encode(), at)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$14,202.34", "14202.34"), ("-$1.00", "-1"), ("+$0.56", "0.56"), ("139.893", "139.893"), ('"1,329"', "1329"), ("--", None),
        ("", None), ("12.34%", None),
    ],
)  # fmt: skip
def test_figures_are_read_as_senders_write_them(text: str, value: str | None) -> None:
    assert figure(text) == (None if value is None else Decimal(value))


@given(
    st.decimals(-(10**9), 10**9, places=2, allow_nan=False), st.sampled_from(["$1.00", "1.00", "+$1.00", "1,000.00"])
)
def test_a_written_figure_is_read_back(value: Decimal, like: str) -> None:
    assert figure(written(value, like, "value")) == value


@pytest.mark.parametrize("session", [Session.QUIET, Session.SPLIT])
def test_a_sheet_gives_its_bytes_back_and_believes_what_the_sandbox_wrote(runs: Runs, session: Session) -> None:
    for file in runs(session).clean_files.files:
        sheet = open_sheet(file)
        assert sheet.rows, file.name
        assert sheet.data == file.data, file.name
        assert believed(sheet).data == file.data, file.name


def test_one_cell_is_changed_and_every_other_stays() -> None:
    sheet = open_sheet(table(*ROWS))
    row = sheet.of_kind(RowKind.HOLDING)[1]
    changed = sheet.with_cells(row, {"value": "217.50"})
    before, after = split_cells(sheet.lines[2]), split_cells(changed.lines[2])
    assert [place for place, cell in enumerate(before) if cell != after[place]] == [7]
    assert [line for place, line in enumerate(changed.lines) if line != sheet.lines[place]] == [changed.lines[2]]


def test_a_trailer_is_left_or_worked_out() -> None:
    sheet = open_sheet(table(*ROWS, "TRAILER,2,13.5,231.75"))
    dropped = sheet.without([2])
    assert dropped.lines[-2] == "TRAILER,2,13.5,231.75"
    assert believed(dropped).lines[-2] == "TRAILER,1,10.5,210.00"
    assert believed(sheet).data == sheet.data
