"""From rows to tables: headers found by their columns' aliases, cells converted column by column, every row accounted for.

`CsvReading` is the work on one file: the layout modules walk its rows, say of each what it is, and add blocks of data rows. What a
broker means by a cell belongs in the layout modules.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any

import polars as pl

from data_contracts.contract import Contract
from data_contracts.parsed import parsed_schema
from data_contracts.vocab import Check
from evenkeel.adapters.custodians import cell_values
from evenkeel.adapters.custodians.layouts import TableLayout, header_key
from evenkeel.adapters.custodians.text_file import TextRows, decode, read_rows
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile, RejectedRow

CUT_OFF = "the row ends inside a quoted cell: the file is cut off or a closing quote is missing"
ENOUGH = 3
"""A line is taken for a header when so many of its cells are names of one table's columns."""


@dataclass(frozen=True)
class Header:
    """A header line as matched: where each of our columns stands, which needed ones are missing, which cells no alias knows."""

    layout: TableLayout
    cells: tuple[str, ...]
    places: Mapping[str, int]
    missing: tuple[str, ...]
    unknown: tuple[str, ...]

    @cached_property
    def width(self) -> int:
        """Return the number of cells up to the last named one: a row with fewer is cut off."""
        return max((i + 1 for i, cell in enumerate(self.cells) if cell.strip()), default=0)

    def text_of(self, name: str) -> str:
        """Return the header's own text for a column of ours."""
        return self.cells[self.places[name]].strip()


def match_header(cells: Sequence[str], layouts: Iterable[TableLayout], *, is_titled: bool = False) -> Header | None:
    """Return the best match of a line with the headers of `layouts`, or None where it is no header of theirs.

    Args:
        cells: A line's cells.
        layouts: Tables that it may be the header of.
        is_titled: The file's title already says whose it is, so no hallmark is asked for.
    """
    keys = [header_key(cell) for cell in cells]
    named = [key for key in keys if key]
    if len(named) < ENOUGH:
        return None
    best: Header | None = None
    for layout in layouts:
        known = sum(key in layout.names_by_key for key in named)
        if known < ENOUGH or not (is_titled or layout.hallmark_keys.intersection(keys)):
            continue
        places: dict[str, int] = {}
        for column in layout.columns:
            place = next((keys.index(key) for key in map(header_key, column.aliases) if key in keys), None)
            if place is not None:
                places[column.name] = place
        missing = tuple(name for name in layout.needed if name not in places)
        if len(missing) > len(layout.needed) // 2:
            continue
        unknown = tuple(
            cell.strip() for cell, key in zip(cells, keys, strict=True) if key and key not in layout.names_by_key
        )
        header = Header(layout, tuple(cells), places, missing, unknown)
        if best is None or (len(missing), -len(places)) < (len(best.missing), -len(best.places)):
            best = header
    return best


def may_be_header(cells: Sequence[str], layouts: tuple[TableLayout, ...]) -> bool:
    """Tell cheaply whether a further line is worth matching: a header of another shape starts with a name we have seen."""
    known = _known_texts(layouts)
    return cells[0].strip().lower() in known or (len(cells) > 1 and cells[1].strip().lower() in known)


@cache
def _known_texts(layouts: tuple[TableLayout, ...]) -> frozenset[str]:
    aliases = {alias for layout in layouts for column in layout.columns for alias in column.aliases}
    written = {cell for layout in layouts for cells in layout.generations.values() for cell in cells if cell}
    return frozenset(text.strip().lower() for text in aliases | written)


def generation_of(header: Header) -> str:
    """Return the generation whose header this is, to the cell or but for empty cells, else `unlisted`."""
    shapes = {name: tuple(header_key(cell) for cell in cells) for name, cells in header.layout.generations.items()}
    seen = tuple(header_key(cell) for cell in header.cells)
    exact = next((name for name, cells in shapes.items() if cells == seen), None)
    named = tuple(key for key in seen if key)
    return exact or next((name for name, cells in shapes.items() if tuple(k for k in cells if k) == named), "unlisted")


def check_header(header: Header, row_no: int) -> None:
    """Refuse a header that lacks a needed column or names one twice.

    Raises:
        FileStopped: With the columns seen and those expected.
    """
    seen = ", ".join(cell.strip() for cell in header.cells if cell.strip())
    if header.missing:
        expected = ", ".join(
            " or ".join(f"'{a}'" for a in header.layout.column(name).aliases) for name in header.missing
        )
        raise FileStopped(
            Check.FILE_COLUMNS,
            f"row {row_no}: the {header.layout.kind} header lacks {expected}; seen: {seen}; "
            "export the file with all columns, or tell us the new name",
            row_no,
        )
    keys = [header_key(cell) for cell in header.cells]
    twice = sorted({header.text_of(name) for name, place in header.places.items() if keys.count(keys[place]) > 1})
    if twice:
        raise FileStopped(
            Check.FILE_COLUMNS,
            f"row {row_no}: column {', '.join(twice)} stands twice in the {header.layout.kind} header, so its values are ambiguous; "
            "export the file with each column once",
            row_no,
        )


