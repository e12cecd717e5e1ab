"""The trail's archive by the command: filled by runs, resumed after a failure, and what it shows that the home alone cannot."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from pathlib import Path
from typing import Any

import pytest

from evenkeel.adapters.stores.trail_archive import S3TrailArchive
from evenkeel.audit.export import verify_export
from evenkeel.errors import TransientError
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver


@pytest.fixture(scope="module")
def ran(sandbox: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one run and no archive yet; to be copied."""
    home, plan = sandbox[0].copy(tmp_path_factory.mktemp("archived") / "home"), sandbox[1]
    deliver(home, plan, plan.dates[0])
    home.run(plan.dates[0])
    home.house().records.close()  # type: ignore[attr-defined]
    return home


@pytest.fixture
def archived(ran: Home, tmp_path: Path, s3_bucket: str, s3_endpoint: str) -> Home:
    """A copy of it, with an empty archive."""
    import boto3

    bucket = f"locked-{uuid.uuid4().hex[:12]}"
    boto3.client("s3", endpoint_url=s3_endpoint).create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    more = {"EVENKEEL_AUDIT_ARCHIVE_URL": f"s3://{bucket}/trail", "EVENKEEL_S3_ENDPOINT_URL": s3_endpoint}
    shutil.copytree(ran.path, tmp_path / "home")
    return Home(tmp_path / "home", more)


def objects(home: Home) -> dict[str, bytes]:
    archive = home.house().trail_archive
    assert archive is not None
    return {name: archive.read(name, versions[0]) for name, versions in archive.held().items()}


def snooze(home: Home) -> None:
    alert = next(row for row in home.records()["alerts"] if row["status"] == "open")["alert_id"]
    assert home.command("desk", "decline", alert, "--reason", "not now", "--actor", "ada") == 0


def test_what_is_lacking_is_put_there_once(archived: Home, capsys: pytest.CaptureFixture[str]) -> None:
    snooze(archived)
    capsys.readouterr()
    assert archived.command("status") == 0
    assert "2 checkpoints not in s3://" in capsys.readouterr().out
    assert archived.command("audit", "archive") == 0
    assert "2 written" in capsys.readouterr().out
    there = objects(archived)
    assert list(there) == sorted(there)
    assert all(verify_export(content.splitlines(keepends=True), name).is_whole for name, content in there.items())
    assert archived.command("audit", "archive") == 0
    assert "0 written" in capsys.readouterr().out
    assert archived.command("audit", "verify", "--archive") == 0
    assert "held against 2 objects" in capsys.readouterr().out
    archived.command("status")
    assert "Trail's archive: all in s3://" in capsys.readouterr().out


def test_a_run_goes_on_without_the_archive_and_says_so(
    archived: Home, plan: SandboxPlan, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: Any) -> bool:
        raise TransientError("s3://x: cannot be reached (ReadTimeoutError); try again later")

    deliver(archived, plan, plan.dates[1])
    with monkeypatch.context() as broken:
        broken.setattr(S3TrailArchive, "keep", away)
        capsys.readouterr()
        assert archived.run(plan.dates[1]) in (0, 3)
        assert "2 checkpoints not in s3://" in capsys.readouterr().out
        assert archived.command("audit", "archive") == 1
    assert objects(archived) == {}
    assert archived.command("audit", "archive") == 0
    assert len(objects(archived)) == 2


def test_a_sweep_puts_away_what_people_have_said(archived: Home) -> None:
    snooze(archived)
    assert archived.command("sweep") == 0
    assert b"not now" in b"".join(objects(archived).values())
    with archived.house().records.trail() as trail:
        assert len(objects(archived)) == len(trail.checkpoints)


def test_status_says_so_when_the_archive_is_away(
    archived: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def away(*_: Any) -> Any:
        raise TransientError("s3://x: cannot be reached (ConnectTimeoutError); try again later")

    monkeypatch.setattr(S3TrailArchive, "held", away)
    capsys.readouterr()
    assert archived.command("status") == 0
    assert "checkpoints not in s3://" in (said := capsys.readouterr().out)
    assert "cannot be reached (ConnectTimeoutError)" in said
    assert archived.command("audit", "verify", "--archive") == 1


def test_a_failure_on_the_way_leaves_what_was_written(archived: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    snooze(archived)
    keep = S3TrailArchive.keep
    calls: list[str] = []

    def second_fails(self: S3TrailArchive, name: str, content: bytes, now: Any) -> bool:
        calls.append(name)
        if len(calls) == 2:
            raise TransientError("reset")
        return keep(self, name, content, now)

    with monkeypatch.context() as broken:
        broken.setattr(S3TrailArchive, "keep", second_fails)
        assert archived.command("audit", "archive") == 1
    assert len(objects(archived)) == 1
    assert archived.command("audit", "archive") == 0
    assert len(objects(archived)) == 2


def test_a_trail_written_anew_is_not_that_of_the_archive(
    archived: Home, ran: Home, plan: SandboxPlan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    snooze(archived)
    assert archived.command("audit", "archive") == 0
    # Whoever owns the home takes the last events away with everything in the home that knew them.
    database = sqlite3.connect(archived.path / "records.db")
    for table in ("events", "chain", "checkpoints"):
        database.execute(f"DROP TRIGGER trail_{table}_no_delete")
    first, last = (row[0] for row in database.execute("SELECT seq FROM trail_checkpoints ORDER BY seq"))
    database.execute(
        "DELETE FROM trail_events WHERE event_no IN (SELECT event_no FROM trail_chain WHERE seq > ?)", [first]
    )
    database.execute("DELETE FROM trail_chain WHERE seq > ?", [first])
    database.execute("DELETE FROM trail_checkpoints WHERE seq > ?", [first])
    database.commit()
    database.close()
    file = archived.path / "audit" / "checkpoints.jsonl"
    file.write_bytes(file.read_bytes().splitlines(keepends=True)[0])
    assert archived.command("audit", "verify") == 0
    capsys.readouterr()
    assert archived.command("audit", "verify", "--archive") == 3
    assert f"the trail has no checkpoint of entry {last}" in capsys.readouterr().out


def test_an_object_that_is_not_ours_is_named_with_both_digests(
    archived: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    house = archived.house()
    assert house.trail_archive is not None
    with house.records.trail() as trail:
        seq = trail.checkpoints[0].seq
    house.trail_archive.keep(f"trail-{seq:012d}.jsonl", b"something else\n", house.clock.now())
    capsys.readouterr()
    assert archived.command("audit", "archive") == 3
    assert "SHA-256" in capsys.readouterr().out
    assert archived.command("audit", "verify", "--archive") == 3
    assert f"entries 1 to {seq} are others in s3://" in capsys.readouterr().out


def test_without_an_archive_it_is_wrong_use(ran: Home) -> None:
    assert ran.command("audit", "archive") == 2
    assert ran.command("audit", "verify", "--archive") == 2
    assert ran.command("audit", "verify", "--archive", "--file", "x") == 2
