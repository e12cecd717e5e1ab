"""Which failures are tried again, and how often: those of the outside world, never those of the data or of the code."""

from __future__ import annotations

from typing import Any

from evenkeel.errors import TransientError

RETRIES = 3
RETRY_DELAYS_SECONDS = [5.0, 30.0, 120.0]
"""A locked database is free in seconds; a store that is down comes back in minutes, or a person must look."""


def is_transient(task: object, task_run: object, state: Any) -> bool:
    """Tell whether a task's failure is one that a later try may cure (a Prefect `retry_condition_fn`)."""
    return isinstance(state.result(raise_on_failure=False), TransientError)
