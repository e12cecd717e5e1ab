"""Which header means what in the sandbox's files, and what kind of row a line of them is."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evenkeel.sandbox.securities import CORE_FUND

TRAILER = "TRAILER"
"""First cell of the line that ends a mapped file with its control figures."""
TOTALS = {"Account Total", "Transactions Total", "Total"}
"""First cells of lines that sum those before them."""

_NAMES: dict[str, tuple[str, ...]] = {
    "account": ("Account Number", "Account"),
    "symbol": ("Symbol", "Ticker"),
    "cusip": ("CUSIP",),
    "name": ("Description", "Security"),
    "quantity": ("Qty (Quantity)", "Quantity", "Units"),
    "price": ("Price", "Last Price", "Price ($)", "Estimated Price"),
    "price_date": ("Price Date",),
    "value": ("Mkt Val (Market Value)", "Market Value", "Current Value"),
    "cost": ("Cost Basis", "Cost Basis Total", "Cost"),
    "cash": ("Cash",),
    "amount": ("Amount", "Amount ($)", "Net Amount"),
    "type": ("Action", "Activity"),
    "side": ("Side",),
    "state": ("State",),
    "order": ("Order",),
    "reading": ("Reading",),
}
_KINDS = {
    "plans": "holding", "plans_cash": "cash", "plans_transactions": "transaction", "portfolio_system": "holding",
    "portfolio_system_cash": "cash", "portfolio_system_lots": "lot", "market": "price", "indicators": "reading",
    "orders": "order",
}  # fmt: skip
_FIRST = {"Symbol", "Date", "Open Date", "Account Number", "Run Date", "Account", "Ticker", "Indicator", "Order"}
"""First cells of the headers."""
_TITLE = re.compile(r"^\"(?:Transactions  for account )?[^\",$]*? (\d{4}-\d{4})(?: as of [^\"]*)?\"$")
_NUMBER_IN_NAME = re.compile(r"Lot-Details-(\d{4}-\d{4})-")


@dataclass(frozen=True)
class Terms:
    """How to read the rows of one kind of file."""

    kind: str
    is_sectioned: bool = False

    def header(self, cells: Sequence[str]) -> dict[str, int] | None:
        """Return where each term stands, where these cells are a header."""
        if cells[0] not in _FIRST or len(cells) < 2 or sum(cell.replace(" ", "").isalpha() for cell in cells) < 2:
            return None
        found: dict[str, int] = {}
        for term, names in _NAMES.items():
            for name in names:
                if name in cells:
                    found[term] = cells.index(name)
                    break
        return found

    def account_in(self, name: str) -> str | None:
        """Return the account that a file's name states."""
        match = _NUMBER_IN_NAME.search(name)
        return match[1] if match else None

    def account_in_title(self, line: str) -> str | None:
        """Return the account of a section that begins with this line."""
        match = _TITLE.match(line) if self.is_sectioned else None
        return match[1] if match else None

    def kind_of(self, cells: Mapping[str, str]) -> str:
        """Return what a row with these cells tells."""
        symbol = cells.get("symbol", "")
        if self.kind == "holding" and symbol.startswith(("Cash & Cash", CORE_FUND + "**", "Pending activity")):
            return "cash"
        return self.kind


def terms_of(feed: str, name: str) -> Terms:
    """Return how to read a file."""
    if feed == "schwab":
        part = "lot" if "-Lot-" in name else "transaction" if "-Transactions-" in name else "holding"
        return Terms(part, is_sectioned=True)
    if feed == "fidelity":
        return Terms("transaction" if "History" in name else "holding")
    return Terms(_KINDS.get(feed, "holding"))
