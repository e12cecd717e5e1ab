"""What the tasks share, without a server."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prefect.cache_policies import NO_CACHE
from prefect.states import Completed, Failed

from evenkeel.errors import BookError, EvenkeelError, LeaseHeld, TransientError
from evenkeel.ports import StoredDataset
from evenkeel.run.driver import STEPS
from evenkeel.run.sequence import ALONE, FOLD
from flows.driver import TASKS
from tasks.ingest import fetch_files
from tasks.market_event import scan_market_event
from tasks.records import commit
from tasks.retries import is_transient
from tasks.step import address_of, stored_at

stored_datasets = st.builds(
    StoredDataset,
    dataset=st.text(min_size=1),
    business_date=st.dates(dt.date(1990, 1, 1), dt.date(2060, 1, 1)),
    version=st.integers(0),
    row_count=st.integers(0),
    digest=st.text("0123456789abcdef", min_size=64, max_size=64),
    files=st.lists(st.text()).map(tuple),
)


@given(stored_datasets)
def test_an_address_is_plain_and_leads_back(stored: StoredDataset) -> None:
    assert stored_at(json.loads(json.dumps(address_of(stored)))) == stored


def test_every_step_has_a_task_and_a_place_in_the_sequence() -> None:
    assert set(TASKS) == set(STEPS) == {*ALONE, *FOLD}
    assert {name: task.name for name, task in TASKS.items()} == {name: name for name in TASKS}


@pytest.mark.parametrize("task", [*TASKS.values(), fetch_files, commit, scan_market_event])
def test_nothing_is_cached_or_kept_by_prefect(task: object) -> None:
    assert task.cache_policy == NO_CACHE  # type: ignore[attr-defined]
    assert task.persist_result is False  # type: ignore[attr-defined]
    assert task.retry_condition_fn is is_transient  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (TransientError("the store cannot be reached"), True),
        (EvenkeelError("the data are wrong"), False),
        (BookError(["accounts.csv:3: unknown household"]), False),
        (LeaseHeld("held"), False),
        (ValueError("a bug"), False),
    ],
)
def test_only_the_outside_world_is_tried_again(error: Exception, expected: bool) -> None:
    assert is_transient(None, None, Failed(data=error)) is expected


def test_a_result_is_no_failure() -> None:
    assert is_transient(None, None, Completed(data=[])) is False
