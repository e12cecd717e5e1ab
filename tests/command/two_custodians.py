"""A book of three households at two custodians, and one evening's files of both, as text that tests damage."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

from tests.command.practice import Home, redeliver
from tests.support.small_book import book_files

MONDAY = dt.date(2026, 3, 2)
ALPHA_NAME = "All-Accounts-Positions-2026-03-02-163045.csv"
BETA_NAME = "Portfolio_Positions_Mar-02-2026.csv"

_ALPHA_HEADER = [
    *("Symbol", "Description", "Quantity", "Price", "Price Change %", "Price Change $", "Market Value", "Day Change %"),
    *("Day Change $", "Cost Basis", "Gain/Loss %", "Gain/Loss $", "Ratings", "Reinvest Dividends?", "Capital Gains?"),
    *("% Of Account", "Security Type"),
]
_BETA_HEADER = [
    *("Account Number", "Account Name", "Symbol", "Description", "Quantity", "Last Price", "Last Price Change"),
    *("Current Value", "Today's Gain/Loss Dollar", "Today's Gain/Loss Percent", "Total Gain/Loss Dollar"),
    *("Total Gain/Loss Percent", "Percent Of Account", "Cost Basis Total", "Average Cost Basis", "Type"),
]

Rows = list[list[str]]


def alpha_rows(date: str = "2026/03/02") -> Rows:
    """Return Schwab's positions: A1 holds 60 % stocks and 35 % bonds, A2 is all cash. Row 5 is the first holding."""
    return [
        [f"Positions for All-Accounts as of 04:30 PM ET, {date}"],
        [],
        ["Individual 1000-0001"],
        _ALPHA_HEADER,
        _alpha("STK", "Stock fund", "600", "$100.00", "$60,000.00"),
        _alpha("BND", "Bond fund", "350", "$100.00", "$35,000.00"),
        _alpha("Cash & Cash Investments", "--", "--", "--", "$5,000.00"),
        _alpha("Account Total", "--", "--", "--", "$100,000.00"),
        [],
        ["Individual 1000-0002"],
        _ALPHA_HEADER,
        _alpha("Cash & Cash Investments", "--", "--", "--", "$10,000.00"),
        _alpha("Account Total", "--", "--", "--", "$10,000.00"),
    ]


def _alpha(symbol: str, name: str, quantity: str, price: str, value: str) -> list[str]:
    given = {"Symbol": symbol, "Description": name, "Quantity": quantity, "Price": price, "Market Value": value}
    return [given.get(column, "--") for column in _ALPHA_HEADER]


def beta_rows(date: str = "03/02/2026") -> Rows:
    """Return Fidelity's positions: A3 and A4. Row 2 is the first holding."""
    return [
        _BETA_HEADER,
        _beta("20000003", "STK", "10", "$100.00", "$1,000.00"),
        _beta("20000003", "SPAXX**", "", "", "$90.00"),
        _beta("20000004", "STK", "300", "$100.00", "$30,000.00"),
        _beta("20000004", "BND", "175", "$100.00", "$17,500.00"),
        _beta("20000004", "SPAXX**", "", "", "$2,500.00"),
        [],
        [f"Date downloaded {date} 8:05 PM ET"],
    ]


def _beta(account: str, symbol: str, quantity: str, price: str, value: str) -> list[str]:
    given = {
        "Account Number": account,
        "Account Name": "IRA",
        "Symbol": symbol,
        "Description": symbol,
        "Quantity": quantity,
        "Last Price": price,
        "Current Value": value,
        "Type": "Cash",
    }
    return [given.get(column, "") for column in _BETA_HEADER]


def text(rows: Rows) -> str:
    """Return rows as CSV, every cell in quotes."""
    return "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in rows)


def make_home(path: Path, **changes: str) -> Home:
    """Write the book, with files changed as `book_files` takes them."""
    for name, content in book_files(**changes).items():
        target = path / "book" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
    return Home(path)


def put(home: Home, feed: str, name: str, content: str | bytes) -> Path:
    """Deliver a file."""
    data = content.encode() if isinstance(content, str) else content
    return redeliver(home.path / "inbox" / feed / name, data)


def statuses(home: Home) -> dict[str, str]:
    """Return what became of each account on Monday."""
    house = home.house()
    run = home.manifest(MONDAY)
    from data_contracts.coverage import Coverage
    from evenkeel.desk.reading import dataset

    return dict(dataset(house, run, Coverage).select("account_id", "status").iter_rows())


def lines_naming(out: str, names: Sequence[str]) -> list[str]:
    """Return the lines of an output that name one of the files."""
    return [line for line in out.splitlines() if any(name in line for name in names)]
