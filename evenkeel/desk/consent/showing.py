"""Cases as people and programs read them: the list, and one whole with its trades, consents and every step."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from data_contracts.vocab import ConsentState
from evenkeel.approval.staleness import Stale
from evenkeel.decimals import digits
from evenkeel.desk.consent.staging import Readiness
from evenkeel.desk.render_text import SHORT_ID
from evenkeel.desk.words import counted, dollars, eastern, utc_text
from evenkeel.ports.approvals import Case, Consent, Entry, in_turn


def case_as_json(case: Case, entries: Sequence[Entry] = (), found: Readiness | None = None) -> dict[str, Any]:
    """Return a case as plain values: the list consented to, the consents, and, where they are given, its steps and its readiness."""
    plain: dict[str, Any] = {
        "proposal_id": case.proposal_id,
        "alert_id": case.alert_id,
        "business_date": case.business_date.isoformat(),
        "adviser_id": case.adviser_id,
        "household_id": case.household_id,
        "portfolio_id": case.portfolio_id,
        "kind": case.kind,
        "state": case.state.value,
        "version": case.version,
        "digest": case.digest,
        "value_usd": str(case.value_usd),
        "line": case.route["line"],
        "problem": case.route.get("problem"),
        "documents": case.route.get("documents", []),
        "policy_version": case.policy_version,
        "modifies": case.modifies,
        "escalated_to": case.escalated_to,
        "until_date": case.until_date and case.until_date.isoformat(),
        "opened_at": utc_text(case.opened_at),
        "changed_at": utc_text(case.changed_at),
        "failed_checks": case.content.get("failed_checks", []),
        "list": case.content["list"],
        "consents": [_consent_as_json(one) for one in case.consents],
    }
    if entries:
        plain["steps"] = [_entry_as_json(one) for one in entries]
    if found is not None:
        plain["stale"] = [
            {"cause": one.cause.value, "subject_id": one.subject_id, "text": one.text} for one in found.stale
        ]
        plain["waits"] = list(found.waits)
    return plain


def to_json(value: Any) -> str:
    """Return JSON, indented, ending in a newline."""
    return json.dumps(value, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def print_cases(cases: Sequence[Case], console: Console) -> None:
    """Print the list: a line each, those that wait for somebody with whom and until when."""
    table = Table(
        "proposal", "household", "portfolio", "adviser", "state", "v", "waits for", "until", box=None, pad_edge=False
    )
    for case in cases:
        turn = in_turn(case.consents) if case.wake_at or case.escalated_to else []
        due = min((one.due_at for one in turn if one.due_at), default=None)
        table.add_row(
            case.proposal_id[:SHORT_ID],
            case.household_id,
            case.portfolio_id,
            case.adviser_id,
            case.state.value.replace("_", " "),
            str(case.version),
            ", ".join(one.person_id or one.role.value for one in turn),
            eastern(due) if due else "",
        )
    console.print(f"[bold]{counted(len(cases), 'proposal')}[/bold]")
    if cases:
        console.print(table, soft_wrap=False)


def print_case(case: Case, entries: Sequence[Entry], found: Readiness | None, console: Console) -> None:
    """Print one case whole."""
    console.print(
        Text(f"{case.proposal_id}  {case.state.value.replace('_', ' ')}, version {case.version}", style="bold")
    )
    console.print(
        f"Household {case.household_id}, portfolio {case.portfolio_id}, {dollars(case.value_usd)}; adviser {case.adviser_id}; "
        f"alert {case.alert_id}",
        markup=False,
    )
    console.print(f"Routed by: {case.route['line']} ({case.policy_version})", markup=False)
    for said in (case.route.get("problem"), case.modifies and f"changed from {case.modifies}"):
        if said:
            console.print(f"  {said}", markup=False)
    failed = case.content.get("failed_checks", [])
    if failed:
        console.print(f"Held back by: {', '.join(failed)}", markup=False)
    for row in case.content["list"]["trades"]:
        console.print(f"  {_trade_line(row)}", markup=False)
    console.print(f"  {_figures_line(case.content['list']['figures'])}", markup=False)
    for one in case.consents:
        console.print(f"  {_consent_line(one)}", markup=False)
    if found is not None:
        _print_readiness(found, console)
    for entry in entries:
        reason = f": {entry.reason}" if entry.reason else ""
        console.print(
            f"  {entry.version}. {eastern(entry.at)} {entry.step.value.replace('_', ' ')} by {entry.actor} ({entry.role.value}) "
            f"-> {entry.to_state.value.replace('_', ' ')}{reason}",
            markup=False,
        )


def print_offer(case: Case, console: Console) -> None:
    """Print what somebody is asked to say yes or no to: the list and its sums, nothing of who else was asked."""
    console.print(Text(f"{case.proposal_id}  {counted(len(case.content['list']['trades']), 'trade')}", style="bold"))
    for row in case.content["list"]["trades"]:
        console.print(f"  {_trade_line(row)}", markup=False)
    console.print(f"  {_figures_line(case.content['list']['figures'])}", markup=False)


def _print_readiness(found: Readiness, console: Console) -> None:
    for one in found.stale:
        console.print(f"  Stale, {_cause(one)}: {one.text}", markup=False)
    for text in found.waits:
        console.print(f"  Waits: {text}", markup=False)
    if found.is_ready:
        console.print("  Ready to be staged.")


def _cause(one: Stale) -> str:
    return one.cause.value.replace("_", " ")


def _trade_line(row: Mapping[str, Any]) -> str:
    lot = f", lot {row['lot_id']}" if row.get("lot_id") else ""
    quantity = digits(Decimal(row["traded_qty"]))
    return (
        f"{row['trade_no']:>3}. {row['account_id']}: {row['side']} {quantity} {row['security_id']} at "
        f"{digits(Decimal(row['price_usd']))}, {dollars(row['value_usd'])}{lot}"
    )


def _figures_line(figures: Mapping[str, Any]) -> str:
    parts = [
        f"{name} {dollars(figures[column])}"
        for name, column in (
            ("sold", "sold_usd"),
            ("bought", "bought_usd"),
            ("cost", "cost_usd"),
            ("tax", "net_tax_usd"),
        )
        if figures.get(column) is not None
    ]
    return "Together: " + ", ".join(parts)


def _consent_line(one: Consent) -> str:
    who = f"{one.person_id or 'anybody'} ({one.kind.value.replace('_', ' ')})"
    if one.state is ConsentState.GIVEN:
        signed = f', signed "{one.signature}"' if one.signature else ""
        return f"Yes of {who}: by {one.given_by}, {eastern(one.given_at) if one.given_at else ''}{signed}"
    if one.state is ConsentState.REFUSED:
        return f"No of {who}: by {one.given_by}: {one.reason or ''}"
    if one.state is ConsentState.PENDING and one.started_at is not None:
        return f"Waits for {who}{f', until {eastern(one.due_at)}' if one.due_at else ', without end'}"
    said = {
        ConsentState.PENDING: "Then",
        ConsentState.LAPSED: "Never came: yes of",
        ConsentState.WAIVED: "Not needed: yes of",
    }
    return f"{said[one.state]} {who}"


def _consent_as_json(one: Consent) -> dict[str, Any]:
    return {
        "consent_id": one.consent_id,
        "position": one.position,
        "kind": one.kind.value,
        "role": one.role.value,
        "person_id": one.person_id,
        "quorum": one.quorum,
        "state": one.state.value,
        "asked_at": utc_text(one.started_at),
        "remind_at": utc_text(one.remind_at),
        "escalate_at": utc_text(one.escalate_at),
        "due_at": utc_text(one.due_at),
        "given_by": one.given_by,
        "given_role": one.given_role and one.given_role.value,
        "given_at": utc_text(one.given_at),
        "reason": one.reason,
        "version_seen": one.version_seen,
        "digest_seen": one.digest_seen,
        "signature": one.signature,
    }


def _entry_as_json(one: Entry) -> dict[str, Any]:
    return {
        "version": one.version,
        "step": one.step.value,
        "from_state": one.from_state and one.from_state.value,
        "to_state": one.to_state.value,
        "actor": one.actor,
        "role": one.role.value,
        "at": utc_text(one.at),
        "reason": one.reason,
        "version_seen": one.version_seen,
        "detail": dict(one.detail),
    }
