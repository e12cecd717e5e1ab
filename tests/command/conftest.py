"""A sandbox of a few households, made once and copied."""

from __future__ import annotations

from pathlib import Path

import pytest

from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from tests.adapters.stores.conftest import s3_bucket, s3_endpoint
from tests.command.practice import Home

__all__ = ["home", "plan", "s3_bucket", "s3_endpoint", "sandbox"]

HOUSEHOLDS, DAYS, SEED = 4, 5, 11


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, SandboxPlan]:
    """Return a home without any delivery, and its plan; to be copied."""
    home = tmp_path_factory.mktemp("sandbox") / "home"
    plan = generate(home, HOUSEHOLDS, DAYS, SEED, faults=False)
    return Home(home), plan


@pytest.fixture
def home(sandbox: tuple[Home, SandboxPlan], tmp_path: Path) -> Home:
    """Return a home of one's own."""
    return sandbox[0].copy(tmp_path / "home")


@pytest.fixture
def plan(sandbox: tuple[Home, SandboxPlan]) -> SandboxPlan:
    """Return the sandbox's plan."""
    return sandbox[1]
