"""What the book says: tax units, accounts, suspensions, restrictions, planned cash, models."""

from __future__ import annotations

from enum import StrEnum


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
    EXCLUDE = "exclude"
    NOT_TRADED = "not_traded"
    MAX_WEIGHT = "max_weight"
    MIN_WEIGHT = "min_weight"


class Sector(StrEnum):
    """Economic sector of what a security's issuer does, by the names of the Global Industry Classification Standard (GICS).

    `none`: of no one sector, as a diversified fund or a government's bond is; a blank says that nobody knows.
    """

    ENERGY = "energy"
    MATERIALS = "materials"
    INDUSTRIALS = "industrials"
    CONSUMER_DISCRETIONARY = "consumer_discretionary"
    CONSUMER_STAPLES = "consumer_staples"
    HEALTH_CARE = "health_care"
    FINANCIALS = "financials"
    INFORMATION_TECHNOLOGY = "information_technology"
    COMMUNICATION_SERVICES = "communication_services"
    UTILITIES = "utilities"
    REAL_ESTATE = "real_estate"
    NONE = "none"


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
