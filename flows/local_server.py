"""A Prefect server of one's own for as long as a context lasts: what the demo runs its flows on.

Prefect's server-less mode would do the same out of sight, but with a shorter patience for a first start, and it leaves its process
behind when its parent is killed. Here the server is told to end with its parent, and is ended with its whole process group.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evenkeel.errors import EvenkeelError

START_SECONDS = 120.0
"""A first start makes the server's database: some ten seconds, on a busy or slow machine much more."""

STOP_SECONDS = 10.0

QUIET = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "WARNING",
    "PREFECT_LOGGING_SERVER_LEVEL": "WARNING",
    "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
    "PREFECT_CLI_PROMPT": "false",
}
"""No word to the outside, and few to the terminal."""

UNUSED_SERVICES = (
    "SCHEDULER",
    "LATE_RUNS",
    "FOREMAN",
    "TRIGGERS",
    "DB_VACUUM",
    "PAUSE_EXPIRATIONS",
    "CANCELLATION_CLEANUP",
    "CLEANUP_RECONCILER",
    "REPOSSESSOR",
)
"""Services that serve schedules, workers and automations, none of which runs on a server of one's own."""


@contextmanager
def local_server(
    home: Path,
    *,
    meanwhile: Callable[[], object] | None = None,
    is_lean: bool = True,
    server_settings: Mapping[str, str] | None = None,
    start_seconds: float = START_SECONDS,
) -> Iterator[str]:
    """Start a server, point this process at it, and stop it in the end whatever happens; yields the API's address.

    Its database lies in `HOME/prefect`, so that past runs can be looked at again. Import `prefect` inside of the context, or after
    it was entered for the first time: what Prefect reads from the environment at import holds for the process.

    Args:
        home: Folder of the evenkeel home.
        meanwhile: Called while the server is starting, which takes some seconds of another core.
        is_lean: Leave out the services that schedules, workers and automations need.
        server_settings: Further settings of the server, as `PREFECT_...` variables.
        start_seconds: How long to wait for the server.

    Raises:
        EvenkeelError: The server did not start; names its log.
    """
    folder = home.absolute() / "prefect"
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port()
    own = {
        **QUIET,
        "PREFECT_HOME": str(folder),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{folder / 'prefect.db'}",
    }
    services = {f"PREFECT_SERVER_SERVICES_{name}_ENABLED": "false" for name in UNUSED_SERVICES} if is_lean else {}
    api_url = f"http://127.0.0.1:{port}/api"
    log = folder / "server.log"
    with _server(port, {**_outer_environment(), **own, **services, **(server_settings or {})}, log) as process:
        if meanwhile is not None:
            meanwhile()
        _wait_until_healthy(process, api_url, log, start_seconds)
        with environment({**own, "PREFECT_API_URL": api_url}), _prefect_settings():
            yield api_url
            _flush()


@contextmanager
def _server(port: int, environment: dict[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    prefect = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port), "--no-ui"]
    command = [sys.executable, "-m", "flows.leashed", *prefect]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        stop_group(process)


def stop_group(process: subprocess.Popen[bytes], seconds: float = STOP_SECONDS) -> None:
    """End a process that leads its own group, and the group: asked first, then killed."""
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, signal_number)
        except ProcessLookupError:
            break
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue
    process.wait()
    if process.stdin:
        process.stdin.close()


def _outer_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PREFECT_")}


def _wait_until_healthy(process: subprocess.Popen[bytes], api_url: str, log: Path, seconds: float) -> None:
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        if process.poll() is not None:
            raise EvenkeelError(f"the Prefect server ended at once, with code {process.returncode}; see {log}")
        try:
            with urllib.request.urlopen(f"{api_url}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise EvenkeelError(f"the Prefect server did not answer within {seconds:.0f} s; see {log}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Set variables of this process's environment, and put back what was there."""
    kept = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in kept.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _prefect_settings() -> Iterator[None]:
    """Let the environment's settings hold, also where Prefect was imported before."""
    from prefect.context import SettingsContext, get_settings_context
    from prefect.settings import Settings

    with SettingsContext(profile=get_settings_context().profile, settings=Settings()):
        yield


def _flush() -> None:
    """Send what Prefect still has to say, while there is a server to say it to."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    for worker in (APILogWorker, EventsWorker):
        worker.drain_all(timeout=10)
