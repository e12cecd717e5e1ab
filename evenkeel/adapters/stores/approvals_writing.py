"""Steps of cases as they are written: each case moved by one person at a time, everything of a step together."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from evenkeel.adapters.stores.approvals_rows import CHANGING, as_json, case_row, consent_row, entry_row
from evenkeel.adapters.stores.database import insert_once
from evenkeel.adapters.stores.outbox_queue import queue_message
from evenkeel.adapters.stores.records_approvals import case_log, consents, proposal_cases, proposal_lists
from evenkeel.adapters.stores.records_schema import decisions
from evenkeel.adapters.stores.trail import write_events
from evenkeel.errors import ActedBefore
from evenkeel.ports.approvals import Case, Consent, Move


class Known(Exception):
    """A case that is to be opened is there already: the transaction is left as if it had not been."""


def write_moves(connection: Connection, moves: Sequence[Move]) -> None:
    """Write steps in order; what they add to log, trail and outbox at once, at the end.

    Raises:
        ActedBefore: Somebody else has moved a case meanwhile.
        Known: A case that is to be opened is there already.
    """
    if not moves:
        return
    ours: set[str] = set()
    for move in moves:
        if move.before is None:
            _open(connection, move.after)
        else:
            if move.before.proposal_id not in ours:
                _require_version(connection, move.before)
            _change(connection, move.before, move.after)
        ours.add(move.after.proposal_id)
    connection.execute(case_log.insert(), [entry_row(move) for move in moves])
    write_events(connection, [event for move in moves for event in move.events])
    for move in moves:
        for told in move.messages:
            queue_message(
                connection,
                told.message_id,
                told.kind,
                told.payload,
                move.at,
                run_id=move.after.run_id,
                is_withheld=told.is_withheld,
            )
    insert_once(connection, decisions, [move.decision for move in moves if move.decision is not None])


def _open(connection: Connection, case: Case) -> None:
    content = {"proposal_id": case.proposal_id, "digest": case.digest, "content": as_json(case.content)}
    if not _is_new(connection, content):
        raise Known
    connection.execute(proposal_cases.insert(), [case_row(case)])
    if case.consents:
        connection.execute(consents.insert(), [consent_row(one) for one in case.consents])


def _change(connection: Connection, before: Case, after: Case) -> None:
    """Write a case after a step; consents first, since the case's guard looks at them."""
    was = {one.consent_id: one for one in before.consents}
    _write_consents(connection, [one for one in after.consents if was.get(one.consent_id) != one], set(was))
    row = case_row(after)
    is_it = proposal_cases.c.proposal_id == after.proposal_id
    connection.execute(update(proposal_cases).where(is_it).values({name: row[name] for name in CHANGING}))


def _is_new(connection: Connection, row: Mapping[str, Any]) -> bool:
    """Write the list of a new case; False where it is there, whoever was faster."""
    insert = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    statement = insert(proposal_lists).on_conflict_do_nothing().returning(proposal_lists.c.proposal_id)
    return connection.execute(statement, dict(row)).first() is not None


def _require_version(connection: Connection, before: Case) -> None:
    """Lock the case, and refuse to go on where it is not as the actor saw it."""
    is_it = proposal_cases.c.proposal_id == before.proposal_id
    found = connection.execute(select(proposal_cases.c.version).where(is_it).with_for_update()).scalar()
    if found == before.version:
        return
    last = connection.execute(
        select(case_log)
        .where(case_log.c.proposal_id == before.proposal_id)
        .order_by(case_log.c.version.desc())
        .limit(1)
    )
    row = last.mappings().one_or_none()
    if row is None:
        raise ActedBefore(f"{before.proposal_id} is not on record; `evenkeel desk cases` lists what is")
    raise ActedBefore(
        f"{before.proposal_id} was changed meanwhile: {row['step'].replace('_', ' ')} by {row['actor']} ({row['role']}) at "
        f"{utc(row['at'])}, it is {row['to_state'].replace('_', ' ')} now, version {row['version']}, not {before.version}; look again"
    )


def _write_consents(connection: Connection, changed: Sequence[Consent], known: set[str]) -> None:
    new = [consent_row(one) for one in changed if one.consent_id not in known]
    if new:
        connection.execute(consents.insert(), new)
    for one in changed:
        if one.consent_id in known:
            row = consent_row(one)
            is_it = consents.c.consent_id == row.pop("consent_id")
            connection.execute(update(consents).where(is_it).values(row))


def utc(instant: dt.datetime) -> str:
    """Return a moment as messages have it."""
    return f"{instant:%Y-%m-%d %H:%M:%S} UTC"
