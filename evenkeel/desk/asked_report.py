"""Lists asked for by hand, for people and for programs."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from evenkeel.desk.proposal_text import proposal_text
from evenkeel.desk.proposing import Asked


def to_json(business_date: dt.date, asked: Sequence[Asked]) -> str:
    """Return the lists as a JSON array, an object a portfolio; `proposal` as in docs/alerts-json.md."""
    rows = [
        {
            "business_date": business_date.isoformat(),
            "household": {"id": one.household_id, "name": one.household_name},
            "portfolio": {"id": one.portfolio_id, "name": one.portfolio_name},
            "accounts": list(one.accounts),
            "why_not": one.why_not,
            "proposal": one.proposal,
        }
        for one in asked
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def print_asked(business_date: dt.date, asked: Sequence[Asked], console: Console) -> None:
    """Print each portfolio's list, or why it has none."""
    for one in asked:
        name = one.portfolio_name or one.portfolio_id
        console.print(Text(f"{one.household_name}, {name}, at the prices of {business_date}", style="bold"))
        together = _together(one)
        if together:
            console.print(Text(together))
        if one.proposal is None:
            console.print(Text(f"No proposal: {one.why_not}."))
        else:
            for part in proposal_text(one.proposal):
                console.print(part, soft_wrap=False)
        console.print()
    console.print("Asked for by hand: nothing was stored, and no alert is answered by it.")


def _together(one: Asked) -> str | None:
    """Return that more accounts than the one named are traded, where they are."""
    if len(one.accounts) < 2:
        return None
    said = ", ".join(f"{account['id']} {account['mask'] or ''}".strip() for account in one.accounts)
    first = "The account is part of" if one.is_asked_by_account else "The accounts of"
    last = "solved together" if one.is_asked_by_account else "are solved together"
    joined = ": its accounts are " if one.is_asked_by_account else " "
    return f"{first} portfolio {one.portfolio_id}{joined}{last} ({said})."
