"""Schwab's files: positions of all accounts in one file, transactions, and lot details of a few accounts' largest holding."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from data_contracts.vocab import AssetType
from evenkeel.adapters.custodians.layouts_schwab import SCHWAB_LOTS, SCHWAB_POSITIONS, SCHWAB_TRANSACTIONS
from evenkeel.sandbox.files.evening import NAMES, Evening, totals, written_as
from evenkeel.sandbox.files.text import NEWLINE, Lines, decimals, dollars, percents, prices, quoted, rows, same, taken
from evenkeel.sandbox.holdings import IS_BOND, money
from evenkeel.sandbox.moves import Kind
from evenkeel.sandbox.practice import schwab_title
from evenkeel.sandbox.securities import SECURITIES

_SILENT = "--"
_TYPES = {
    AssetType.ETF: "ETFs & Closed End Funds",
    AssetType.MUTUAL_FUND: "Mutual Fund",
    AssetType.STOCK: "Equity",
    AssetType.BOND: "Fixed Income",
    AssetType.PRIVATE: "Other",
    AssetType.MONEY_MARKET: "Cash and Money Market",
}
_TYPE_TEXTS = [_TYPES[security.asset_type] for security in SECURITIES]
_ACTIONS = {
    Kind.BUY: "Buy",
    Kind.SELL: "Sell",
    Kind.DIVIDEND: "Cash Dividend",
    Kind.REINVEST: "Reinvest Shares",
    Kind.INTEREST: "Credit Interest",
    Kind.DEPOSIT: "MoneyLink Deposit",
    Kind.WITHDRAWAL: "MoneyLink Transfer",
    Kind.FEE: "Advisor Fee",
    Kind.SPLIT: "Stock Split",
    Kind.MERGER_OUT: "Stock Merger",
    Kind.MERGER_IN: "Stock Merger",
    Kind.CASH_IN_LIEU: "Cash In Lieu",
    Kind.RENAME_OUT: "Name Change",
    Kind.RENAME_IN: "Name Change",
    Kind.TRANSFER_IN: "Security Transfer",
    Kind.TRANSFER_OUT: "Security Transfer",
}
_ACTION_TEXTS = [_ACTIONS[kind] for kind in Kind]
_FREE_TEXTS = [
    {
        Kind.INTEREST: "SCHWAB1 INT",
        Kind.DEPOSIT: "FUNDS RECEIVED",
        Kind.WITHDRAWAL: "FUNDS PAID",
        Kind.FEE: "MANAGEMENT FEE",
        Kind.TRANSFER_IN: "TOA ACAT 0226",
        Kind.TRANSFER_OUT: "TOA ACAT 0226",
    }.get(kind, "")
    for kind in Kind
]
_UNSIGNED = [int(Kind.BUY), int(Kind.SELL), int(Kind.REINVEST)]
"""Actions whose quantity carries no sign; the others' do."""
_NO_SYMBOL = ["NO NUMBER" if kind in (Kind.TRANSFER_IN, Kind.TRANSFER_OUT) else "" for kind in Kind]
"""What stands for the symbol of cash."""
LOT_FILES = 3


def positions_name(date: dt.date, time: str = "163045") -> str:
    """Return the name of the positions file."""
    return f"All-Accounts-Positions-{date}-{time}.csv"


def transactions_name(date: dt.date) -> str:
    """Return the name of the transactions file."""
    return f"All-Accounts-Transactions-{date:%Y%m%d}-190512.csv"


