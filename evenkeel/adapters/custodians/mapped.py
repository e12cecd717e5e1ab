"""Any table, by a map of its columns: CSV or Parquet of a custodian, portfolio system, order system or market data service.

What a map says is in `feed_map`, reading rows in `mapped_rows`, cells in `mapped_cells`, the trailer in `mapped_trailer`;
docs/mapped-feeds.md explains all to users.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import re
from collections.abc import Iterable

import polars as pl

from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.fields import FACT_DTYPE
from data_contracts.parsed import parsed_schema
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.feed_map import DEFAULTS, FeedMap, boolean, codes_of, required_columns
from evenkeel.adapters.custodians.mapped_cells import Column, read_cells, signed
from evenkeel.adapters.custodians.mapped_rows import Block, csv_blocks, find_header, parquet_blocks
from evenkeel.adapters.custodians.mapped_trailer import trailer_totals
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile, RejectedRow

MOST_REJECTS = 100_000


class MappedFeed:
    """Reads the tables that one map describes.

    A trailer's line is structural: it is no data row, though its figures become rows of `ControlTotals`.

    Rows are read in blocks of 32 MiB (CSV) or 250,000 rows (Parquet) and kept in the contract's types.
    The process stays under 600 MiB plus twice the size of a CSV file (measured: 878 MiB at 202 MB, 1,602 MiB at 607 MB),
    and under 600 MiB plus 250 bytes a row of a Parquet file (1,451 MiB at 5.4 million rows).
    """

    layout = "mapped"
    max_bytes = 2 * 1024 * 1024 * 1024

    def __init__(self, feed_map: FeedMap) -> None:
        self.feed_map = feed_map

    @property
    def fills(self) -> frozenset[type[Contract]]:
        """Return the contract that the map's kind fills, and that of control totals where the table has a trailer."""
        totals = [ControlTotals] if self.feed_map.trailer is not None else []
        return frozenset([self.feed_map.contract, *totals])

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the first bytes: a Parquet file, or a line with every column of the map."""
        if self.feed_map.format == "parquet":
            return head.startswith(b"PAR1")
        try:
            find_header(head, self.feed_map)
        except FileStopped:
            return False
        return True

    def parse(self, file: RawFile) -> ParsedFile:
        """Read the file.

        Raises:
            FileStopped: It is empty, damaged or too large, columns, its date or its trailer are missing, or most rows are bad.
        """
        if file.byte_count > self.max_bytes:
            raise FileStopped(
                Check.FILE_TOO_LARGE, f"{file.byte_count} bytes, at most {self.max_bytes} are read; split it"
            )
        reader = _Reader(self.feed_map, file.name)
        if self.feed_map.format == "parquet":
            reader.read(parquet_blocks(file.path, self.feed_map))
        else:
            reader.read(csv_blocks(file.path, self.feed_map))
        frame = reader.frame()
        return ParsedFile(
            layout=self.layout,
            generation=f"{self.feed_map.kind}_{self.feed_map.format}",
            encoding="binary" if self.feed_map.format == "parquet" else self.feed_map.encoding,
            tables={self.feed_map.contract: frame} | ({} if reader.totals is None else {ControlTotals: reader.totals}),
            rejects=sorted(reader.rejects, key=lambda reject: reject.row_no),
            row_count=reader.row_count,
            structural_count=reader.structural_count,
            as_of_date=reader.as_of_date(frame),
            notes=reader.notes(),
        )


class _Reader:
    """Turns blocks into frames of the contract, keeping the count."""

    def __init__(self, feed_map: FeedMap, file_name: str) -> None:
        self.feed_map = feed_map
        self.schema = parsed_schema(feed_map.contract)
        self.required = required_columns(feed_map.contract)
        self.rejects: list[RejectedRow] = []
        self.row_count = 0
        self.structural_count = 0
        self.totals: pl.DataFrame | None = None
        self._frames: list[pl.DataFrame] = []
        self._unknown_codes: dict[str, int] = {}
        self._file_day = self._day_of(file_name)

    def read(self, blocks: Iterable[Block]) -> None:
        """Read all blocks.

        Raises:
            FileStopped: More rows are rejected than anyone would look at, or the trailer has no figures.
        """
        for block in blocks:
            self.row_count += block.row_count
            self.structural_count += block.structural_count
            self.rejects += block.rejects
            if block.frame.height:
                self._take(block)
            if block.trailer is not None:
                self.totals = trailer_totals(block.trailer[1], block.trailer[0], self.feed_map)
            if len(self.rejects) > MOST_REJECTS:
                raise FileStopped(
                    Check.FILE_REJECT_SHARE,
                    f"more than {MOST_REJECTS} rows cannot be read, the first for: {self.rejects[0].reason}; compare the file "
                    "with the feed's map",
                    self.rejects[0].row_no,
                )

    def frame(self) -> pl.DataFrame:
        """Return all rows."""
        return pl.concat(self._frames) if self._frames else pl.DataFrame(schema=self.schema)

    def notes(self) -> tuple[str, ...]:
        """Return how many cells of optional codes the map does not explain."""
        return tuple(
            f"{name}: {count} rows hold a word that the map's values do not name; left empty"
            for name, count in sorted(self._unknown_codes.items())
        )

    def as_of_date(self, frame: pl.DataFrame) -> dt.date | None:
        """Return the file's one date, None where it has none or several."""
        if self._file_day is not None:
            return self._file_day
        rule, column = self.feed_map.as_of, self.feed_map.day_column
        if rule is None or column is None or frame.is_empty():
            return None
        first, last = frame.select(pl.col(column).min().alias("a"), pl.col(column).max().alias("b")).row(0)
        return first if first == last and isinstance(first, dt.date) else None

    def _day_of(self, file_name: str) -> dt.date | None:
        rule = self.feed_map.as_of
        if rule is None or rule.file_name is None:
            return None
        found = re.search(rule.file_name, file_name)
        date_format = self.feed_map.date_format("as_of_date")
        day = None
        if found and found[1]:
            with contextlib.suppress(ValueError):
                day = dt.datetime.strptime(found[1], date_format).date()
        if day is None:
            raise FileStopped(
                Check.NO_AS_OF_DATE,
                f"the file's name has no date of the form {date_format} where the feed's map looks for it; rename the file",
            )
        return day

    def _take(self, block: Block) -> None:
        sources = block.sources
        keep = pl.repeat(True, block.frame.height, eager=True)
        for header, words in self.feed_map.skip_rows_where.items():
            cells = sources[header.strip()].cast(pl.String).str.strip_chars().fill_null("")
            keep &= ~cells.is_in(list(words))
        self.structural_count += int((~keep).sum())
        columns: dict[str, pl.Series] = {"row_no": block.frame["row_no"]}
        reason = pl.Series("reason", [None], dtype=pl.String).new_from_index(0, block.frame.height)
        wrong = reason.alias("column")
        for name, dtype in self.schema.items():
            column = self._column(name, dtype, sources)
            if column is None:
                continue
            values, is_bad, expected = column.values, column.is_bad, column.expected
            if name in self.required:
                is_missing = values.is_null() & ~is_bad
                reason = _first(reason, is_missing, "missing")
                wrong = _first(wrong, is_missing, name)
            elif is_bad.any() and codes_of(self.feed_map.contract, name):
                self._unknown_codes[name] = self._unknown_codes.get(name, 0) + int((is_bad & keep).sum())
                is_bad = pl.repeat(False, is_bad.len(), eager=True)
            if is_bad.any():
                reason = _first(reason, is_bad, expected)
                wrong = _first(wrong, is_bad, name)
            columns[name] = values
        is_wrong = keep & reason.is_not_null()
        if is_wrong.any():
            self._reject(block, is_wrong, reason, wrong)
        shaped = pl.DataFrame({name: values.alias(name) for name, values in columns.items()}).select(
            pl.col(name).cast(dtype) if name in columns else self._filled(name).cast(dtype).alias(name)
            for name, dtype in self.schema.items()
        )
        is_good = keep & reason.is_null()
        self._frames.append(shaped if is_good.all() else shaped.filter(is_good))

    def _column(self, name: str, dtype: pl.DataType, sources: dict[str, pl.Series]) -> Column | None:
        headers = self.feed_map.columns.get(name)
        rule = self.feed_map.as_of
        if headers is None and rule is not None and rule.column and name == self.feed_map.day_column:
            headers = (rule.column,)
        if headers is None and name == "raw_action" and name not in self.feed_map.constants:
            headers = self.feed_map.columns.get("transaction_type")
        if headers is None:
            return None
        cells = sources[headers[0].strip()]
        column = read_cells(cells, name, dtype, self.feed_map)
        if dtype == FACT_DTYPE:
            column = Column(signed(column.values, name, sources, self.feed_map), column.is_bad, column.expected)
        return column

    def _filled(self, name: str) -> pl.Expr:
        """Return what stands in a column that the source does not have."""
        if name == self.feed_map.day_column and self._file_day is not None:
            return pl.lit(self._file_day)
        constants = self.feed_map.constants
        text = constants.get(name, DEFAULTS.get(name))
        if text is None and name == "raw_action":
            text = constants.get("transaction_type")
        if text is None:
            return pl.lit(None)
        if self.schema[name] == pl.Boolean:
            return pl.lit(boolean(text))
        return pl.lit(dt.date.fromisoformat(text)) if self.schema[name] == pl.Date else pl.lit(text)

    def _reject(self, block: Block, is_wrong: pl.Series, reason: pl.Series, wrong: pl.Series) -> None:
        frame = pl.DataFrame(
            {"row_no": block.frame["row_no"], "reason": reason, "column": wrong, "raw": block.raw_text()}
        )
        for row_no, text, column, raw in frame.filter(is_wrong).head(MOST_REJECTS + 1).iter_rows():
            self.rejects.append(RejectedRow(row_no, f"{column}: {text}", raw, column))


def _first(texts: pl.Series, where: pl.Series, text: str) -> pl.Series:
    """Write `text` where the mask says and nothing stands yet."""
    return texts.set(where.fill_null(False) & texts.is_null(), text)
