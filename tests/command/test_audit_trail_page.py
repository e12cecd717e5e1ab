"""What docs/audit-trail.md gives an examiner works: its script, on an export and on damaged ones."""

from __future__ import annotations

import datetime as dt
import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from evenkeel.cli import run_command
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "audit-trail.md"
ACTOR = "Zoë 😀\u2028"
"""Letters that libraries write in several ways."""

Lines = list[bytes]


@pytest.fixture(scope="module")
def export(sandbox: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The export of a home with two runs and a decision, verified by the command."""
    folder = tmp_path_factory.mktemp("examiner")
    home, plan = sandbox[0].copy(folder / "home"), sandbox[1]
    deliver(home, plan, *plan.dates[:3])
    for date in plan.dates[:3]:
        home.run(date)
    alerts = [row for row in home.records()["alerts"] if row["status"] == "open"]
    until = plan.dates[2] + dt.timedelta(days=5)
    words = ("--until", until, "--reason", "client asked", "--actor", ACTOR)
    assert home.command("desk", "snooze", alerts[0]["alert_id"], *words) == EXIT_DONE
    assert home.run(plan.dates[2]) in (EXIT_DONE, EXIT_STOPPED)
    assert home.command("audit", "export", folder / "trail.jsonl") == EXIT_DONE
    assert home.command("audit", "export", folder / "part.jsonl", "--from", plan.dates[1], "--to", plan.dates[1]) == 0
    return folder / "trail.jsonl"


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> Path:
    blocks = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 1
    path = tmp_path_factory.mktemp("script") / "verify_trail.py"
    path.write_text(blocks[0], "utf-8")
    return path


def examine(script: Path, file: Path) -> tuple[int, str]:
    """Run the script with nothing but the standard library."""
    done = subprocess.run([sys.executable, "-I", "-S", script, file], capture_output=True, text=True, check=False)
    return done.returncode, (done.stdout + done.stderr).strip()


def first_entry(lines: Lines) -> int:
    return next(place for place, line in enumerate(lines) if b'"previous_hash"' in line)


def test_the_script_finds_an_export_whole(script: Path, export: Path) -> None:
    lines = export.read_bytes().splitlines()
    last = json.loads(lines[-1])
    assert ACTOR in export.read_text("utf-8")
    assert examine(script, export) == (0, f"whole up to entry {last['seq']}, last hash {last['hash']}")


def test_the_script_finds_a_part_whole(script: Path, export: Path) -> None:
    part = export.with_name("part.jsonl")
    assert json.loads(part.read_bytes().splitlines()[0])["export"]["start_seq"] > 0
    assert examine(script, part)[0] == 0
    assert run_command(["audit", "verify", "--file", str(part)]) == EXIT_DONE


def changed(lines: Lines, place: int, old: bytes, new: bytes) -> Lines:
    damaged = list(lines)
    assert old in damaged[place]
    damaged[place] = damaged[place].replace(old, new, 1)
    return damaged


def swapped(lines: Lines, one: int, other: int) -> Lines:
    damaged = list(lines)
    damaged[one], damaged[other] = damaged[other], damaged[one]
    return damaged


@pytest.mark.parametrize(
    ("damage", "place"),
    [
        (lambda lines, first: changed(lines, first + 3, b'"role":"a', b'"role":"b'), "entry 4"),
        (lambda lines, first: changed(lines, first + 1, b'"is_equal":true', b'"is_equal":null'), "entry 2"),
        (lambda lines, first: lines[: first + 4] + lines[first + 5 :], "entry 5"),
        (lambda lines, first: swapped(lines, first + 1, first + 2), "entry 2"),
        (lambda lines, first: lines[:-1], "ends with entry"),
        (lambda lines, first: changed(lines, 1, b'"event_count":', b'"event_count":1'), "checkpoint of entry"),
    ],
    ids=["a letter", "a flag", "a line removed", "two lines swapped", "the tail", "a checkpoint"],
)
def test_script_and_command_find_the_same_damage(
    script: Path, export: Path, tmp_path: Path, damage: Callable[[Lines, int], Lines], place: str
) -> None:
    # On line ends alone: `splitlines` of text would split at other marks too.
    lines = export.read_bytes().split(b"\n")[:-1]
    file = tmp_path / "damaged.jsonl"
    file.write_bytes(b"\n".join(damage(lines, first_entry(lines))) + b"\n")
    code, said = examine(script, file)
    assert code == 1, said
    assert said.startswith("broken: "), said
    assert place in said
    assert run_command(["audit", "verify", "--file", str(file)]) == EXIT_STOPPED
