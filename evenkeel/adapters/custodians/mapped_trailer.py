"""The trailer of a mapped table: the line with which a source says how much it has sent, as control totals.

Whether the rows meet these figures is judged by reconcile and the gates.
"""

from __future__ import annotations

import csv

import polars as pl

from data_contracts.control_totals import ControlTotals
from data_contracts.fields import FACT_DTYPE
from data_contracts.parsed import parsed_schema
from data_contracts.vocab import Check, TotalKind
from evenkeel.adapters.custodians.feed_map import FeedMap, TrailerRule
from evenkeel.adapters.custodians.mapped_cells import numbers, text_of
from evenkeel.errors import FileStopped

_AFTER_CELL = (b"", b"\r", b"\n")


def cut_trailer(raw: bytes, feed_map: FeedMap) -> tuple[bytes, str | None, bytes]:
    """Return what stands before the trailer's line, that line, and what stands behind it; all bytes first where there is none."""
    if feed_map.trailer is None:
        return raw, None, b""
    start = _start_of(raw, feed_map.trailer.marker.encode(), feed_map)
    if start is None:
        return raw, None, b""
    end = raw.find(b"\n", start)
    end = len(raw) if end < 0 else end + 1
    return raw[:start], raw[start:end].decode(errors="replace").rstrip("\r\n"), raw[end:]


def _start_of(raw: bytes, marker: bytes, feed_map: FeedMap) -> int | None:
    """Return where the first line begins whose first cell is the marker; only such beginnings are looked at, not every line."""
    found = []
    for quote in (b"", b'"'):
        cell = quote + marker + quote
        ends = {*_AFTER_CELL, feed_map.delimiter.encode()}
        at = 0 if raw.startswith(cell) else _line_with(raw, cell, 0)
        while at is not None:
            after = raw[at + len(cell) : at + len(cell) + 1]
            # A line end inside quotes begins no line.
            if after in ends and not (feed_map.quoted_newlines and raw.count(b'"', 0, at) % 2):
                found.append(at)
                break
            at = _line_with(raw, cell, at)
    return min(found, default=None)


def _line_with(raw: bytes, cell: bytes, after: int) -> int | None:
    at = raw.find(b"\n" + cell, after)
    return None if at < 0 else at + 1


def trailer_totals(line: str, row_no: int, feed_map: FeedMap) -> pl.DataFrame:
    """Return the figures of a trailer as `ControlTotals`: of the whole file, so without an account.

    Raises:
        FileStopped: A figure that the map names is not there or no number: the line is cut off.
    """
    rule = feed_map.trailer
    assert rule is not None
    cells = next(csv.reader([line], delimiter=feed_map.delimiter), [])
    places = {
        TotalKind.ROW_COUNT: rule.rows,
        (TotalKind.NET_QTY if rule.qty_is_net else TotalKind.QTY_SUM): rule.qty,
        TotalKind.AMOUNT_SUM: rule.amount,
    }
    rows = []
    for kind, place in places.items():
        if place is None:
            continue
        text = pl.Series([cells[place - 1] if place <= len(cells) else None], dtype=pl.String)
        figure = numbers(text_of(text, feed_map), feed_map)[0]
        if figure is None:
            raise FileStopped(
                Check.FILE_TRUNCATED,
                f"line {row_no}: its trailer has no figure in cell {place}; send it again, or correct trailer in the feed's map",
                row_no,
            )
        currency = feed_map.constants.get("currency") if kind is TotalKind.AMOUNT_SUM else None
        rows.append({"row_no": row_no, "total_kind": kind.value, "currency": currency, "stated": figure})
    schema = parsed_schema(ControlTotals)
    frame = pl.DataFrame(rows, schema_overrides={"stated": FACT_DTYPE, "currency": pl.String})
    return frame.select(
        pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype).alias(name)
        for name, dtype in schema.items()
    )


def no_trailer(rule: TrailerRule) -> FileStopped:
    """Return why a file without its trailer is stopped."""
    return FileStopped(
        Check.FILE_TRUNCATED, f"it ends before its own trailer ({rule.marker} in the first cell); send it again"
    )


def rows_behind(row_no: int) -> FileStopped:
    """Return why a file with rows behind its trailer is stopped: another one hangs on it, or its lines are out of order."""
    return FileStopped(
        Check.FILE_TRUNCATED, f"line {row_no}: rows stand behind its trailer; ask for the file in one piece", row_no
    )
