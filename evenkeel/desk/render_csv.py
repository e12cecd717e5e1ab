"""The task list as CSV: one row an alert, for a spreadsheet. Nested parts (classes, terms) are in the JSON, trades in `evenkeel trades`."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from evenkeel.desk.proposals import Proposal
from evenkeel.desk.task_list import Task

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def render_csv(tasks: Sequence[Task]) -> str:
    """Return the tasks as CSV with a header, in their order.

    Text that a spreadsheet would run as a formula is prefixed with an apostrophe.
    """
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=list(_row(None)), lineterminator="\n")
    writer.writeheader()
    for task in tasks:
        writer.writerow({name: safe_cell(value) for name, value in _row(task).items()})
    return buffer.getvalue()


def _row(task: Task | None) -> dict[str, Any]:
    t = task or {}
    priority, portfolio, decision = t.get("priority", {}), t.get("portfolio", {}), t.get("decision") or {}
    return {
        "id": t.get("id"),
        "business_date": t.get("business_date"),
        "adviser_id": t.get("adviser", {}).get("id"),
        "adviser_name": t.get("adviser", {}).get("name"),
        "adviser_team": t.get("adviser", {}).get("team"),
        "escalated_to_id": (t.get("escalated_to") or {}).get("id"),
        "adviser_rank": priority.get("rank"),
        "household_id": t.get("household", {}).get("id"),
        "household_name": t.get("household", {}).get("name"),
        "household_note": t.get("household", {}).get("note"),
        "portfolio_id": portfolio.get("id"),
        "portfolio_name": portfolio.get("name"),
        "account_ids": " ".join(account["id"] for account in t.get("accounts", ())),
        "value_usd": t.get("value_usd"),
        "rule": t.get("rule"),
        "status": t.get("status"),
        "status_reason": t.get("status_reason"),
        "decision_kind": decision.get("kind"),
        "decision_actor": decision.get("actor"),
        "decision_reason": decision.get("reason"),
        "reason": t.get("reason"),
        "severity_frac": t.get("severity_frac"),
        "score": priority.get("score"),
        "urgency": t.get("urgency"),
        "opened_date": t.get("opened_date"),
        "age_sessions": t.get("age_sessions"),
        "opened_at": t.get("opened_at"),
        "due_at": t.get("due_at"),
        "is_overdue": None if task is None else str(t["is_overdue"]).lower(),
        "how_far": t.get("how_far"),
        "precedence": " ".join(t.get("precedence", ())),
        "tier": t.get("tier"),
        "tier_by": t.get("tier_by"),
        "tier_value_usd": t.get("tier_value_usd"),
        "segment": t.get("segment"),
        "ips_id": t.get("ips_id"),
        "policy_version": t.get("policy_version"),
        "proposal_id": t.get("proposal_id"),
        **_proposal(t.get("proposal")),
    }


def _proposal(proposal: Proposal | None) -> dict[str, Any]:
    p = proposal or {}
    advice, drift = p.get("advice") or {}, p.get("max_drift", {})
    return {
        "proposal_kind": p.get("kind"),
        "proposal_status": p.get("status"),
        "proposal_sentence": p.get("sentence"),
        "proposal_sold_usd": p.get("sold_usd"),
        "proposal_bought_usd": p.get("bought_usd"),
        "proposal_trade_count": None if proposal is None else len(proposal["trades"]),
        "proposal_net_tax_usd": p.get("taxes", {}).get("net_usd"),
        "proposal_drift_before_frac": drift.get("before_frac"),
        "proposal_drift_after_frac": drift.get("after_frac"),
        "proposal_gap_bp": p.get("proof", {}).get("gap_bp"),
        "proposal_advice": advice.get("action"),
        "proposal_wait_until_date": advice.get("wait_until_date"),
    }


def safe_cell(value: object) -> object:
    """Return a cell that no spreadsheet runs as a formula."""
    # Figures arrive as numbers or as decimal text of ours; only words can come from outside.
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS) and not _is_figure(value):
        return f"'{value}"
    return value


def _is_figure(text: str) -> bool:
    return text[1:].replace(".", "", 1).isdigit() and text[0] == "-"
