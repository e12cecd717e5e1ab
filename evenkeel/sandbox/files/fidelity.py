"""Fidelity's files: positions with the core fund and pending activity, and the account histories."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl

from evenkeel.adapters.custodians.layouts_fidelity import FIDELITY_HISTORY, FIDELITY_POSITIONS
from evenkeel.sandbox.files.evening import NAMES, Evening, totals, written_as
from evenkeel.sandbox.files.text import NEWLINE, Lines, decimals, dollars, percents, prices, rows, same, taken
from evenkeel.sandbox.holdings import IS_BOND, money
from evenkeel.sandbox.moves import Kind
from evenkeel.sandbox.securities import CORE_FUND, INDEX

_LEGAL = (
    '"The data and information in this spreadsheet is provided to you solely for your use and is not for distribution."',
    '"Brokerage services are provided by Fidelity Brokerage Services LLC."',
)
_BOM = "\ufeff"
_WORDS = {
    Kind.BUY: "YOU BOUGHT",
    Kind.SELL: "YOU SOLD",
    Kind.DIVIDEND: "DIVIDEND RECEIVED",
    Kind.REINVEST: "REINVESTMENT",
    Kind.INTEREST: "INTEREST EARNED",
    Kind.DEPOSIT: "ELECTRONIC FUNDS TRANSFER RECEIVED",
    Kind.WITHDRAWAL: "ELECTRONIC FUNDS TRANSFER PAID",
    Kind.FEE: "ADVISORY FEE",
    Kind.SPLIT: "STOCK SPLIT",
    Kind.MERGER_OUT: "MERGER MER PAYOUT",
    Kind.MERGER_IN: "MERGER MER FROM",
    Kind.CASH_IN_LIEU: "IN LIEU OF FRX SHARE LEU PAYOUT",
    Kind.RENAME_OUT: "NAME CHANGE PAYOUT",
    Kind.RENAME_IN: "NAME CHANGE FROM",
    Kind.TRANSFER_IN: "TRANSFER OF ASSETS ACAT RECEIVE",
    Kind.TRANSFER_OUT: "TRANSFER OF ASSETS ACAT DELIVER",
}
_SECURITY_WORDS = [_WORDS[kind] for kind in Kind]
_CASH_WORDS = [f"{_WORDS[kind]} (Cash)" for kind in Kind]


def positions_name(date: dt.date, copy: str = "") -> str:
    """Return the name of the positions file."""
    return f"Portfolio_Positions_{date:%b-%d-%Y}{copy}.csv"


def history_name(date: dt.date) -> str:
    """Return the name of the histories' file."""
    return f"Accounts_History_{date:%b-%d-%Y}.csv"


def positions(evening: Evening) -> str:
    """Return the positions file."""
    header = FIDELITY_POSITIONS.generations["2021"]
    held, worth, accounts = evening.holdings, totals(evening), evening.accounts
    numbers = [account.number for account in evening.practice.accounts]
    names = [account.registration.value.upper().replace("_", " ") for account in evening.practice.accounts]
    settled = evening.day.cash[accounts] - evening.day.unsettled[accounts]
    lines = Lines()
    core = {
        "Account Number": taken(numbers, accounts),
        "Account Name": taken(names, accounts),
        "Symbol": same(f"{CORE_FUND}**", len(accounts)),
        "Description": same(NAMES[INDEX[CORE_FUND]], len(accounts)),
        "Current Value": _money(settled),
        "Percent Of Account": percents(settled, worth[accounts]),
        "Type": same("Cash", len(accounts)),
    }
    lines.add(accounts, 0, _line(header, core))
    lines.add(held.account, 1, _line(header, _held(evening, numbers, names, worth)))
    waiting = accounts[evening.day.unsettled[accounts] != 0]
    if len(waiting):
        pending = {
            "Account Number": taken(numbers, waiting),
            "Account Name": taken(names, waiting),
            "Symbol": same("Pending activity", len(waiting)),
            "Current Value": _money(evening.day.unsettled[waiting]),
        }
        lines.add(waiting, 2, _line(header, pending))
    foot = ["", *_LEGAL, "", f'"Date downloaded {evening.date:%m/%d/%Y} 8:05 PM ET"', ""]
    return _BOM + ",".join(header) + NEWLINE + lines.text() + NEWLINE + NEWLINE.join(foot)


