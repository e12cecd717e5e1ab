"""What sources say: securities, cash, transactions, prices, orders, feeds and their files."""

from __future__ import annotations

from enum import StrEnum


class AssetClass(StrEnum):
    """What kind of risk a holding is; models and bands are stated in these."""

    US_EQUITY = "us_equity"
    INTL_EQUITY = "intl_equity"
    EMERGING_EQUITY = "emerging_equity"
    US_BOND = "us_bond"
    INTL_BOND = "intl_bond"
    MUNI_BOND = "muni_bond"
    INFLATION_BOND = "inflation_bond"
    HIGH_YIELD_BOND = "high_yield_bond"
    REAL_ESTATE = "real_estate"
    COMMODITY = "commodity"
    ALTERNATIVE = "alternative"
    PRIVATE = "private"
    BALANCED = "balanced"
    OPTION = "option"
    CASH = "cash"
    OTHER = "other"


class AssetType(StrEnum):
    """The legal form of a security, which decides how it is priced and traded."""

    STOCK = "stock"
    ETF = "etf"
    MUTUAL_FUND = "mutual_fund"
    MONEY_MARKET = "money_market"
    BOND = "bond"
    OPTION = "option"
    FUTURE = "future"
    PRIVATE = "private"
    ANNUITY = "annuity"
    CASH = "cash"
    OTHER = "other"


class IdType(StrEnum):
    """Kinds of identifier by which a source names a security."""

    SYMBOL = "symbol"
    CUSIP = "cusip"
    ISIN = "isin"
    NATIVE_ID = "native_id"


class SubAccount(StrEnum):
    """Where inside an account a position is held."""

    CASH = "cash"
    MARGIN = "margin"
    SHORT = "short"
    OTHER = "other"


class CashBucket(StrEnum):
    """What kind of cash an amount is."""

    CORE = "core"
    SWEEP = "sweep"
    PENDING = "pending"
    UNSETTLED = "unsettled"
    AVAILABLE = "available"
    MARGIN = "margin"
    SHORT = "short"


class TransactionType(StrEnum):
    """What a transaction did, whatever its source calls it (the source's word is kept beside it)."""

    BUY = "buy"
    SELL = "sell"
    BUY_TO_OPEN = "buy_to_open"
    BUY_TO_CLOSE = "buy_to_close"
    SELL_TO_OPEN = "sell_to_open"
    SELL_TO_CLOSE = "sell_to_close"
    DIVIDEND = "dividend"
    REINVEST = "reinvest"
    INTEREST = "interest"
    CAPITAL_GAIN = "capital_gain"
    RETURN_OF_CAPITAL = "return_of_capital"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER_IN = "transfer_in"
    TRANSFER_OUT = "transfer_out"
    JOURNAL = "journal"
    FEE = "fee"
    TAX = "tax"
    SPLIT = "split"
    MERGER = "merger"
    SPIN_OFF = "spin_off"
    NAME_CHANGE = "name_change"
    EXPIRED = "expired"
    EXERCISE = "exercise"
    FX = "fx"
    OTHER = "other"


class PriceKind(StrEnum):
    """How a price came about."""

    CLOSE = "close"
    NAV = "nav"
    EVALUATED = "evaluated"
    INTRADAY = "intraday"


class OrderSide(StrEnum):
    """Which way an order trades."""

    BUY = "buy"
    SELL = "sell"


class OrderState(StrEnum):
    """Where an order stands; open ones are counted as done when drift is measured."""

    STAGED = "staged"
    SENT = "sent"
    PART_FILLED = "part_filled"
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"


class FeedRole(StrEnum):
    """What a feed is believed for."""

    CUSTODIAN = "custodian"
    PORTFOLIO_SYSTEM = "portfolio_system"
    MARKET = "market"
    ORDERS = "orders"


class FileStatus(StrEnum):
    """What became of a file."""

    READ = "read"
    SUPERSEDED = "superseded"
    STOPPED = "stopped"


class TotalKind(StrEnum):
    """What a source's own control figure counts."""

    ACCOUNT_VALUE = "account_value"
    SECURITIES_VALUE = "securities_value"
    CASH_VALUE = "cash_value"
    LOT_QTY = "lot_qty"
    LOT_COST = "lot_cost"
    NET_AMOUNT = "net_amount"
    ROW_COUNT = "row_count"
    QTY_SUM = "qty_sum"
    NET_QTY = "net_qty"
    AMOUNT_SUM = "amount_sum"


class ToldBy(StrEnum):
    """Who says which lots a sale closed, and at what basis."""

    CUSTODIAN = "custodian"
    LOTS = "lots"
    PORTFOLIO_SYSTEM = "portfolio_system"
    UNKNOWN = "unknown"
