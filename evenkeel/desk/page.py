"""The task list of a committed date, in the forms that people take it in."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl

from data_contracts.alerts import Alerts
from data_contracts.book.accounts import Accounts
from data_contracts.book.advisers import Advisers
from data_contracts.book.portfolios import Portfolios
from data_contracts.book.securities import Securities
from data_contracts.coverage import Coverage
from data_contracts.exceptions import Exceptions
from data_contracts.harvests import Harvests
from data_contracts.notices import Notices
from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from evenkeel.desk.directory import Directory
from evenkeel.desk.proposals import Proposal, proposals_by_id
from evenkeel.desk.reading import dataset, run_of
from evenkeel.desk.render_html import RunFacts, render_task_page
from evenkeel.desk.task_list import Task, task_list
from evenkeel.errors import UsageError
from evenkeel.ports import RunRecord
from evenkeel.run.house import House, deadline_of, house_policy


def tasks_of(house: House, business_date: dt.date | None, adviser_id: str | None = None) -> list[Task]:
    """Return the task list of a date, the newest by default.

    Args:
        house: The home.
        business_date: The date; None: the newest.
        adviser_id: Only what is on this adviser's desk, and what has escalated to it.

    Raises:
        UsageError: There is no such run, or no such adviser.
    """
    run = run_of(house, business_date)
    alerts, directory = dataset(house, run, Alerts), directory_of(house, run)
    if adviser_id is not None:
        _require_adviser(adviser_id, directory, alerts)
        alerts = alerts.filter(pl.any_horizontal(pl.col("adviser_id", "escalated_to").eq_missing(adviser_id)))
    return task_list(alerts, directory, _proposals(house, run, alerts, directory))


def page_of(house: House, business_date: dt.date | None, adviser_id: str | None = None) -> str:
    """Return the page of a date, the newest by default; with one adviser's tasks, where one is named.

    Raises:
        UsageError: There is no such run, or no such adviser.
    """
    run = run_of(house, business_date)
    alerts, directory = dataset(house, run, Alerts), directory_of(house, run)
    if adviser_id is not None:
        _require_adviser(adviser_id, directory, alerts)
    facts = RunFacts(
        business_date=run.business_date,
        desk_at=deadline_of(run.business_date, house_policy(house.book(run.business_date))),
        run_id=run.run_id,
        policy_version=run.policy_version,
        code_version=run.code_version,
        generated_for=adviser_id,
    )
    return render_task_page(
        task_list(alerts, directory, _proposals(house, run, alerts, directory)),
        dataset(house, run, Notices),
        dataset(house, run, Exceptions),
        dataset(house, run, Coverage),
        facts,
        directory,
        dataset(house, run, Harvests),
    )


def write_page(house: House, business_date: dt.date) -> Path:
    """Write the page of a date to the home's reports and return where."""
    folder = house.home / "reports" / business_date.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "tasks.html"
    with house.staging() as staging:
        # Whole or not at all: somebody may be reading the page of the run before.
        whole = staging / path.name
        whole.write_text(page_of(house, business_date), encoding="utf-8")
        whole.replace(path)
    return path


def directory_of(house: House, run: RunRecord) -> Directory:
    """Return the names of the book as it held at a run, and the decisions taken since."""
    return Directory.of(
        dataset(house, run, Advisers),
        dataset(house, run, Portfolios),
        dataset(house, run, Accounts),
        house.records.decisions(),
        dataset(house, run, Securities),
    )


def _proposals(house: House, run: RunRecord, alerts: pl.DataFrame, directory: Directory) -> dict[str, Proposal]:
    """Return the proposals that alerts name."""
    named = alerts.select("proposal_id").drop_nulls().unique()
    proposals = dataset(house, run, Proposals).join(named, on="proposal_id", how="semi")
    return proposals_by_id(proposals, dataset(house, run, Trades).join(named, on="proposal_id", how="semi"), directory)


def _require_adviser(adviser_id: str, directory: Directory, alerts: pl.DataFrame) -> None:
    known = sorted({*directory.adviser_names, *alerts["adviser_id"].to_list()})
    if adviser_id not in known:
        raise UsageError(f"there is no adviser {adviser_id!r}; the book has {', '.join(known)}")
