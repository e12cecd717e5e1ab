"""Accounts that people at the desk have set aside, as a run goes by them: beside the book's own suspensions, and alike.

Which of them a run knew stands in its `run_inputs`, fixed once; the book is laid over with them where a stage gets it. They are not
among the datasets of the book, and no run tells the trail of them: it has been told by the person's own act.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import replace
from typing import cast

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.book.suspensions import Suspensions
from data_contracts.conform import conform
from data_contracts.run_inputs import RunInputs
from data_contracts.vocab import ControlKind, RunInput
from evenkeel.book.model import Book
from evenkeel.ports import RunRecord
from evenkeel.ports.approvals import Control
from evenkeel.run.house import NEW_YORK, House, deadline_of, house_policy


def suspensions_to_know(house: House, business_date: dt.date, book: Book, as_known_at: dt.datetime | None) -> set[str]:
    """Return the ids of the desk's suspensions that a run of the date would go by if it began now.

    - Asked to judge as known at an instant: those that stood then.
    - The newest date that was run, or one after it: those that stand now.
    - An earlier date: those its run knew. What has been set or released since counts for later sessions, whatever makes the date
      run again. One that was left out is judged as of its deadline.

    Accounts that are not in the book are left out.
    """
    ours = set(book.accounts["account_id"].to_list())
    controls = [
        one
        for one in house.approvals.controls(ControlKind.SUSPENSION, with_ended=True)
        if one.subject_id in ours  # of an account that has left the book there is nothing to say
    ]
    committed = house.records.committed_dates()
    if as_known_at is None and (not committed or committed[-1] <= business_date):
        return {one.control_id for one in controls if one.ended_at is None}
    if as_known_at is None and (run := house.records.manifest(business_date)) is not None:
        return {one.control_id for one in controls} & suspensions_known(house, run)
    at = as_known_at or deadline_of(business_date, house_policy(book))
    return {one.control_id for one in controls if _stood(one, at)}


def suspensions_known(house: House, run: RunRecord) -> set[str]:
    """Return the ids of the desk's suspensions that a run's record says it went by; none where it does not say."""
    stored = next((one for one in run.datasets if one.dataset == RunInputs.dataset_name()), None)
    return set() if stored is None else ids_stated(house.store.read(RunInputs, stored))


def ids_stated(stated: pl.DataFrame) -> set[str]:
    """Return the ids of the desk's suspensions in `data_contracts.run_inputs`."""
    return set(stated.filter(pl.col("kind") == RunInput.SUSPENSION.value)["input_id"].to_list())


def as_suspensions(house: House, ids: Collection[str]) -> DataFrame[Suspensions]:
    """Return the desk's suspensions of these ids as rows of the book, none of them ended: a run that knew one went by it.

    The reason says who set it and when: coverage and task list give the reason, not the row.
    """
    rows = [
        {
            "suspension_id": one.control_id,
            "account_id": one.subject_id,
            "kind": one.code,
            "reason": f"{one.reason} (by {one.actor} on {_day(one)})",
            "actor": one.actor,
            "from_date": _day(one),
            "review_date": one.review_date,
            "ended_date": None,
        }
        for one in (house.approvals.controls(ControlKind.SUSPENSION, with_ended=True) if ids else ())
        if one.control_id in ids
    ]
    return conform(pl.DataFrame(rows, schema=Suspensions.polars_schema()), Suspensions)


def laid_over(book: Book, suspensions: DataFrame[Suspensions]) -> Book:
    """Return the book with the desk's suspensions beside its own.

    A run goes by what it knew: one set on the morning after the session, before its run, holds from the session on.
    """
    if not suspensions.height:
        return book
    held = suspensions.with_columns(pl.min_horizontal("from_date", pl.lit(book.on)).alias("from_date"))
    return replace(book, suspensions=cast("DataFrame[Suspensions]", pl.concat([book.suspensions, held])))


def _day(control: Control) -> dt.date:
    return control.from_at.astimezone(NEW_YORK).date()


def _stood(control: Control, at: dt.datetime) -> bool:
    return control.from_at <= at and (control.ended_at is None or control.ended_at > at)
