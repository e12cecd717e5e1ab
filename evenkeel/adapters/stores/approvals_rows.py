"""Cases, consents, log entries and controls as rows of the records database, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from data_contracts.vocab import ConsentKind, ConsentState, ControlKind, ControlScope, ProposalState, Role, Step
from evenkeel.audit.canonical import canonical, plain
from evenkeel.ports.approvals import Case, Consent, Control, Entry, Move

_OF_CASE = tuple(
    each.name for each in fields(Case) if each.name not in ("value_usd", "content", "consents", "state", "route")
)
CHANGING = ("adviser_id", "state", "version", "escalated_to", "until_date", "wake_at", "changed_at")
"""What a step may change of a case's row."""


def case_row(case: Case) -> dict[str, Any]:
    """Return the row of a case."""
    row = {name: getattr(case, name) for name in _OF_CASE}
    return {
        **row,
        "state": case.state.value,
        "value_cents": int(case.value_usd * 100),
        "route": as_json(case.route),
    }


def case_of(row: Mapping[str, Any], content: Mapping[str, Any], consents: tuple[Consent, ...]) -> Case:
    """Return a case from its row."""
    return Case(
        **{name: row[name] for name in _OF_CASE},
        state=ProposalState(row["state"]),
        value_usd=Decimal(row["value_cents"]) / 100,
        route=row["route"],
        content=content,
        consents=consents,
    )


def consent_row(consent: Consent) -> dict[str, Any]:
    """Return the row of a consent."""
    row = asdict(consent)
    given = consent.given_role.value if consent.given_role else None
    return {
        **row,
        "kind": consent.kind.value,
        "role": consent.role.value,
        "state": consent.state.value,
        "given_role": given,
    }


def consent_of(row: Mapping[str, Any]) -> Consent:
    """Return a consent from its row."""
    return Consent(
        **{
            **row,
            "kind": ConsentKind(row["kind"]),
            "role": Role(row["role"]),
            "state": ConsentState(row["state"]),
            "given_role": Role(row["given_role"]) if row["given_role"] else None,
        }
    )


def entry_row(move: Move) -> dict[str, Any]:
    """Return the line of the log for a step."""
    return {
        "proposal_id": move.after.proposal_id,
        "version": move.after.version,
        "step": move.step.value,
        "from_state": move.before.state.value if move.before else None,
        "to_state": move.after.state.value,
        "actor": move.actor,
        "role": move.role.value,
        "at": move.at,
        "reason": move.reason,
        "version_seen": move.before.version if move.before else None,
        "detail": as_json(move.detail),
    }


def entry_of(row: Mapping[str, Any]) -> Entry:
    """Return a step from its line."""
    values = {each.name: row[each.name] for each in fields(Entry)}
    origin = row["from_state"]
    return Entry(
        **{
            **values,
            "step": Step(row["step"]),
            "from_state": ProposalState(origin) if origin else None,
            "to_state": ProposalState(row["to_state"]),
            "role": Role(row["role"]),
        }
    )


def control_row(control: Control) -> dict[str, Any]:
    """Return the row of a control."""
    row = asdict(control)
    ended = control.ended_role.value if control.ended_role else None
    return {
        **row,
        "kind": control.kind.value,
        "scope": control.scope.value,
        "role": control.role.value,
        "ended_role": ended,
    }


def control_of(row: Mapping[str, Any]) -> Control:
    """Return a control from its row."""
    return Control(
        **{
            **row,
            "kind": ControlKind(row["kind"]),
            "scope": ControlScope(row["scope"]),
            "role": Role(row["role"]),
            "ended_role": Role(row["ended_role"]) if row["ended_role"] else None,
        }
    )


def as_json(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return plain values: dates and money as text, as the trail has them."""
    loaded: dict[str, Any] = json.loads(canonical(plain(value)))
    return loaded
