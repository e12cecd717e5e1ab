"""Tables that a map explains: the portfolio system's, the plans' record keeper's, the market's and the order desk's.

`MAPS` are the maps as they stand in the book; each names the columns that the functions here write. Every table ends with a trailer.
What the portfolio system says differently from the custodians is in `portfolio_system`.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import polars as pl

from data_contracts.vocab import AssetType, PriceKind
from evenkeel.sandbox.draws import Ints
from evenkeel.sandbox.files.evening import CUSIPS, NAMES, Evening, tickers_on, written_as
from evenkeel.sandbox.files.text import NEWLINE, decimals, rows, same, taken
from evenkeel.sandbox.ledger import Day
from evenkeel.sandbox.market import Market
from evenkeel.sandbox.moves import Kind
from evenkeel.sandbox.people import Practice
from evenkeel.sandbox.securities import CORE_FUND, SECURITIES

_BY_NAME = {"as_of": {"file_name": r"_(\d{8})\.csv$"}, "dates": {"as_of_date": "%Y%m%d"}}
_SECURITY = {"symbol": "Ticker", "cusip": "CUSIP", "description": "Security"}
_KINDS = {
    "Purchase": "buy", "Sale": "sell", "Dividend": "dividend", "Reinvestment": "reinvest", "Interest": "interest",
    "Contribution": "deposit", "Distribution": "withdrawal", "Fee": "fee", "Split": "split", "Merger": "merger",
    "Cash in Lieu": "other", "Name Change": "name_change", "Transfer In": "transfer_in", "Transfer Out": "transfer_out",
}  # fmt: skip
_MARKER = "TRAILER"
_ENDS = {"trailer": {"marker": _MARKER, "rows": 2, "qty": 3, "amount": 4}}
_ENDS_WITHOUT_UNITS = {"trailer": {"marker": _MARKER, "rows": 2, "amount": 3}}
_ENDS_NET = {"trailer": _ENDS["trailer"] | {"qty_is_net": True}}
MAPS: dict[str, dict[str, Any]] = {
    "positions": {
        "kind": "positions",
        **_BY_NAME,
        **_ENDS,
        "columns": {
            "source_account": "Account", **_SECURITY, "held_qty": "Units", "price_ccy": "Price", "price_date": "Price Date",
            "value_ccy": "Market Value", "cost_ccy": "Cost",
        },
        "constants": {"currency": "USD"},
    },
    "cash": {
        "kind": "cash",
        **_BY_NAME,
        **_ENDS_WITHOUT_UNITS,
        "columns": {"source_account": "Account", "amount_ccy": "Cash"},
        "constants": {"currency": "USD"},
    },
    "lots": {
        "kind": "lots",
        **_BY_NAME,
        **_ENDS,
        "columns": {
            "source_account": "Account", **_SECURITY, "lot_id": "Lot", "opened_date": "Acquired", "held_qty": "Units",
            "cost_ccy": "Cost",
        },
        "constants": {"currency": "USD"},
    },
    "transactions": {
        "kind": "transactions",
        **_BY_NAME,
        **_ENDS,
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
        **_ENDS_WITHOUT_UNITS,
        "columns": {**_SECURITY, "price_date": "Price Date", "price_ccy": "Price", "price_kind": "Kind"},
        "constants": {"currency": "USD"},
        "values": {"price_kind": {"Close": "close", "NAV": "nav", "Evaluated": "evaluated"}},
    },
    "indicators": {
        "kind": "indicators",
        **_BY_NAME,
        **_ENDS_WITHOUT_UNITS,
        "columns": {"indicator": "Indicator", "reading": "Reading", "indicator_date": "Date"},
    },
    "orders": {
        "kind": "orders",
        **_BY_NAME,
        **_ENDS_NET,
        "columns": {
            "source_account": "Account", "order_id": "Order", "symbol": "Ticker", "side": "Side", "state": "State",
            "placed_date": "Placed", "settle_date": "Settles", "order_qty": "Units", "filled_qty": "Filled",
            "estimated_price_ccy": "Estimated Price",
        },
        "constants": {"currency": "USD"},
        "values": {"side": {"B": "buy", "S": "sell"}, "state": {"Sent": "sent", "Filled": "filled"}},
    },
}  # fmt: skip
_WORDS = {
    Kind.BUY: "Purchase", Kind.SELL: "Sale", Kind.DIVIDEND: "Dividend", Kind.REINVEST: "Reinvestment", Kind.INTEREST: "Interest",
    Kind.DEPOSIT: "Contribution", Kind.WITHDRAWAL: "Distribution", Kind.FEE: "Fee", Kind.SPLIT: "Split",
    Kind.MERGER_OUT: "Merger", Kind.MERGER_IN: "Merger", Kind.CASH_IN_LIEU: "Cash in Lieu", Kind.RENAME_OUT: "Name Change",
    Kind.RENAME_IN: "Name Change", Kind.TRANSFER_IN: "Transfer In", Kind.TRANSFER_OUT: "Transfer Out",
}  # fmt: skip
_WORD_TEXTS = [_WORDS[kind] for kind in Kind]
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


def table(columns: dict[str, pl.Series], qty: Ints | None, amount: Ints, amount_scale: int = 2) -> str:
    """Return a CSV table with its trailer: the count of rows, the sum of units and that of amounts.

    Args:
        columns: The cells as text, by header.
        qty: Units in ten-thousandths, None for a table without units.
        amount: Amounts in whole 10**-`amount_scale`.
        amount_scale: Decimals of the amounts.
    """
    lines = rows(list(columns.values())).to_list()
    sums = [] if qty is None else [total(qty, 4)]
    return NEWLINE.join(
        [",".join(columns), *lines, ",".join([_MARKER, str(len(lines)), *sums, total(amount, amount_scale)]), ""]
    )


def total(values: Ints, scale: int) -> str:
    """Return the sum of whole numbers of 10**-`scale` as text."""
    return str(decimals(np.array([values.sum()], dtype=np.int64), scale, min(scale, 2))[0])


def numbers_of(practice: Practice) -> list[str]:
    """Return the account numbers by place."""
    return [account.number for account in practice.accounts]


def named(tickers: list[str], security: Ints) -> dict[str, pl.Series]:
    """Return the columns that name a security."""
    return {"Ticker": taken(tickers, security), "CUSIP": taken(CUSIPS, security), "Security": taken(NAMES, security)}


def positions(evening: Evening) -> str:
    """Return the positions of the evening's accounts."""
    held = evening.holdings
    dates = [date.isoformat() for date in evening.price_dates]
    price_dates = taken(dates, held.security)
    if evening.stale_row is not None and evening.twist.stale_date is not None:
        price_dates[evening.stale_row] = evening.twist.stale_date.isoformat()
    columns = {
        "Account": taken(numbers_of(evening.practice), held.account),
        **named(evening.tickers, held.security),
        "Units": decimals(held.qty, 4),
        "Price": decimals(held.price, 4, 2),
        "Price Date": price_dates,
        "Market Value": decimals(held.value, 2, 2),
        "Cost": decimals(held.cost, 2, 2),
    }
    return table(columns, held.qty, held.value)


