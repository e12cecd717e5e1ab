"""A family for wash-sale tests: Ann and Ben's joint account and IRA are one tax unit, their daughter's account is another."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.open_orders import OpenOrders
from data_contracts.tax_histories import TaxHistories
from data_contracts.tax_sales import TaxSales
from evenkeel.book.model import Book
from evenkeel.stages.propose.washing import WashView, wash_view
from tests.small_practice import book, frame

LONG_AGO = dt.date(2000, 1, 3)
_LOTS = pl.Schema(
    [
        ("account_id", pl.String()),
        ("security_id", pl.String()),
        ("lot_id", pl.String()),
        ("acquired_date", pl.Date()),
        ("held_qty", pl.Float64()),
        ("cost_usd", pl.Float64()),
    ]
)


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def family(on: dt.date, accounts: Sequence[dict[str, Any]] = (), **units: Any) -> Book:
    """Return their book: `FUND` and `TWIN` are substantially identical, `OTHER` is like no other."""
    own = [
        {"account_id": "joint", "tax_unit_id": "parents"},
        {"account_id": "second", "tax_unit_id": "parents"},
        {"account_id": "ira", "tax_unit_id": "parents", "tax_status": "deferred", "registration": "ira"},
        {"account_id": "child", "tax_unit_id": "daughter"},
        {"account_id": "stray"},
        *accounts,
    ]
    common = {
        "household_id": "H1", "portfolio_id": "P1", "custodian": "c", "account_key": "k", "account_mask": "m", "registration": "individual",
        "tax_status": "taxable", "is_discretionary": True, "relief_method": "fifo", "state": "open",
    }  # fmt: skip
    security = {
        "name": "n", "asset_type": "etf", "asset_class": "us_equity", "price_factor": Decimal(1), "multiplier": Decimal(1),
        "is_illiquid": False,
    }  # fmt: skip
    return book(
        on,
        accounts=[{**common, **account} for account in own],
        tax_units=[
            {"tax_unit_id": "parents", "filing_status": "joint", **units},
            {"tax_unit_id": "daughter", "filing_status": "single"},
            {"tax_unit_id": "alone", "filing_status": "single"},
        ],
        securities=[
            {**security, "security_id": "FUND", "wash_group": "five_hundred"},
            {**security, "security_id": "TWIN", "wash_group": "five_hundred"},
            {**security, "security_id": "OTHER"},
        ],
    )


def lot(
    lot_id: str, bought: str | None, qty: float, cost: float | None, account: str = "joint", security: str = "FUND"
) -> tuple[Any, ...]:
    return account, security, lot_id, day(bought) if bought else None, qty, cost


def lots(*rows: tuple[Any, ...]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=_LOTS, orient="row")


def sale(
    bought: str | None, sold: str, qty: str, proceeds: str | None, basis: str | None, **more: Any
) -> dict[str, Any]:
    """Return a closed lot; its gain is short-term unless `is_long_term` says otherwise."""
    gain = None if proceeds is None or basis is None else Decimal(proceeds) - Decimal(basis)
    is_long = more.get("is_long_term", False)
    return {
        "account_id": "joint", "security_id": "FUND", "sold_date": day(sold), "sale_no": 1,
        "acquired_date": day(bought) if bought else None,
        "sold_qty": Decimal(qty), "proceeds_usd": Decimal(proceeds) if proceeds else None, "basis_usd": Decimal(basis) if basis else None,
        "short_term_gain_usd": gain if gain is None or not is_long else Decimal(0), "is_long_term": is_long,
        "long_term_gain_usd": gain if gain is None or is_long else Decimal(0), "told_by": "custodian" if basis else "unknown", **more,
    }  # fmt: skip


def sales(on: dt.date, *rows: dict[str, Any]) -> pl.DataFrame:
    return frame(TaxSales, rows, business_date=on)


def histories(on: dt.date, **of: tuple[dt.date | None, dt.date | None]) -> pl.DataFrame:
    """Return histories that leave nothing out, but for those given."""
    spans = {name: (LONG_AGO, on) for name in ("joint", "second", "ira", "child", "stray")} | of
    rows = [
        {"account_id": n, "history_from_date": first, "history_to_date": last} for n, (first, last) in spans.items()
    ]
    return frame(TaxHistories, rows, business_date=on)


def orders(on: dt.date, *rows: dict[str, Any]) -> pl.DataFrame:
    """Return open orders for 10 units at 9, changed as the rows say."""
    usual = {
        "feed": "desk", "file_id": "f", "account_key": "k", "account_mask": "m", "account_id": "joint", "security_id": "FUND",
        "placed_date": on, "side": "buy", "state": "sent", "currency": "USD", "order_qty": Decimal(10), "estimated_price_ccy": Decimal(9),
    }  # fmt: skip
    numbered = [{**usual, "order_id": f"o{n}", "row_no": n, **row} for n, row in enumerate(rows, 1)]
    return frame(OpenOrders, numbered, business_date=on)


def view(
    trade_date: str,
    held: Sequence[tuple[Any, ...]] = (),
    sold: Sequence[dict[str, Any]] = (),
    ordered: Sequence[dict[str, Any]] = (),
    accounts: Sequence[dict[str, Any]] = (),
    seen: Sequence[str] | None = None,
    **spans: tuple[dt.date | None, dt.date | None],
) -> WashView:
    """Return the view for trades on a date, with everything known to the day before."""
    on = day(trade_date) - dt.timedelta(days=1)
    return wash_view(
        day(trade_date),
        family(on, accounts),
        lots(*held),
        sales(on, *sold),
        histories(on, **spans),
        orders(on, *ordered),
        None if seen is None else pl.DataFrame({"account_id": seen}),
    )


def washed(found: WashView, *asked: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """Return units washed, when the lot is clear, and the answer, of each lot asked about in the order of their names."""
    rows = found.washed(lots(*asked)).select("washed_qty", "clear_from_date", "answer").rows()
    return [(qty, date.isoformat() if date else None, answer) for qty, date, answer in rows]


def no_buys(found: WashView) -> list[tuple[Any, ...]]:
    """Return account, security, last date and loss."""
    rows = found.no_buys.select("account_id", "security_id", "last_date", "loss_usd").rows()
    return [
        (account, security, date.isoformat(), loss if loss is None else float(loss))
        for account, security, date, loss in rows
    ]


def disallowed(found: WashView) -> list[tuple[str, float]]:
    """Return sale date and disallowed loss."""
    return [
        (date.isoformat(), float(usd)) for date, usd in found.disallowed.select("sold_date", "disallowed_usd").rows()
    ]
