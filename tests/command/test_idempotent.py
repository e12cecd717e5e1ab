"""The same day twice, in other orders, or on other stores: the same end."""

from __future__ import annotations

import datetime as dt
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from evenkeel.ports import Arrival
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver, redeliver
from tests.command.two_custodians import ALPHA_NAME, BETA_NAME, MONDAY, alpha_rows, beta_rows, make_home, text

EVENKEEL = [sys.executable, "-m", "evenkeel.cli"]


def positions(home: Home, plan: SandboxPlan, feed: str, date: dt.date) -> Path:
    """Return the staged positions file of a feed."""
    names = [each.path for each in plan.of_date(date) if each.feed == feed and "ositions" in each.name]
    return home.path / "sandbox" / names[0]


def test_a_date_run_twice_is_run_once(home: Home, plan: SandboxPlan) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    first = home.run(date)
    before = home.records()
    assert home.run(date, EVENKEEL_CLOCK="2026-03-21T09:00:00-04:00") == first
    assert home.records() == before, "not a row, not a time stamp is other than it was"


def test_a_double_delivery_changes_nothing(home: Home, plan: SandboxPlan) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    home.run(date)
    run, digests = home.manifest(date), home.digests(date)
    file = positions(home, plan, "schwab", date)
    redeliver(home.path / "inbox" / "schwab" / "again.csv", file.read_bytes())
    home.run(date)
    assert home.manifest(date) == run
    assert home.digests(date) == digests


def test_a_corrected_file_replaces_the_day_and_taking_it_back_brings_the_day_back(
    home: Home, plan: SandboxPlan
) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    home.run(date)
    before = home.digests(date)
    file = positions(home, plan, "fidelity", date)
    corrected = re.sub(rb'("|,)\$?[\d,]+\.\d\d("?),,,,,', rb"\1$12,345.00\2,,,,,", file.read_bytes(), count=1)
    assert corrected != file.read_bytes()
    redeliver(home.path / "inbox" / "fidelity" / "corrected.csv", corrected)
    assert home.run(date) in (0, 3)
    after = home.digests(date)
    assert {name for name in after if after[name] != before[name]} >= {"source_files", "cash_balances", "holdings"}
    files = home.house().records.files_of(date)
    assert "corrected.csv" in {each.name for each in files}

    other = redeliver(home.path / "inbox" / "fidelity" / "once-more.csv", file.read_bytes() + b"\n")
    assert home.run(date) in (0, 3)
    assert home.digests(date)["holdings"] == before["holdings"]
    assert other.exists(), "the inbox is the sender's: nothing is taken out of it"


def test_a_book_changed_and_changed_back_brings_the_first_run_back(home: Home, plan: SandboxPlan) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    home.run(date)
    first, digests = home.manifest(date), home.digests(date)
    households = home.path / "book" / "households.csv"
    text = households.read_text()
    households.write_text(text.replace(" household", " family", 1))
    home.run(date)
    assert home.manifest(date).run_id != first.run_id
    households.write_text(text)
    home.run(date)
    assert home.manifest(date) == first
    assert home.digests(date) == digests


def test_a_late_file_makes_its_date_run_again_and_the_next_fold_on_it(
    home: Home, plan: SandboxPlan, sandbox: tuple[Home, SandboxPlan], tmp_path: Path
) -> None:
    first, second = plan.dates[:2]
    deliver(home, plan, first)
    late = home.path / "inbox" / positions(home, plan, "schwab", first).relative_to(home.path / "sandbox" / str(first))
    late.rename(tmp_path / "late.csv")
    assert home.run(first) == 3
    incomplete = home.manifest(first)
    (tmp_path / "late.csv").rename(late)
    deliver(home, plan, second)
    home.run(second)
    assert home.manifest(first).run_id != incomplete.run_id

    punctual = sandbox[0].copy(tmp_path / "punctual")
    for date in (first, second):
        deliver(punctual, plan, date)
        punctual.run(date)
    assert home.all_digests() == punctual.all_digests()