def positions(evening: Evening, generation: str) -> str:
    """Return the positions file in a generation of the layout."""
    header = SCHWAB_POSITIONS.generations[generation]
    held, worth, names = evening.holdings, totals(evening), _titles(evening)
    accounts = evening.accounts
    width = len(header)
    lines = Lines()
    lines.add(accounts, 0, same("", len(accounts)))
    lines.add(accounts, 1, rows([taken(names, accounts)], edge='"'))
    lines.add(accounts, 2, same(quoted(header), len(accounts)))
    lines.add(held.account, 3, _line(header, _position_cells(evening, worth)))
    stranger = evening.twist.stranger
    if stranger is not None:
        lines.add(np.array([stranger.account]), 4, _line(header, _stranger_cells(evening)))
    cash = evening.day.cash[accounts]
    cash_cells = {
        "Symbol": same("Cash & Cash Investments", len(accounts)),
        "Market Value": dollars(cash),
        "% Of Account": percents(cash, worth[accounts]),
        "Security Type": same("Cash and Money Market", len(accounts)),
        "Day Change %": same("0%", len(accounts)),
        "Day Change $": same("$0.00", len(accounts)),
    }
    lines.add(accounts, 5, _line(header, cash_cells))
    lines.add(
        accounts,
        6,
        _line(header, {"Symbol": same("Account Total", len(accounts)), "Market Value": dollars(worth[accounts])}),
    )
    title = quoted([f"Positions for All-Accounts as of 04:30 PM ET, {evening.date:%Y/%m/%d}", *[""] * (width - 1)])
    return title + NEWLINE + lines.text() + NEWLINE


def _titles(evening: Evening) -> list[str]:
    return [schwab_title(account) for account in evening.practice.accounts]


def _position_cells(evening: Evening, worth: np.typing.NDArray[np.int64]) -> dict[str, pl.Series]:
    held = evening.holdings
    before = evening.day.before[held.security]
    change = held.price - before
    day_change = money(held.qty, np.abs(change), IS_BOND[held.security]) * np.sign(change)
    reinvests = taken(
        ["No", "Yes"], np.array([a.does_reinvest for a in evening.practice.accounts], dtype=np.int64)[held.account]
    )
    return {
        "Symbol": taken(evening.symbols, held.security),
        "Description": taken(NAMES, held.security),
        "Quantity": decimals(held.qty, 4, is_grouped=True),
        "Price": prices(held.price),
        "Price Change %": percents(change, before),
        "Price Change $": prices(change),
        "Market Value": dollars(held.value),
        "Day Change %": percents(change, before),
        "Day Change $": dollars(day_change),
        "Cost Basis": dollars(held.cost),
        "Gain/Loss %": percents(held.value - held.cost, held.cost),
        "Gain/Loss $": dollars(held.value - held.cost),
        "Reinvest Dividends?": reinvests,
        "% Of Account": percents(held.value, worth[held.account]),
        "Security Type": taken(_TYPE_TEXTS, held.security),
    }


def _stranger_cells(evening: Evening) -> dict[str, pl.Series]:
    stranger = evening.twist.stranger
    assert stranger is not None
    return {
        "Symbol": pl.Series([stranger.symbol]),
        "Description": pl.Series([stranger.name]),
        "Quantity": decimals(np.array([stranger.qty]), 4),
        "Price": prices(np.array([stranger.price])),
        "Market Value": dollars(np.array([stranger.value])),
        "Security Type": pl.Series(["Equity"]),
    }


_RENAMED = {
    "Qty (Quantity)": "Quantity",
    "Price Chng $ (Price Change $)": "Price Change $",
    "Price Chng % (Price Change %)": "Price Change %",
    "Mkt Val (Market Value)": "Market Value",
    "Day Chng $ (Day Change $)": "Day Change $",
    "Day Chng % (Day Change %)": "Day Change %",
    "Gain $ (Gain/Loss $)": "Gain/Loss $",
    "Gain % (Gain/Loss %)": "Gain/Loss %",
    "Reinvest?": "Reinvest Dividends?",
    "% of Acct (% of Account)": "% Of Account",
}


def _line(header: tuple[str, ...], cells: dict[str, pl.Series]) -> pl.Series:
    count = len(next(iter(cells.values())))
    silent = same(_SILENT, count)
    return rows([cells.get(_RENAMED.get(name, name), silent) for name in header], '","', '"')


