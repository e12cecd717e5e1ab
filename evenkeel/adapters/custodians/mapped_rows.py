"""Rows of a large CSV or Parquet file in blocks of bounded size, every row counted; the meaning of columns belongs in `mapped`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from data_contracts.vocab import Check
from evenkeel.adapters.custodians.feed_map import FeedMap
from evenkeel.adapters.custodians.mapped_trailer import cut_trailer, no_trailer, rows_behind
from evenkeel.errors import FileStopped
from evenkeel.ports import RejectedRow

BLOCK_BYTES = 32 * 1024 * 1024
BLOCK_ROWS = 250_000
_HEADER_BYTES = 64 * 1024
_RAW = "_raw"


@dataclass
class Block:
    """Some rows: `frame` has `row_no` and the source's columns that the map names, as text (dates as dates)."""

    frame: pl.DataFrame
    names: dict[str, str]
    """Header as the map has it, to the frame's column."""
    row_count: int
    structural_count: int = 0
    rejects: list[RejectedRow] = field(default_factory=list)
    raw: pl.Series | None = None
    """The rows' text, in the frame's order; None where the rows have none of their own."""
    trailer: tuple[int, str] | None = None
    """Number and text of the trailer's line, which is counted as structural; no row stands behind it."""

    def first_row(self) -> int | None:
        """Return the number of the first row that is not structural, None where there is none."""
        numbers = [reject.row_no for reject in self.rejects] + self.frame.head(1).to_dict(as_series=False).get(
            "row_no", []
        )
        if self.trailer is not None:
            numbers.append(self.trailer[0])
        return min(numbers, default=None)

    @property
    def sources(self) -> dict[str, pl.Series]:
        """Return the cells by header as the map has it."""
        return {header: self.frame[name] for header, name in self.names.items()}

    def raw_text(self) -> pl.Series:
        """Return the rows' text; of rows without text the mapped cells as JSON."""
        if self.raw is not None:
            return self.raw
        named = {name: header for header, name in reversed(self.names.items())}
        cells = self.frame.select(
            pl.struct(pl.col(name).alias(header) for name, header in named.items()).struct.json_encode()
        )
        return cells.to_series()


@dataclass(frozen=True)
class Header:
    """The header line: the cells, the number of the line, and where in the file the rows begin."""

    cells: tuple[str, ...]
    line_no: int
    end: int

    def index_of(self, names: Sequence[str]) -> int | None:
        """Return the position of the first of `names` that is a cell, exactly or but for case."""
        for wanted in (names, [name.casefold() for name in names]):
            cells = self.cells if wanted is names else tuple(cell.casefold() for cell in self.cells)
            for name in wanted:
                if name in cells:
                    return cells.index(name)
        return None

    def columns(self, feed_map: FeedMap) -> dict[str, str]:
        """Return the columns of our frames (`c3` is the fourth cell) by the first header that the map gives them."""
        found = {names[0]: self.index_of(names) for names in wanted_headers(feed_map)}
        return {name: f"c{index}" for name, index in found.items() if index is not None}


def wanted_headers(feed_map: FeedMap) -> list[tuple[str, ...]]:
    """Return the source columns that the map needs, each as its aliases."""
    wanted = [tuple(header.strip() for header in headers) for headers in feed_map.columns.values()]
    wanted += [(rule.column.strip(),) for rule in feed_map.sign.values() if not isinstance(rule, str)]
    wanted += [(column.strip(),) for column in feed_map.skip_rows_where]
    if feed_map.as_of is not None and feed_map.as_of.column:
        wanted.append((feed_map.as_of.column.strip(),))
    return list(dict.fromkeys(wanted))


def find_header(head: bytes, feed_map: FeedMap) -> Header:
    """Return the first line that has every column of the map; titles may stand before it.

    Raises:
        FileStopped: No line has them all: columns are missing, or it is another layout.
    """
    wanted = wanted_headers(feed_map)
    best: tuple[int, int, list[str]] = (0, 0, [])
    end = 0
    for line_no, line in enumerate(head.splitlines(keepends=True), start=1):
        end += len(line)
        text = line.removeprefix(b"\xef\xbb\xbf").decode(feed_map.encoding, errors="replace").rstrip("\r\n")
        cells = [cell.strip() for cell in next(_cells([text], feed_map.delimiter), [])]
        header = Header(tuple(cells), line_no, end)
        missing = [" or ".join(names) for names in wanted if header.index_of(names) is None]
        if not missing:
            return header
        if len(wanted) - len(missing) > best[0]:
            best = (len(wanted) - len(missing), line_no, missing)
    if best[0] == 0:
        raise FileStopped(Check.FILE_OTHER_LAYOUT, "no line has any column of the feed's map; move it to its feed")
    raise FileStopped(
        Check.FILE_COLUMNS,
        f"line {best[1]} lacks {', '.join(best[2])}; ask for the usual columns, or add the new names to the feed's map",
        best[1],
    )


