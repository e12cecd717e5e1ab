"""Plays a story of `tests/golden/days` through the command line, as a person and a scheduler would, and keeps what they would see.

A story is a folder: `book/` (laid over `days/common/book/`), `days/<date>/<feed>/<file>` as custodians send them, `changes/<name>/` (files
that replace those of the book when the script says so), `script.yaml` and `expected/`. Steps of a script:

    clock: 2026-03-03T07:05:00-05:00      what the clock shows from here on
    deliver: 2026-03-02[/feed]            the date's files arrive, of all feeds or of one
    run: 2026-03-02, exit: 0              `evenkeel run`, with the exit code that must come
    decide: {kind, alert, ...}            `evenkeel desk <kind>`; `alert` is a household and a rule
    book: name                            `changes/name/` is copied into the book
    look: name, by_hand: {alert: facts}   `evenkeel alerts` for the date last run, compared with `expected/<name>.txt` and `.json`
    backfill: {date: {alert: status}}     proposals that come out so, unlike in their own run, when all is made again by today's book

`by_hand` names every alert of the list, and of each the figures that a person works out from the files.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import polars as pl
import yaml
from rich.console import Console

from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.exceptions import Exceptions
from data_contracts.notices import Notices
from data_contracts.vocab import AssetClass
from evenkeel.cli import run_command, showing
from evenkeel.desk.reading import dataset, run_of
from evenkeel.desk.words import eastern
from evenkeel.wiring import open_house, read_settings

DAYS = Path(__file__).parent / "days"
WIDTH = 120
MAIN_CLASS = AssetClass.US_EQUITY.value
"""The class that every story is about: `weight`, `lower`, `upper` and `band_from` of a fact by hand are its."""

Task = dict[str, Any]


@dataclass(frozen=True)
class Look:
    """What was to be seen at one point of a story, and again after the same run was made a second time."""

    name: str
    business_date: dt.date
    table: str
    shown: Mapping[str, Any]
    tasks: Sequence[Task]
    again: Sequence[Task]
    again_exit: int
    by_hand: Mapping[str, Mapping[str, Any]]


@dataclass
class Played:
    """A story that has been played to its end."""

    home: Path
    clock: str = ""
    exits: list[tuple[str, int, int]] = field(default_factory=list)
    """Of each run: its date and time, the exit code that came, the one that must come."""
    looks: list[Look] = field(default_factory=list)
    backfilled: dict[dt.date, Mapping[str, str]] = field(default_factory=dict)
    """By date and alert, the status of a proposal that a backfill makes otherwise than the date's own run did."""

    def run(self, *words: str) -> tuple[int, str]:
        """Return exit code and standard output of one command."""
        return _command(self.home, self.clock, *words)

    def final_tasks(self) -> dict[dt.date, Sequence[Task]]:
        """Return the task list of every date as it stands now."""
        return {date: self.tasks(date) for date in sorted({look.business_date for look in self.looks})}

    def tasks(self, date: dt.date) -> Sequence[Task]:
        """Return the task list of a date."""
        code, out = self.run("alerts", "--format", "json", "--date", str(date))
        assert code == 0, out
        found: list[Task] = json.loads(out)
        return found


def stories() -> list[str]:
    """Return the names of all stories."""
    return sorted(path.parent.name for path in DAYS.glob("*/script.yaml"))


def name_of(task: Task) -> str:
    """Return what a script calls an alert: its household and its rule."""
    return f"{task['household']['id']} {task['rule']}"


def play(story: str, home: Path) -> Played:
    """Play a story in a new home, every run twice."""
    played = Played(home)
    shutil.copytree(DAYS / "common" / "book", home / "book")
    shutil.copytree(DAYS / story / "book", home / "book", dirs_exist_ok=True)
    date = None
    for step in yaml.safe_load((DAYS / story / "script.yaml").read_text(encoding="utf-8")):
        match step:
            case {"clock": clock}:
                played.clock = clock.isoformat()
            case {"deliver": what}:
                _deliver(DAYS / story / "days", str(what), home / "inbox")
            case {"run": date, "exit": wanted}:
                code, _ = played.run("run", "--date", str(date))
                played.exits.append((f"{date} at {played.clock}", code, wanted))
            case {"decide": decision}:
                _decide(played, decision)
            case {"book": change}:
                shutil.copytree(DAYS / story / "changes" / change, home / "book", dirs_exist_ok=True)
            case {"look": name, "by_hand": by_hand}:
                assert date is not None, "a look before the first run"
                played.looks.append(_look(played, name, date, by_hand))
            case {"backfill": other}:
                played.backfilled.update(other)
            case _:
                raise AssertionError(f"{story}: no such step: {step}")
    return played


