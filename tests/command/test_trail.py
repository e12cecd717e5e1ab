"""The trail of a home: what commands write to it, and what an examiner can do with it alone."""

from __future__ import annotations

import json
import re
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from evenkeel.adapters.stores import records_db
from evenkeel.errors import TransientError
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.practice import Home, deliver, redeliver


@pytest.fixture(scope="module")
def damaged(sandbox: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one run, one account of which is stopped; to be copied."""
    home, plan = sandbox[0].copy(tmp_path_factory.mktemp("damaged") / "home"), sandbox[1]
    deliver(home, plan, plan.dates[0])
    damage(home, plan)
    assert home.run(plan.dates[0]) == 3
    home.house().records.close()  # type: ignore[attr-defined]
    return home


@pytest.fixture
def ran(damaged: Home, tmp_path: Path) -> Home:
    """A copy of it."""
    return damaged.copy(tmp_path / "ran")


def damage(home: Home, plan: SandboxPlan) -> None:
    """Give the first holding of the last account in Schwab's positions another market value."""
    name = next(each.name for each in plan.of_date(plan.dates[0]) if each.feed == "schwab" and "ositions" in each.name)
    path = home.path / "inbox" / "schwab" / name
    lines = path.read_text().splitlines(keepends=True)
    header = max(number for number, line in enumerate(lines) if line.startswith('"Symbol"'))
    cells = lines[header + 1].split('","')
    cells[6] = "$9,876,543.21"
    lines[header + 1] = '","'.join(cells)
    redeliver(path, "".join(lines).encode())


def events(home: Home, capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert home.command("audit", "show", "--format", "json", *words) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def stops(home: Home, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert home.command("quarantine", "--format", "json") == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_a_run_is_in_the_trail_and_the_trail_is_whole(ran: Home, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert ran.command("audit", "verify") == 0
    assert re.search(
        r"The trail is whole: \d+ events, \d+ sealed, 1 checkpoint, last hash [0-9a-f]{64}\.", capsys.readouterr().out
    )
    kinds = {event["kind"] for event in events(ran, capsys)}
    assert kinds >= {"run_committed", "coverage_stated", "book_changed", "policy_in_force", "exception_found"}
    (coverage,) = events(ran, capsys, "--kind", "coverage_stated")
    assert sum(coverage["payload"]["by_status"].values()) == coverage["payload"]["enabled"]


def test_an_export_is_verified_anywhere(ran: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    export = tmp_path / "trail.jsonl"
    assert ran.command("audit", "export", export) == 0
    elsewhere = {"EVENKEEL_HOME": str(tmp_path / "no home")}
    assert ran.command("audit", "verify", "--file", export, **elsewhere) == 0
    last = json.loads(export.read_bytes().splitlines()[-1])
    assert f"{last['seq']} sealed" in (said := capsys.readouterr().out)
    assert f"last hash {last['hash']}" in said
    copy = ran.path / "audit" / "checkpoints.jsonl"
    assert ran.command("audit", "verify", "--file", export, "--checkpoint", copy, **elsewhere) == 0


@pytest.mark.parametrize("how", ["byte", "row", "swapped", "cut"])
def test_an_export_that_was_touched_fails_and_says_where(
    ran: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str], how: str
) -> None:
    export = tmp_path / "trail.jsonl"
    ran.command("audit", "export", export)
    lines = export.read_bytes().splitlines(keepends=True)
    fifth = 2 + 4
    if how == "byte":
        lines[fifth] = lines[fifth].replace(b'"automation"', b'"automatjon"')
    elif how == "row":
        del lines[fifth]
    elif how == "swapped":
        lines[fifth], lines[fifth + 1] = lines[fifth + 1], lines[fifth]
    else:
        del lines[-1]
    export.write_bytes(b"".join(lines))
    capsys.readouterr()
    assert ran.command("audit", "verify", "--file", export) == 3
    said = capsys.readouterr().out
    place = len(lines) - 1 if how == "cut" else 5
    assert f"first at entry {place}" in said, said
    assert {"byte": "altered", "row": "missing", "swapped": "entry", "cut": "cut"}[how] in said


def test_a_part_of_the_trail_is_exported_by_dates(
    ran: Home, plan: SandboxPlan, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = plan.dates[:2]
    deliver(ran, plan, second)
    assert ran.run(second) in (0, 3)
    export = tmp_path / "part.jsonl"
    assert ran.command("audit", "export", export, "--from", second, "--to", second) == 0
    told = [json.loads(line) for line in export.read_bytes().splitlines()]
    assert {each["event"]["business_date"] for each in told if "event" in each} == {str(second)}
    capsys.readouterr()
    assert ran.command("audit", "verify", "--file", export) == 0
    assert "part.jsonl says that it is a part of a trail" in capsys.readouterr().out
    assert ran.command("audit", "export", export, "--from", "2027-01-04") == 2
    assert ran.command("audit", "export", export, "--from", second, "--to", first) == 2
    assert ran.command("audit", "export", tmp_path / "nowhere" / "x") == 2


def test_a_touched_home_fails_with_code_three_and_says_where(ran: Home, capsys: pytest.CaptureFixture[str]) -> None:
    database = sqlite3.connect(ran.path / "records.db")
    database.execute("DROP TRIGGER trail_events_no_update")
    database.execute("UPDATE trail_events SET actor = 'evenkeeL' WHERE event_no = 3")
    database.commit()
    database.close()
    capsys.readouterr()
    assert ran.command("audit", "verify") == 3
    said = capsys.readouterr().out
    assert "The trail is BROKEN in 1 place, first at entry 3 (event tr-" in said
    assert "altered · entry 3" in said


def test_an_older_copy_of_the_checkpoints_is_compared(
    ran: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy.jsonl"
    copy.write_bytes((ran.path / "audit" / "checkpoints.jsonl").read_bytes())
    assert ran.command("audit", "verify", "--checkpoint", copy) == 0
    copy.write_bytes(copy.read_bytes() + copy.read_bytes().replace(b'"seq":', b'"seq":9'))
    assert ran.command("audit", "verify", "--checkpoint", copy) == 3
    assert ran.command("audit", "verify", "--checkpoint", tmp_path / "none") == 2


def test_the_same_run_again_tells_nothing(ran: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]) -> None:
    before = events(ran, capsys), (ran.path / "audit" / "checkpoints.jsonl").read_bytes()
    ran.run(plan.dates[0], EVENKEEL_CLOCK="2026-03-21T09:00:00-04:00")
    assert (events(ran, capsys), (ran.path / "audit" / "checkpoints.jsonl").read_bytes()) == before


def test_what_a_run_could_not_seal_any_more_the_next_one_seals(
    home: Home,
    plan: SandboxPlan,
    ran: Home,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(*arguments: object) -> None:
        raise TransientError("the machine goes down")

    deliver(home, plan, plan.dates[0])
    damage(home, plan)
    for name in ("seal_and_check", "append_checkpoints"):
        with monkeypatch.context() as patch:
            patch.setattr(records_db, name, fail)
            assert home.run(plan.dates[0]) == 1
        capsys.readouterr()
        assert home.command("audit", "verify") == 0
        said = capsys.readouterr().out
        assert ("not sealed yet" if name == "seal_and_check" else "has no line yet for the newest checkpoint") in said
    assert home.run(plan.dates[0]) == 3
    assert events(home, capsys) == events(ran, capsys)
    files = [each.path / "audit" / "checkpoints.jsonl" for each in (home, ran)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_a_book_changed_and_changed_back_is_three_commits(
    ran: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]
) -> None:
    households = ran.path / "book" / "households.csv"
    text = households.read_text()
    households.write_text(text.replace(" household", " family", 1))
    ran.run(plan.dates[0])
    households.write_text(text)
    ran.run(plan.dates[0])
    a, b, again = events(ran, capsys, "--kind", "run_committed")
    assert [b["payload"]["replaces"], again["payload"]["replaces"]] == [a["run_id"], b["run_id"]]
    assert again["run_id"] == a["run_id"]
    changes = events(ran, capsys, "--kind", "book_changed")
    assert [[file["file"] for file in event["payload"]["files"]] for event in changes[1:]] == [["households.csv"]] * 2
    assert ran.command("audit", "verify") == 0


def test_a_stop_is_released_with_a_reason(ran: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]) -> None:
    date = plan.dates[0]
    held = [each for each in stops(ran, capsys) if each["effect"] == "stop"]
    assert held
    stop = held[0]
    assert (stop["since_date"], stop["age_sessions"], stop["owner"]) == (str(date), 0, "operations")
    words = ("desk", "release", stop["exception_id"][:11], "--reason", "told by phone", "--actor", "Kim")
    assert ran.command(*words, "--until", plan.dates[1]) == 0
    said = capsys.readouterr().out
    assert f"It takes effect when the date is run again: evenkeel run --date {date}" in said
    (granted,) = events(ran, capsys, "--kind", "release_granted")
    assert (granted["actor"], granted["role"], granted["subject"]) == ("Kim", "operations", stop["subject_id"])
    assert granted["payload"]["until_date"] == str(plan.dates[1])
    (shown,) = [each for each in stops(ran, capsys) if each["exception_id"] == stop["exception_id"]]
    assert (shown["release"]["actor"], shown["release"]["reason"]) == ("Kim", "told by phone")
    assert ran.command("quarantine") == 0
    assert "Released by Kim (operations), lifted by the next run of the date: told by phone" in capsys.readouterr().out
    assert ran.command("audit", "verify") == 0

    ran.run(date)
    (shown,) = [each for each in stops(ran, capsys) if each["exception_id"] == stop["exception_id"]]
    assert shown["effect"] == "released"
    (applied,) = events(ran, capsys, "--kind", "release_applied")
    assert applied["payload"]["release_id"] == granted["payload"]["release_id"]
    assert ran.command(*words) == 2, "it is no stop any more"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"id": "ex-nothing"}, "`evenkeel quarantine` lists what is"),
        ({"id": " "}, "`evenkeel quarantine` lists what is"),
        ({"--reason": " "}, "needs a reason and an actor"),
        ({"--actor": ""}, "needs a reason and an actor"),
        ({"--role": "client"}, "released by one of adviser, operations, compliance"),
        ({"--until": "2026-02-27"}, "has passed"),
    ],
)
def test_a_release_that_makes_no_sense_is_refused(
    ran: Home, capsys: pytest.CaptureFixture[str], changes: dict[str, str], said: str
) -> None:
    given = {"id": stops(ran, capsys)[0]["exception_id"], "--reason": "x", "--actor": "Kim"} | changes
    identity = given.pop("id")
    words = [word for pair in given.items() for word in pair]
    assert ran.command("desk", "release", identity, *words) == 2
    assert said in capsys.readouterr().err
    assert events(ran, capsys, "--kind", "release_granted") == []


def test_a_decision_is_in_the_trail(ran: Home, plan: SandboxPlan, capsys: pytest.CaptureFixture[str]) -> None:
    opened = events(ran, capsys, "--kind", "alert_opened")
    assert opened, "the practice has an alert on its first day"
    alert_id = opened[0]["subject"]
    assert ran.command("desk", "decline", alert_id, "--reason", "client asked", "--actor", "Zoë") == 0
    (taken,) = events(ran, capsys, "--kind", "decision_taken")
    assert (taken["subject"], taken["actor"], taken["payload"]["reason"]) == (alert_id, "Zoë", "client asked")
    assert taken["seq"] is not None
    portfolio = opened[0]["payload"]["portfolio_id"]
    assert alert_id in {event["subject"] for event in events(ran, capsys, "--subject", portfolio)}


def test_quarantine_as_csv_and_words(ran: Home, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert ran.command("quarantine", "--format", "csv") == 0
    header, *lines = capsys.readouterr().out.splitlines()
    assert header.startswith("business_date,exception_id,effect,scope,subject_id")
    assert len(lines) >= 1
    assert ran.command("audit", "show", "--kind", "nonsense") == 2
    assert ran.command("audit", "show", "--subject", "nobody") == 0
    assert "No event matches." in capsys.readouterr().out


@pytest.mark.postgres
def test_the_same_run_tells_the_same_on_postgresql(
    ran: Home,
    plan: SandboxPlan,
    sandbox: tuple[Home, SandboxPlan],
    tmp_path: Path,
    postgres_url: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = Home(sandbox[0].copy(tmp_path / "other").path, {"EVENKEEL_DATABASE_URL": postgres_url})
    deliver(other, plan, plan.dates[0])
    damage(other, plan)
    assert other.run(plan.dates[0]) == 3
    assert events(other, capsys) == events(ran, capsys)
    assert other.command("audit", "verify") == 0
    lines = [(each.path / "audit" / "checkpoints.jsonl").read_bytes() for each in (ran, other)]
    assert lines[0] == lines[1]
    other.house().records.close()  # type: ignore[attr-defined]
