"""A stop from its finding to its release, through the command alone: on a practice with the sandbox's own faults."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.coverage import Coverage
from data_contracts.vocab import Check, CoverageStatus
from evenkeel.desk.reading import dataset
from evenkeel.errors import EXIT_DONE, EXIT_STOPPED, EXIT_USAGE
from evenkeel.sandbox.generate import generate
from evenkeel.sandbox.plan import Expected, SandboxPlan
from tests.command.practice import Home

HOUSEHOLDS, DAYS, SEED = 8, 5, 11
REASON = "units and price are right; the custodian confirmed its value is not"

Practice = tuple[Home, SandboxPlan, Expected]


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Practice:
    """A home whose last session has a damaged row that stops an account; to be copied."""
    path = tmp_path_factory.mktemp("faulty") / "home"
    plan = generate(path, HOUSEHOLDS, DAYS, SEED)
    fault = next(each for each in plan.expected if each.check is Check.VALUE_PRODUCT)
    home = Home(path)
    plan.deliver_all(path)
    for date in plan.dates[: plan.dates.index(fault.business_date)]:
        home.run(date)
    assert home.run(fault.business_date) == EXIT_STOPPED
    home.house().records.close()  # type: ignore[attr-defined]
    return home, plan, fault


@pytest.fixture
def practice(ran: Practice, tmp_path: Path) -> Practice:
    """One of one's own."""
    return ran[0].copy(tmp_path / "home"), *ran[1:]


def printed(home: Home, capsys: pytest.CaptureFixture[str], *words: object) -> str:
    capsys.readouterr()
    assert home.command(*words) == EXIT_DONE
    return capsys.readouterr().out


def held(home: Home, capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(printed(home, capsys, "quarantine", "--format", "json", *words))
    return found


def told(home: Home, capsys: pytest.CaptureFixture[str], *words: object) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(printed(home, capsys, "audit", "show", "--format", "json", *words))
    return found


def statuses(home: Home, fault: Expected) -> Sequence[str]:
    stated = dataset(home.house(), home.manifest(fault.business_date), Coverage)
    return stated.filter(pl.col("account_id").is_in(fault.account_ids))["status"].to_list()


def test_quarantine_says_what_is_stopped_why_since_when_and_who_must_act(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    home, plan, fault = practice
    (stop,) = held(home, capsys)
    assert (stop["effect"], stop["check"], stop["account_id"]) == ("stop", fault.check, fault.account_ids[0])
    assert (stop["since_date"], stop["age_sessions"], stop["owner"]) == (str(fault.business_date), 0, "operations")
    assert stop["release"] is None
    (row,) = csv.DictReader(io.StringIO(printed(home, capsys, "quarantine", "--format", "csv")))
    assert (row["exception_id"], row["message"], row["release_actor"]) == (stop["exception_id"], stop["message"], "")
    table = printed(home, capsys, "quarantine")
    for word in (stop["exception_id"][:11], stop["message"], f"since {fault.business_date}", "Operations must act"):
        assert word in table, word
    assert held(home, capsys, "--date", plan.dates[0]) == []


def test_a_stop_that_is_released_is_lifted_by_the_next_run(
    practice: Practice, capsys: pytest.CaptureFixture[str]
) -> None:
    home, _, fault = practice
    (stop,) = held(home, capsys)
    assert statuses(home, fault) == [CoverageStatus.QUARANTINED.value]
    words = ("--reason", REASON, "--actor", "Kim Ops", "--role", "operations")
    said = printed(home, capsys, "desk", "release", stop["exception_id"][:11], *words)
    assert f"evenkeel run --date {fault.business_date}" in said
    assert statuses(home, fault) == [CoverageStatus.QUARANTINED.value], "nothing changes before the date is run again"
    (waiting,) = held(home, capsys)
    assert (waiting["effect"], waiting["release"]["reason"]) == ("stop", REASON)

    assert home.run(fault.business_date) == EXIT_DONE
    (released,) = held(home, capsys)
    assert (released["effect"], released["exception_id"]) == ("released", stop["exception_id"])
    assert (released["release"]["actor"], released["release"]["role"]) == ("Kim Ops", "operations")
    # The practice has this household wait for another account too, which is set aside by its state.
    assert statuses(home, fault) == [CoverageStatus.HOUSEHOLD_WAITS.value], "the account itself is stopped no more"
    assert "0 stops, 1 released" in printed(home, capsys, "quarantine")

    assert "The trail is whole" in printed(home, capsys, "audit", "verify")
    (granted,) = told(home, capsys, "--kind", "release_granted")
    assert (granted["actor"], granted["role"], granted["subject"]) == ("Kim Ops", "operations", stop["subject_id"])
    assert (granted["payload"]["reason"], granted["payload"]["exception_id"]) == (REASON, stop["exception_id"])
    (applied,) = told(home, capsys, "--kind", "release_applied")
    assert applied["payload"]["release_id"] == granted["payload"]["release_id"]
    kinds = [event["kind"] for event in told(home, capsys, "--subject", stop["exception_id"])]
    assert kinds[:2] == ["exception_found", "release_granted"]
    assert "release_applied" in kinds
    assert REASON in printed(home, capsys, "audit", "show", "--subject", stop["subject_id"])


def test_a_release_ends_with_its_last_date(practice: Practice, capsys: pytest.CaptureFixture[str]) -> None:
    home, plan, fault = practice
    (stop,) = held(home, capsys)
    early = plan.dates[plan.dates.index(fault.business_date) - 1]
    words = ("desk", "release", stop["exception_id"], "--reason", REASON, "--actor", "Kim Ops")
    assert home.command(*words, "--until", early) == EXIT_USAGE
    assert home.run(fault.business_date) == EXIT_STOPPED, "what was refused lifts nothing"
    assert told(home, capsys, "--kind", "release_granted") == []
    assert home.command(*words) == EXIT_DONE
    releases = home.house().records.releases().to_dicts()
    assert [(each["from_date"], each["until_date"]) for each in releases] == [(fault.business_date,) * 2]
