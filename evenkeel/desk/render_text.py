"""The task list as tables for the terminal."""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from data_contracts.vocab import EpisodeStatus
from evenkeel.desk.proposal_words import short_line
from evenkeel.desk.task_list import Task
from evenkeel.desk.words import STATUS_NAMES, URGENCY_NAMES, counted, dollars, eastern, long_date

SHORT_ID = 11
"""Characters of an id that are shown; `evenkeel desk` takes a beginning that is one alert's alone."""

_OPEN = EpisodeStatus.OPEN.value
_OTHERS = {
    EpisodeStatus.IN_FLIGHT.value: "with orders in flight",
    EpisodeStatus.QUIET.value: "quiet",
    EpisodeStatus.FROZEN.value: "waiting",
    EpisodeStatus.CLOSED.value: "closed today",
}


def task_tables(
    tasks: Sequence[Task], business_date: dt.date, covered: tuple[int, int] | None = None
) -> RenderableType:
    """Return one table an adviser, most urgent first, and a line of totals."""
    parts: list[RenderableType] = [Text(f"Task list of {long_date(business_date)}", style="bold")]
    if not tasks and covered is not None and covered[0] == 0:
        return Group(
            *parts,
            Text(f"Nothing could be judged: 0 of {covered[1]} accounts were scanned. `evenkeel status` says why."),
        )
    if not tasks:
        return Group(*parts, Text("Nothing is outside its bands. No alert stands."))
    for _, group in groupby(tasks, key=lambda task: str(task["adviser"]["id"])):
        parts += [Text(""), _table(list(group))]
    parts += [Text(""), Text(_totals(tasks))]
    return Group(*parts)


def render_text(tasks: Sequence[Task], business_date: dt.date, width: int = 120) -> str:
    """Return the same as plain text of a fixed width."""
    buffer = io.StringIO()
    Console(file=buffer, width=width, color_system=None, legacy_windows=False).print(task_tables(tasks, business_date))
    return "\n".join(line.rstrip() for line in buffer.getvalue().splitlines()) + "\n"


def _table(tasks: Sequence[Task]) -> Table:
    # Names come from the book: as Text they are shown as they are, never read as markup.
    table = Table(title=Text(str(tasks[0]["adviser"]["name"])), title_justify="left", expand=True, pad_edge=False)
    table.add_column("#", justify="right", no_wrap=True)
    table.add_column("Household", ratio=2)
    table.add_column("Value", justify="right", no_wrap=True)
    table.add_column("Score", justify="right", no_wrap=True)
    table.add_column("Due", ratio=2)
    table.add_column("Status", ratio=2)
    table.add_column("Reason", ratio=6)
    for task in tasks:
        is_open = task["status"] == _OPEN
        rank, score = task["priority"]["rank"], task["priority"]["score"]
        table.add_row(
            "" if rank is None else str(rank),
            _whose(task),
            dollars(task["value_usd"]),
            "" if score is None else f"{score:.0f}",
            _due(task) if is_open else "",
            Text(STATUS_NAMES[task["status"]], style="bold" if is_open else "dim"),
            Text(_reason(task)),
        )
    return table


def _whose(task: Task) -> Text:
    """Household and portfolio, and as much of the alert's id as the desk needs."""
    name = task["portfolio"]["name"] or task["portfolio"]["id"]
    return Text(f"{task['household']['name']}\n{name}\n").append(str(task["id"])[:SHORT_ID], style="dim")


def _due(task: Task) -> Text:
    when = eastern(dt.datetime.fromisoformat(task["due_at"]))
    if task["is_overdue"]:
        onward = f"\nalso with {task['escalated_to']['name']}" if task["escalated_to"] else ""
        return Text(f"OVERDUE\n{when}{onward}", style="bold red")
    return Text(f"{URGENCY_NAMES[task['urgency']]}\n{when}")


def _reason(task: Task) -> str:
    lines = [str(task["reason"])]
    if task["status"] != EpisodeStatus.CLOSED and task["status_reason"]:
        lines.append(f"({task['status_reason']})")
    if task["proposal"]:
        lines.append(short_line(task["proposal"]))
    return "\n".join(lines)


def _totals(tasks: Sequence[Task]) -> str:
    needs = sum(task["status"] == _OPEN for task in tasks)
    overdue = sum(bool(task["is_overdue"]) for task in tasks)
    others = [
        f"{sum(task['status'] == status for task in tasks)} {said}"
        for status, said in _OTHERS.items()
        if any(task["status"] == status for task in tasks)
    ]
    verb = "needs" if needs == 1 else "need"
    return ", ".join([f"{counted(needs, 'alert')} {verb} action ({overdue} overdue)", *others])
