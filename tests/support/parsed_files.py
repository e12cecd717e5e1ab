"""Files as an adapter would have read them, written as plain rows."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.fields import FACT_DTYPE
from data_contracts.parsed import parsed_schema
from data_contracts.positions import Positions
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RejectedRow
from evenkeel.stages.ingest.dating import FileDate
from evenkeel.stages.ingest.read_file import ReadFile

NOON = dt.datetime(2026, 3, 3, 12, tzinfo=dt.UTC)


def frame(contract: type[Contract], rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """Return an adapter's frame for `contract`; columns left out are null."""
    schema = parsed_schema(contract)
    cells = [{name: _cell(row.get(name), dtype) for name, dtype in schema.items()} for row in rows]
    return pl.DataFrame(cells, schema=schema)


def _cell(value: Any, dtype: pl.DataType) -> Any:
    return Decimal(value) if dtype == FACT_DTYPE and value is not None else value


def position(
    row_no: int, account: str, symbol: str | None, qty: Any, price: Any, value: Any, **more: Any
) -> dict[str, Any]:
    """Return one position row as of Monday 2 March 2026."""
    return {
        "row_no": row_no,
        "source_account": account,
        "symbol": symbol,
        "held_qty": qty,
        "price_ccy": price,
        "value_ccy": value,
        "as_of_date": dt.date(2026, 3, 2),
        "sub_account": "cash",
        "currency": "USD",
        **more,
    }


def cash(row_no: int, account: str, amount: Any, bucket: str = "core", **more: Any) -> dict[str, Any]:
    """Return one cash row as of Monday 2 March 2026."""
    return {
        "row_no": row_no,
        "source_account": account,
        "bucket": bucket,
        "amount_ccy": amount,
        "as_of_date": dt.date(2026, 3, 2),
        "currency": "USD",
        **more,
    }


def parsed(
    positions: Sequence[dict[str, Any]] = (),
    balances: Sequence[dict[str, Any]] = (),
    *,
    rejects: Sequence[RejectedRow] = (),
    subject: str = "",
    **tables: Any,
) -> ParsedFile:
    """Return a parsed file; `tables` may hold further frames under `tables=`."""
    held: dict[type[Contract], pl.DataFrame] = {
        Positions: frame(Positions, positions),
        CashBalances: frame(CashBalances, balances),
        **tables.get("tables", {}),
    }
    rows = {row for table in held.values() if "row_no" in table.columns for row in table["row_no"].to_list()}
    return ParsedFile("test", "1", "utf-8", held, rejects, len(rows) + len(rejects), 0, subject=subject)


def read_file(
    feed: str, outcome: ParsedFile | FileStopped, dated: FileDate | None = None, name: str = "file.csv"
) -> ReadFile:
    """Return a file as a run would have read it; its bytes are stood in for by its name."""
    if dated is None:
        stopped = isinstance(outcome, FileStopped)
        dated = (
            FileDate(None, None, outcome.check, outcome.message)
            if isinstance(outcome, FileStopped)
            else FileDate(dt.date(2026, 3, 2), dt.date(2026, 3, 2))
        )
        assert stopped or dated.business_date
    file_id = hashlib.sha256(f"{feed}/{name}".encode()).hexdigest()
    return ReadFile(feed, file_id, name, 100, NOON, outcome, dated)