def transactions(evening: Evening) -> str | None:
    """Return the transactions file, a section for each account that moved; None where none did."""
    moves = evening.moves
    if not len(moves.account):
        return None
    header = SCHWAB_TRANSACTIONS.generations["2021"]
    movers, starts = np.unique(moves.account, return_index=True)
    titles = _titles(evening)
    stamp = f"as of {evening.date:%m/%d/%Y} 19:05:12 ET"
    lines = Lines()
    lines.add(
        movers,
        0,
        pl.Series([quoted([f"Transactions  for account {titles[place]} {stamp}"]) for place in movers.tolist()]),
    )
    lines.add(movers, 1, same(quoted(header), len(movers)))
    security, has_security = written_as(moves)
    qty = np.where(np.isin(moves.kind, _UNSIGNED), np.abs(moves.qty), moves.qty)
    described = taken(NAMES, security).zip_with(pl.Series(has_security), taken(_FREE_TEXTS, moves.kind))
    cells = [
        same(f"{evening.date:%m/%d/%Y}", len(moves.account)),
        taken(_ACTION_TEXTS, moves.kind),
        taken(evening.symbols, security).zip_with(pl.Series(has_security), taken(_NO_SYMBOL, moves.kind)),
        described,
        _where(decimals(qty, 4), qty != 0),
        _where(prices(moves.price), moves.price != 0),
        _where(dollars(moves.fees), moves.fees != 0),
        _where(dollars(moves.cash), moves.cash != 0),
    ]
    lines.add(moves.account, 2, rows(cells, '","', '"'))
    sums = np.add.reduceat(moves.cash, starts)
    # The line's name stands bare, its figure in quotes for the commas in it.
    summed = rows([dollars(sums)], edge='"')
    closing = rows([same('Transactions Total,"","","","","",""', len(movers)), summed, same("", len(movers))])
    lines.add(movers, 3, closing)
    lines.add(movers, 4, same("", len(movers)))
    return lines.text() + NEWLINE


def _where(texts: pl.Series, condition: np.typing.NDArray[np.bool_]) -> pl.Series:
    return texts.zip_with(pl.Series(condition), same("", len(texts)))


def lot_details(evening: Evening) -> list[tuple[str, str]]:
    """Return names and texts of lot files: the first accounts' first holding."""
    found = []
    held, lots = evening.holdings, evening.lots
    for account in evening.accounts[:LOT_FILES].tolist():
        row = int(np.searchsorted(held.account, account))
        if row >= len(held.account) or held.account[row] != account:
            continue
        security = int(held.security[row])
        mine = lots.take((lots.account == account) & (lots.security == security))
        price = int(held.price[row])
        value = money(mine.qty, np.full(len(mine.qty), price), IS_BOND[mine.security])
        terms = ["Long Term" if evening.date.toordinal() - day > 366 else "Short Term" for day in mine.opened.tolist()]
        lines = rows(
            [
                pl.Series([f"{dt.date.fromordinal(day):%m/%d/%Y}" for day in mine.opened.tolist()]),
                decimals(mine.qty, 4, is_grouped=True),
                prices(np.full(len(mine.qty), price)),
                prices(mine.cost * 1_000_000 // mine.qty),
                dollars(value),
                dollars(mine.cost),
                dollars(value - mine.cost),
                percents(value - mine.cost, mine.cost),
                pl.Series(terms),
            ],
            '","',
            '"',
        )
        known = evening.practice.accounts[account]
        as_of = f"as of 04:30 PM ET, {evening.date:%m/%d/%Y}"
        title = f"{evening.symbols[security]} Lot Details for {schwab_title(known)} {as_of}"
        total = rows(
            [
                pl.Series(["Total"]),
                decimals(np.array([int(mine.qty.sum())]), 4, is_grouped=True),
                pl.Series([""]),
                pl.Series([""]),
                dollars(np.array([int(value.sum())])),
                dollars(np.array([int(mine.cost.sum())])),
                pl.Series([""]),
                pl.Series([""]),
                pl.Series([""]),
            ],
            '","',
            '"',
        )
        header = ",".join(f'"{cell}"' if cell else "" for cell in SCHWAB_LOTS.generations["9"])
        text = NEWLINE.join([quoted([title]), "", header, *lines.to_list(), *total.to_list()]) + NEWLINE
        found.append((f"{evening.symbols[security]}-Lot-Details-{known.number}-{evening.date}.csv", text))
    return found
