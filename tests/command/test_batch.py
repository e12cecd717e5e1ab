"""Many proposals at once by what they have in common: a look, then the same with its code; each a step of its own on record."""

from __future__ import annotations

import json
import re
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evenkeel.approval.acting import open_case
from tests.command.consent_home import Desk, make
from tests.command.practice import Home
from tests.support.consenting import account, case, facts

COUNT = 400
MODEL = "balanced"
SENIOR_WORDS = ("--actor", "A-01", "--role", "senior_adviser")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose first session was run and swept."""
    home, _ = make(tmp_path_factory.mktemp("batch") / "home")
    assert home.command("sweep") == 0
    return home


@pytest.fixture
def desk(made: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A home of one's own."""
    return Desk(made.copy(tmp_path / "home"), capsys)


def code_in(said: str) -> str:
    """Return the code that a look showed."""
    found = re.search(r"--confirm ([0-9a-f]{10})\b", said)
    assert found, said
    return found[1]


def listed(desk: Desk, *words: str) -> list[dict[str, Any]]:
    """Return cases as the list shows them."""
    found: list[dict[str, Any]] = json.loads(desk("desk", "cases", *words, "--format", "json"))
    return found


def model_changed(desk: Desk, count: int = COUNT) -> None:
    """Put a proposal for each of many accounts on record that a new version of a model asks for; every other account is discretionary."""
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        house = desk.home.house()
        run = house.records.manifest(house.records.committed_dates()[-1])
        assert run is not None
        moves = []
        for number in range(count):
            one = account(f"AC-M{number}", asks=bool(number % 2), owners=f"client-{number}" if number % 2 else "")
            seen = facts(90_000, one, adviser_id="A-02" if number < 300 else "A-03", household_id=f"H-M{number}")
            new = case(
                seen, proposal_id=f"pro-m{number:03}", alert_id=f"ep-m{number:03}", run_id=run.run_id, at=desk.now
            )
            basis = {**new.content["basis"], "model": f"{MODEL}/2/bb"}
            moves += open_case(replace(new, content={**new.content, "basis": basis}), [], desk.now)
        assert house.approvals.store(moves)


