"""`evenkeel audit history`: versions of alerts and of the book's files, from the trail."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver


@pytest.fixture(scope="module")
def edited(
    sandbox: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, list[bytes], str]:
    """A home whose advisers.csv was edited between runs, with its versions; and an alert that was declined."""
    home, plan = sandbox[0].copy(tmp_path_factory.mktemp("edited") / "home"), sandbox[1]
    file = home.path / "book" / "advisers.csv"
    versions = [file.read_bytes()]
    deliver(home, plan, plan.dates[0])
    home.run(plan.dates[0])
    for name in ("First Edit", "Zoë Second-Edit"):
        lines = file.read_text("utf-8").splitlines()
        cells = lines[1].split(",")
        cells[lines[0].split(",").index("name")] = name
        file.write_text("\n".join([lines[0], ",".join(cells), *lines[2:]]) + "\n", "utf-8")
        versions.append(file.read_bytes())
        home.run(plan.dates[0])
    alert = next(row for row in home.records()["alerts"] if row["status"] == "open")["alert_id"]
    assert home.command("desk", "decline", alert, "--reason", "wait for the bonus", "--actor", "ada") == 0
    return home, versions, alert


def history(home: Home, capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert home.command("audit", "history", *words, "--format", "json") == 0
    said: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return said


def test_every_version_of_a_file_of_the_book_is_rebuilt(
    edited: tuple[Home, list[bytes], str], capsys: pytest.CaptureFixture[str]
) -> None:
    home, versions, _ = edited
    (found,) = history(home, capsys, "advisers.csv")
    assert [each["version"] for each in found["versions"]] == [1, 2, 3]
    for number, content in enumerate(versions, 1):
        assert home.command("audit", "history", "advisers.csv", "--version", number) == 0
        assert capsys.readouterr().out.encode() == content
    assert home.command("audit", "history", "advisers") == 0
    said = capsys.readouterr().out
    assert "book file advisers.csv: 3 versions" in said
    assert "Zoë Second-Edit" in said
    assert home.command("audit", "history", "advisers.csv", "--version", 4) == 2
    assert home.command("audit", "history", "nothing") == 2


def test_an_alert_with_what_was_said_about_it(
    edited: tuple[Home, list[bytes], str], capsys: pytest.CaptureFixture[str]
) -> None:
    home, _, alert = edited
    found = history(home, capsys, alert)
    assert [each["what"] for each in found] == ["alert", "decision"]
    assert found[0]["versions"][0]["record"]["alert_id"] == alert
    decision = found[1]["versions"][0]
    assert (decision["reason"], decision["actor"], decision["role"]) == ("wait for the bonus", "ada", "adviser")
    assert home.command("audit", "history", alert, "--version", 1) == 0
    assert json.loads(capsys.readouterr().out)["status"] == "open"
    assert home.command("audit", "history", alert) == 0
    assert "wait for the bonus" in capsys.readouterr().out


def test_what_mentions_an_account_is_found_by_it(
    edited: tuple[Home, list[bytes], str], capsys: pytest.CaptureFixture[str]
) -> None:
    home, _, alert = edited
    account = history(home, capsys, alert)[0]["versions"][0]["record"]["account_ids"][0]
    assert alert in {each["id"] for each in history(home, capsys, account)}


def test_a_version_that_is_damaged_is_named(
    edited: tuple[Home, list[bytes], str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = edited[0].copy(tmp_path / "home")
    for place in (home.path / "archive").glob("*/*"):
        if place.read_bytes()[:2] == b"PK":
            place.chmod(0o644)
            place.write_bytes(place.read_bytes()[:-1] + b"?")
    assert home.command("audit", "history", "advisers.csv", "--version", 1) == 3
    assert "SHA-256 expected" in capsys.readouterr().out
