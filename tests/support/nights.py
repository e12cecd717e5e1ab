"""Nights in a row of the small book, as plain rows: what custodian alpha and the portfolio system send, and what reconcile makes of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.cash_balances import CashBalances
from data_contracts.fields import FACT_DTYPE
from data_contracts.indicators import Indicators
from data_contracts.open_orders import OpenOrders
from data_contracts.positions import Positions
from data_contracts.prices import Prices
from data_contracts.releases import Releases
from data_contracts.transactions import Transactions
from evenkeel import calendar
from evenkeel.book.load import load_book
from evenkeel.book.model import Book
from evenkeel.run.house import house_policy
from evenkeel.stages.ingest.dating import FileDate
from evenkeel.stages.ingest.land import Landed, land
from evenkeel.stages.ingest.read_file import ReadFile
from evenkeel.stages.reconcile.before import Before
from evenkeel.stages.reconcile.stage import Reconciled, reconcile
from tests.support.parsed_files import cash, frame, parsed, position, read_file
from tests.support.small_book import KEYER, book_files

A1, A2 = "1000-0001", "1000-0002"
FEEDS = (
    "- {feed: alpha, layout: schwab_csv, location: in/a, roll_forward: true}\n"
    "- {feed: beta, layout: fidelity_csv, location: in/b, is_required: false}\n"
    "- {feed: port, role: portfolio_system, layout: schwab_csv, location: in/p, is_required: false}\n"
    "- {feed: market, role: market, layout: mapped, map: maps/p.yaml, location: in/m, expects: [prices], is_required: false}\n"
    "- {feed: desk, role: orders, layout: mapped, map: maps/o.yaml, location: in/o, expects: [orders], is_required: false}\n"
)
MAPS = {
    "maps/p.yaml": b"kind: prices\ncolumns: {symbol: S, price_ccy: P, price_date: D}\nconstants: {currency: USD}\n",
    "maps/o.yaml": (
        b"kind: orders\ncolumns: {source_account: A, order_id: O, symbol: S, side: B, state: T, placed_date: D}\n"
        b"constants: {currency: USD}\nas_of: {file_name: '(\\d{8})'}\n"
    ),
}
_ACCOUNTS = (
    "account_id,account_number,custodian,household_id,portfolio_id,tax_unit_id,registration,model_id,segment\n"
    "A1,1000-0001,alpha,H1,,T1,individual,mix,\n"
    "A2,1000-0002,alpha,H2,P2,T2,individual,,\n"
)
_HOUSEHOLDS = "household_id,name,adviser_id\nH1,One,ann\nH2,Two,ann\n"


@dataclass
class Night:
    """What comes on one night. Rows as `tests.support.parsed_files` makes them; None: that file does not come."""

    positions: Sequence[dict[str, Any]]
    cash: Sequence[dict[str, Any]]
    transactions: Sequence[dict[str, Any]] = ()
    system: tuple[Sequence[dict[str, Any]], Sequence[dict[str, Any]]] | None = None
    prices: dict[str, str] = field(default_factory=dict)
    orders: Sequence[dict[str, Any]] | None = None
    readings: Sequence[dict[str, Any]] = ()


def book_of(on: dt.date, **changes: str) -> Book:
    """Return the small book with two accounts, both at alpha, and the feeds of these nights."""
    files = book_files(**{"feeds_yaml": FEEDS, "accounts_csv": _ACCOUNTS, "households_csv": _HOUSEHOLDS, **changes})
    return load_book(files | MAPS, on, KEYER)


def moved(
    row_no: int, account: str, kind: str, cash_moved: Any, symbol: str | None = None, qty: Any = None, **more: Any
) -> dict[str, Any]:
    """Return one transaction row; `on` and `settles` are its dates."""
    on = more.pop("on")
    return {
        "row_no": row_no,
        "source_account": account,
        "symbol": symbol,
        "transaction_type": kind,
        "raw_action": kind,
        "trade_date": on,
        "settle_date": more.pop("settles", on),
        "currency": "USD",
        "traded_qty": qty,
        "net_cash_ccy": cash_moved,
        **more,
    }


def ordered(
    row_no: int, account: str, order: str, symbol: str, side: str, qty: Any, state: str, **more: Any
) -> dict[str, Any]:
    """Return one order row."""
    return {
        "row_no": row_no, "source_account": account, "order_id": order, "symbol": symbol, "side": side, "order_qty": qty,
        "state": state, "currency": "USD", "estimated_price_ccy": "100", "placed_date": dt.date(2026, 3, 2), **more,
    }  # fmt: skip


def landed_of(date: dt.date, night: Night, book: Book) -> Landed:
    """Return the tables that a night's files make."""
    dated = FileDate(date, date)

    def at(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**row, "as_of_date": date} for row in rows]

    files: list[ReadFile] = [
        read_file("alpha", parsed(at(night.positions), at(night.cash)), dated, f"alpha-{date}.csv"),
    ]
    if night.transactions:
        moves = parsed(tables={Transactions: frame(Transactions, at(night.transactions))})
        moves.tables.pop(Positions), moves.tables.pop(CashBalances)  # type: ignore[attr-defined]
        files.append(read_file("alpha", moves, dated, f"alpha-moves-{date}.csv"))
    if night.system is not None:
        files.append(read_file("port", parsed(at(night.system[0]), at(night.system[1])), dated, f"port-{date}.csv"))
    quotes = [
        {"row_no": number, "symbol": symbol, "price_date": date, "currency": "USD", "price_ccy": price}
        for number, (symbol, price) in enumerate(night.prices.items(), 1)
    ]
    for contract, feed, rows in (
        (Prices, "market", quotes),
        (OpenOrders, "desk", at(night.orders or [])),
        (Indicators, "market", list(night.readings)),
    ):
        if rows:
            only = parsed(tables={contract: frame(contract, rows)})
            only.tables.pop(Positions), only.tables.pop(CashBalances)  # type: ignore[attr-defined]
            files.append(read_file(feed, only, dated, f"{feed}-{contract.dataset_name()}-{date}.csv"))
    return land(date, files, book, KEYER)


