"""`ports.Approvals` in the records database: each step one transaction, each case moved by one person at a time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Select, or_, select, update

from data_contracts.vocab import ControlKind, ProposalState, Role
from evenkeel.adapters.stores.approvals_rows import (
    case_of,
    consent_of,
    control_of,
    control_row,
    entry_of,
)
from evenkeel.adapters.stores.approvals_writing import Known, utc, write_moves
from evenkeel.adapters.stores.database import in_parts, insert_once, reading, writing
from evenkeel.adapters.stores.lease import HeldLease
from evenkeel.adapters.stores.records_approvals import (
    case_log,
    consents,
    desk_controls,
    proposal_cases,
    proposal_lists,
)
from evenkeel.adapters.stores.trail import write_events
from evenkeel.audit.event import Event
from evenkeel.errors import ActedBefore
from evenkeel.ports.approvals import Case, Consent, Control, Entry, Move

SWEEP = "sweep"
"""Name of the lease."""


class SqlApprovals:
    """A `ports.Approvals` on an engine whose tables are up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def store(self, moves: Sequence[Move]) -> bool:
        """Store steps that belong together, one transaction for all; False, and nothing, where a case to be opened is known.

        Raises:
            ActedBefore: Somebody else has moved a case meanwhile. Nothing is stored.
        """
        try:
            with writing(self._engine) as connection:
                write_moves(connection, moves)
        except Known:
            return False
        return True

    def case(self, proposal_id: str) -> Case | None:
        """Return a case with its consents, or None."""
        with reading(self._engine) as connection:
            found = _cases(connection, _all_cases().where(proposal_cases.c.proposal_id == proposal_id))
        return found[0] if found else None

    def cases(
        self,
        *,
        states: Collection[ProposalState] = (),
        alert_ids: Collection[str] = (),
        adviser_id: str | None = None,
        household_id: str | None = None,
        beginning: str | None = None,
    ) -> list[Case]:
        """Return cases with their consents, by the time they were opened; each condition that is given must hold."""
        query = _all_cases()
        if states:
            query = query.where(proposal_cases.c.state.in_([state.value for state in states]))
        if adviser_id is not None:
            query = query.where(proposal_cases.c.adviser_id == adviser_id)
        if household_id is not None:
            query = query.where(proposal_cases.c.household_id == household_id)
        if beginning is not None:
            begins = beginning.strip().replace("%", "").replace("_", "")
            query = query.where(
                or_(
                    proposal_cases.c.proposal_id.startswith(begins, autoescape=True),
                    proposal_cases.c.alert_id.startswith(begins, autoescape=True),
                )
            )
        with reading(self._engine) as connection:
            if not alert_ids:
                return _cases(connection, query)
            return [
                case
                for part in in_parts(alert_ids)
                for case in _cases(connection, query.where(proposal_cases.c.alert_id.in_(part)))
            ]

    def known(self, proposal_ids: Collection[str]) -> set[str]:
        """Return which of these have a case."""
        found: set[str] = set()
        with reading(self._engine) as connection:
            for part in in_parts(proposal_ids):
                query = select(proposal_cases.c.proposal_id).where(proposal_cases.c.proposal_id.in_(part))
                found |= set(connection.execute(query).scalars())
        return found

    def due(self, now: dt.datetime, limit: int) -> list[Case]:
        """Return the cases that the sweep must look at by `now`, the longest due first."""
        query = _all_cases(proposal_cases.c.wake_at).where(proposal_cases.c.wake_at <= now).limit(limit)
        with reading(self._engine) as connection:
            return _cases(connection, query)

    def entries(self, proposal_id: str) -> list[Entry]:
        """Return every step of a case, in order."""
        return self.entries_of([proposal_id])

    def entries_of(self, proposal_ids: Collection[str]) -> list[Entry]:
        """Return every step of these cases, by proposal, each one's in order."""
        query = select(case_log).order_by(case_log.c.proposal_id, case_log.c.version)
        with reading(self._engine) as connection:
            return [
                entry_of(dict(row))
                for part in in_parts(proposal_ids)
                for row in connection.execute(query.where(case_log.c.proposal_id.in_(part))).mappings()
            ]

    def put_control(self, control: Control, event: Event) -> None:
        """Store a control and its event; the same id again changes nothing."""
        with writing(self._engine) as connection:
            insert_once(connection, desk_controls, [control_row(control)])
            write_events(connection, [event])

    def end_control(
        self, control_id: str, *, at: dt.datetime, actor: str, role: Role, reason: str, event: Event
    ) -> None:
        """End a control.

        Raises:
            ActedBefore: It was ended already.
        """
        with writing(self._engine) as connection:
            is_it = desk_controls.c.control_id == control_id
            done = connection.execute(
                update(desk_controls)
                .where(is_it, desk_controls.c.ended_at.is_(None))
                .values(ended_at=at, ended_by=actor, ended_role=role.value, ended_reason=reason)
            )
            if not done.rowcount:
                row = connection.execute(select(desk_controls).where(is_it)).mappings().one_or_none()
                by = f"by {row['ended_by']} at {utc(row['ended_at'])}" if row else "and is not on record"
                raise ActedBefore(f"{control_id} was ended already {by}")
            write_events(connection, [event])

    def controls(self, kind: ControlKind | None = None, *, with_ended: bool = False) -> list[Control]:
        """Return the controls, oldest first; those that hold, unless the ended ones are asked for too."""
        query = select(desk_controls).order_by(desk_controls.c.from_at, desk_controls.c.control_id)
        if kind is not None:
            query = query.where(desk_controls.c.kind == kind.value)
        if not with_ended:
            query = query.where(desk_controls.c.ended_at.is_(None))
        with reading(self._engine) as connection:
            return [control_of(dict(row)) for row in connection.execute(query).mappings()]

    def sweeping(self, seconds: int) -> HeldLease:
        """Return a context that holds the sweep alone.

        Raises:
            LeaseHeld: On entering, where another one is at it.
        """
        return HeldLease(self._engine, SWEEP, SWEEP, seconds)


def _all_cases(*order: Any) -> Select[Any]:
    joined = proposal_cases.join(proposal_lists, proposal_lists.c.proposal_id == proposal_cases.c.proposal_id)
    query = select(proposal_cases, proposal_lists.c.content).select_from(joined)
    return query.order_by(*order, proposal_cases.c.opened_at, proposal_cases.c.proposal_id)


def _cases(connection: Connection, query: Select[Any]) -> list[Case]:
    rows = [dict(row) for row in connection.execute(query).mappings()]
    needed: dict[str, list[Consent]] = {row["proposal_id"]: [] for row in rows}
    for part in in_parts(list(needed)):
        of_part = select(consents).where(consents.c.proposal_id.in_(part))
        for row in connection.execute(of_part.order_by(consents.c.position, consents.c.consent_id)).mappings():
            needed[row["proposal_id"]].append(consent_of(dict(row)))
    return [case_of(row, row["content"], tuple(needed[row["proposal_id"]])) for row in rows]
