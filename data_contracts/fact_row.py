"""What every row that came from a file carries: where it came from, and whose it is.

`CustodianRow` is the base of positions, cash, lots and transactions; `SecurityText` the identifiers as a source sent them.
"""

from __future__ import annotations

import datetime as dt

from data_contracts.contract import Contract
from data_contracts.fields import column, key


class FactRow(Contract):
    """Provenance: file and row (1-based: the physical line of a text file, the ordinal of a record otherwise)."""

    business_date: dt.date = key("Exchange session the file's values belong to.")
    feed: str = key("The feed of the book that delivered the file.")
    file_id: str = key("SHA-256 of the file's bytes, hexadecimal.")
    row_no: int = key("Row in the file, 1-based: line of a text file, ordinal of a record otherwise.")


class AccountRow(FactRow):
    """Whose row it is. The account number itself never passes the door."""

    account_key: str = column("Keyed digest (HMAC-SHA-256) of the account number as the source sent it.")
    account_mask: str = column("Last characters of the account number, for people: `…4321`.")
    account_id: str = column("The book's account, null where the book does not know the number.", null=True)


class SecurityText(Contract):
    """A security as the source names it, and the book's security where that is known."""

    symbol: str = column("Ticker or the source's symbol, trimmed, as sent.", null=True)
    cusip: str = column("CUSIP as sent.", null=True)
    isin: str = column("ISIN as sent.", null=True)
    native_id: str = column("The source's own identifier (IBKR conid, plan fund number).", null=True)
    description: str = column("Name as sent.", null=True)
    security_id: str = column("The book's security, null where no identifier is known to the book.", null=True)