def play(
    nights: Sequence[Night],
    first: dt.date = dt.date(2026, 3, 2),
    releases: Sequence[dict[str, Any]] = (),
    **changes: str,
) -> list[Reconciled]:
    """Reconcile nights in a row, each on the one before."""
    before, date, results = Before(), first, []
    released = cast("DataFrame[Releases]", pl.DataFrame(list(releases), schema=Releases.polars_schema()))
    for night in nights:
        book = book_of(date, **changes)
        landed = landed_of(date, night, book)
        result = reconcile(
            date, landed, book, house_policy(book), is_past_deadline=True, before=before, releases=released
        )
        results.append(result)
        before = Before(
            ledger=result.ledger,
            rolled=result.rolled_transactions,
            totals=result.custodian_totals,
            transactions=cast("Any", landed.fact(Transactions)),
            orders=cast("Any", landed.fact(OpenOrders)),
            indicators=cast("Any", landed.fact(Indicators)),
        )
        date = calendar.next_session(date)
    return results


def stops(result: Reconciled) -> set[tuple[str, str]]:
    """Return check and subject of every stop."""
    rows = result.exceptions.filter(pl.col("effect") == "stop").select("check", "subject_id")
    return set(rows.iter_rows())


def explained(result: Reconciled, comparison: str) -> set[tuple[str, str | None, str | None]]:
    """Return kind, security and explanation of every explained difference."""
    rows = result.breaks.filter(pl.col("comparison") == comparison, pl.col("status") == "explained")
    return set(rows.select("kind", "security_id", "explanation").iter_rows())


def ledger_of(result: Reconciled, account_id: str) -> dict[str, float]:
    """Return what the ledger holds of an account."""
    rows = result.ledger.filter(pl.col("account_id") == account_id)
    return dict(rows.select("security_id", pl.col("ledger_qty").cast(pl.Float64)).iter_rows())


def holdings(
    stk: Any = "600", bnd: Any = "350", money: Any = "5000.00", stk_price: str = "100", account: str = A1
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return position and cash rows of an account: a stock fund and a bond fund priced 100, and cash."""

    def value(qty: Any, price: str) -> str:
        return f"{float(qty) * float(price):.2f}"

    rows = [
        position(1, account, "STK", stk, stk_price, value(stk, stk_price)),
        position(2, account, "BND", bnd, "100", value(bnd, "100")),
    ]
    return [row for row in rows if float(row["held_qty"])], [cash(3, account, money)]


__all__ = [
    "A1",
    "A2",
    "FACT_DTYPE",
    "Night",
    "book_of",
    "explained",
    "holdings",
    "ledger_of",
    "moved",
    "ordered",
    "play",
    "stops",
]
