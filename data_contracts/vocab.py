"""Enumerations: every code that a dataset may hold, with the field's own words.

Codes are lower-case text, so that they read the same in a table, in JSON and in SQL.
"""

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


class TaxStatus(StrEnum):
    """How an account's income is taxed."""

    TAXABLE = "taxable"
    DEFERRED = "deferred"
    EXEMPT = "exempt"


class FilingStatus(StrEnum):
    """How a tax unit files."""

    SINGLE = "single"
    JOINT = "joint"
    SEPARATE = "separate"
    HEAD = "head_of_household"
    TRUST = "trust"


class ReliefMethod(StrEnum):
    """Which lots a custodian sells when no lot is named."""

    FIFO = "fifo"
    LIFO = "lifo"
    HIGHEST_COST = "highest_cost"
    LOWEST_COST = "lowest_cost"
    AVERAGE = "average"
    SPECIFIC = "specific"
    TAX_OPTIMISED = "tax_optimised"


class AccountState(StrEnum):
    """An account's stage of life; all but open stop ordinary rebalancing."""

    OPEN = "open"
    NEW = "new"
    TRANSFERRING = "transferring"
    CLOSING = "closing"
    DECEASED = "deceased"
    CLOSED = "closed"


class Registration(StrEnum):
    """Who owns an account, in the form that decides taxes and consent."""

    INDIVIDUAL = "individual"
    JOINT = "joint"
    TRUST = "trust"
    IRA = "ira"
    ROTH_IRA = "roth_ira"
    SEP_IRA = "sep_ira"
    PLAN_401K = "plan_401k"
    PLAN_529 = "plan_529"
    CUSTODIAL = "custodial"
    ENTITY = "entity"
    OTHER = "other"


class SuspensionKind(StrEnum):
    """Why an account is set aside."""

    TRANSITION = "transition"
    PENDING_DEPOSIT = "pending_deposit"
    PENDING_WITHDRAWAL = "pending_withdrawal"
    COMPLIANCE_HOLD = "compliance_hold"
    CLIENT_REQUEST = "client_request"


class RestrictionKind(StrEnum):
    """What a client's restriction forbids or keeps."""

    NO_BUY = "no_buy"
    NO_SELL = "no_sell"
    HOLD_UNTIL = "hold_until"
    LEGACY_KEEP = "legacy_keep"
    UNSUPERVISED = "unsupervised"


class PlannedCashKind(StrEnum):
    """Why cash is spoken for, or expected."""

    WITHDRAWAL = "withdrawal"
    REQUIRED_DISTRIBUTION = "required_distribution"
    FEE = "fee"
    TAX = "tax"
    CONTRIBUTION = "contribution"


class ModelLevel(StrEnum):
    """Who owns a model."""

    FIRM = "firm"
    ADVISER = "adviser"


class NodeLevel(StrEnum):
    """How deep in a model a target stands."""

    CLASS = "class"
    SLEEVE = "sleeve"
    SECURITY = "security"


class Segment(StrEnum):
    """A client's segment, for band values."""

    CONSERVATIVE = "conservative"
    BALANCED = "balanced"
    GROWTH = "growth"
    TAX_SENSITIVE = "tax_sensitive"


class BandSource(StrEnum):
    """Which level of the policy's order of precedence decided a band."""

    ACCOUNT = "account"
    IPS = "ips"
    SEGMENT = "segment"
    TIER = "tier"
    DEFAULT = "default"


class Workflow(StrEnum):
    """When a portfolio is looked at and what triggers."""

    CALENDAR = "calendar"
    THRESHOLD = "threshold"
    HYBRID = "hybrid"
    TIERED = "tiered"


class Cadence(StrEnum):
    """How often a portfolio is looked at between calendar dates."""

    DAILY = "daily"
    WEEKLY = "weekly"
    MONTHLY = "monthly"
    QUARTERLY = "quarterly"
    SEMI_ANNUAL = "semi_annual"
    ANNUAL = "annual"


class HowFar(StrEnum):
    """How far back a rebalance goes."""

    TARGET = "target"
    MIDPOINT = "midpoint"
    EDGE = "edge"
    PARTIAL = "partial"


class Urgency(StrEnum):
    """How soon a person must act."""

    SAME_DAY = "same_day"
    HOURS_48 = "48_hours"
    WEEKLY_BATCH = "weekly_batch"


