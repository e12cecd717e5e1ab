"""What all step tasks share: how they are declared, and the plain values they pass to each other.

A task gets dates and addresses and returns addresses: no frame passes between tasks, so a task can run in any process that reaches the
home. Nothing is cached and no result is kept by Prefect: what has been done stands in the home, and only there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any, Literal, TypedDict

from prefect.cache_policies import NO_CACHE

from evenkeel.ports import StoredDataset
from evenkeel.run.driver import STEPS
from evenkeel.run.steps import Day
from evenkeel.wiring import open_house
from tasks.retries import RETRIES, RETRY_DELAYS_SECONDS, is_transient

StepName = Literal["ingest", "reconcile", "drift", "threshold", "prioritize", "propose", "alerts"]


class Address(TypedDict):
    """A `StoredDataset` as plain values."""

    dataset: str
    business_date: str
    version: int
    row_count: int
    digest: str
    files: list[str]


class TaskOptions(TypedDict):
    """The arguments of `prefect.task` that every step uses."""

    name: str
    task_run_name: str
    cache_policy: Any
    persist_result: bool
    retries: int
    retry_delay_seconds: list[float]
    retry_jitter_factor: float
    retry_condition_fn: Callable[[Any, Any, Any], bool]


def options(name: str) -> TaskOptions:
    """Return how the task of that name is declared; its runs are named after their date."""
    return TaskOptions(
        name=name,
        task_run_name=name + "-{business_date}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=RETRIES,
        retry_delay_seconds=RETRY_DELAYS_SECONDS,
        retry_jitter_factor=0.2,
        retry_condition_fn=is_transient,
    )


def address_of(stored: StoredDataset) -> Address:
    """Return a dataset's address as plain values."""
    return Address(
        dataset=stored.dataset,
        business_date=stored.business_date.isoformat(),
        version=stored.version,
        row_count=stored.row_count,
        digest=stored.digest,
        files=list(stored.files),
    )


def stored_at(address: Address) -> StoredDataset:
    """Return the dataset that an address stands for."""
    return StoredDataset(
        dataset=address["dataset"],
        business_date=dt.date.fromisoformat(address["business_date"]),
        version=address["version"],
        row_count=address["row_count"],
        digest=address["digest"],
        files=tuple(address["files"]),
    )


def run_step(
    name: StepName, business_date: dt.date, as_known_at: dt.datetime | None, staged: Sequence[Address]
) -> list[Address]:
    """Run a step over this process's house and return the addresses of what it wrote."""
    found = {address["dataset"]: stored_at(address) for address in staged}
    return [address_of(stored) for stored in STEPS[name](open_house(), Day(business_date, as_known_at), found)]
