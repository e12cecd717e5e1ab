"""Fixtures and hooks for every test."""

import gc
import os
import uuid
from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

PostgresCopies = Callable[[str], str]
ROOT = Path(__file__).resolve().parent.parent
POSTGRES_SERVER = "postgres@127.0.0.1:5432"
NO_POSTGRES = "PostgreSQL is not reachable at 127.0.0.1:5432"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under CI, turn a skip for want of PostgreSQL into a failure."""
    report = yield
    if os.environ.get("EVENKEEL_CI") and report.skipped and isinstance(report.longrepr, tuple):
        reason = report.longrepr[2].removeprefix("Skipped: ")
        if reason.startswith("PostgreSQL"):
            report.outcome = "failed"
            report.longrepr = f"{reason}; under EVENKEEL_CI this skip is a failure"
    return report


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give time to tests that name none of their own: slow and end-to-end ones, and the engine's, whose first compiles it.

    On a busy machine either takes minutes; the limit is there to end what hangs, not to judge what is slow.
    """
    for item in items:
        is_engine = "engine" in item.path.parent.parts or item.path.stem == "test_engine"
        is_long = any(item.get_closest_marker(name) for name in ("slow", "e2e"))
        if (is_engine or is_long) and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(900))


def pytest_collection_finish() -> None:
    """Leave what is imported and collected, half a million objects, out of every later look for garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def shared() -> Path:
    """Directory of reference material outside the repository: EVENKEEL_SHARED, by default ../shared."""
    path = Path(os.environ.get("EVENKEEL_SHARED") or ROOT.parent / "shared")
    if not path.is_dir():
        pytest.skip(f"no directory {path}; set EVENKEEL_SHARED")
    return path


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """SQLAlchemy URL of an empty PostgreSQL database, dropped after the test."""
    try:
        server = psycopg.connect(f"postgresql://{POSTGRES_SERVER}/test", autocommit=True, connect_timeout=3)
    except psycopg.OperationalError:
        pytest.skip(NO_POSTGRES)
    name = f"evenkeel_{uuid.uuid4().hex}"
    with server:
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        try:
            yield f"postgresql+psycopg://{POSTGRES_SERVER}/{name}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def postgres_copies() -> Iterator[PostgresCopies]:
    """Return a function from the URL of a PostgreSQL database, whose sessions it ends, to that of a copy, dropped after the test."""
    made: list[str] = []

    def copy(url: str) -> str:
        source, name = url.rpartition("/")[2], f"evenkeel_{uuid.uuid4().hex}"
        with psycopg.connect(f"postgresql://{POSTGRES_SERVER}/test", autocommit=True) as server:
            server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [source])
            words = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
            server.execute(words.format(sql.Identifier(name), sql.Identifier(source)))
        made.append(name)
        return f"{url.rpartition('/')[0]}/{name}"

    try:
        yield copy
    finally:
        if made:
            with psycopg.connect(f"postgresql://{POSTGRES_SERVER}/test", autocommit=True) as server:
                for name in made:
                    server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
