"""Whatever happens to a book's files, loading gives a book or a list of problems, never another error."""

import datetime as dt

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evenkeel.book.csv_cells import Column, read_csv
from evenkeel.book.load import load_book
from evenkeel.book.problems import Problems, shown
from evenkeel.book.tables import TABLES
from evenkeel.book.template import template_files
from evenkeel.errors import BookError
from evenkeel.identity import AccountKeyer

KEYER = AccountKeyer(b"sixteen bytes key")
TEMPLATE = template_files()
NUMBERS = (b"0000-0101", b"0000-0202", b"Z00000303", b"Z00000404")
TOKENS = [
    b"", b",", b'"', b"\n", b"\r", b"#", b":", b"- ", b"  ", b"\t", b"---\n", b"&a ", b"*a", b"!!int x", b"<<: ", b"{", b"}", b"[", b"]",
    b"\x00", b"\xff", b"\xef\xbb\xbf", "é".encode(), b"-1", b"1e999", b"nan", b"inf", b".5", b"99999999999999999999999", b"2026-13-45",
    b"0000-00-00", b"9999-12-31T23:59:59Z", b"true", b"null", b"~", b"VTI", b"house", b"growth", b"0.1", b"account_id", b"1" * 5000,
]  # fmt: skip


@st.composite
def damaged(draw: st.DrawFn) -> dict[str, bytes]:
    files = dict(TEMPLATE)
    for _ in range(draw(st.integers(1, 4))):
        name = draw(st.sampled_from(sorted(files)))
        data = files[name]
        start = draw(st.integers(0, len(data)))
        length = draw(st.one_of(st.integers(0, 3), st.integers(0, 200)))
        how = draw(st.sampled_from(["replace", "swap", "repeat", "delete", "empty"]))
        if how == "replace":
            files[name] = data[:start] + draw(st.sampled_from(TOKENS)) + data[start + length :]
        elif how == "swap":
            files[name] = files[draw(st.sampled_from(sorted(files)))]
        elif how == "repeat":
            files[name] = data[:start] + data[start : start + length] * 2 + data[start + length :]
        elif how == "delete":
            files[name] = data[:start]
        else:
            del files[name]
            files[draw(st.sampled_from(["x.csv", "models/x.yaml", "policies/a/b.yaml", "maps/m.yaml"]))] = data
    return files


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged(), st.dates(dt.date(2024, 12, 1), dt.date(2027, 12, 1)))
def test_a_damaged_book_is_a_book_or_a_list_of_problems(files: dict[str, bytes], on: dt.date) -> None:
    found: list[str] = []
    try:
        book = load_book(files, on, KEYER)
    except BookError as error:
        found = error.problems
    else:
        classes = (
            book.model_targets.filter(pl.col("level") == "class").group_by("model_id").agg(pl.col("target_frac").sum())
        )
        assert classes.filter((pl.col("target_frac") - 1).abs() > 1e-9).is_empty()
        return
    assert found
    assert len(found) == len(set(found))
    for problem in found:
        assert "\n" not in problem
        assert ";" in problem
        assert not any(number.decode() in problem for number in NUMBERS)


ODD_CELLS = st.one_of(st.sampled_from([token.decode("utf-8", "ignore") for token in TOKENS]), st.text(max_size=12))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(ODD_CELLS, min_size=1, max_size=8),
    st.sampled_from(["accounts.csv", "tax_units.csv", "ips.csv", "securities.csv"]),
)
def test_every_cell_is_read_or_complained_about(cells: list[str], file: str) -> None:
    """A table of one column at a time, filled with odd texts: a cell is a value, blank, or named with its line."""
    for column in TABLES[file].columns():
        lines = [
            cell.replace('"', "").replace("\r", "").replace("\n", "").replace(",", "").replace("\0", "")
            for cell in cells
        ]
        problems = Problems()
        columns = [Column("row", pl.String()), column]
        text = f"row,{column.name}\n" + "".join(f"r{place},{line}\n" for place, line in enumerate(lines))
        table = read_csv("t.csv", text.encode("utf-8", "ignore"), columns, problems)
        assert table is not None
        assert table.frame.height == len(lines)
        empty = table.frame.get_column(column.name).is_null().to_list()
        for is_empty, line in zip(empty, lines, strict=True):
            if is_empty and line.encode("utf-8", "ignore").decode().strip():
                assert problems


def test_long_numbers_are_masked_when_shown() -> None:
    assert shown("Z12345678") == "'…5678'"
    assert shown("1234-5678 x") == "'…5678 x'"
    assert shown("2026-07-02") == "'2026-07-02'"
    assert shown("H-1234") == "'H-1234'"
    assert len(shown("x" * 500)) < 50