def _deliver(days: Path, what: str, inbox: Path) -> None:
    folder = days / what
    feeds = [folder] if "/" in what else sorted(folder.iterdir())
    assert folder.is_dir(), f"{folder} is not there"
    for feed in feeds:
        shutil.copytree(feed, inbox / feed.name, dirs_exist_ok=True)


def _decide(played: Played, decision: Mapping[str, Any]) -> None:
    """Answer the alert of that name in the list looked at last."""
    [alert_id] = [task["id"] for task in played.looks[-1].tasks if name_of(task) == decision["alert"]]
    words = [str(decision["kind"]), str(alert_id), "--reason", decision["reason"], "--actor", decision["actor"]]
    until = ["--until", str(decision["until"])] if "until" in decision else []
    code, out = played.run("desk", *words, *until)
    assert code == 0, out


def _look(played: Played, name: str, date: dt.date, by_hand: Mapping[str, Mapping[str, Any]]) -> Look:
    _, table = played.run("alerts", "--date", str(date))
    tasks = played.tasks(date)
    shown = {"alerts": [_reduced(task) for task in tasks], **_beside(played, date)}
    again_exit, _ = played.run("run", "--date", str(date))
    text = "\n".join(line.rstrip() for line in table.splitlines()) + "\n"
    return Look(name, date, text, shown, tasks, played.tasks(date), again_exit, by_hand)


def _reduced(task: Task) -> dict[str, Any]:
    """Return what a person checks: classes as figures in a row, the score with its terms' points."""
    classes = {
        node["node"]: {
            **{what: node[f"{what}_frac"] for what in ("weight", "target", "lower", "upper", "drift")},
            "outside": node["is_outside"],
            "by": node["band_text"],
        }
        for node in task["classes"]
    }
    kept = (
        "id", "rule", "status", "status_reason", "reason", "severity_frac", "urgency", "opened_date", "age_sessions",
        "opened_at", "due_at", "is_overdue", "how_far", "tier", "segment", "ips_id", "policy_version",
    )  # fmt: skip
    return {
        "household": task["household"]["name"],
        "adviser": task["adviser"]["id"],
        **{what: task[what] for what in kept},
        "classes": classes,
        "rank": task["priority"]["rank"],
        "score": task["priority"]["score"],
        "points": {term["term"]: term["points"] for term in task["priority"]["terms"]},
    }


def _beside(played: Played, date: dt.date) -> dict[str, Any]:
    """Return what is said beside the alerts: notices, exceptions, and accounts that were not scanned."""
    with _environment(played.home, played.clock):
        house = open_house(read_settings())
        run = run_of(house, date)

        def rows(contract: type[Contract], *columns: str) -> list[dict[str, Any]]:
            return dataset(house, run, contract).select(columns).sort(columns).to_dicts()

        coverage = dataset(house, run, Coverage).filter(pl.col("status") != "scanned").sort("account_id")
        return {
            "notices": rows(Notices, "kind", "subject_id", "adviser_id", "owner", "text"),
            "exceptions": rows(Exceptions, "check", "effect", "subject_id", "message"),
            "not_scanned": {row["account_id"]: row["reason"] for row in coverage.iter_rows(named=True)},
        }


def facts_of(task: Task) -> dict[str, Any]:
    """Return what `by_hand` may speak of; `says` is asked for apart."""
    main = next(node for node in task["classes"] if node["node"] == MAIN_CLASS)
    return {
        "status": task["status"],
        "weight": main["weight_frac"],
        "lower": main["lower_frac"],
        "upper": main["upper_frac"],
        "band_from": main["band_source"],
        "severity": task["severity_frac"],
        "age": task["age_sessions"],
        "opened": dt.date.fromisoformat(task["opened_date"]),
        "due": None if task["due_at"] is None else eastern(dt.datetime.fromisoformat(task["due_at"])),
        "overdue": task["is_overdue"],
        "how_far": task["how_far"],
        "score": task["priority"]["score"],
    }


def _command(home: Path, clock: str, *words: str) -> tuple[int, str]:
    out = io.StringIO()
    console = Console(width=WIDTH, color_system=None, soft_wrap=True, highlight=False)
    with _environment(home, clock), patch.object(showing, "console", console), contextlib.redirect_stdout(out):
        code = run_command(list(words))
    return code, out.getvalue()


@contextlib.contextmanager
def _environment(home: Path, clock: str) -> Iterator[None]:
    """Set the home and the clock; files are taken as complete at once, and accounts have the same keys everywhere."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("EVENKEEL_")}
    ours = {
        "EVENKEEL_HOME": str(home),
        "EVENKEEL_CLOCK": clock,
        "EVENKEEL_SETTLE_SECONDS": "0",
        "EVENKEEL_ACCOUNT_KEY": "5e" * 32,
    }
    with patch.dict(os.environ, {**others, **ours}, clear=True):
        yield
