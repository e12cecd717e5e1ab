"""`evenkeel replay`: what the record names gives the alert again, byte for byte; what was touched is named."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.alerts import Alerts
from data_contracts.book_versions import BookVersions
from evenkeel.desk import replaying
from evenkeel.desk.replaying import replay
from evenkeel.run import versions
from evenkeel.run.recompute import recompute
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver


@pytest.fixture(scope="module")
def practice(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, SandboxPlan]:
    """A home with three dates, a decision between them, and the first date run again with another book; to be copied."""
    path = tmp_path_factory.mktemp("past") / "home"
    plan = generate(path, 12, 3, 7, faults=False)
    home = Home(path)
    for date in plan.dates[:2]:
        deliver(home, plan, date)
        home.run(date)
    alert = next(row for row in home.records()["alerts"] if row["status"] == "open")["alert_id"]
    assert home.command("desk", "decline", alert, "--reason", "not now", "--actor", "ada") == 0
    deliver(home, plan, plan.dates[2])
    home.run(plan.dates[2])
    advisers = home.path / "book" / "advisers.csv"
    lines = advisers.read_text("utf-8").splitlines()
    first = lines[1].split(",")
    name = lines[0].split(",").index("name")
    first[name] = "Another Name"
    advisers.write_text("\n".join([lines[0], ",".join(first), *lines[2:]]) + "\n", "utf-8")
    home.run(plan.dates[0])
    home.house().records.close()  # type: ignore[attr-defined]
    return home, plan


@pytest.fixture
def past(practice: tuple[Home, SandboxPlan]) -> Home:
    return practice[0]


@pytest.fixture
def plan(practice: tuple[Home, SandboxPlan]) -> SandboxPlan:
    return practice[1]


@pytest.fixture
def copy(past: Home, tmp_path: Path) -> Home:
    return past.copy(tmp_path / "home")


def replayed(home: Home, capsys: pytest.CaptureFixture[str], *words: object) -> dict[str, Any]:
    capsys.readouterr()
    code = home.command("replay", *words, "--format", "json")
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    assert code == (0 if said["is_equal"] else 3)
    return said


def test_every_alert_of_every_run_is_equal_byte_for_byte(past: Home, plan: SandboxPlan) -> None:
    runs = past.house().records.recent_runs()
    assert {run.business_date for run in runs} == set(plan.dates[:3])
    assert len(runs) > 3, "the replaced runs are replayed too"
    for run in runs:
        result = replay(past.house(), None, run_id=run.run_id)
        assert len(result.alerts) == sum(run.summary["alerts"].values())
        assert result.alerts, run.business_date
        assert [each.differences for each in result.alerts if not each.is_equal] == []
        assert (list(result.datasets), list(result.versions), list(result.notes)) == ([], [], [])


def test_one_alert_is_found_by_the_beginning_of_its_id(
    past: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    alert = past.records()["alert_log"][0]["alert_id"]
    said = replayed(past, capsys, alert[:12], "--date", plan.dates[0])
    assert [each["id"] for each in said["alerts"]] == [alert]
    assert said["is_equal"] is True
    capsys.readouterr()
    assert past.command("replay", alert) == 0
    assert "1 of 1 alerts equal, byte for byte" in capsys.readouterr().out
    assert past.command("replay", alert, "--format", "alert") == 0
    assert json.loads(capsys.readouterr().out)["id"] == alert


def test_what_is_not_there_is_wrong_use(past: Home, plan: SandboxPlan) -> None:
    alert = past.records()["alert_log"][0]["alert_id"]
    assert past.command("replay", "ep-nothing") == 2
    assert past.command("replay", "ep-") == 2
    assert past.command("replay", alert, "--date", "2025-01-02") == 2
    assert past.command("replay", "--run", "run-nothing") == 2


def test_a_changed_file_of_the_lake_is_named_with_its_digests(
    copy: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = next(one for one in copy.manifest(plan.dates[0]).datasets if one.dataset == "prices")
    other = next(one for one in copy.manifest(plan.dates[1]).datasets if one.dataset == "prices")
    lake = copy.path / "lake" / "prices"
    shutil.copyfile(lake / other.files[0], lake / stored.files[0])
    capsys.readouterr()
    assert copy.command("replay", "--date", plan.dates[0]) == 3
    said = capsys.readouterr().err
    assert f"lake: prices of {plan.dates[0]}" in said
    assert stored.files[0] in said
    assert f"expected {stored.digest}, found " in said


def test_a_missing_file_of_the_lake_is_named(copy: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]) -> None:
    stored = next(one for one in copy.manifest(plan.dates[1]).datasets if one.dataset == "episodes")
    (copy.path / "lake" / "episodes" / stored.files[0]).unlink()
    capsys.readouterr()
    # Of the day itself it is only the result; the day after builds on it.
    assert copy.command("replay", "--date", plan.dates[2]) == 3
    assert f"lake: episodes of {plan.dates[1]}" in capsys.readouterr().err


def test_a_changed_policy_is_named_with_its_digests(
    copy: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    run = copy.manifest(plan.dates[2])
    (row,) = copy.house().store.read(BookVersions, dataset(run, "book_versions")).to_dicts()
    file_id = row["archive_file_id"]
    place = copy.path / "archive" / file_id[:2] / file_id[2:]
    place.chmod(0o644)
    content = bytearray(place.read_bytes())
    content[len(content) // 2] ^= 1
    place.write_bytes(bytes(content))
    capsys.readouterr()
    assert copy.command("replay", "--date", plan.dates[2]) == 3
    said = capsys.readouterr().err
    assert f"SHA-256 expected {file_id}, found " in said
    assert "restore it from its backup" in said


def test_a_changed_row_of_the_log_is_named(copy: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]) -> None:
    database = sqlite3.connect(copy.path / "records.db")
    database.execute("UPDATE alert_log SET alert = json_set(alert, '$.reason', 'all is well')")
    database.commit()
    database.close()
    capsys.readouterr()
    assert copy.command("replay", "--date", plan.dates[2]) == 3
    assert "the log of alerts does not hold what was written of ep-" in capsys.readouterr().err


def test_a_decision_that_is_gone_is_named(copy: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]) -> None:
    database = sqlite3.connect(copy.path / "records.db")
    (decision,) = database.execute("SELECT decision_id FROM decisions").fetchone()
    database.execute("DELETE FROM decisions")
    database.commit()
    database.close()
    capsys.readouterr()
    assert copy.command("replay", "--date", plan.dates[2]) == 3
    assert decision in capsys.readouterr().err


def test_a_difference_is_named_by_member_with_the_versions(
    past: Home, plan: SandboxPlan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    now = {**versions.made_with(), "polars": "9.9.9"}
    monkeypatch.setattr(replaying, "made_with", lambda: now)

    def other(house: Any, run: Any) -> Any:
        made = recompute(house, run)
        alerts = made.frames[Alerts].with_columns(pl.lit("said otherwise").alias("reason"))
        frames: dict[Any, pl.DataFrame] = {**made.frames, Alerts: alerts}
        return type(made)(frames, made.book, ("alerts",), made.notes)

    monkeypatch.setattr(replaying, "recompute", other)
    alert = past.records()["alert_log"][0]["alert_id"]
    said = replayed(past, capsys, alert, "--date", plan.dates[0])
    (one,) = said["alerts"][0]["differences"]
    assert (one["path"], one["is"]) == ("reason", "said otherwise")
    assert one["was"]
    assert [line.split(":")[0] for line in said["versions_differing"]] == ["polars"]
    assert said["datasets_differing"] == ["alerts"]


def test_a_run_whose_record_says_less_is_replayed_with_a_note(
    copy: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    database = sqlite3.connect(copy.path / "records.db")
    database.execute("DELETE FROM run_datasets WHERE dataset = 'run_inputs'")
    database.execute("UPDATE runs SET summary = json_remove(summary, '$.made_with')")
    database.commit()
    database.close()
    said = replayed(copy, capsys, "--date", plan.dates[2])
    assert said["is_equal"] is True
    assert len(said["notes"]) == 2
    assert any("does not say which decisions" in note for note in said["notes"])


def dataset(run: Any, name: str) -> Any:
    return next(one for one in run.datasets if one.dataset == name)
