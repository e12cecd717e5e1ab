"""One Prefect server for all flow tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.local_server import local_server
from tests.flows.practice import Practice, make_practice


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the API of a server that all tests of this process share: it takes seconds to start."""
    with local_server(tmp_path_factory.mktemp("server")) as api_url:
        yield api_url


@pytest.fixture
def practice(tmp_path: Path) -> Iterator[Practice]:
    """A sandbox whose files have all arrived, and this process's home after the last deadline."""
    made = make_practice(tmp_path / "home")
    with made.at():
        yield made