@dataclass
class Block:
    """Data rows under equal headers: positions of the rows, and in which of the walk's contexts each stands."""

    header: Header
    positions: list[int] = field(default_factory=list)
    contexts: list[int] = field(default_factory=list)

    def add(self, position: int, context: int = 0) -> None:
        """Add one row."""
        self.positions.append(position)
        self.contexts.append(context)


@dataclass(frozen=True)
class Context:
    """What the lines above say about a row: whose it is, what it is about, as of when."""

    account: str | None = None
    section: str | None = None
    as_of_date: dt.date | None = None
    as_of_time: dt.time | None = None


class CsvReading:
    """One file being read: its rows, and what became of each."""

    def __init__(self, file: RawFile) -> None:
        text, self.encoding = decode(file.read())
        self.file = file
        self.rows: TextRows = read_rows(text)
        self.notes: list[str] = []
        self.structural_count = 0
        self._rejects: dict[int, RejectedRow] = {}
        self._tables: dict[type[Contract], list[pl.DataFrame]] = defaultdict(list)
        self._long_numbers = 0

    def row_no(self, position: int) -> int:
        """Return the row's number: its first physical line, 1-based."""
        return self.rows.row_nos[position]

    def structural(self) -> None:
        """Count the row as carrying nothing: a title, header, blank line, legal text."""
        self.structural_count += 1

    def reject(self, position: int, reason: str, column: str | None = None) -> None:
        """Keep the row as a reject; of several reasons the first stays."""
        self._rejects.setdefault(
            position, RejectedRow(self.row_no(position), reason, self.rows.raw_text(position), column)
        )

    def before_header(self, position: int) -> None:
        """Account for a row above the first header: text is structural, a row that looks like data is a reject."""
        if sum(1 for cell in self.rows.cells[position] if cell.strip()) < ENOUGH:
            self.structural()
        else:
            self.reject(position, "the row stands before any header that we can read")

    def is_misshapen(self, position: int, header: Header) -> bool:
        """Reject a data row that is cut off or has filled cells beyond its header's; tell whether it was."""
        cells = self.rows.cells[position]
        width = header.width
        if len(cells) < width:
            self.reject(position, f"the row has {len(cells)} cells where the header has {width}: it is cut off")
        elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
            self.reject(
                position, f"the row has filled cells beyond the header's {width}: a comma in a cell is not quoted"
            )
        else:
            return False
        return True

    def note_header(self, header: Header) -> None:
        """Note columns that no alias knows, and known ones that this file lacks."""
        if header.unknown:
            self._note(f"{header.layout.kind}: columns not used: {', '.join(header.unknown)}")
        absent = [column.aliases[0] for column in header.layout.columns if column.name not in header.places]
        if absent:
            self._note(f"{header.layout.kind}: columns absent: {', '.join(absent)}")

    def _note(self, text: str) -> None:
        if text not in self.notes:
            self.notes.append(text)

    def add_rows(self, contract: type[Contract], rows: Sequence[Mapping[str, Any]]) -> None:
        """Add a few rows built one by one; columns left out are null."""
        if rows:
            schema = parsed_schema(contract)
            columns = {
                name: pl.Series(name, [row.get(name) for row in rows], dtype=dtype) for name, dtype in schema.items()
            }
            self._tables[contract].append(pl.DataFrame(columns))

    def add_frame(self, contract: type[Contract], frame: pl.DataFrame) -> None:
        """Add a frame of some of the contract's columns; the others are null."""
        if frame.height:
            self._tables[contract].append(
                frame.select(
                    pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype=dtype).alias(name)
                    for name, dtype in parsed_schema(contract).items()
                )
            )

    def count_long_numbers(self, count: int) -> None:
        """Count numbers that were rounded because they have more decimals than facts keep."""
        self._long_numbers += count

    def finish(
        self,
        layout: str,
        generation: str,
        fills: Iterable[type[Contract]],
        *,
        subject: str = "",
        as_of_date: dt.date | None = None,
        as_of_time: dt.time | None = None,
    ) -> ParsedFile:
        """Return what was read. Tables come in row order, those of `fills` that the file has none of are left out."""
        if self._long_numbers:
            self._note(f"{self._long_numbers} numbers have more than 15 decimals and were rounded")
        order = [contract for contract in fills if contract in self._tables]
        tables = {contract: pl.concat(self._tables[contract]).sort("row_no", maintain_order=True) for contract in order}
        return ParsedFile(
            layout=layout,
            generation=generation,
            encoding=self.encoding,
            tables=tables,
            rejects=tuple(self._rejects[position] for position in sorted(self._rejects)),
            row_count=len(self.rows),
            structural_count=self.structural_count,
            subject=subject,
            as_of_date=as_of_date,
            as_of_time=as_of_time,
            notes=tuple(self.notes),
        )


