"""The life of a proposal: its states, the steps between them, who takes them, and what makes a consent worthless."""

from __future__ import annotations

from enum import StrEnum


class ProposalState(StrEnum):
    """Where a proposal stands, from the run that made it to the reconciled fill. `evenkeel.approval.states` says what leads where."""

    DRAFTED = "drafted"
    CHECKED = "checked"
    WITH_ADVISER = "with_adviser"
    WITH_CLIENT = "with_client"
    ESCALATED = "escalated"
    APPROVED = "approved"
    STAGED = "staged"
    SENT = "sent"
    FILLED = "filled"
    RECONCILED = "reconciled"
    DECLINED = "declined"
    DEFERRED = "deferred"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"


class Role(StrEnum):
    """In what role somebody acts. `automation`: no person does."""

    ADVISER = "adviser"
    SENIOR_ADVISER = "senior_adviser"
    COMPLIANCE = "compliance"
    OPERATIONS = "operations"
    CLIENT = "client"
    ADMINISTRATOR = "administrator"
    AUTOMATION = "automation"


class Step(StrEnum):
    """What is done to a proposal: the verbs of its life."""

    OPEN = "open"
    CHECK = "check"
    OVERRIDE_WASH = "override_wash"
    PRESENT = "present"
    APPROVE = "approve"
    DECLINE = "decline"
    DEFER = "defer"
    SNOOZE = "snooze"
    ESCALATE = "escalate"
    REMIND = "remind"
    FOLLOW_UP = "follow_up"
    HAND_OVER = "hand_over"
    EXPIRE = "expire"
    INVALIDATE = "invalidate"
    SUPERSEDE = "supersede"
    STAGE = "stage"
    UNSTAGE = "unstage"
    SEND = "send"
    FILL = "fill"
    RECONCILE = "reconcile"
    TAKE_BACK = "take_back"


class UseCase(StrEnum):
    """What a person can ask of the desk; `evenkeel.approval.rights` says who may."""

    VIEW = "view"
    APPROVE = "approve"
    MODIFY = "modify"
    DECLINE = "decline"
    DEFER = "defer"
    SNOOZE = "snooze"
    ESCALATE = "escalate"
    CONSENT = "consent"
    OVERRIDE_WASH = "override_wash"
    SUSPEND = "suspend"
    UNSUSPEND = "unsuspend"
    PAUSE = "pause"
    RESUME = "resume"
    PILOT = "pilot"
    STAGE = "stage"
    RECONCILE = "reconcile"
    ACKNOWLEDGE = "acknowledge"
    SWEEP = "sweep"


class Reach(StrEnum):
    """How far a right goes."""

    NONE = "none"
    OWN_BOOK = "own_book"
    OWN_HOUSEHOLD = "own_household"
    ESCALATED = "escalated"
    ALL = "all"


class HouseholdKind(StrEnum):
    """What kind of relationship a household is."""

    INDIVIDUAL = "individual"
    INSTITUTIONAL = "institutional"


class ConsentKind(StrEnum):
    """Whose yes is needed."""

    ADVISER = "adviser"
    SENIOR_ADVISER = "senior_adviser"
    CLIENT = "client"
    COMMITTEE = "committee"
    COMPLIANCE_REVIEW = "compliance_review"


class ConsentState(StrEnum):
    """Where a needed yes stands. `waived`: the quorum was reached without it. `lapsed`: it never came."""

    PENDING = "pending"
    GIVEN = "given"
    REFUSED = "refused"
    LAPSED = "lapsed"
    WAIVED = "waived"


class ClockKind(StrEnum):
    """What comes due while a consent is waited for."""

    REMINDER = "reminder"
    ESCALATION = "escalation"
    EXPIRY = "expiry"


class TimeUnit(StrEnum):
    """What a period is counted in."""

    HOURS = "hours"
    BUSINESS_HOURS = "business_hours"
    BUSINESS_DAYS = "business_days"


class StaleCause(StrEnum):
    """Why what was approved is not so any more (APR-06)."""

    PRICE_MOVED = "price_moved"
    NEWER_PROPOSAL = "newer_proposal"
    ALERT_CLOSED = "alert_closed"
    SUSPENDED = "suspended"
    QUARANTINED = "quarantined"
    FILE_CORRECTED = "file_corrected"
    CASH_MOVED = "cash_moved"
    WITHDRAWAL_REQUESTED = "withdrawal_requested"
    MODEL_CHANGED = "model_changed"


class ControlKind(StrEnum):
    """What a person can put on, until a person takes it off."""

    SUSPENSION = "suspension"
    PAUSE = "pause"
    PILOT = "pilot"


class ControlScope(StrEnum):
    """What it is put on."""

    BOOK = "book"
    CUSTODIAN = "custodian"
    SECURITY = "security"
    ACCOUNT = "account"