class Rule(StrEnum):
    """What raised a breach; one portfolio has at most one open episode a rule."""

    DRIFT = "drift"
    CASH_SHORTFALL = "cash_shortfall"
    HARVEST_LOOK = "harvest_look"


class LookStatus(StrEnum):
    """Whether a portfolio was looked at on a date."""

    DUE = "due"
    NOT_DUE = "not_due"
    UNMEASURED = "unmeasured"


class EpisodeStatus(StrEnum):
    """Where an episode stands on a date."""

    OPEN = "open"
    QUIET = "quiet"
    IN_FLIGHT = "in_flight"
    FROZEN = "frozen"
    CLOSED = "closed"


class DecisionKind(StrEnum):
    """What a person said to an alert, short of approving it."""

    SNOOZE = "snooze"
    DECLINE = "decline"
    DEFER = "defer"


class CoverageStatus(StrEnum):
    """What became of an enabled account in a run; every one has exactly one."""

    SCANNED = "scanned"
    WAITING = "waiting"
    QUARANTINED = "quarantined"
    SUSPENDED = "suspended"
    STATE_HOLD = "state_hold"
    HOUSEHOLD_WAITS = "household_waits"
    NO_MODEL = "no_model"


class ExceptionScope(StrEnum):
    """What an exception is about."""

    FEED = "feed"
    FILE = "file"
    ROW = "row"
    ACCOUNT = "account"
    SECURITY = "security"
    PORTFOLIO = "portfolio"


class ExceptionEffect(StrEnum):
    """What an exception does."""

    STOP = "stop"
    WAIT = "wait"
    NOTE = "note"
    RELEASED = "released"


class Check(StrEnum):
    """The name of a check; each is explained in docs/runbook.md."""

    FILE_EMPTY = "file_empty"
    FILE_UNREADABLE = "file_unreadable"
    FILE_TRUNCATED = "file_truncated"
    FILE_TOO_LARGE = "file_too_large"
    FILE_OTHER_LAYOUT = "file_other_layout"
    FILE_COLUMNS = "file_columns"
    FILE_ROWS_REJECTED = "file_rows_rejected"
    FILE_REJECT_SHARE = "file_reject_share"
    FILE_CONTRADICTED = "file_contradicted"
    FEED_MISSING = "feed_missing"
    FEED_LATE = "feed_late"
    NO_AS_OF_DATE = "no_as_of_date"
    NOT_A_SESSION = "not_a_session"
    FUTURE_FILE = "future_file"
    MIXED_DATES = "mixed_dates"
    ACCOUNT_UNKNOWN = "account_unknown"
    ACCOUNT_MISSING = "account_missing"
    ACCOUNT_AMBIGUOUS = "account_ambiguous"
    ACCOUNT_OTHER_CUSTODIAN = "account_other_custodian"
    SECURITY_UNKNOWN = "security_unknown"
    SECURITY_CONFLICT = "security_conflict"
    PRICE_MISSING = "price_missing"
    PRICE_STALE = "price_stale"
    VALUE_PRODUCT = "value_product"
    VALUE_MISSING = "value_missing"
    LOTS_QUANTITY = "lots_quantity"
    LOTS_COST = "lots_cost"
    TOTAL_MISMATCH = "total_mismatch"
    DUPLICATE_POSITION = "duplicate_position"
    CURRENCY_NO_RATE = "currency_no_rate"
    CASH_MISSING = "cash_missing"
    NOTHING_HELD = "nothing_held"
    ROW_UNREADABLE = "row_unreadable"
    IDENTIFIER_CONFLICT = "identifier_conflict"
    ORDER_LOST = "order_lost"
    ORDER_OUTDATED = "order_outdated"
    BREAK_ACCOUNT = "break_account"
    BREAK_QUANTITY = "break_quantity"
    BREAK_PRICE = "break_price"
    BREAK_VALUE = "break_value"
    BREAK_COST = "break_cost"
    BREAK_CASH = "break_cash"
    NOT_COMPARED = "not_compared"
    ROLL_QUANTITY = "roll_quantity"
    ROLL_CASH = "roll_cash"
    NOT_ROLLED = "not_rolled"
    PRICE_DOUBT = "price_doubt"
    SPLIT_DOUBT = "split_doubt"
    INDICATOR_DOUBT = "indicator_doubt"
    GATE_STALE = "gate_stale"
    GATE_ACCOUNTS = "gate_accounts"
    GATE_ROWS = "gate_rows"
    GATE_VALUE = "gate_value"
    GATE_TOTALS = "gate_totals"
    GATE_PRICES = "gate_prices"
    GATE_UNCHANGED = "gate_unchanged"
    GATE_BREAKS = "gate_breaks"
    GATE_QUARANTINED = "gate_quarantined"