def _held(
    evening: Evening, numbers: list[str], names: list[str], worth: np.typing.NDArray[np.int64]
) -> dict[str, pl.Series]:
    held = evening.holdings
    before = evening.day.before[held.security]
    change = held.price - before
    day_change = money(held.qty, np.abs(change), IS_BOND[held.security]) * np.sign(change)
    gain = held.value - held.cost
    return {
        "Account Number": taken(numbers, held.account),
        "Account Name": taken(names, held.account),
        "Symbol": taken(evening.symbols, held.security),
        "Description": taken(NAMES, held.security),
        "Quantity": decimals(held.qty, 4),
        "Last Price": rows([prices(held.price)], edge='"'),
        "Last Price Change": rows([prices(change, is_signed=True)], edge='"'),
        "Current Value": _money(held.value),
        "Today's Gain/Loss Dollar": _money(day_change, is_signed=True),
        "Today's Gain/Loss Percent": percents(change, before, is_signed=True),
        "Total Gain/Loss Dollar": _money(gain, is_signed=True),
        "Total Gain/Loss Percent": percents(gain, held.cost, is_signed=True),
        "Percent Of Account": percents(held.value, worth[held.account]),
        "Cost Basis Total": _money(held.cost),
        "Average Cost Basis": rows([prices(held.cost * 1_000_000 // held.qty)], edge='"'),
        "Type": same("Cash", len(held.account)),
    }


def _money(cents: np.typing.NDArray[np.int64], *, is_signed: bool = False) -> pl.Series:
    return rows([dollars(cents, is_signed=is_signed)], edge='"')


def _line(header: tuple[str, ...], cells: dict[str, pl.Series]) -> pl.Series:
    """Return lines with one empty cell more than the header, as Fidelity's have."""
    count = len(next(iter(cells.values())))
    empty = same("", count)
    return rows([*(cells.get(name, empty) for name in header), empty])


def history(evening: Evening) -> str | None:
    """Return the histories of all accounts that moved; None where none did."""
    moves = evening.moves
    count = len(moves.account)
    if not count:
        return None
    header = FIDELITY_HISTORY.generations["14"]
    accounts = evening.practice.accounts
    security, is_named = written_as(moves)
    has_security = pl.Series(is_named)
    symbols, names, words = taken(evening.symbols, security), taken(NAMES, security), taken(_SECURITY_WORDS, moves.kind)
    named = rows([words, names, rows([same("", count), symbols, same(" (Cash)", count)], "")], " ")
    action = named.zip_with(has_security, taken(_CASH_WORDS, moves.kind))
    trades = (moves.kind == int(Kind.BUY)) | (moves.kind == int(Kind.SELL))
    cells = {
        "Run Date": same(f"{evening.date:%m/%d/%Y}", count),
        "Account": taken([account.registration.value.upper().replace("_", " ") for account in accounts], moves.account),
        "Account Number": taken([account.number for account in accounts], moves.account),
        "Action": action,
        "Symbol": symbols.zip_with(has_security, same("", count)),
        "Description": names.zip_with(has_security, same("No Description", count)),
        "Type": same("Cash", count),
        "Price ($)": _where(decimals(moves.price, 4, 2), moves.price != 0),
        "Quantity": _where(decimals(moves.qty, 4), moves.qty != 0),
        "Commission ($)": _where(decimals(moves.fees, 2, 2), moves.fees != 0),
        "Amount ($)": _where(decimals(moves.cash, 2, 2), moves.cash != 0),
        "Settlement Date": _where(same(f"{evening.day.next_date:%m/%d/%Y}", count), trades),
    }
    empty = same("", count)
    lines = rows([cells.get(name, empty) for name in header])
    foot = ["", *_LEGAL, "", f'"Date downloaded {evening.date:%m/%d/%Y} 8:07 PM ET"', ""]
    return (
        _BOM
        + NEWLINE
        + NEWLINE
        + ",".join(header)
        + NEWLINE
        + NEWLINE.join(lines.to_list())
        + NEWLINE
        + NEWLINE.join(foot)
    )


def _where(texts: pl.Series, condition: np.typing.NDArray[np.bool_]) -> pl.Series:
    return texts.zip_with(pl.Series(condition), same("", len(texts)))
