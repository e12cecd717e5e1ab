"""The tables of docs/approval.md, from the code that they describe; a test holds the page to them."""

from __future__ import annotations

from data_contracts.vocab import Reach, Role
from evenkeel.approval.rights import RIGHTS
from evenkeel.approval.states import TRANSITIONS


def transitions_table() -> list[str]:
    """Return the state machine as lines of a Markdown table."""
    lines = ["| from | step | to | who | reason |", "|---|---|---|---|---|"]
    for row in TRANSITIONS:
        who = ", ".join(sorted(role.value for role in row.roles))
        reason = "needed" if row.needs_reason else ""
        lines.append(f"| `{row.origin.value}` | {row.step.value} | `{row.target.value}` | {who} | {reason} |")
    return lines


def rights_table() -> list[str]:
    """Return who may do what as lines of a Markdown table; an empty cell: not at all."""
    roles = list(Role)
    lines = [f"| use case | {' | '.join(role.value for role in roles)} |", "|---|" + "---|" * len(roles)]
    for case, given in RIGHTS.items():
        cells = ("" if given[role] is Reach.NONE else given[role].value for role in roles)
        lines.append(f"| {case.value} | {' | '.join(cells)} |")
    return lines
