"""What an examiner is given of a home: a folder that verifies by itself, whole, by dates, or what is about one account."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver


@pytest.fixture(scope="module")
def ran(sandbox: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one run and a decision."""
    home, plan = sandbox[0].copy(tmp_path_factory.mktemp("kit") / "home"), sandbox[1]
    deliver(home, plan, plan.dates[0])
    home.run(plan.dates[0])
    alert = next(row for row in home.records()["alerts"] if row["status"] == "open")["alert_id"]
    assert home.command("desk", "decline", alert, "--reason", "Zoë asked", "--actor", "ada") == 0
    return home


def verified(folder: Path) -> tuple[int, str]:
    run = [sys.executable, "-I", "-S", str(folder / "verify.py")]
    done = subprocess.run(run, capture_output=True, text=True, check=False, cwd=folder)
    return done.returncode, done.stdout + done.stderr


def test_a_kit_of_the_whole_trail_verifies_and_a_touched_one_does_not(ran: Home, tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    assert ran.command("audit", "export", "--kit", kit) == 0
    assert {each.name for each in kit.iterdir()} == {
        "trail.jsonl",
        "checkpoints.jsonl",
        "README.txt",
        "verify.py",
        "SHA256SUMS",
    }
    code, said = verified(kit)
    assert (code, said[:6]) == (0, "whole:"), said
    for name in ("trail.jsonl", "checkpoints.jsonl", "README.txt"):
        content = (kit / name).read_bytes()
        (kit / name).write_bytes(content.replace(b"e", b"3", 1))
        assert verified(kit)[0] == 1, name
        (kit / name).write_bytes(content)
    assert ran.command("audit", "export", "--kit", kit) == 2, "a folder with files is not written to"


def test_a_kit_about_one_account_has_only_that_and_verifies(ran: Home, tmp_path: Path) -> None:
    decided = next(row for row in ran.records()["trail_events"] if row["kind"] == "decision_taken")
    alert = decided["subject"]
    payload = next(
        json.loads(row["payload"])
        for row in ran.records()["trail_events"]
        if row["kind"] == "alert_opened" and row["subject"] == alert
    )
    for name, each in (
        ("account", payload["account_ids"][0]),
        ("household", payload["household_id"]),
        ("adviser", payload["adviser_id"]),
    ):
        kit = tmp_path / name
        assert ran.command("audit", "export", "--kit", kit, f"--{name}", each) == 0
        lines = (kit / "trail.jsonl").read_bytes().splitlines()
        assert all(f'"{each}"'.encode() in line for line in lines[2:])
        assert any(b'"alert_opened"' in line for line in lines[2:])
        assert len(lines) - 2 < len(ran.records()["trail_events"])
        assert verified(kit)[0] == 0
        assert ran.command("audit", "verify", "--file", kit / "trail.jsonl") == 0
        assert (
            ran.command("audit", "verify", "--file", kit / "trail.jsonl", "--checkpoint", kit / "checkpoints.jsonl")
            == 0
        )
    assert ran.command("audit", "export", "--kit", tmp_path / "none", "--account", "AC-nobody") == 2


def test_a_selection_by_kind_in_one_file(ran: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "decisions.jsonl"
    assert ran.command("audit", "export", file, "--kind", "decision_taken") == 0
    (line,) = file.read_bytes().splitlines()[2:]
    assert json.loads(line)["event"]["payload"]["reason"] == "Zoë asked"
    capsys.readouterr()
    assert ran.command("audit", "verify", "--file", file) == 0
    assert "is a selection (kind decision_taken)" in capsys.readouterr().out
    file.write_bytes(file.read_bytes().replace("Zoë".encode(), b"Zoe"))
    assert ran.command("audit", "verify", "--file", file) == 3


def test_wrong_use(ran: Home, tmp_path: Path) -> None:
    assert ran.command("audit", "export") == 2
    assert ran.command("audit", "export", tmp_path / "a", "--kit", tmp_path / "b") == 2
    assert ran.command("audit", "export", tmp_path / "a", "--kind", "nothing") == 2
