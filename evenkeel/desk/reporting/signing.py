"""Sign a supervisory review: who has looked at exactly what, as an event of the trail."""

from __future__ import annotations

from data_contracts.vocab import EventKind, Role
from evenkeel.audit.event import Event, id_of
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.consent.people import firm, require_person
from evenkeel.desk.reporting.making import make
from evenkeel.errors import UsageError
from evenkeel.reports import supervisory_review
from evenkeel.reports.period import Period
from evenkeel.run.house import House

SIGNERS = (Role.COMPLIANCE, Role.SENIOR_ADVISER)


def sign(house: House, period: Period, asking: Asking) -> str:
    """Record that somebody has reviewed a period as it stands now, and return the digest of what they saw.

    How many of the decisions were their own is recorded with it; the next report shows it.

    Raises:
        UsageError: The period is not over, no comment is given, or the person is neither compliance nor a senior adviser.
    """
    people = firm(house).people
    if asking.role not in SIGNERS:
        raise UsageError(
            f"a review is signed in the role of {' or '.join(role.value for role in SIGNERS)}, not of {asking.role.value}"
        )
    require_person(people, asking.actor, asking.role)
    if not asking.reason.strip():
        raise UsageError("what did you find? give --reason")
    report = make(house, supervisory_review.NAME, period)
    if not report.is_period_over:
        raise UsageError(f"{period.name} is not over; a review is signed when nothing can be added any more")
    digest = supervisory_review.content_digest(report)
    payload = {
        "report": report.name,
        "period": period.name,
        "digest": digest,
        "comment": asking.reason,
        "own_count": supervisory_review.own_decisions(report, asking.actor),
        "rows": {each.name: len(each.rows) for each in report.tables},
    }
    event = Event(
        event_id=id_of(EventKind.REPORT_SIGNED, report.name, period.name, digest, asking.actor, asking.role),
        kind=EventKind.REPORT_SIGNED,
        business_date=None,
        subject=f"{report.name} {period.name}",
        run_id=None,
        actor=asking.actor,
        role=asking.role.value,
        occurred_at=house.clock.now(),
        payload=payload,
    )
    house.records.add_event(event)
    house.records.checkpoint(event.occurred_at)
    return digest
