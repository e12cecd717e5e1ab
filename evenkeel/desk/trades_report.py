"""The trades of a task list: a lot sold or a security bought a row, for a spreadsheet or a program; orders for a person."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.text import Text

from data_contracts.vocab import ProposalStatus
from evenkeel.desk.proposal_text import proposal_text
from evenkeel.desk.render_csv import safe_cell
from evenkeel.desk.task_list import Task
from evenkeel.desk.words import counted
from evenkeel.errors import UsageError

COLUMNS = (
    "business_date",
    "proposal_id",
    "proposal_status",
    "alert_id",
    "adviser_id",
    "household_name",
    "portfolio_id",
    "trade_no",
    "account_id",
    "account_mask",
    "side",
    "security_id",
    "security_name",
    "traded_qty",
    "price_usd",
    "value_usd",
    "lot_id",
    "lot_opened_date",
    "lot_instruction",
    "is_long_term",
    "basis_usd",
    "gain_usd",
    "disallowed_usd",
    "tax_usd",
    "cost_usd",
    "commission_usd",
    "half_spread_usd",
    "redemption_fee_usd",
    "order_by_at",
    "settle_date",
    "reasons",
    "sentence",
)


@dataclass(frozen=True)
class Listed:
    """Alerts whose proposals have trades, each proposal once, and how many were left out because they are held back."""

    tasks: Sequence[Task]
    held_back: int


def with_trades(tasks: Sequence[Task], alert: str | None, *, with_held_back: bool) -> Listed:
    """Return the alerts whose trades are listed, in their order; of several alerts with one proposal the first.

    Args:
        tasks: As `task_list` returns them.
        alert: Only this alert's, by its id or a beginning that no other alert has.
        with_held_back: Those whose check failed as well.

    Raises:
        UsageError: No alert has that id, or several begin so.
    """
    if alert is not None:
        tasks = [_alert(tasks, alert)]
    first = {
        task["proposal"]["id"]: task for task in reversed(tasks) if task["proposal"] and task["proposal"]["trades"]
    }
    mine = [task for task in tasks if task["proposal"] and first.get(task["proposal"]["id"]) is task]
    held = [task for task in mine if task["proposal"]["status"] == ProposalStatus.HELD_BACK]
    return Listed(mine, 0) if with_held_back else Listed([task for task in mine if task not in held], len(held))


def trade_rows(tasks: Sequence[Task]) -> list[dict[str, Any]]:
    """Return the trades of alerts as flat rows of `COLUMNS`; amounts and quantities as decimal text."""
    return [_row(task, trade) for task in tasks for trade in task["proposal"]["trades"]]


def to_csv(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as CSV with a header; no cell runs as a formula."""
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, fieldnames=COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: _cell(value) for name, value in row.items()})
    return buffer.getvalue()


def to_json(rows: Sequence[dict[str, Any]]) -> str:
    """Return the rows as a JSON array of objects."""
    return json.dumps(rows, ensure_ascii=False, indent=2) + "\n"


def print_trades(listed: Listed, console: Console) -> None:
    """Print the orders of each proposal."""
    for task in listed.tasks:
        portfolio = task["portfolio"]["name"] or task["portfolio"]["id"]
        console.print(Text(f"{task['household']['name']}, {portfolio} ({task['id']})", style="bold"))
        for part in proposal_text(task["proposal"]):
            console.print(part, soft_wrap=False)
        console.print()
    console.print(f"{counted(len(listed.tasks), 'proposal')} with trades.")


def held_back_line(listed: Listed) -> str | None:
    """Return what was left out, for the person who asked; None where nothing was."""
    if not listed.held_back:
        return None
    verb = "is" if listed.held_back == 1 else "are"
    return (
        f"{counted(listed.held_back, 'proposal')} {verb} held back by a check and left out; "
        "`evenkeel alerts` says why, --held-back lists them too."
    )


def _alert(tasks: Sequence[Task], beginning: str) -> Task:
    typed = beginning.strip()
    found = [task for task in tasks if typed and task["id"].startswith(typed)]
    if len(found) > 1:
        raise UsageError(f"{typed!r} is the beginning of {len(found)} alerts; give more of the id")
    if not found:
        raise UsageError(f"there is no alert {typed!r} on this date; `evenkeel alerts` lists them")
    return found[0]


def _row(task: Task, trade: dict[str, Any]) -> dict[str, Any]:
    lot = trade["lot"] or {}
    return {
        "business_date": task["business_date"],
        "proposal_id": task["proposal"]["id"],
        "proposal_status": task["proposal"]["status"],
        "alert_id": task["id"],
        "adviser_id": task["adviser"]["id"],
        "household_name": task["household"]["name"],
        "portfolio_id": task["portfolio"]["id"],
        "trade_no": trade["trade_no"],
        "account_id": trade["account"]["id"],
        "account_mask": trade["account"]["mask"],
        "side": trade["side"],
        "security_id": trade["security"]["id"],
        "security_name": trade["security"]["name"],
        "traded_qty": trade["traded_qty"],
        "price_usd": trade["price_usd"],
        "value_usd": trade["value_usd"],
        "lot_id": lot.get("id"),
        "lot_opened_date": lot.get("opened_date"),
        "lot_instruction": lot.get("instruction"),
        "is_long_term": lot.get("is_long_term"),
        "basis_usd": lot.get("basis_usd"),
        "gain_usd": lot.get("gain_usd"),
        "disallowed_usd": lot.get("disallowed_usd"),
        "tax_usd": trade["tax_usd"],
        "cost_usd": trade["cost_usd"],
        "commission_usd": trade["commission_usd"],
        "half_spread_usd": trade["half_spread_usd"],
        "redemption_fee_usd": trade["redemption_fee_usd"],
        "order_by_at": trade["order_by_at"],
        "settle_date": trade["settle_date"],
        "reasons": " ".join(trade["reasons"]),
        "sentence": trade["sentence"],
    }


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else safe_cell(value)
