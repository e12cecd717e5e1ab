"""What people put on hold: accounts suspended, execution paused, accounts in pilot mode. Each holds until a person ends it.

No file is edited for it. A suspension here stops staging and makes approvals stale at once; runs go by it like by one in suspensions.csv
(`evenkeel.run.desk_suspensions`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

import polars as pl

from data_contracts.vocab import ControlKind, ControlScope, EventKind, Role, SuspensionKind, UseCase
from evenkeel.approval.rights import require_right
from evenkeel.audit.event import Event, id_of
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.consent.people import Firm, firm, require_person
from evenkeel.errors import UsageError
from evenkeel.identity import stable_id
from evenkeel.ports.approvals import Control
from evenkeel.run.house import House

_PUT = {
    ControlKind.SUSPENSION: (UseCase.SUSPEND, EventKind.SUSPENSION_STARTED),
    ControlKind.PAUSE: (UseCase.PAUSE, EventKind.EXECUTION_PAUSED),
    ControlKind.PILOT: (UseCase.PILOT, EventKind.PILOT_STARTED),
}
_ENDED = {
    ControlKind.SUSPENSION: (UseCase.UNSUSPEND, EventKind.SUSPENSION_ENDED),
    ControlKind.PAUSE: (UseCase.RESUME, EventKind.EXECUTION_RESUMED),
    ControlKind.PILOT: (UseCase.PILOT, EventKind.PILOT_ENDED),
}


def suspend(
    house: House, account_id: str, kind: SuspensionKind, asking: Asking, review_date: dt.date | None = None
) -> Control:
    """Set an account aside; the review date only reminds.

    Raises:
        UsageError: The account is not in the book, set aside already, or not this person's.
    """
    if kind is SuspensionKind.COMPLIANCE_HOLD and asking.role is Role.ADVISER:
        raise UsageError("a compliance hold is set by operations or a senior adviser, at compliance's word")
    return _put(house, ControlKind.SUSPENSION, ControlScope.ACCOUNT, account_id, asking, kind.value, review_date)


def unsuspend(house: House, account_id: str, asking: Asking) -> Control:
    """Release an account that was set aside here; one in suspensions.csv is released there.

    Raises:
        UsageError: It is not set aside, or not this person's to release.
    """
    return _end(house, ControlKind.SUSPENSION, ControlScope.ACCOUNT, account_id, asking)


def pause(house: House, scope: ControlScope, subject_id: str, asking: Asking) -> Control:
    """Pause execution for the book, a custodian or a security: proposals that touch it wait whole (EXE-03).

    Raises:
        UsageError: The subject is not in the book, paused already, or the role may not.
    """
    return _put(house, ControlKind.PAUSE, scope, subject_id, asking)


def resume(house: House, scope: ControlScope, subject_id: str, asking: Asking) -> Control:
    """Let execution go on."""
    return _end(house, ControlKind.PAUSE, scope, subject_id, asking)


def start_pilot(house: House, account_id: str, asking: Asking) -> Control:
    """Compute and record everything of an account, and send nothing (OPS-05)."""
    return _put(house, ControlKind.PILOT, ControlScope.ACCOUNT, account_id, asking)


def end_pilot(house: House, account_id: str, asking: Asking) -> Control:
    """Send again what is about an account."""
    return _end(house, ControlKind.PILOT, ControlScope.ACCOUNT, account_id, asking)


def subjects(controls: Iterable[Control]) -> set[str]:
    """Return what the controls are on."""
    return {one.subject_id for one in controls}


def _put(
    house: House,
    kind: ControlKind,
    scope: ControlScope,
    subject_id: str,
    asking: Asking,
    code: str = "",
    review_date: dt.date | None = None,
) -> Control:
    use_case, event_kind = _PUT[kind]
    subject = "" if scope is ControlScope.BOOK else subject_id.strip()
    now = firm(house)
    _require(now, use_case, scope, subject, asking)
    standing = _standing(house, kind, scope, subject)
    if standing is not None:
        raise UsageError(
            f"{_named(scope, subject)}: {kind.value} stands already, by {standing.actor} since {standing.from_at:%Y-%m-%d %H:%M} UTC"
        )
    at = house.clock.now()
    control = Control(
        control_id=stable_id("ct", kind.value, scope.value, subject, asking.actor, at.isoformat()),
        kind=kind,
        scope=scope,
        subject_id=subject,
        code=code,
        reason=asking.reason.strip(),
        actor=asking.actor,
        role=asking.role,
        from_at=at,
        review_date=review_date,
    )
    house.approvals.put_control(control, _event(event_kind, control, asking, at))
    house.records.checkpoint(at)
    return control


def _end(house: House, kind: ControlKind, scope: ControlScope, subject_id: str, asking: Asking) -> Control:
    use_case, event_kind = _ENDED[kind]
    subject = "" if scope is ControlScope.BOOK else subject_id.strip()
    _require(firm(house), use_case, scope, subject, asking, may_be_gone=True)
    control = _standing(house, kind, scope, subject)
    if control is None:
        raise UsageError(f"{_named(scope, subject)}: there is no {kind.value} to end")
    if control.code == SuspensionKind.COMPLIANCE_HOLD and asking.role is Role.ADVISER:
        raise UsageError(f"{_named(scope, subject)}: a compliance hold is released by operations or a senior adviser")
    at = house.clock.now()
    house.approvals.end_control(
        control.control_id,
        at=at,
        actor=asking.actor,
        role=asking.role,
        reason=asking.reason.strip(),
        event=_event(event_kind, control, asking, at),
    )
    house.records.checkpoint(at)
    return control


def _require(
    now: Firm, use_case: UseCase, scope: ControlScope, subject: str, asking: Asking, *, may_be_gone: bool = False
) -> None:
    require_person(now.people, asking.actor, asking.role)
    household = None
    if scope is ControlScope.ACCOUNT:
        found = now.book.accounts.filter(pl.col("account_id") == subject)
        household = found["household_id"].item() if found.height else None
    known = {
        ControlScope.BOOK: True,
        ControlScope.ACCOUNT: household is not None,
        ControlScope.CUSTODIAN: subject in now.book.accounts["custodian"],
        ControlScope.SECURITY: subject in now.book.securities["security_id"],
    }[scope]
    if not known and not may_be_gone:
        raise UsageError(f"the book has no {scope.value} {subject!r}")
    require_right(
        use_case,
        asking.role,
        is_own_book=household is not None and now.is_on_desk(household, asking.actor),
        is_own_household=False,
        is_escalated=False,
        what=_named(scope, subject),
    )
    if not asking.reason.strip():
        raise UsageError("this needs a reason in words")


def _standing(house: House, kind: ControlKind, scope: ControlScope, subject: str) -> Control | None:
    found = [one for one in house.approvals.controls(kind) if (one.scope, one.subject_id) == (scope, subject)]
    return found[0] if found else None


def _event(kind: EventKind, control: Control, asking: Asking, at: dt.datetime) -> Event:
    payload: dict[str, Any] = {
        "control_id": control.control_id,
        "scope": control.scope.value,
        "subject_id": control.subject_id,
        "code": control.code,
        "reason": asking.reason.strip(),
        "review_date": control.review_date,
        "is_by_desk": True,
    }
    return Event(
        event_id=id_of(kind, control.control_id),
        kind=kind,
        business_date=None,
        subject=control.subject_id or control.scope.value,
        run_id=None,
        actor=asking.actor,
        role=asking.role.value,
        occurred_at=at,
        payload=payload,
    )


def _named(scope: ControlScope, subject: str) -> str:
    return f"{scope.value} {subject}".strip()
