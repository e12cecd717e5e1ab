"""IBKR's codes in our vocabulary: asset categories, cash and corporate action types, open and close."""

from __future__ import annotations

from collections.abc import Mapping

from data_contracts.vocab import AssetType, TransactionType

_ASSET_TYPES = {
    "STK": AssetType.STOCK,
    "FUND": AssetType.MUTUAL_FUND,
    "BOND": AssetType.BOND,
    "BILL": AssetType.BOND,
    "OPT": AssetType.OPTION,
    "FOP": AssetType.OPTION,
    "FUT": AssetType.FUTURE,
    "CASH": AssetType.CASH,
}

CASH_TYPES = {
    "Dividends": TransactionType.DIVIDEND,
    "Payment In Lieu Of Dividends": TransactionType.DIVIDEND,
    "Withholding Tax": TransactionType.TAX,
    "871(m) Withholding": TransactionType.TAX,
    "Broker Interest Paid": TransactionType.INTEREST,
    "Broker Interest Received": TransactionType.INTEREST,
    "Bond Interest Paid": TransactionType.INTEREST,
    "Bond Interest Received": TransactionType.INTEREST,
    "Broker Fees": TransactionType.FEE,
    "Advisor Fees": TransactionType.FEE,
    "Other Fees": TransactionType.FEE,
    "Commission Adjustments": TransactionType.FEE,
}

ACTION_TYPES = {
    "FS": TransactionType.SPLIT,
    "FI": TransactionType.SPLIT,
    "RS": TransactionType.SPLIT,
    "SD": TransactionType.SPLIT,  # a dividend in shares changes units as a split does
    "TC": TransactionType.MERGER,
    "SO": TransactionType.SPIN_OFF,
    "IC": TransactionType.NAME_CHANGE,
}

OPTION_EVENTS = {
    "Expiration": TransactionType.EXPIRED,
    "Exercise": TransactionType.EXERCISE,
    "Assignment": TransactionType.EXERCISE,
    "Buy": TransactionType.BUY,
    "Sell": TransactionType.SELL,
}

ACCOUNT_FIELDS = (
    "currency",
    "accountType",
    "customerType",
    "accountCapabilities",
    "tradingPermissions",
    "dateOpened",
    "dateFunded",
    "dateClosed",
    "lastTradedDate",
    "ibEntity",
)
"""What of AccountInformation is kept: nothing that names the client."""


def asset_type(fields: Mapping[str, str]) -> str | None:
    """Return the legal form that `assetCategory` and `subCategory` say, None where they say nothing."""
    category = fields.get("assetCategory")
    if category is None:
        return None
    if category == "STK" and fields.get("subCategory") in ("ETF", "ETC", "ETN"):
        return AssetType.ETF
    return _ASSET_TYPES.get(category, AssetType.OTHER)


def trade_type(fields: Mapping[str, str]) -> TransactionType:
    """Return what a trade did, from side, open or close, and what was traded."""
    if fields.get("assetCategory") == "CASH":
        return TransactionType.FX
    is_buy = (
        fields.get("buySell", "").startswith("BUY") if "buySell" in fields else not fields["quantity"].startswith("-")
    )
    opens, closes = (fields.get("openCloseIndicator") == letter for letter in "OC")
    is_contract = fields.get("assetCategory") in ("OPT", "FOP", "FUT", "WAR", "IOPT")
    # Buying shares opens and selling them closes: only short sales and options need the longer words.
    if is_buy and (closes or (opens and is_contract)):
        return TransactionType.BUY_TO_CLOSE if closes else TransactionType.BUY_TO_OPEN
    if not is_buy and (opens or (closes and is_contract)):
        return TransactionType.SELL_TO_OPEN if opens else TransactionType.SELL_TO_CLOSE
    return TransactionType.BUY if is_buy else TransactionType.SELL


def is_long_term(codes: str | None) -> bool | None:
    """Return what the codes LT and ST say of a lot's term, None where neither is there."""
    parts = (codes or "").split(";")
    return True if "LT" in parts else False if "ST" in parts else None