def cash(evening: Evening) -> str:
    """Return the cash of the evening's accounts, on trade date."""
    amount = evening.day.cash[evening.accounts]
    columns = {
        "Account": taken(numbers_of(evening.practice), evening.accounts),
        "Cash": decimals(amount, 2, 2),
    }
    return table(columns, None, amount)


def lots(evening: Evening) -> str:
    """Return the lots of the evening's accounts."""
    open_lots = evening.lots
    ordinals = np.unique(open_lots.opened)
    dates = [dt.date.fromordinal(ordinal).isoformat() for ordinal in ordinals.tolist()]
    columns = {
        "Account": taken(numbers_of(evening.practice), open_lots.account),
        **named(evening.tickers, open_lots.security),
        "Lot": decimals(open_lots.number, 0),
        "Acquired": taken(dates, np.searchsorted(ordinals, open_lots.opened).astype(np.int64)),
        "Units": decimals(open_lots.qty, 4),
        "Cost": decimals(open_lots.cost, 2, 2),
    }
    return table(columns, open_lots.qty, open_lots.cost)


def transactions(evening: Evening) -> str | None:
    """Return the transactions of the evening's accounts; None where there are none."""
    moves = evening.moves
    count = len(moves.account)
    if not count:
        return None
    security, is_named = written_as(moves)
    has_security, empty = pl.Series(is_named), same("", count)
    trades = pl.Series((moves.kind == int(Kind.BUY)) | (moves.kind == int(Kind.SELL)))
    today = same(evening.date.isoformat(), count)
    columns = {
        "Account": taken(numbers_of(evening.practice), moves.account),
        **{name: text.zip_with(has_security, empty) for name, text in named(evening.tickers, security).items()},
        "Trade Date": today,
        "Settle Date": same(evening.day.next_date.isoformat(), count).zip_with(trades, today),
        "Activity": taken(_WORD_TEXTS, moves.kind),
        "Units": decimals(moves.qty, 4).zip_with(pl.Series(moves.qty != 0), empty),
        "Price": decimals(moves.price, 4, 2).zip_with(pl.Series(moves.price != 0), empty),
        "Net Amount": decimals(moves.cash, 2, 2).zip_with(pl.Series(moves.cash != 0), empty),
    }
    return table(columns, moves.qty, moves.cash)


