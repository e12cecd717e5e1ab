"""The task list in its documented shape (docs/alerts-json.md): plain values, ready for JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from evenkeel.desk.directory import Directory
from evenkeel.desk.proposals import Proposal
from evenkeel.desk.words import utc_text

Task = dict[str, Any]
"""One alert as documented in docs/alerts-json.md."""


def task_list(
    alerts: pl.DataFrame, directory: Directory, proposals: Mapping[str, Proposal] | None = None
) -> list[Task]:
    """Return the alerts as documented, by adviser, in the order of their ranks; those closed today last.

    Args:
        alerts: `data_contracts.alerts`, of one date.
        directory: Names for people.
        proposals: As `proposals_by_id` returns them; None: the date has none.
    """
    ordered = alerts.sort("adviser_id", "adviser_rank", "alert_id", nulls_last=True)
    return [_task(row, directory, proposals or {}) for row in ordered.iter_rows(named=True)]


def to_json(tasks: Sequence[Task]) -> str:
    """Return the tasks as a JSON array, indented, ending in a newline."""
    return json.dumps(tasks, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _task(row: Mapping[str, Any], directory: Directory, proposals: Mapping[str, Proposal]) -> Task:
    portfolio, adviser, escalated_to = row["portfolio_id"], row["adviser_id"], row["escalated_to"]
    return {
        "id": row["alert_id"],
        "business_date": row["business_date"].isoformat(),
        "adviser": _adviser(adviser, directory),
        "escalated_to": _adviser(escalated_to, directory) if escalated_to else None,
        "household": {"id": row["household_id"], "name": row["household_name"], "note": row["household_note"]},
        "portfolio": {"id": portfolio, "name": directory.portfolio_names.get(portfolio)},
        "accounts": [
            {"id": account, "mask": directory.account_masks.get(account)}
            for account in json.loads(row["account_ids_json"])
        ],
        "value_usd": str(row["value_usd"]),
        "rule": row["rule"],
        "status": row["status"],
        "status_reason": row["status_reason"],
        "decision": _decision(directory.decisions.get(row["decision_id"])),
        "reason": row["reason"],
        "severity_frac": row["severity_frac"],
        "classes": json.loads(row["classes_json"]),
        "priority": {"score": row["score"], "rank": row["adviser_rank"], "terms": json.loads(row["terms_json"])},
        "urgency": row["urgency"],
        "opened_date": row["opened_date"].isoformat(),
        "age_sessions": row["age_sessions"],
        "opened_at": utc_text(row["opened_at"]),
        "due_at": utc_text(row["due_at"]),
        "is_overdue": row["is_overdue"],
        "how_far": row["how_far"],
        "precedence": row["precedence"].split(",") if row["precedence"] else [],
        "tier": row["tier"],
        "tier_by": row["tier_by"],
        "tier_value_usd": None if row["tier_value_usd"] is None else str(row["tier_value_usd"]),
        "segment": row["segment"],
        "ips_id": row["ips_id"],
        "policy_version": row["policy_version"],
        "proposal_id": row["proposal_id"],
        "proposal": proposals.get(row["proposal_id"]),
    }


def _adviser(adviser_id: str, directory: Directory) -> dict[str, str | None]:
    return {
        "id": adviser_id,
        "name": directory.adviser(adviser_id),
        "team": directory.adviser_teams.get(adviser_id),
    }


def _decision(row: Mapping[str, Any] | None) -> dict[str, str | None] | None:
    if row is None:
        return None
    until = row["until_date"]
    return {
        "kind": row["kind"],
        "actor": row["actor"],
        "role": row["role"],
        "reason": row["reason"],
        "decided_at": utc_text(row["decided_at"]),
        "until_date": until and until.isoformat(),
    }