def test_a_model_change_across_400_accounts_half_discretionary(desk: Desk) -> None:
    model_changed(desk)
    held = [one for one in listed(desk) if not one["proposal_id"].startswith("pro-m")]
    words = ("desk", "batch", "approve", "--model", MODEL, *SENIOR_WORDS, "--reason", "the committee's new model")
    look = desk(*words)
    assert f"{COUNT} proposals, portfolios of $36,000,000: approve would do {COUNT}, refuse 0." in look
    assert "advisers: A-02 300, A-03 100" in look
    assert "states now: with adviser 400" in look
    assert "states after: approved 200, with client 200" in look
    assert {one["state"] for one in listed(desk) if one["proposal_id"].startswith("pro-m")} == {"with_adviser"}, (
        "a look"
    )

    said = desk(*words, "--confirm", code_in(look))
    assert f"{COUNT} of {COUNT}: approve." in said
    after = [one for one in listed(desk) if one["proposal_id"].startswith("pro-m")]
    assert Counter(one["state"] for one in after) == {"approved": COUNT // 2, "with_client": COUNT // 2}
    for one in after:
        number = int(one["proposal_id"].removeprefix("pro-m"))
        asked = [each["person_id"] for each in one["consents"] if each["kind"] == "client"]
        assert asked == ([f"client-{number}"] if number % 2 else []), "no client's word where the firm decides"
    assert [one for one in listed(desk) if not one["proposal_id"].startswith("pro-m")] == held, (
        "nothing else was touched"
    )

    # Each is a step of its own, with who, why, what was seen, and that it was one of many.
    whole = json.loads(desk("desk", "show", "pro-m007", "--format", "json"))
    step = whole["steps"][-1]
    assert (step["step"], step["actor"], step["reason"]) == ("approve", "A-01", "the committee's new model")
    assert step["detail"]["batch"] == f"approve --model {MODEL}"
    adviser = next(each for each in whole["consents"] if each["kind"] == "adviser")
    assert (adviser["given_by"], adviser["digest_seen"]) == ("A-01", whole["digest"])
    assert desk.messages("pro-m007")[-1] == ("approval_requested", "client-7")
    assert ("approval_requested", "client-8") not in desk.messages("pro-m008")
    assert "is whole" in desk("audit", "verify")


def test_what_was_not_looked_at_is_not_decided(desk: Desk) -> None:
    words = ("desk", "batch", "decline", "--adviser", "A-03", "--actor", "A-03", "--reason", "not this week")
    code = code_in(desk(*words))
    first = next(one for one in listed(desk, "--adviser", "A-03") if one["state"] == "with_adviser")
    desk("desk", "approve", first["proposal_id"], "--actor", "A-03")
    before = listed(desk)
    assert "not the selection that was looked at" in desk(*words, "--confirm", code, code=2)
    assert "not the selection that was looked at" in desk(
        *(word if word != "decline" else "approve" for word in words), "--confirm", code, code=2
    )
    assert listed(desk) == before
    again = desk(*words)
    assert "1 of 1" not in again
    desk(*words, "--confirm", code_in(again))
    assert "Nothing can be done." in desk(*words)


def test_those_not_allowed_are_told_by_reason_and_hold_nothing_up(desk: Desk) -> None:
    model_changed(desk, 6)
    desk("desk", "approve", "pro-m003", *SENIOR_WORDS)
    words = ("desk", "batch", "approve", "--model", MODEL, *SENIOR_WORDS)
    look = desk(*words)
    assert "approve would do 5, refuse 1." in look
    assert "refused, 1: A-01 has said yes to it already; it waits for client-3 (client) (pro-m003)" in look
    done = desk(*words, "--confirm", code_in(look), code=3)
    assert "5 of 6: approve." in done
    assert "pro-m003: A-01 has said yes" in done


def test_all_of_a_market_event(desk: Desk) -> None:
    model_changed(desk, 6)  # of a portfolio that the event does not touch
    desk.later(hours=3)
    said = desk("market-event", "--reason", "a bad day", "--move", "us_equity=-0.35")
    [event] = re.findall(r"ev-[0-9a-f]{16}", said)[:1]
    affected = {
        row["portfolio_id"]
        for row in json.loads(desk("sql", "select portfolio_id from event_alerts", "--format", "json"))
    }
    wanted = [one for one in listed(desk) if one["portfolio_id"] in affected and one["state"] != "approved"]
    assert 0 < len(wanted) < len(listed(desk)), "the test needs some inside and some outside"
    look = desk("desk", "batch", "defer", "--event", event, *SENIOR_WORDS, "--reason", "let it settle")
    assert f"{len(wanted)} proposal" in look
    assert f"{len(wanted)} of them were made before the event" in look
    confirmed = ("--reason", "let it settle", "--confirm", code_in(look))
    desk("desk", "batch", "defer", "--event", event, *SENIOR_WORDS, *confirmed)
    put_off = {one["proposal_id"] for one in listed(desk, "--state", "deferred")}
    assert put_off == {one["proposal_id"] for one in wanted}


def test_what_is_no_selection_is_refused(desk: Desk) -> None:
    words = ("desk", "batch", "approve", *SENIOR_WORDS)
    assert "say which" in desk(*words, code=2)
    assert "whole book" in desk(*words, "--state", "with_adviser", code=2)
    assert "no adviser of the book" in desk(*words, "--adviser", "A-99", code=2)
    assert "no market event" in desk(*words, "--event", "ev-none", code=2)
    assert "not both" in desk("desk", "batch", "approve", "pro-1", *SENIOR_WORDS, "--adviser", "A-03", code=2)
    assert "0 proposals" in desk(*words, "--model", "no-such-model")


def test_nobody_decides_beyond_their_reach(desk: Desk) -> None:
    assert "0 proposals" in desk("desk", "batch", "approve", "--adviser", "A-03", "--actor", "A-02")
