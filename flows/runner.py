"""The task runner that the settings name."""

from __future__ import annotations

from typing import Any

from prefect.task_runners import TaskRunner
from prefect.utilities.importtools import from_qualified_name

from evenkeel.errors import UsageError
from evenkeel.wiring import read_settings


def task_runner() -> TaskRunner[Any]:
    """Return a task runner of the class that EVENKEEL_TASK_RUNNER names, Prefect's thread pool by default.

    Raises:
        UsageError: There is no such class.
    """
    name = read_settings().task_runner
    try:
        runner = from_qualified_name(name)()
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(
            f"EVENKEEL_TASK_RUNNER={name} is no task runner here; install its package, or name one as module.Class"
        ) from error
    if not isinstance(runner, TaskRunner):
        raise UsageError(f"EVENKEEL_TASK_RUNNER={name} is no Prefect task runner")
    return runner
