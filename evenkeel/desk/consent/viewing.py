"""Who has seen a proposal whole, in which version: an event of the trail, once for each person, role, version and way (RCD-01)."""

from __future__ import annotations

from data_contracts.vocab import EventKind, Role
from evenkeel.audit.event import Event, id_of
from evenkeel.ports.approvals import Case
from evenkeel.run.house import House


def record_view(house: House, case: Case, actor: str, role: Role, *, is_by_link: bool = False) -> None:
    """Record that somebody was shown a case as it is; the same again adds nothing.

    Args:
        house: The home.
        case: As it was shown.
        actor: Who; by a link, whoever it is for.
        role: In what role.
        is_by_link: A link was opened. A mail scanner may have done it: what a client saw for certain is what their consent states.
    """
    event = Event(
        event_id=id_of(EventKind.PROPOSAL_VIEWED, case.proposal_id, case.version, actor, role.value, is_by_link),
        kind=EventKind.PROPOSAL_VIEWED,
        business_date=case.business_date,
        subject=case.proposal_id,
        run_id=None,
        actor=actor,
        role=role.value,
        occurred_at=house.clock.now(),
        payload={
            "alert_id": case.alert_id,
            "household_id": case.household_id,
            "state": case.state.value,
            "version_seen": case.version,
            "digest_seen": case.digest,
            "is_by_link": is_by_link,
        },
    )
    house.records.add_event(event)
