"""The lots of a book, some accounts at a time, so that memory does not grow with the book.

Where the row groups of the Parquet files follow each other by account, which their statistics tell, each is read once. Otherwise every part
reads all lots again, which is slower and gives the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from evenkeel.engine.numbered import IDS, NumberedLots, joined, texts_of

ReadLots: TypeAlias = pl.DataFrame | NumberedLots
"""Lots as they were read: of one file with texts, of another by number."""

LARGEST_GROUP = 2_000_000
"""Row groups of more lots than this are not read whole."""


@dataclass(frozen=True)
class RowGroup:
    """A row group of lots: where it is, and account ids not above its first and not below its last."""

    file: Path
    number: int
    start: int
    rows: int
    low: str
    high: str


def parts_of(
    accounts: pl.DataFrame, files: list[Path], columns: list[str], part: int
) -> Iterator[tuple[pl.DataFrame, ReadLots]]:
    """Yield accounts in order with their lots, in the order in which they stand; together, all accounts and all lots.

    Lots that are read once come by number where their files tell texts so.

    Args:
        accounts: In order of `account_id`, which is not null.
        files: Parquet files of lots, all with the same columns.
        columns: The columns of lots to read.
        part: About how many accounts at a time: at least one row group's.
    """
    groups = _row_groups(files) if set(IDS) <= set(columns) else None
    if groups is None:
        yield from _by_filter(accounts, files, columns, part)
        return
    ids = accounts["account_id"]
    ends = [int(ids.search_sorted(group.low, side="left")) for group in groups[1:]] + [accounts.height]
    start, first = 0, 0
    carried: list[NumberedLots] = []
    opened = {file: _Opened.of(file, columns) for file in {group.file for group in groups}}
    for i, end in enumerate(ends):
        is_last = i + 1 == len(groups)
        if not is_last and ends[i + 1] - start <= part:
            continue
        lots = joined([*carried, *_read(groups[first : i + 1], opened)])
        carried = []
        if not is_last and groups[i].high >= groups[i + 1].low:
            # The last account goes on in the next row group.
            is_later = (lots.account.names >= groups[i + 1].low).to_numpy()[lots.account.places]
            carried, lots = [lots.filter(is_later)], lots.filter(~is_later)
        yield accounts.slice(start, end - start), lots
        start, first = end, i + 1


def _row_groups(files: list[Path]) -> list[RowGroup] | None:
    """Return the row groups in order of account; None where they do not follow each other, or it is not known."""
    groups = []
    for file in files:
        parquet = pq.ParquetFile(file)
        schema, start = parquet.schema_arrow, 0
        if not all(name in schema.names and _is_text(schema.field(name).type) for name in IDS):
            return None
        column = parquet.metadata.schema.names.index("account_id")
        for number in range(parquet.metadata.num_row_groups):
            group = parquet.metadata.row_group(number)
            known = group.column(column).statistics
            if known is None or not known.has_min_max or known.null_count or group.num_rows > LARGEST_GROUP:
                return None
            groups.append(RowGroup(file, number, start, group.num_rows, str(known.min), str(known.max)))
            start += group.num_rows
    groups.sort(key=lambda group: (group.low, group.high))
    is_ordered = all(one.high <= other.low for one, other in pairwise(groups))
    return groups if groups and is_ordered else None


def _is_text(dtype: pa.DataType) -> bool:
    return bool(pa.types.is_string(dtype) or pa.types.is_large_string(dtype))


@dataclass(frozen=True)
class _Opened:
    """A file whose description has been read, once for all its row groups: its texts by number, and all other columns."""

    plain: pl.LazyFrame
    texts: pq.ParquetFile

    @classmethod
    def of(cls, file: Path, columns: list[str]) -> _Opened:
        plain = pl.scan_parquet(file).select(column for column in columns if column not in IDS)
        plain.collect_schema()
        return cls(plain, pq.ParquetFile(file, read_dictionary=list(IDS)))

    def read(self, groups: list[RowGroup], rows: int) -> NumberedLots:
        """Return the rows of groups beside each other."""
        ids = self.texts.read_row_groups([group.number for group in groups], columns=list(IDS), use_threads=False)
        rest = self.plain.slice(groups[0].start, rows).collect()
        return NumberedLots(texts_of(ids.column(IDS[0])), texts_of(ids.column(IDS[1])), rest)


def _read(groups: list[RowGroup], opened: dict[Path, _Opened]) -> Iterator[NumberedLots]:
    """Yield the rows of the groups, those beside each other in a file at once."""
    at = 0
    while at < len(groups):
        end, rows = at + 1, groups[at].rows
        while (
            end < len(groups) and groups[end].file == groups[at].file and groups[end].start == groups[at].start + rows
        ):
            rows += groups[end].rows
            end += 1
        yield opened[groups[at].file].read(groups[at:end], rows)
        at = end


def _by_filter(
    accounts: pl.DataFrame, files: list[Path], columns: list[str], part: int
) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    scan = pl.scan_parquet(files).select(columns)
    for start in range(0, max(accounts.height, 1), part):
        end, some = start + part, scan
        if start > 0:
            some = some.filter(pl.col("account_id") >= str(accounts["account_id"][start]))
        if end < accounts.height:
            some = some.filter(pl.col("account_id") < str(accounts["account_id"][end]))
        yield accounts.slice(start, part), some.collect()
