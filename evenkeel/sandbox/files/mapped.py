"""Tables that a map explains: the portfolio system's, the plans' record keeper's, the market's and the order desk's.

`MAPS` are the maps as they stand in the book; each names the columns that the functions here write.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from data_contracts.vocab import AssetType, PriceKind
from evenkeel.sandbox.files.evening import CUSIPS, NAMES, TICKERS, Evening
from evenkeel.sandbox.files.text import NEWLINE, decimals, rows, same, taken
from evenkeel.sandbox.ledger import Day, Kind
from evenkeel.sandbox.market import Market
from evenkeel.sandbox.people import Practice
from evenkeel.sandbox.securities import CORE_FUND, SECURITIES

_BY_NAME = {"as_of": {"file_name": r"_(\d{8})\.csv$"}, "dates": {"as_of_date": "%Y%m%d"}}
_SECURITY = {"symbol": "Ticker", "cusip": "CUSIP", "description": "Security"}
_KINDS = {
    "Purchase": "buy", "Sale": "sell", "Dividend": "dividend", "Reinvestment": "reinvest", "Interest": "interest",
    "Contribution": "deposit", "Distribution": "withdrawal", "Fee": "fee", "Split": "split",
}  # fmt: skip
MAPS: dict[str, dict[str, Any]] = {
    "positions": {
        "kind": "positions",
        **_BY_NAME,
        "columns": {
            "source_account": "Account", **_SECURITY, "held_qty": "Units", "price_ccy": "Price", "price_date": "Price Date",
            "value_ccy": "Market Value", "cost_ccy": "Cost",
        },
        "constants": {"currency": "USD"},
    },
    "cash": {
        "kind": "cash",
        **_BY_NAME,
        "columns": {"source_account": "Account", "amount_ccy": "Cash"},
        "constants": {"currency": "USD"},
    },
    "lots": {
        "kind": "lots",
        **_BY_NAME,
        "columns": {
            "source_account": "Account", **_SECURITY, "lot_id": "Lot", "opened_date": "Acquired", "held_qty": "Units",
            "cost_ccy": "Cost",
        },
        "constants": {"currency": "USD"},
    },
    "transactions": {
        "kind": "transactions",
        **_BY_NAME,
        "columns": {
            "source_account": "Account", **_SECURITY, "trade_date": "Trade Date", "settle_date": "Settle Date",
            "transaction_type": "Activity", "traded_qty": "Units", "price_ccy": "Price", "net_cash_ccy": "Net Amount",
        },
        "constants": {"currency": "USD"},
        "values": {"transaction_type": _KINDS},
    },
    "prices": {
        "kind": "prices",
        **_BY_NAME,
        "columns": {**_SECURITY, "price_date": "Price Date", "price_ccy": "Price", "price_kind": "Kind"},
        "constants": {"currency": "USD"},
        "values": {"price_kind": {"Close": "close", "NAV": "nav", "Evaluated": "evaluated"}},
    },
    "indicators": {
        "kind": "indicators",
        **_BY_NAME,
        "columns": {"indicator": "Indicator", "reading": "Reading", "indicator_date": "Date"},
    },
    "orders": {
        "kind": "orders",
        **_BY_NAME,
        "columns": {
            "source_account": "Account", "order_id": "Order", "symbol": "Ticker", "side": "Side", "state": "State",
            "placed_date": "Placed", "settle_date": "Settles", "order_qty": "Units", "filled_qty": "Filled",
            "estimated_price_ccy": "Estimated Price",
        },
        "constants": {"currency": "USD"},
        "values": {"side": {"B": "buy", "S": "sell"}, "state": {"Sent": "sent", "Filled": "filled"}},
    },
}  # fmt: skip
_WORDS = [next(word for word, code in _KINDS.items() if code == kind) for kind in (
    "buy", "sell", "dividend", "reinvest", "interest", "deposit", "withdrawal", "fee", "split")]  # fmt: skip
_PRICE_KINDS = {
    AssetType.MUTUAL_FUND: PriceKind.NAV,
    AssetType.BOND: PriceKind.EVALUATED,
    AssetType.PRIVATE: PriceKind.EVALUATED,
}
_KIND_TEXTS = [{PriceKind.NAV: "NAV", PriceKind.EVALUATED: "Evaluated"}.get(
    _PRICE_KINDS.get(security.asset_type, PriceKind.CLOSE), "Close") for security in SECURITIES]  # fmt: skip


def file_name(kind: str, date: dt.date) -> str:
    """Return the name of a table of a date."""
    return f"{kind}_{date:%Y%m%d}.csv"


def _csv(columns: dict[str, pl.Series]) -> str:
    lines = rows(list(columns.values()))
    return NEWLINE.join([",".join(columns), *lines.to_list(), ""])


def _numbers(practice: Practice) -> list[str]:
    return [account.number for account in practice.accounts]


def positions(evening: Evening) -> str:
    """Return the positions of the evening's accounts."""
    held = evening.holdings
    dates = [date.isoformat() for date in evening.price_dates]
    price_dates = taken(dates, held.security)
    if evening.stale_row is not None and evening.twist.stale_date is not None:
        price_dates[evening.stale_row] = evening.twist.stale_date.isoformat()
    return _csv(
        {
            "Account": taken(_numbers(evening.practice), held.account),
            "Ticker": taken(TICKERS, held.security),
            "CUSIP": taken(CUSIPS, held.security),
            "Security": taken(NAMES, held.security),
            "Units": decimals(held.qty, 4),
            "Price": decimals(held.price, 4, 2),
            "Price Date": price_dates,
            "Market Value": decimals(held.value, 2, 2),
            "Cost": decimals(held.cost, 2, 2),
        }
    )