class Comparison(StrEnum):
    """What the custodian's figures were held against."""

    PORTFOLIO_SYSTEM = "portfolio_system"
    ROLL_FORWARD = "roll_forward"
    PRICES = "prices"


class BreakKind(StrEnum):
    """What differs; in this order of causes, so that one cause raises one break."""

    ACCOUNT = "account"
    QUANTITY = "quantity"
    PRICE = "price"
    VALUE = "value"
    COST = "cost"
    CASH = "cash"


class BreakStatus(StrEnum):
    """Whether a difference has a known reason."""

    OPEN = "open"
    EXPLAINED = "explained"


class Explanation(StrEnum):
    """The known reason of a difference."""

    TRADE = "trade"
    REINVESTMENT = "reinvestment"
    INCOME = "income"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"
    TRANSFER = "transfer"
    FEE = "fee"
    SPLIT = "split"
    MERGER = "merger"
    SYMBOL_CHANGE = "symbol_change"
    OTHER_TRANSACTION = "other_transaction"
    SETTLEMENT = "settlement"
    OWN_ORDER = "own_order"
    PENDING = "pending"
    ACCRUED_INTEREST = "accrued_interest"
    PER_HUNDRED = "per_hundred"
    SWEEP = "sweep"
    PRIVATE_PRICE = "private_price"
    CONFIRMED_ELSEWHERE = "confirmed_elsewhere"
    SAME_CAUSE = "same_cause"


class Gate(StrEnum):
    """What tonight's delivery of a custodian is judged by, as a whole, against other nights and feeds."""

    STALE = "stale"
    ACCOUNTS = "accounts"
    ROWS = "rows"
    VALUE = "value"
    TOTALS = "totals"
    PRICES = "prices"
    UNCHANGED = "unchanged"
    BREAKS = "breaks"
    QUARANTINED = "quarantined"


class Doubt(StrEnum):
    """What may not be what a source says."""

    PRICE = "price"
    INDICATOR = "indicator"


class NoticeKind(StrEnum):
    """What somebody should know although no trade is due."""

    IPS_REVIEW_OVERDUE = "ips_review_overdue"
    IPS_CHANGED = "ips_changed"
    POLICY_CHANGED = "policy_changed"
    MODEL_CHANGED = "model_changed"
    SUSPENSION_REVIEW = "suspension_review"
    ACCOUNT_STATE = "account_state"
    NEAREST_MODEL = "nearest_model"
    BANDS_WIDENED = "bands_widened"
    HOUSEHOLD_WAITING = "household_waiting"
    CASH_SPOKEN_FOR = "cash_spoken_for"


class Owner(StrEnum):
    """Who must act."""

    ADVISER = "adviser"
    OPERATIONS = "operations"
    COMPLIANCE = "compliance"


class EventKind(StrEnum):
    """What an event of the audit trail says."""

    RUN_COMMITTED = "run_committed"
    COVERAGE_STATED = "coverage_stated"
    BOOK_CHANGED = "book_changed"
    POLICY_IN_FORCE = "policy_in_force"
    MODEL_IN_FORCE = "model_in_force"
    IPS_IN_FORCE = "ips_in_force"
    SUSPENSION_STARTED = "suspension_started"
    SUSPENSION_ENDED = "suspension_ended"
    EXCEPTION_FOUND = "exception_found"
    EXCEPTION_CHANGED = "exception_changed"
    EXCEPTION_ENDED = "exception_ended"
    RELEASE_GRANTED = "release_granted"
    RELEASE_APPLIED = "release_applied"
    BREAK_FOUND = "break_found"
    BREAK_ENDED = "break_ended"
    BREAKS_EXPLAINED = "breaks_explained"
    GATES_JUDGED = "gates_judged"
    DOUBT_RAISED = "doubt_raised"
    DOUBT_ENDED = "doubt_ended"
    ALERT_OPENED = "alert_opened"
    ALERT_CHANGED = "alert_changed"
    ALERT_CLOSED = "alert_closed"
    ALERT_WITHDRAWN = "alert_withdrawn"
    DECISION_TAKEN = "decision_taken"