class BlockCells:
    """The cells of a block, column by column: converted on asking, wrong ones turning their row into a reject."""

    def __init__(self, reading: CsvReading, block: Block, contexts: Sequence[Context]) -> None:
        self.reading = reading
        self.block = block
        self._contexts = contexts
        self.height = len(block.positions)
        self._rows = [reading.rows.cells[position] for position in block.positions]
        self._is_bad = pl.repeat(False, self.height, dtype=pl.Boolean, eager=True)

    def row_no(self) -> pl.Series:
        """Return the rows' numbers."""
        return pl.Series([self.reading.rows.row_nos[position] for position in self.block.positions], dtype=pl.Int64)

    def context(self, name: str) -> pl.Series:
        """Return one field of each row's context."""
        values = [getattr(context, name) for context in self._contexts]
        dtype = {"as_of_date": pl.Date, "as_of_time": pl.Time}.get(name, pl.String)
        return pl.Series(values, dtype=dtype).gather(pl.Series(self.block.contexts, dtype=pl.UInt32))

    def same(self, value: Any, dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
        """Return one value for every row."""
        return pl.repeat(value, self.height, dtype=dtype, eager=True)

    def raw(self, name: str) -> pl.Series:
        """Return a column's cells as sent; null where the file lacks the column or the row the cell."""
        place = self.block.header.places.get(name)
        if place is None:
            return pl.repeat(None, self.height, dtype=pl.String, eager=True)
        try:
            return pl.Series([row[place] for row in self._rows], dtype=pl.String)
        except IndexError:
            return pl.Series([row[place] if place < len(row) else None for row in self._rows], dtype=pl.String)

    def text(self, name: str) -> pl.Series:
        """Return a column trimmed; null where silent."""
        return cell_values.words(self.raw(name))

    def number(self, name: str, *, is_needed: bool = False, cells: pl.Series | None = None) -> pl.Series:
        """Return a column (or `cells` in its stead) as decimals; rows where it is no number, or none though needed, become rejects."""
        values, is_wrong, long_count = cell_values.numbers(self.raw(name) if cells is None else cells)
        self.reading.count_long_numbers(long_count)
        self.refuse(is_wrong, name, "is not a number we can read")
        if is_needed:
            self.refuse(values.is_null(), name, "has no value where one is needed")
        return values

    def date(self, name: str, *, is_needed: bool = False) -> pl.Series:
        """Return a column as dates; rows where it is no date (or none, where needed) become rejects."""
        values, is_wrong = cell_values.dates(self.raw(name))
        self.refuse(is_wrong, name, "is not a date we can read")
        if is_needed:
            self.refuse(values.is_null(), name, "has no value where one is needed")
        return values

    def mapped(self, name: str, convert: Callable[[str], Any]) -> pl.Series:
        """Return a text column through `convert`, computed once a distinct text."""
        return cell_values.mapped(self.text(name), convert, pl.String)

    def refuse(self, is_wrong: pl.Series, name: str, reason: str) -> None:
        """Make rejects of the rows where `is_wrong`, naming the file's own column."""
        places = is_wrong.fill_null(False).arg_true().to_list()
        header = self.block.header
        column = header.text_of(name) if name in header.places else name
        for index in places:
            self.reading.reject(self.block.positions[index], f"column '{column}' {reason}", column)
        if places:
            self._is_bad = self._is_bad | is_wrong.fill_null(False)

    def frame(self, columns: Mapping[str, pl.Series | Any], where: pl.Series | None = None) -> pl.DataFrame:
        """Return the good rows of these columns (a plain value is the same for all), with `row_no`; `where` picks some."""
        series = [self.row_no().alias("row_no")]
        for name, value in columns.items():
            if isinstance(value, pl.Series):
                series.append(value.alias(name))
            else:
                series.append(pl.repeat(value, self.height, eager=True).alias(name))
        keep = ~self._is_bad if where is None else where.fill_null(False) & ~self._is_bad
        return pl.DataFrame(series).filter(keep)
