"""The task list as one self-contained page: no network, inline styles, drawings and a few lines of script it also works without."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any

import polars as pl
from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from data_contracts.vocab import CoverageStatus, EpisodeStatus, ExceptionEffect
from evenkeel.calendar import EASTERN
from evenkeel.desk import words
from evenkeel.desk.charts import drift_chart, weights_after
from evenkeel.desk.directory import Directory
from evenkeel.desk.proposal_block import harvest_rows, proposal_block
from evenkeel.desk.proposal_words import short_line
from evenkeel.desk.task_list import Task

CARDS_PER_ADVISER = 40
"""Alerts shown as cards for each adviser; a page of thousands could not be read."""
ROWS_PER_LIST = 60
"""Rows of any other list."""

_OPEN = EpisodeStatus.OPEN.value
_ASIDE = (
    EpisodeStatus.FROZEN.value,
    EpisodeStatus.IN_FLIGHT.value,
    EpisodeStatus.QUIET.value,
    EpisodeStatus.CLOSED.value,
)
_COVERAGE_WORDS = {
    CoverageStatus.WAITING: "waiting for a late file",
    CoverageStatus.QUARANTINED: "quarantined",
    CoverageStatus.SUSPENDED: "suspended",
    CoverageStatus.STATE_HOLD: "set aside by their state",
    CoverageStatus.HOUSEHOLD_WAITS: "waiting with their household",
    CoverageStatus.NO_MODEL: "without a model",
}


@dataclass(frozen=True)
class RunFacts:
    """What the page says of the run it shows.

    `desk_at` is when the list is on the desk (`stages.prioritize.due.desk_opening`): what is due on that Eastern date is due today.
    `generated_for` is the adviser whose page it is, or None for the whole firm.
    """

    business_date: dt.date
    desk_at: dt.datetime
    firm: str = "evenkeel"
    generated_for: str | None = None
    run_id: str = ""
    policy_version: str = ""
    code_version: str = ""


def render_task_page(
    tasks: Sequence[Task],
    notices: pl.DataFrame,
    exceptions: pl.DataFrame,
    coverage: pl.DataFrame,
    facts: RunFacts,
    directory: Directory,
    harvests: pl.DataFrame | None = None,
) -> str:
    """Return the page as HTML. The same inputs give the same text; everything from the book or a file is escaped.

    Args:
        tasks: As `task_list` orders them: by adviser, then by rank.
        notices: `data_contracts.notices`.
        exceptions: `data_contracts.exceptions`.
        coverage: `data_contracts.coverage`.
        facts: What the header and footer say.
        directory: Names for people.
        harvests: `data_contracts.harvests`; None: none.
    """
    kept = [task for task in tasks if facts.generated_for in (None, task["adviser"]["id"])]
    escalated = [
        task for task in tasks if task["escalated_to"] and facts.generated_for in (None, task["escalated_to"]["id"])
    ]
    today = facts.desk_at.astimezone(EASTERN).date()
    desks = _desks(kept, escalated, today)
    wanted = (
        notices
        if facts.generated_for is None
        else notices.filter(pl.col("adviser_id").is_null() | (pl.col("adviser_id") == facts.generated_for))
    )
    holds_up = pl.col("effect").is_in([ExceptionEffect.STOP.value, ExceptionEffect.WAIT.value])
    stopping = exceptions.filter(holds_up).sort("effect", "scope", "exception_id")
    noted = exceptions.filter(~holds_up).sort("scope", "exception_id")
    return _template().render(
        facts=facts,
        generated_for=facts.generated_for and directory.adviser(facts.generated_for),
        desks=desks,
        tiles=_tiles(kept, stopping, today),
        stopping=_capped(stopping.to_dicts()),
        noted=_capped(noted.to_dicts()),
        notices=_notices(wanted, directory),
        harvests=_capped(_harvests(harvests, facts, directory)),
        coverage=coverage_line(coverage),
        uncovered=_capped(
            coverage.filter(pl.col("status") != CoverageStatus.SCANNED.value).sort("account_id").to_dicts()
        ),
        coverage_words=_COVERAGE_WORDS,
    )


def coverage_line(coverage: pl.DataFrame) -> str:
    """Return `412 of 420 accounts scanned: 5 waiting for a late file, 3 quarantined`."""
    counts = Counter(coverage["status"].to_list())
    scanned = counts.pop(CoverageStatus.SCANNED.value, 0)
    first = f"{scanned:,} of {words.counted(coverage.height, 'account')} scanned"
    others = [f"{counts[status.value]:,} {said}" for status, said in _COVERAGE_WORDS.items() if counts[status.value]]
    return f"{first}: {', '.join(others)}" if others else first


@dataclass(frozen=True)
class _Capped:
    """The first rows of a list, and how many more there are."""

    rows: Sequence[Mapping[str, Any]]
    total: int

    @property
    def more(self) -> int:
        return self.total - len(self.rows)


def _capped(rows: Sequence[Mapping[str, Any]], cap: int = ROWS_PER_LIST) -> _Capped:
    return _Capped(rows[:cap], len(rows))


def _desks(tasks: Sequence[Task], escalated: Sequence[Task], today: dt.date) -> list[Mapping[str, Any]]:
    """Return one desk for each adviser with alerts of their own, or with some that have escalated to them."""
    people = {task["adviser"]["id"]: task["adviser"]["name"] for task in tasks}
    people |= {task["escalated_to"]["id"]: task["escalated_to"]["name"] for task in escalated}
    own = {key: list(group) for key, group in groupby(tasks, key=lambda task: str(task["adviser"]["id"]))}
    return [
        _desk(
            {"id": adviser_id, "name": name},
            own.get(adviser_id, []),
            [task for task in escalated if task["escalated_to"]["id"] == adviser_id],
            today,
        )
        for adviser_id, name in sorted(people.items())
    ]


def _desk(
    adviser: Mapping[str, str], tasks: Sequence[Task], escalated: Sequence[Task], today: dt.date
) -> Mapping[str, Any]:
    is_open = [task for task in tasks if task["status"] == _OPEN]
    return {
        **adviser,
        "escalated": _capped(
            [
                {
                    **task,
                    "due": words.eastern(dt.datetime.fromisoformat(task["due_at"])),
                    "short": task["proposal"] and short_line(task["proposal"]),
                }
                for task in escalated
            ]
        ),
        "cards": _capped([_card(task, today) for task in is_open[:CARDS_PER_ADVISER]], CARDS_PER_ADVISER),
        "more_cards": max(len(is_open) - CARDS_PER_ADVISER, 0),
        "open_count": len(is_open),
        "overdue_count": sum(task["is_overdue"] for task in is_open),
        "aside": [
            (status, _capped([task for task in tasks if task["status"] == status]))
            for status in _ASIDE
            if any(task["status"] == status for task in tasks)
        ],
    }


def _card(task: Task, today: dt.date) -> Mapping[str, Any]:
    due = dt.datetime.fromisoformat(task["due_at"])
    terms = sorted(task["priority"]["terms"], key=lambda term: -term["points"])
    return {
        **task,
        "chart": drift_chart(task["classes"], weights_after(task["proposal"])),
        "block": proposal_block(task["proposal"]),
        "due": words.eastern(due),
        "is_due_today": not task["is_overdue"] and due.astimezone(EASTERN).date() <= today,
        "terms": terms,
    }


def _tiles(tasks: Sequence[Task], stopping: pl.DataFrame, today: dt.date) -> Sequence[tuple[str, int, str, str]]:
    """Return label, figure, what it means, and tone of each tile."""
    opened = [task for task in tasks if task["status"] == _OPEN]
    overdue = sum(task["is_overdue"] for task in opened)
    due_today = sum(
        not task["is_overdue"] and dt.datetime.fromisoformat(task["due_at"]).astimezone(EASTERN).date() <= today
        for task in opened
    )
    waiting = sum(task["status"] == EpisodeStatus.FROZEN for task in tasks)
    return (
        ("Need action", len(opened), "open alerts", "plain"),
        ("Overdue", overdue, "past their due time", "alarm" if overdue else "calm"),
        ("Due today", due_today, "by the end of the day", "warn" if due_today else "calm"),
        ("Waiting", waiting, "alerts that stand still", "plain" if waiting else "calm"),
        ("Stopped", stopping.height, "findings of the checks", "warn" if stopping.height else "calm"),
    )


def _harvests(harvests: pl.DataFrame | None, facts: RunFacts, directory: Directory) -> list[Mapping[str, Any]]:
    if harvests is None:
        return []
    own = pl.lit(True) if facts.generated_for is None else pl.col("adviser_id") == facts.generated_for
    return harvest_rows(harvests.filter(own), directory)


def _notices(notices: pl.DataFrame, directory: Directory) -> Sequence[tuple[str, _Capped]]:
    order = {kind: place for place, kind in enumerate(words.NOTICE_NAMES)}
    rows = sorted(notices.to_dicts(), key=lambda row: (order[row["kind"]], row["adviser_id"] or "", row["subject_id"]))
    return [
        (
            words.NOTICE_NAMES[kind],
            _capped(
                [
                    {**row, "adviser": directory.adviser(row["adviser_id"]) if row["adviser_id"] else "Whole firm"}
                    for row in group
                ]
            ),
        )
        for kind, group in groupby(rows, key=lambda row: str(row["kind"]))
    ]


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("evenkeel.desk", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "dollars": words.dollars,
        "long_date": words.long_date,
        "eastern": words.eastern,
        "counted": words.counted,
        "rule_name": words.RULE_NAMES.__getitem__,
        "decision_name": words.DECISION_NAMES.__getitem__,
        "level_name": words.LEVEL_NAMES.__getitem__,
        "urgency_name": words.URGENCY_NAMES.__getitem__,
        "status_name": words.STATUS_NAMES.__getitem__,
        "term_name": lambda term: words.TERM_NAMES.get(term, term),
        "owner_name": words.OWNER_NAMES.__getitem__,
    }
    return environment.get_template("task_list.html.j2")