def csv_blocks(path: Path, feed_map: FeedMap) -> Iterator[Block]:
    """Yield the rows of a CSV file, the lines up to the header counted as structural.

    A row is a physical line and its number the line's; with `quoted_newlines` rows are logical and numbered as such.

    Raises:
        FileStopped: The file is empty, has no header with the map's columns, or lacks the trailer that the map describes.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER_BYTES)
        if not head.strip(b"\xef\xbb\xbf \t\r\n"):
            raise FileStopped(Check.FILE_EMPTY, "the file is empty; ask for it again")
        header = find_header(head, feed_map)
        yield Block(pl.DataFrame(), {}, header.line_no, header.line_no)
        file.seek(header.end)
        row_no, rest, is_ended = header.line_no, b"", False
        while True:
            raw = file.read(BLOCK_BYTES)
            is_last = not raw
            raw = rest + raw + file.readline()
            if feed_map.quoted_newlines and not is_last:
                raw, rest = _whole_records(raw)
            else:
                rest = b""
            if raw:
                block = _csv_block(raw, row_no, header, feed_map)
                if is_ended and (number := block.first_row()) is not None:
                    raise rows_behind(number)
                is_ended = is_ended or block.trailer is not None
                row_no += block.row_count
                yield block
            if is_last:
                break
        if feed_map.trailer is not None and not is_ended:
            raise no_trailer(feed_map.trailer)


def _whole_records(raw: bytes) -> tuple[bytes, bytes]:
    """Cut the bytes after the last line end that stands outside quotes."""
    if raw.count(b'"') % 2 == 0:
        return raw, b""
    cut = raw.rfind(b'"')
    while cut > 0:
        start = raw.rfind(b"\n", 0, cut) + 1
        if raw.count(b'"', 0, start) % 2 == 0:
            return raw[:start], raw[start:]
        cut = raw.rfind(b'"', 0, max(start, 1))
    return b"", raw


def _csv_block(raw: bytes, rows_before: int, header: Header, feed_map: FeedMap) -> Block:
    text, is_damaged = _utf8(raw, feed_map.encoding)
    text, trailer, behind = cut_trailer(text, feed_map)
    block = _rows_block(text, is_damaged, rows_before, header, feed_map) if text else Block(pl.DataFrame(), {}, 0)
    if trailer is None:
        return block
    row_no = rows_before + block.row_count + 1
    lines = behind.splitlines()
    for place, line in enumerate(lines, start=1):
        if line.strip(f'{feed_map.delimiter} "\t'.encode()):
            raise rows_behind(row_no + place)
    count = 1 + len(lines)
    return replace(
        block,
        row_count=block.row_count + count,
        structural_count=block.structural_count + count,
        trailer=(row_no, trailer),
    )


def _rows_block(text: bytes, is_damaged: bool, rows_before: int, header: Header, feed_map: FeedMap) -> Block:
    lines = pl.read_lines(io.BytesIO(text))["line"].alias(_RAW)
    has_quotes = b'"' in text
    if feed_map.quoted_newlines and has_quotes:
        lines = _joined(lines)
    width = len(header.cells)
    frame = pl.DataFrame(
        {
            "row_no": pl.int_range(rows_before + 1, rows_before + 1 + lines.len(), eager=True, dtype=pl.Int64),
            _RAW: lines,
        }
    )
    bare = pl.col(_RAW).str.replace_all(r'"[^"]*"', "") if has_quotes else pl.col(_RAW)
    count = bare.str.count_matches(feed_map.delimiter, literal=True)
    spare = pl.col(_RAW).str.strip_chars_end().str.ends_with(feed_map.delimiter) & (count == width)
    short = (count == width - 2) if header.cells[-1] == "" else pl.lit(False)
    reason = (
        pl.when(pl.col(_RAW).str.contains("\ufffd", literal=True) if is_damaged else pl.lit(False))
        .then(pl.lit("not text of the feed's encoding"))
        .when(bare.str.contains('"', literal=True) if has_quotes else pl.lit(False))
        .then(pl.lit("a quote is opened and not closed; the line may be cut off"))
        .when((count != width - 1) & ~spare & ~short)
        .then(pl.format("{} cells where the header has {}; the line may be cut off", count + 1, pl.lit(width)))
    )
    is_blank = pl.col(_RAW).str.strip_chars(f'{feed_map.delimiter} "\t').str.len_bytes() == 0
    frame = frame.with_columns(is_blank.alias("_blank"), reason.alias("_reason"))
    blank_count = int(frame["_blank"].sum())
    ragged = frame.filter(~pl.col("_blank") & pl.col("_reason").is_not_null())
    rejects = [RejectedRow(*row) for row in ragged.select("row_no", "_reason", _RAW).iter_rows()]
    good = frame if blank_count + ragged.height == 0 else frame.filter(~pl.col("_blank") & pl.col("_reason").is_null())
    source = text if good.height == lines.len() else "\n".join(good[_RAW].to_list()).encode()
    cells = _split(source, good[_RAW], header, feed_map, has_quotes).with_columns(good["row_no"])
    return Block(cells, header.columns(feed_map), lines.len(), blank_count, rejects, good[_RAW])


def _split(source: bytes, lines: pl.Series, header: Header, feed_map: FeedMap, has_quotes: bool) -> pl.DataFrame:
    indices = sorted({int(name[1:]) for name in header.columns(feed_map).values()})
    names = [f"c{index}" for index in indices]
    if lines.is_empty():
        return pl.DataFrame(schema={name: pl.String for name in names})
    frame = pl.read_csv(
        source,
        has_header=False,
        separator=feed_map.delimiter,
        quote_char='"' if has_quotes else None,
        schema={f"c{index}": pl.String for index in range(len(header.cells))},
        columns=indices,
        truncate_ragged_lines=True,
    )
    if frame.height == lines.len():
        return frame.select(names)
    # Quotes in odd places make lines run together: read each line by itself.
    rows = [next(_cells([line], feed_map.delimiter), []) for line in lines.to_list()]
    return pl.DataFrame(
        {f"c{i}": [row[i] if i < len(row) else None for row in rows] for i in indices},
        schema=dict.fromkeys(names, pl.String),
    )


def _joined(lines: pl.Series) -> pl.Series:
    """Put the lines of a quoted cell together again."""
    quotes = lines.str.count_matches('"', literal=True).cast(pl.Int64)
    is_inside = (quotes.cum_sum() - quotes) % 2 == 1
    if not is_inside.any():
        return lines
    frame = pl.DataFrame({_RAW: lines, "record": (~is_inside).cast(pl.Int64).cum_sum()})
    return frame.group_by("record", maintain_order=True).agg(pl.col(_RAW).str.join("\n"))[_RAW]


def _utf8(raw: bytes, encoding: str) -> tuple[bytes, bool]:
    """Return the bytes as UTF-8, and whether some could not be read and stand as U+FFFD."""
    if encoding != "utf-8":
        return raw.decode(encoding, errors="replace").encode(), False
    try:
        raw.decode()
    except UnicodeDecodeError:
        return raw.decode(errors="replace").encode(), True
    return raw, False


def _cells(lines: list[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:
        yield from (line.split(delimiter) for line in lines)


def parquet_blocks(path: Path, feed_map: FeedMap) -> Iterator[Block]:
    """Yield the rows of a Parquet file, numbered from one.

    Raises:
        FileStopped: It is empty, cut off, damaged, or lacks columns of the map.
    """
    with path.open("rb") as file:
        start, size = file.read(4), file.seek(0, io.SEEK_END)
        file.seek(max(0, size - 4))
        end = file.read(4)
    if size == 0:
        raise FileStopped(Check.FILE_EMPTY, "the file is empty; ask for it again")
    if start != b"PAR1":
        raise FileStopped(Check.FILE_OTHER_LAYOUT, "not a Parquet file; move it to its feed")
    if end != b"PAR1":
        raise FileStopped(Check.FILE_TRUNCATED, "the Parquet file has no end; send it again")
    try:
        yield from _parquet_blocks(path, feed_map)
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise FileStopped(
            Check.FILE_UNREADABLE, f"the Parquet file is damaged ({type(error).__name__}); send it again"
        ) from error


def _parquet_blocks(path: Path, feed_map: FeedMap) -> Iterator[Block]:
    with pq.ParquetFile(path) as file:
        header = Header(tuple(file.schema_arrow.names), 0, 0)
        found = {names: header.index_of(names) for names in wanted_headers(feed_map)}
        missing = [" or ".join(names) for names, index in found.items() if index is None]
        if missing:
            raise FileStopped(
                Check.FILE_COLUMNS, f"columns missing: {', '.join(missing)}; add the new names to the feed's map"
            )
        names = {header.cells[int(name[1:])]: name for name in header.columns(feed_map).values()}
        row_no = 0
        for batch in file.iter_batches(batch_size=BLOCK_ROWS, columns=list(names)):
            frame = pl.DataFrame(pl.from_arrow(pa.Table.from_batches([batch]))).rename(names)
            shaped = frame.select(_readable(frame[name]) for name in names.values())
            numbers = pl.int_range(row_no + 1, row_no + 1 + frame.height, eager=True, dtype=pl.Int64)
            yield Block(shaped.with_columns(numbers.alias("row_no")), header.columns(feed_map), frame.height)
            row_no += frame.height


def _readable(values: pl.Series) -> pl.Series:
    """Return dates as dates and everything else as text; a float as the shortest text that means it."""
    if values.dtype == pl.Date:
        return values
    if values.dtype == pl.Datetime:
        return values.dt.date()
    if values.dtype.is_float():
        values = values.fill_nan(None)
    return values.cast(pl.String)
