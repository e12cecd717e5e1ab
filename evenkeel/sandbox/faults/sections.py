"""The lines that tell of one account, and its number in them."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evenkeel.sandbox.faults.day_files import CannotDamageError
from evenkeel.sandbox.faults.sheets import Sheet

NOBODYS = {"schwab": "9999-0000", "fidelity": "Z99999999", "ibkr": "U99999999", "plans": "PL999999999"}
"""A number of each custodian that no account has."""


def lines_of_account(sheet: Sheet, account: str) -> list[int]:
    """Return an account's lines: its section with title and header where the file has sections, else its rows.

    Raises:
        CannotDamageError: The file has none.
    """
    feed = sheet.file.feed
    if feed == "ibkr":
        found = _between(sheet, f'<FlexStatement accountId="{account}"', "</FlexStatement>")
    elif feed == "schwab":
        found = _titled(sheet, account)
    else:
        found = [row.line for row in sheet.rows if row.account == account]
    if not found:
        raise CannotDamageError(f"{sheet.file.name} does not have the account")
    return found


def with_numbers(sheet: Sheet, numbers: dict[str, str]) -> Sheet:
    """Return the sheet with accounts under other numbers, all at once."""
    changed: dict[int, str] = {}
    for old, new in numbers.items():
        for line in lines_of_account(sheet, old):
            changed[line] = sheet.lines[line].replace(old, new)
    return sheet.with_lines(changed)


def texts(sheet: Sheet, lines: Iterable[int]) -> list[str]:
    """Return these lines."""
    return [sheet.lines[line] for line in lines]


def _between(sheet: Sheet, first: str, last: str) -> list[int]:
    lines: list[int] = []
    for number, line in enumerate(sheet.lines):
        if line.startswith(first) or lines:
            lines.append(number)
        if lines and line.startswith(last):
            return lines
    return lines


def _titled(sheet: Sheet, account: str) -> list[int]:
    """Return the lines from the account's title up to the empty line after it."""
    title = re.compile(rf'^"[^",]*{re.escape(account)}( as of [^"]*)?"$')
    lines: list[int] = []
    for number, line in enumerate(sheet.lines):
        if title.match(line) or lines:
            lines.append(number)
        if lines and not line.strip('"\r'):
            return lines
    return lines
