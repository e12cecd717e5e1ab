"""A server of one's own ends with its context, whatever ends it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from evenkeel.errors import EvenkeelError
from flows import local_server as module
from flows.local_server import environment, local_server

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(200)]

HOLD = """
import sys, time
from pathlib import Path
from flows.local_server import local_server
with local_server(Path(sys.argv[1])) as api_url:
    print(api_url, flush=True)
    time.sleep(120)
"""


class InTheMiddle(Exception):
    """What goes wrong inside of the context."""


def processes_of(home: Path) -> list[int]:
    """Return the processes whose environment names the home's Prefect folder."""
    mark = f"PREFECT_HOME={home.absolute() / 'prefect'}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (entry / "environ").read_bytes().split(b"\0"):
                found.append(int(entry.name))
        except OSError:
            continue
    return [pid for pid in found if pid != os.getpid()]


def wait_until_gone(home: Path, seconds: float = 20.0) -> None:
    give_up = time.monotonic() + seconds
    while processes_of(home):
        assert time.monotonic() < give_up, "a server process is left behind"
        time.sleep(0.1)


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
def test_nothing_is_left_behind_after_an_error_and_the_environment_is_restored(tmp_path: Path) -> None:
    before = dict(os.environ)
    called: list[bool] = []
    try:
        with local_server(tmp_path, meanwhile=lambda: called.append(True)) as url:
            assert called == [True]
            assert os.environ["PREFECT_API_URL"] == url
            assert processes_of(tmp_path)
            with urllib.request.urlopen(f"{url}/health") as answer:
                assert answer.status == 200
            raise InTheMiddle
    except InTheMiddle:
        pass
    assert dict(os.environ) == before
    wait_until_gone(tmp_path, 1.0)
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{url}/health", timeout=2)


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_behind_when_the_process_is_ended(tmp_path: Path, how: signal.Signals) -> None:
    held = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert held.stdout is not None
    with held:
        assert held.stdout.readline().startswith("http://127.0.0.1:")
        held.send_signal(how)
        held.wait(30)
    wait_until_gone(tmp_path)


def test_a_server_that_cannot_start_says_where_to_look(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "QUIET", {"PREFECT_SERVER_API_KEEPALIVE_TIMEOUT": "nonsense"})
    with pytest.raises(EvenkeelError, match=r"ended at once, with code 1; see .*server\.log"), local_server(tmp_path):
        pass


def test_environment_puts_back_what_was_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENKEEL_A", "1")
    monkeypatch.delenv("EVENKEEL_B", raising=False)
    with environment({"EVENKEEL_A": "2", "EVENKEEL_B": "3"}):
        assert (os.environ["EVENKEEL_A"], os.environ["EVENKEEL_B"]) == ("2", "3")
    assert os.environ["EVENKEEL_A"] == "1"
    assert "EVENKEEL_B" not in os.environ
