"""Nights of custodian alpha's account A1 through the whole pipeline in memory: lots, transactions and realized lots as plain rows."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from data_contracts.cash_balances import CashBalances
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.decisions import Decisions
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.tax_lots import TaxLots
from data_contracts.tax_sales import TaxSales
from data_contracts.transactions import Transactions
from evenkeel.book.load import load_book
from evenkeel.pipeline import Frames, compute_day
from evenkeel.run.house import house_policy
from evenkeel.stages.ingest.dating import FileDate
from evenkeel.stages.ingest.land import land
from tests.support.nights import moved
from tests.support.parsed_files import cash, frame, parsed, position, read_file
from tests.support.small_book import KEYER, book_files

A1 = "1000-0001"
FEEDS = (
    "- {feed: alpha, layout: schwab_csv, location: in/a, roll_forward: true}\n"
    "- {feed: port, role: portfolio_system, layout: schwab_csv, location: in/p, is_required: false}\n"
)
ACCOUNTS = (
    "account_id,account_number,custodian,household_id,portfolio_id,tax_unit_id,registration,model_id,segment\n"
    "A1,1000-0001,alpha,H1,,T1,individual,mix,\n"
)
HOUSEHOLDS = "household_id,name,adviser_id\nH1,One,ann\n"


@dataclass
class Night:
    """What alpha sends: open lots of STK (number, bought, units, cost), money, and what happened."""

    lots: Sequence[tuple[str | None, str | None, str, str | None]]
    money: str = "5000.00"
    moves: Sequence[dict[str, Any]] = ()
    closed: Sequence[dict[str, Any]] = ()
    system_closed: Sequence[dict[str, Any]] = ()
    held: str | None = None
    """Units of STK in the position, where they are not the lots'."""


def sold(row_no: int, on: str, qty: str, proceeds: str, **more: Any) -> dict[str, Any]:
    """Return the transaction of a sale of STK."""
    return moved(row_no, A1, "sell", proceeds, "STK", f"-{qty}", on=dt.date.fromisoformat(on), **more)


def bought(row_no: int, on: str, qty: str, cost: str) -> dict[str, Any]:
    """Return the transaction of a purchase of STK."""
    return moved(row_no, A1, "buy", f"-{cost}", "STK", qty, on=dt.date.fromisoformat(on))


def closed(
    row_no: int, opened: str | None, on: str, qty: str, proceeds: str, cost: str | None, **more: Any
) -> dict[str, Any]:
    """Return a realized lot of STK."""
    return {
        "row_no": row_no, "source_account": A1, "symbol": "STK", "currency": "USD", "closed_qty": qty, "proceeds_ccy": proceeds,
        "opened_date": dt.date.fromisoformat(opened) if opened else None, "closed_date": dt.date.fromisoformat(on), "cost_ccy": cost,
        **more,
    }  # fmt: skip


def run(nights: dict[str, Night], **changes: str) -> dict[str, Frames]:
    """Return the datasets of each night, each folded on the one before."""
    found: dict[str, Frames] = {}
    before: Frames = {}
    for text, night in nights.items():
        date = dt.date.fromisoformat(text)
        files = {
            "feeds_yaml": FEEDS,
            "accounts_csv": ACCOUNTS,
            "households_csv": HOUSEHOLDS,
            "portfolios_csv": "",
            **changes,
        }
        book = load_book(book_files(**files), date, KEYER)
        before = compute_day(
            date,
            land(date, list(_files(date, night)), book, KEYER),
            book,
            house_policy(book),
            conform(Decisions.empty_frame(), Decisions),
            before,
            is_past_deadline=True,
        )
        found[text] = before
    return found


def told(frames: Frames, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of the sales, money as text."""
    names = columns or ("sold_date", "sale_no", "lot_id", "sold_qty", "proceeds_usd", "basis_usd", "told_by")
    return [tuple(_plain(cell) for cell in row) for row in frames[TaxSales].select(names).rows()]


def _plain(cell: Any) -> Any:
    return cell.isoformat() if isinstance(cell, dt.date) else float(cell) if hasattr(cell, "is_nan") else cell


def _files(date: dt.date, night: Night) -> Any:
    dated = FileDate(date, date)

    def only(contract: type[Contract], rows: Sequence[dict[str, Any]]) -> Any:
        made = parsed(tables={contract: frame(contract, [{**row, "as_of_date": date} for row in rows])})
        cast("Any", made.tables).pop(Positions), cast("Any", made.tables).pop(CashBalances)
        return made

    units = night.held or str(sum(float(qty) for _, _, qty, _ in night.lots))
    held = (
        [{**position(1, A1, "STK", units, "10", f"{float(units) * 10:.2f}"), "as_of_date": date}]
        if float(units)
        else []
    )
    lots = [
        {
            "row_no": number, "source_account": A1, "symbol": "STK", "currency": "USD", "lot_id": lot_id, "held_qty": qty, "cost_ccy": cost,
            "opened_date": dt.date.fromisoformat(opened) if opened else None,
        }
        for number, (lot_id, opened, qty, cost) in enumerate(night.lots, 1)
    ]  # fmt: skip
    yield read_file(
        "alpha", parsed(held, [{**cash(2, A1, night.money), "as_of_date": date}]), dated, f"positions-{date}.csv"
    )
    for feed, contract, rows in (
        ("alpha", TaxLots, lots),
        ("alpha", Transactions, night.moves),
        ("alpha", RealizedLots, night.closed),
        ("port", RealizedLots, night.system_closed),
    ):
        if rows:
            yield read_file(feed, only(contract, rows), dated, f"{feed}-{contract.dataset_name()}-{date}.csv")