def cash(evening: Evening) -> str:
    """Return the cash of the evening's accounts, on trade date."""
    return _csv(
        {
            "Account": taken(_numbers(evening.practice), evening.accounts),
            "Cash": decimals(evening.day.cash[evening.accounts], 2, 2),
        }
    )


def lots(evening: Evening) -> str:
    """Return the lots of the evening's accounts."""
    open_lots = evening.lots
    ordinals = np.unique(open_lots.opened)
    dates = [dt.date.fromordinal(ordinal).isoformat() for ordinal in ordinals.tolist()]
    return _csv(
        {
            "Account": taken(_numbers(evening.practice), open_lots.account),
            "Ticker": taken(TICKERS, open_lots.security),
            "CUSIP": taken(CUSIPS, open_lots.security),
            "Security": taken(NAMES, open_lots.security),
            "Lot": decimals(open_lots.number, 0),
            "Acquired": taken(dates, np.searchsorted(ordinals, open_lots.opened).astype(np.int64)),
            "Units": decimals(open_lots.qty, 4),
            "Cost": decimals(open_lots.cost, 2, 2),
        }
    )


def transactions(evening: Evening) -> str | None:
    """Return the transactions of the evening's accounts; None where there are none."""
    moves = evening.moves
    count = len(moves.account)
    if not count:
        return None
    has_security = pl.Series(moves.security >= 0)
    security, empty = np.maximum(moves.security, 0), same("", count)
    trades = pl.Series((moves.kind == int(Kind.BUY)) | (moves.kind == int(Kind.SELL)))
    today = same(evening.date.isoformat(), count)
    return _csv(
        {
            "Account": taken(_numbers(evening.practice), moves.account),
            "Ticker": taken(TICKERS, security).zip_with(has_security, empty),
            "CUSIP": taken(CUSIPS, security).zip_with(has_security, empty),
            "Security": taken(NAMES, security).zip_with(has_security, empty),
            "Trade Date": today,
            "Settle Date": same(evening.day.next_date.isoformat(), count).zip_with(trades, today),
            "Activity": taken(_WORDS, moves.kind),
            "Units": decimals(moves.qty, 4).zip_with(pl.Series(moves.qty != 0), empty),
            "Price": decimals(moves.price, 4, 2).zip_with(pl.Series(moves.price != 0), empty),
            "Net Amount": decimals(moves.cash, 2, 2).zip_with(pl.Series(moves.cash != 0), empty),
        }
    )


def prices(day: Day, market: Market) -> str:
    """Return the day's prices of all securities."""
    every = np.array(
        [place for place, security in enumerate(SECURITIES) if security.symbol != CORE_FUND], dtype=np.int64
    )
    return _csv(
        {
            "Ticker": taken(TICKERS, every),
            "CUSIP": taken(CUSIPS, every),
            "Security": taken(NAMES, every),
            "Price": decimals(day.prices[every], 4, 2),
            "Price Date": pl.Series([market.price_date(day.index, place).isoformat() for place in every.tolist()]),
            "Kind": taken(_KIND_TEXTS, every),
        }
    )


def indicators(day: Day, market: Market) -> str:
    """Return the day's reading of the volatility index."""
    reading = decimals(market.vix[day.index : day.index + 1], 2, 2)
    return _csv({"Indicator": pl.Series(["VIX"]), "Date": pl.Series([day.date.isoformat()]), "Reading": reading})


def orders(day: Day, practice: Practice, placed_before: dt.date) -> str:
    """Return the orders placed this evening, and those of the evening before, filled by now."""
    parts = [(day.orders, "Sent", day.date, False), (day.filled, "Filled", placed_before, True)]
    lines = []
    columns: dict[str, pl.Series] = {}
    for some, state, placed, is_filled in parts:
        count = len(some.account)
        settles = day.next_date if is_filled else None
        columns = {
            "Order": rows([same("O", count), decimals(some.number, 0)], "-"),
            "Account": taken(_numbers(practice), some.account),
            "Ticker": taken(TICKERS, some.security),
            "Side": taken(["S", "B"], some.is_buy.astype(np.int64)),
            "Units": decimals(some.qty, 4),
            "Filled": decimals(some.qty if is_filled else some.qty * 0, 4),
            "Estimated Price": decimals(some.price, 4, 2),
            "State": same(state, count),
            "Placed": same(placed.isoformat(), count),
            "Settles": same(settles.isoformat() if settles else "", count),
        }
        lines += rows(list(columns.values())).to_list()
    return NEWLINE.join([",".join(columns), *lines, ""])
