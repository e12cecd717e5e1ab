"""What was found and told: checks, differences, gates, doubts, notices, events."""

from __future__ import annotations

from enum import StrEnum


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
    MESSAGE_QUEUED = "message_queued"
    MESSAGE_SENT = "message_sent"
    MESSAGE_DELAYED = "message_delayed"
    MESSAGE_DEAD = "message_dead"
    MESSAGE_IN_DOUBT = "message_in_doubt"
    MESSAGE_RESOLVED = "message_resolved"
    PROPOSAL_OPENED = "proposal_opened"
    PROPOSAL_MOVED = "proposal_moved"
    CONSENT_GIVEN = "consent_given"
    CONSENT_REFUSED = "consent_refused"
    PROPOSAL_VIEWED = "proposal_viewed"
    NO_RESPONSE = "no_response"
    EXECUTION_PAUSED = "execution_paused"
    EXECUTION_RESUMED = "execution_resumed"
    PILOT_STARTED = "pilot_started"
    PILOT_ENDED = "pilot_ended"
    REPORT_SIGNED = "report_signed"
    ORDER_PLANNED = "order_planned"
    ORDER_HANDED_OVER = "order_handed_over"
    ORDER_ANSWERED = "order_answered"
    FILL_TAKEN = "fill_taken"
    ORDER_ALLOCATED = "order_allocated"
    EXECUTION_COMPARED = "execution_compared"
    DIFFERENCE_ACKNOWLEDGED = "difference_acknowledged"