@pytest.mark.slow
def test_a_re_run_folds_what_came_after_it_again(
    home: Home, plan: SandboxPlan, sandbox: tuple[Home, SandboxPlan], tmp_path: Path
) -> None:
    first, second, third = plan.dates[:3]
    deliver(home, plan, second, third)
    for date in (second, third):
        home.run(date)
    orphan = home.digests(third)
    deliver(home, plan, first)
    home.run(first)

    inorder = sandbox[0].copy(tmp_path / "inorder")
    deliver(inorder, plan, first, second, third)
    for date in (first, second, third):
        inorder.run(date)
    assert home.all_digests() == inorder.all_digests()
    assert home.digests(third) != orphan, "three days in a row are not two: the fold must show it"


@pytest.mark.slow
def test_a_backfill_is_the_days_one_after_another(
    home: Home, plan: SandboxPlan, sandbox: tuple[Home, SandboxPlan], tmp_path: Path
) -> None:
    plan.deliver_all(home.path)
    assert home.command("backfill", plan.dates[0], plan.dates[-1]) == 0
    singly = sandbox[0].copy(tmp_path / "singly")
    for date in plan.dates:
        deliver(singly, plan, date)
        singly.run(date)
    assert len({date for date, _ in home.all_digests()}) == 5
    assert home.all_digests() == singly.all_digests()
    assert home.found() == singly.found()


def test_a_past_date_is_judged_by_the_policy_known_then_or_now(home: Home, plan: SandboxPlan) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    policies = home.path / "book" / "policies"
    first = next(iter(yaml.safe_load_all((policies / "house.yaml").read_text())))
    (first,) = [each for each in (first if isinstance(first, list) else [first]) if each["version"] == 1]
    later = first | {"version": 9, "recorded_at": "2026-03-15T12:00:00Z", "reason": "Known only later"}
    (policies / "house-9.yaml").write_text(yaml.safe_dump(later))
    assert home.command("backfill", date, date, "--as-known", "then") in (0, 3)
    then = home.manifest(date).policy_version
    home.run(date)
    assert home.manifest(date).policy_version != then
    home.command("run", "--date", date, "--as-known-at", "2026-03-03T07:00:00-05:00")
    assert home.manifest(date).policy_version == then


def test_what_is_half_written_is_not_read(home: Home, plan: SandboxPlan) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    home.run(date)
    run = home.manifest(date)
    file = positions(home, plan, "schwab", date)
    for name in ("half.csv.part", "half.csv.tmp", ".half.csv"):
        redeliver(home.path / "inbox" / "schwab" / name, file.read_bytes()[:500])
    home.run(date)
    assert home.manifest(date) == run


def test_a_file_that_disappears_holds_up_nobody_else(
    home: Home, plan: SandboxPlan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from evenkeel.adapters.stores.file_sources import FolderSource

    date = plan.dates[0]
    deliver(home, plan, date)
    redeliver(home.path / "inbox" / "schwab" / "fleeting.csv", b"x")
    whole = FolderSource.read_to

    def vanish(self: FolderSource, arrival: Arrival, target: Path) -> None:
        if arrival.name == "fleeting.csv":
            (home.path / "inbox" / "schwab" / "fleeting.csv").unlink()
        whole(self, arrival, target)

    monkeypatch.setattr(FolderSource, "read_to", vanish)
    assert home.run(date) == 3
    said = [line for line in capsys.readouterr().out.splitlines() if "fleeting.csv" in line]
    assert said == [
        "Not taken in: feed schwab: fleeting.csv: it cannot be read (No such file or directory); check that it is there and its "
        "permissions, then run again"
    ]
    assert home.manifest(date).status == "done"
    assert home.run(date) == 0


def test_an_inbox_that_is_not_there_is_one_to_which_nothing_has_come(home: Home, plan: SandboxPlan) -> None:
    assert not (home.path / "inbox").exists()
    assert home.run(plan.dates[0]) == 3
    assert set(home.manifest(plan.dates[0]).summary["coverage"]) <= {"waiting", "suspended", "state_hold"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (
            ("run", "--date", "2026-03-07"),
            "2026-03-07 (Saturday) is no exchange session; the session before it is 2026-03-06",
        ),
        (("run", "--date", "2026-03-23"), "2026-03-23 has not closed yet; the last closed session is 2026-03-19"),
        (("backfill", "2026-03-07", "2026-03-08"), "there is no closed session from 2026-03-07 to 2026-03-08"),
    ],
)
def test_dates_that_cannot_be_run(
    home: Home, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], said: str
) -> None:
    assert home.command(*words) == 2
    assert said in capsys.readouterr().err
    assert home.house().records.committed_dates() == []


