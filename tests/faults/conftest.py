"""Runs in memory, shared by all tests of a worker: the clean sessions take a few seconds."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from evenkeel.sandbox.faults.fault import Session
from tests.faults.in_memory import MemoryRun
from tests.faults.practices import make_sandbox

Runs = Callable[[Session], MemoryRun]


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """Return the run in memory of a kind of day, made when first asked for."""
    folder = tmp_path_factory.mktemp("memory")

    @cache
    def of(session: Session) -> MemoryRun:
        return MemoryRun(make_sandbox(folder / session.value / "home", session), folder / session.value / "bytes")

    return of
