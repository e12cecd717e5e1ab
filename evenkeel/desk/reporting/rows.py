"""Cases, consents, steps and messages as the rows that reports are made of."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from evenkeel.desk.consent.drafting import accounts_of
from evenkeel.ports import StoredMessage
from evenkeel.ports.approvals import Case, Consent, Entry


def case_row(case: Case) -> dict[str, Any]:
    """Return a row of `reports.facts.CASES`."""
    shown = case.content["list"]
    figures = shown["figures"]
    same = (
        "proposal_id",
        "alert_id",
        "run_id",
        "business_date",
        "adviser_id",
        "household_id",
        "portfolio_id",
        "kind",
        "value_usd",
        "modifies",
        "opened_at",
        "digest",
    )
    return {
        **{name: getattr(case, name) for name in same},
        "state": case.state.value,
        "line": case.route["line"],
        "is_discretionary": case.route.get("is_discretionary"),
        "account_ids": sorted(accounts_of(case)),
        "failed_checks": list(case.content.get("failed_checks", ())),
        "drift_before_frac": _ratio(figures.get("max_drift_before_frac")),
        "drift_after_frac": _ratio(figures.get("max_drift_after_frac")),
        "trade_count": len(shown["trades"]),
        "sold_usd": _money(figures.get("sold_usd")),
        "net_tax_usd": _money(figures.get("net_tax_usd")),
    }


def consent_row(one: Consent) -> dict[str, Any]:
    """Return a row of `reports.facts.CONSENTS`."""
    same = (
        "consent_id",
        "proposal_id",
        "position",
        "person_id",
        "started_at",
        "due_at",
        "given_by",
        "given_at",
        "reason",
        "version_seen",
        "digest_seen",
    )
    return {
        **{name: getattr(one, name) for name in same},
        "kind": one.kind.value,
        "state": one.state.value,
        "given_role": one.given_role.value if one.given_role else None,
    }


def step_row(entry: Entry) -> dict[str, Any]:
    """Return a row of `reports.facts.STEPS`."""
    return {
        **{name: getattr(entry, name) for name in ("proposal_id", "version", "actor", "at", "reason")},
        "step": entry.step.value,
        "from_state": entry.from_state.value if entry.from_state else None,
        "to_state": entry.to_state.value,
        "role": entry.role.value,
    }


def message_row(stored: StoredMessage) -> dict[str, Any]:
    """Return a row of `reports.facts.MESSAGES`."""
    message = stored.message
    return {
        "message_id": message.message_id,
        "kind": message.kind,
        "channel": message.channel.value if message.channel else None,
        "recipient_ref": message.recipient_ref,
        # Announcements name their proposal in what they say, messages made of them are about it.
        "subject_id": str(message.payload.get("proposal_id") or message.subject_id),
        "state": stored.state.value,
        "queued_at": stored.added_at,
        "sent_at": stored.sent_at,
    }


def _ratio(value: Any) -> float | None:
    return None if value is None else float(value)


def _money(value: Any) -> Decimal | None:
    return None if value is None else Decimal(str(value))
