"""A person has looked at a difference and answers for it: it is no longer listed as open, and stays on record with who, when and why.

It holds for the figures that were seen. A difference that grows or shrinks after that is open again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from data_contracts.vocab import EventKind, UseCase
from evenkeel.audit.event import Event, id_of
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.execution.planning import require_execution
from evenkeel.desk.words import eastern
from evenkeel.errors import UsageError
from evenkeel.orders.differences import acknowledgement_id
from evenkeel.ports.order_book import Acknowledgement, OrderChange, StoredDifference
from evenkeel.run.house import House


def acknowledge(house: House, named: Sequence[str], asking: Asking) -> list[StoredDifference]:
    """Acknowledge differences by their ids or beginnings of them, all or none, and return them as they were open.

    Raises:
        UsageError: The role may not, a reason is missing, an id names none or several, or one is acknowledged already.
    """
    require_execution(house, asking, UseCase.ACKNOWLEDGE)
    if not asking.reason.strip():
        raise UsageError("this needs a reason in words")
    on_record = house.order_book.differences()
    found = list({one.difference_id: one for one in (_one(on_record, each.strip()) for each in named)}.values())
    if not found:
        raise UsageError("which difference? `evenkeel orders list` lists what is open, with ids")
    at = house.clock.now()
    made = [
        Acknowledgement(
            one.difference_id,
            one.difference.expected,
            one.difference.found,
            asking.actor,
            asking.role,
            asking.reason.strip(),
            at,
        )
        for one in found
    ]
    events = [_event(one, by) for one, by in zip(found, made, strict=True)]
    house.order_book.record(OrderChange(at, acknowledged=made, events=events))
    house.records.checkpoint(at)
    return found


def _one(on_record: Sequence[StoredDifference], typed: str) -> StoredDifference:
    """Return the one open difference whose id is or begins so."""
    named = [one for one in on_record if typed and one.difference_id.startswith(typed)]
    still_open = [one for one in named if one.acknowledged is None]
    if len(still_open) > 1:
        raise UsageError(f"{typed!r} is the beginning of {len(still_open)} open differences; give more of the id")
    if still_open:
        return still_open[0]
    by = named[0].acknowledged if named else None
    if by is not None:
        raise UsageError(f"{named[0].difference_id} was acknowledged by {by.actor}, {eastern(by.at)}: {by.reason}")
    raise UsageError(f"no difference {typed!r}; `evenkeel orders list` lists what is open, with ids")


def _event(one: StoredDifference, by: Acknowledgement) -> Event:
    """Return what the trail is told: the difference as the person saw it, and why it needs nothing more."""
    seen = one.difference
    return Event(
        event_id=id_of(
            EventKind.DIFFERENCE_ACKNOWLEDGED, acknowledgement_id(one.difference_id, seen.expected, seen.found)
        ),
        kind=EventKind.DIFFERENCE_ACKNOWLEDGED,
        business_date=one.business_date,
        subject=seen.order_id or seen.proposal_id or one.difference_id,
        run_id=None,
        actor=by.actor,
        role=by.role.value,
        occurred_at=by.at,
        payload={
            "difference_id": one.difference_id,
            "found_at": one.found_at,
            "difference": {**asdict(seen), "kind": seen.kind.value},
            "reason": by.reason,
        },
    )
