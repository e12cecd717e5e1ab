"""A home with proposals on their way: a small practice, its book made fit for every kind of consent."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from evenkeel.adapters.stores.database import reading
from evenkeel.adapters.stores.records_schema import outbox
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home

HOUSEHOLDS, DAYS, SEED = 16, 2, 11
MORNING = "2026-03-03T08:00:00-05:00"
"""The first session is past its deadline."""
ASKED = ("H-00012", "P-00023", "AC-000034")
"""Household, portfolio and account of A-03 whose two owners are asked; between 100,000 and 500,000 dollars."""
SENIOR = ("H-00011", "P-00017", "AC-000028")
"""Of A-01, discretionary, above 500,000."""

Edit = Callable[[dict[str, str]], Mapping[str, str]]


def edit(home: Path, file: str, change: Edit, *more: Mapping[str, str]) -> None:
    """Change rows of a file of the book, add columns where a row gets one, and add rows."""
    path = home / "book" / file
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [{**row, **change(row)} for row in csv.DictReader(handle)] + [dict(row) for row in more]
    names = list(dict.fromkeys(name for row in rows for name in row))
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, names, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def make(path: Path, **more: str) -> tuple[Home, SandboxPlan]:
    """Return a home whose first session was run, and its plan; `more` are variables of its commands."""
    plan = generate(path, HOUSEHOLDS, DAYS, SEED, faults=False)
    edit(
        path,
        "accounts.csv",
        lambda row: {"is_discretionary": "false", "owner_ids": "pat;lou"} if row["account_id"] == ASKED[2] else {},
    )
    home = replace(Home(path), more={"EVENKEEL_CLOCK": MORNING, **more})
    plan.deliver(plan.dates[0], path)
    assert home.run(plan.dates[0]) == 0
    return home, plan


class Desk:
    """Commands on a home at a settable time, and what is on record."""

    def __init__(self, home: Home, capsys: pytest.CaptureFixture[str]) -> None:
        self.home = home
        self.now = dt.datetime.fromisoformat(MORNING)
        self._capsys = capsys

    def later(self, **by: float) -> None:
        """Move the clock."""
        self.now += dt.timedelta(**by)

    def __call__(self, *words: object, code: int = 0) -> str:
        """Run a command, check its exit code, return what it said."""
        self._capsys.readouterr()
        got = self.home.command(*words, EVENKEEL_CLOCK=self.now.isoformat())
        said = self._capsys.readouterr()
        assert "Traceback" not in said.out + said.err
        assert got == code, said.out + said.err
        return said.out + said.err

    def case(self, portfolio: str, *states: str) -> dict[str, Any]:
        """Return the portfolio's one case on its way (or in these states), with its steps and readiness."""
        wanted = [word for state in states for word in ("--state", state)]
        found = [
            one
            for one in json.loads(self("desk", "cases", *wanted, "--format", "json"))
            if one["portfolio_id"] == portfolio
        ]
        assert len(found) == 1, [one["state"] for one in found]
        whole: dict[str, Any] = json.loads(self("desk", "show", found[0]["proposal_id"], "--format", "json"))
        return whole

    def messages(self, proposal_id: str) -> list[tuple[str, str]]:
        """Return kind and recipient of each announcement about a proposal, as they were queued."""
        return [(row["kind"], row["payload"]["recipient_id"]) for row in self.announced(proposal_id)]

    def states(self, proposal_id: str) -> dict[str, str]:
        """Return the state of each announcement about a proposal, by kind."""
        return {row["kind"]: row["state"] for row in self.announced(proposal_id)}

    def announced(self, proposal_id: str) -> list[dict[str, Any]]:
        """Return the rows of a proposal's announcements, as they were queued."""
        records = self.home.house().records
        with reading(records._engine) as connection:  # type: ignore[attr-defined]
            rows = connection.execute(select(outbox).order_by(outbox.c.added_at, outbox.c.message_id)).mappings().all()
        return [dict(row) for row in rows if row["payload"].get("proposal_id") == proposal_id]
