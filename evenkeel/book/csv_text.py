"""One CSV file's text as rows of cells, each with the line it stands on.

One line is one row: a line break inside a quoted cell is refused, so that a line number always means what an editor shows. Blank lines,
lines of separators alone and lines that begin with `#` are skipped. What the cells mean belongs in `csv_cells`.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence

import polars as pl

from evenkeel.book.problems import Problems, did_you_mean, shown

LINE = "_line"
CELLS = "_cells"
_BOM = b"\xef\xbb\xbf"
_NOT_TEXT = "save it as UTF-8 (in a spreadsheet: 'CSV UTF-8')"


def decode(file: str, data: bytes, problems: Problems) -> str | None:
    """Return the file's text without a byte order mark, or None where it is not UTF-8 (a problem is noted)."""
    data = data.removeprefix(_BOM)
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        problems.add(file, 1, f"the file is UTF-16; {_NOT_TEXT}")
        return None
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        problems.add(file, line, f"byte 0x{data[error.start]:02x} is not UTF-8; {_NOT_TEXT}")
        return None
    if "\0" in text:
        problems.add(file, text.count("\n", 0, text.index("\0")) + 1, f"a NUL character; {_NOT_TEXT}")
        return None
    return text


def read_rows(
    file: str, text: str, known: Sequence[str], required: Sequence[str], problems: Problems
) -> tuple[list[str], pl.DataFrame, bool] | None:
    """Return the header, a frame of `_line` and `_cells` (list of text, as many as the header has), and whether it has every row.

    Rows whose number of cells does not fit are noted as problems and left out.

    Args:
        file: Name for messages.
        text: The file's text.
        known: Column names that the file may have.
        required: Those that it must have.
        problems: Collects what is wrong.

    Returns:
        None where the header cannot be used (a problem is noted).
    """
    lines = (
        pl.DataFrame({"text": [text]})
        .select(pl.col("text").str.split("\n").explode().str.strip_suffix("\r"))
        .with_row_index(LINE, offset=1)
        .with_columns(pl.col(LINE).cast(pl.Int64))
        .filter(~pl.col("text").str.contains(r"^(\s*#.*|[\s,;]*)$"))
    )
    if lines.is_empty():
        problems.add(file, None, f"the file has no header; its first line must name the columns {', '.join(required)}")
        return None
    header_line = int(lines.item(0, LINE))
    first = str(lines.item(0, "text"))
    header = _header(file, header_line, first, known, required, problems)
    if header is None:
        return None
    padded_width = len(_split_line(first) or header)
    rows = lines.slice(1)
    has_quote = rows.get_column("text").str.contains('"', literal=True)
    quoted = _read_quoted(file, rows.filter(has_quote), problems)
    plain = rows.filter(~has_quote).select(LINE, pl.col("text").str.split(",").alias(CELLS))
    cells = pl.concat([plain, quoted]).sort(LINE) if quoted.height else plain
    fitting = _of_width(file, cells, len(header), padded_width, problems)
    return header, fitting, fitting.height == rows.height


def _header(
    file: str, line: int, text: str, known: Sequence[str], required: Sequence[str], problems: Problems
) -> list[str] | None:
    names = _split_line(text)
    if names is None:
        problems.add(file, line, "the header has a quote that is not closed; write the column names without quotes")
        return None
    names = [name.strip().lower() for name in names]
    while names and not names[-1]:
        names.pop()
    if len(names) == 1 and any(mark in names[0] for mark in ";\t|"):
        problems.add(file, line, "the header has no commas; separate the columns by commas, not by semicolons or tabs")
        return None
    is_usable = True
    for place, name in enumerate(names, start=1):
        if not name:
            problems.add(file, line, f"column {place} has no name; name it, or delete it")
        elif name not in known:
            remedy = did_you_mean(name, known) or f", known ones: {', '.join(known)}"
            problems.add(file, line, f"unknown column {shown(name)}{remedy}; rename or delete it")
        elif name in names[: place - 1]:
            problems.add(file, line, f"column {shown(name)} stands twice; keep one")
            is_usable = False
    absent = [name for name in required if name not in names]
    if absent:
        problems.add(
            file, line, f"columns missing: {', '.join(absent)}; add them to the header and fill them in every row"
        )
    return names if is_usable and not absent else None


def _split_line(text: str) -> list[str] | None:
    try:
        return next(csv.reader([text], strict=True))
    except csv.Error:
        return None


def _read_quoted(file: str, rows: pl.DataFrame, problems: Problems) -> pl.DataFrame:
    """Read the lines that have quotes with the standard parser: polars would join a line left open with the next ones."""
    split = [_split_line(text) for text in rows.get_column("text").to_list()]
    lines: list[int] = rows.get_column(LINE).to_list()
    broken = [line for line, cells in zip(lines, split, strict=True) if cells is None]
    message = (
        'a quote is not closed on its line; close it, write "" for a quote within a text, and keep each row on one line'
    )
    problems.add_lines(file, broken, [message] * len(broken), message)
    good = [(line, cells) for line, cells in zip(lines, split, strict=True) if cells is not None]
    return pl.DataFrame(
        {LINE: [line for line, _ in good], CELLS: [cells for _, cells in good]},
        schema={LINE: pl.Int64, CELLS: pl.List(pl.String)},
    )


def _of_width(file: str, rows: pl.DataFrame, width: int, padded_width: int, problems: Problems) -> pl.DataFrame:
    # Spreadsheets pad all lines, the header's too, with separators: empty cells up to there carry nothing. Any more is a slip.
    counted = rows.with_columns(
        pl.col(CELLS).list.len().cast(pl.Int64).alias("_count"),
        pl.col(CELLS).list.slice(width).list.join("").str.strip_chars().str.len_chars().alias("_surplus"),
    )
    fits = pl.col("_count").is_between(width, padded_width) & (pl.col("_surplus") == 0)
    wrong = counted.filter(~fits)
    remedy = 'check for a comma missing, or one inside a text, which must then stand in "quotes"'
    messages = [
        f"{count} cells, but the header names {width} columns; {remedy}" for count in wrong.get_column("_count")
    ]
    problems.add_lines(file, wrong.get_column(LINE).to_list(), messages, f"not {width} cells; {remedy}")
    return counted.filter(fits).select(LINE, CELLS)