def prices(day: Day, market: Market) -> str:
    """Return the day's prices of all securities that have one."""
    every = np.array(
        [
            place
            for place, security in enumerate(SECURITIES)
            if security.symbol != CORE_FUND and market.is_priced(day.index, place)
        ],
        dtype=np.int64,
    )
    columns = {
        **named(tickers_on(is_renamed=day.is_renamed), every),
        "Price": decimals(day.prices[every], 4, 2),
        "Price Date": pl.Series([market.price_date(day.index, place).isoformat() for place in every.tolist()]),
        "Kind": taken(_KIND_TEXTS, every),
    }
    return table(columns, None, day.prices[every], 4)


def indicators(day: Day, market: Market) -> str:
    """Return the day's reading of the volatility index."""
    reading = market.vix[day.index : day.index + 1]
    columns = {
        "Indicator": pl.Series(["VIX"]),
        "Date": pl.Series([day.date.isoformat()]),
        "Reading": decimals(reading, 2, 2),
    }
    return table(columns, None, reading)


def orders(day: Day, practice: Practice, placed_before: dt.date) -> str:
    """Return the orders placed this evening, and those of the evening before, filled by now."""
    parts = []
    for some, state, placed, is_filled in (
        (day.orders, "Sent", day.date, False),
        (day.filled, "Filled", placed_before, True),
    ):
        count = len(some.account)
        settles = day.next_date if is_filled else None
        columns = {
            "Order": rows([same("O", count), decimals(some.number, 0)], "-"),
            "Account": taken(numbers_of(practice), some.account),
            "Ticker": taken(tickers_on(is_renamed=day.is_renamed), some.security),
            "Side": taken(["S", "B"], some.is_buy.astype(np.int64)),
            "Units": decimals(some.qty, 4),
            "Filled": decimals(some.qty if is_filled else some.qty * 0, 4),
            "Estimated Price": decimals(some.price, 4, 2),
            "State": same(state, count),
            "Placed": same(placed.isoformat(), count),
            "Settles": same(settles.isoformat() if settles else "", count),
        }
        parts.append(pl.DataFrame(columns))
    qty, price = (
        np.concatenate([getattr(some, name) for some in (day.orders, day.filled)]) for name in ("qty", "price")
    )
    is_buy = np.concatenate([day.orders.is_buy, day.filled.is_buy])
    return table(pl.concat(parts).to_dict(), np.where(is_buy, qty, -qty), price, 4)