def test_two_processes_at_once(
    home: Home, plan: SandboxPlan, sandbox: tuple[Home, SandboxPlan], tmp_path: Path
) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    home.house()
    words = [*EVENKEEL, "run", "--date", str(date)]
    both = [
        subprocess.Popen(
            words, env=os.environ | home.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    ended = [(process.communicate(timeout=90)[1], process.returncode) for process in both]
    for said, code in ended:
        if code:
            assert code == 1, said
            assert re.fullmatch(rf"evenkeel: date:{date} is held by .* wait for it to end\n", said)
        assert "Traceback" not in said
    assert 0 in [code for _, code in ended]
    alone = sandbox[0].copy(tmp_path / "alone")
    deliver(alone, plan, date)
    alone.run(date)
    assert home.all_digests() == alone.all_digests()
    assert home.found() == alone.found()


def test_a_date_that_another_run_holds(home: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]) -> None:
    date = plan.dates[0]
    deliver(home, plan, date)
    with home.house().records.lease(f"date:{date}", "somebody else", 60):
        assert home.run(date) == 1
    assert "is held by somebody else" in capsys.readouterr().err
    assert home.house().records.manifest(date) is None
    assert home.run(date) == 0


@pytest.mark.postgres
def test_records_in_postgresql_end_alike(
    home: Home, plan: SandboxPlan, sandbox: tuple[Home, SandboxPlan], tmp_path: Path, postgres_url: str
) -> None:
    other = Home(sandbox[0].copy(tmp_path / "other").path, {"EVENKEEL_DATABASE_URL": postgres_url})
    for each in (home, other):
        deliver(each, plan, plan.dates[0])
        assert each.run(plan.dates[0]) == 0
    assert other.all_digests() == home.all_digests()
    assert not (other.path / "records.db").exists()
    assert {row["run_id"] for row in other.records()["current_runs"]} == {
        row["run_id"] for row in home.records()["current_runs"]
    }
    other.house().records.close()  # type: ignore[attr-defined]


@pytest.mark.slow
def test_lake_archive_and_inbox_on_s3_end_alike(tmp_path: Path, s3_bucket: str, s3_endpoint: str) -> None:
    import boto3

    client = boto3.client("s3", endpoint_url=s3_endpoint)
    client.put_object(Bucket=s3_bucket, Key=f"in/alpha/{ALPHA_NAME}", Body=text(alpha_rows()).encode())
    client.put_object(Bucket=s3_bucket, Key=f"in/beta/{BETA_NAME}", Body=text(beta_rows()).encode())
    # Both homes read the same book: where its files lie is part of it.
    feeds = (
        f"- {{feed: alpha, layout: schwab_csv, location: 's3://{s3_bucket}/in/alpha'}}\n"
        f"- {{feed: beta, layout: fidelity_csv, location: 's3://{s3_bucket}/in/beta'}}\n"
    )
    reached = {"EVENKEEL_S3_ENDPOINT_URL": s3_endpoint}
    away = {"EVENKEEL_LAKE_URL": f"s3://{s3_bucket}/lake", "EVENKEEL_ARCHIVE_URL": f"s3://{s3_bucket}/archive"}
    local = Home(make_home(tmp_path / "local", feeds_yaml=feeds).path, reached)
    remote = Home(make_home(tmp_path / "remote", feeds_yaml=feeds).path, reached | away)
    assert remote.run(MONDAY) == 0
    assert local.run(MONDAY) == 0
    assert remote.all_digests() == local.all_digests()
    assert not (remote.path / "lake").exists()
    assert not (remote.path / "archive").exists()
    assert remote.command("sql", "select count(*) from alerts") == 0
