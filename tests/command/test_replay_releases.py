"""Runs of a date at the same clock, before and after a release, are each replayed as they were; so is one before the deadline."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path

import pytest

from data_contracts.run_inputs import RunInputs
from evenkeel.desk.replaying import replay
from evenkeel.ports import RunRecord
from evenkeel.run.recompute import recompute, recorded
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver
from tests.command.test_trail import damage


@pytest.fixture(scope="module")
def released(
    sandbox: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, SandboxPlan, list[RunRecord]]:
    """A home whose first date ran before its deadline with a file missing, then with it and a stop, then with the stop released."""
    home, plan = sandbox[0].copy(tmp_path_factory.mktemp("released") / "home"), sandbox[1]
    date = plan.dates[0]
    early = f"{date + dt.timedelta(days=1)}T05:00:00-05:00"
    home.run(date, EVENKEEL_CLOCK=early)
    runs = [home.manifest(date)]
    deliver(home, plan, date)
    damage(home, plan)
    assert home.run(date) == 3
    runs.append(home.manifest(date))
    stop = next(
        row for row in home.records()["trail_events"] if row["kind"] == "exception_found" and '"stop"' in row["payload"]
    )
    exception = json.loads(stop["payload"])["exception_id"]
    assert home.command("desk", "release", exception, "--reason", "the custodian confirmed it", "--actor", "ops") == 0
    home.run(date)
    runs.append(home.manifest(date))
    assert len({run.run_id for run in runs}) == 3
    return home, plan, runs


def test_each_run_is_replayed_as_it_was(released: tuple[Home, SandboxPlan, list[RunRecord]]) -> None:
    home, _, runs = released
    for run in runs:
        assert recompute(home.house(), run).differing == (), run.summary
        result = replay(home.house(), None, run_id=run.run_id, from_files=True)
        assert result.is_equal
        assert result.files is not None
        assert (result.files.file_count > 0, result.files.differing) == (run is not runs[0], ())
    assert runs[1].started_at == runs[2].started_at, "their time does not tell them apart; what they knew does"


def test_what_a_run_knew_is_on_its_record(released: tuple[Home, SandboxPlan, list[RunRecord]]) -> None:
    home, _, runs = released
    known = [recorded(home.house(), run, RunInputs)["kind"].to_list() for run in runs]
    assert known == [[], ["past_deadline"], ["past_deadline", "release"]]


def test_the_same_run_again_is_the_same_run(
    released: tuple[Home, SandboxPlan, list[RunRecord]], tmp_path: Path
) -> None:
    home = released[0].copy(tmp_path / "home")
    date = released[1].dates[0]
    home.run(date)
    assert home.manifest(date).run_id == released[2][2].run_id
    assert home.manifest(date).datasets == released[2][2].datasets


def test_a_changed_file_of_the_archive_is_named(
    released: tuple[Home, SandboxPlan, list[RunRecord]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = released[0].copy(tmp_path / "home")
    file = next(each for each in home.house().records.files_of(released[1].dates[0]) if each.byte_count)
    place = home.path / "archive" / file.file_id[:2] / file.file_id[2:]
    place.chmod(0o644)
    place.write_bytes(place.read_bytes()[:-1] + b"~")
    capsys.readouterr()
    assert home.command("replay", "--date", released[1].dates[0]) == 0, "the tables alone do not need it"
    assert home.command("replay", "--date", released[1].dates[0], "--from-files") == 3
    assert f"SHA-256 expected {file.file_id}, found " in capsys.readouterr().err
