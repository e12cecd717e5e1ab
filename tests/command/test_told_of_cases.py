"""What messages say of a case: the list as a person changed it, who decided and why; what cannot be said stops nothing else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from evenkeel.adapters.stores.database import writing
from evenkeel.adapters.stores.records_schema import outbox
from tests.command.consent_home import ASKED, SENIOR, Desk, make
from tests.command.practice import Home
from tests.command.test_messages import FIRM


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose first session was run and swept."""
    home, _ = make(tmp_path_factory.mktemp("cases") / "home")
    assert home.command("sweep") == 0
    return home


@pytest.fixture
def desk(made: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A home of one's own, in which the firm has said who writes."""
    home = made.copy(tmp_path / "home")
    return Desk(replace(home, more=home.more | FIRM), capsys)


def sent(desk: Desk, kind: str, proposal: str) -> list[dict[str, Any]]:
    """Return the payloads of addressed messages of a kind about a proposal, by recipient."""
    rows = [row for row in desk.home.records()["outbox"] if row["subject_id"] == proposal and row["kind"] == kind]
    return [
        json.loads(row["payload"]) | {"to": row["recipient_ref"]}
        for row in sorted(rows, key=lambda row: str(row["recipient_ref"]))
        if row["channel"]
    ]


def test_the_client_is_told_of_the_list_as_the_adviser_changed_it(desk: Desk) -> None:
    case = desk.case(ASKED[1])
    first, last = case["list"]["trades"][0], case["list"]["trades"][-1]
    quantity = int(float(first["traded_qty"])) - 1
    words = ("--qty", f"{first['trade_no']}={quantity}", "--drop", last["trade_no"], "--reason", "keeps some")
    desk("desk", "modify", case["proposal_id"], *words, "--actor", "A-03")
    changed = desk.case(ASKED[1])
    desk("messages", "send")
    messages = sent(desk, "client_proposal", changed["proposal_id"])
    assert [each["to"] for each in messages] == ["lou", "pat"]
    text = messages[0]["text"]
    assert f"Sell {quantity} {first['security_id']}" in " ".join(text.split())
    assert last["security_id"] not in text
    assert "smaller than it was first proposed" in text
    assert "keeps some" not in text, "an adviser's reason is no word to the client"
    figures = changed["list"]["figures"]
    assert f"Sales: ${round(float(figures['sold_usd'])):,}" in text
    [told] = sent(desk, "proposal_superseded", case["proposal_id"])
    assert "Reason: keeps some" in told["text"]
    assert "adviser\n" in told["text"].split("By: ")[1][:60]


def test_a_decision_is_told_with_who_and_why(desk: Desk) -> None:
    case = desk.case(SENIOR[1])
    as_senior = ("--actor", "A-01", "--role", "senior_adviser")
    desk("desk", "decline", case["proposal_id"], "--reason", "the client sells a house", *as_senior)
    desk("messages", "send")
    [told] = sent(desk, "proposal_declined", case["proposal_id"])
    assert "Reason: the client sells a house" in told["text"]
    assert "senior adviser" in told["text"].split("By: ")[1].splitlines()[0]


def test_compliance_reads_who_asks_for_its_review(desk: Desk) -> None:
    case = desk.case(ASKED[1])
    desk("desk", "escalate", case["proposal_id"], "--reason", "concentrated", "--actor", "A-03")
    desk("messages", "send")
    [told] = sent(desk, "approval_escalated", case["proposal_id"])
    assert "asks for your review" in told["text"]
    assert "concentrated" in told["text"]


def test_of_a_pilot_it_can_be_seen_what_would_have_been_said(desk: Desk) -> None:
    case = desk.case(ASKED[1])
    as_ops = ("--actor", "ops", "--role", "operations")
    desk("desk", "pilot", ASKED[2], "on", "--reason", "first weeks", *as_ops)
    desk("desk", "approve", case["proposal_id"], "--actor", "A-03")
    desk("messages", "send")
    listed = json.loads(desk("messages", "list", "--state", "withheld", "--format", "json"))
    assert [each["kind"] for each in listed] == ["approval_requested"] * 2
    said = desk("messages", "show", listed[0]["message_id"])
    assert "Your decision, please" in said
    assert "/decide?t=" not in said
    assert "[a link for the recipient alone]" in said
    assert sent(desk, "client_proposal", case["proposal_id"]) == []


def test_what_cannot_be_made_says_why_and_holds_nothing_else_up(desk: Desk) -> None:
    case = desk.case(ASKED[1])
    desk("desk", "approve", case["proposal_id"], "--actor", "A-03")
    [pat] = [row for row in desk.announced(case["proposal_id"]) if row["payload"]["recipient_id"] == "pat"]
    records = desk.home.house().records
    with writing(records._engine) as connection:  # type: ignore[attr-defined]
        broken = update(outbox).where(outbox.c.message_id == pat["message_id"])
        connection.execute(broken.values(payload=pat["payload"] | {"case_version": "next"}))
    assert "1 dead" in desk("messages", "send", code=3)
    assert [each["to"] for each in sent(desk, "client_proposal", case["proposal_id"])] == ["lou"]
    [dead] = json.loads(desk("messages", "list", "--state", "dead", "--format", "json"))
    assert "a figure or a version is none" in dead["last_error"]


def test_a_sweep_sends_and_without_a_name_status_says_what_waits(made: Home, desk: Desk) -> None:
    said = desk("sweep")
    assert "sent" in said
    assert list((desk.home.path / "outgoing").glob("*.txt"))
    assert "Nothing was due" in desk("sweep")
    assert "to be sent" not in desk("status")


def test_without_a_name_nothing_is_sent_and_it_is_said(made: Home, tmp_path: Path, desk: Desk) -> None:
    bare = Home(desk.home.path, {"EVENKEEL_CLOCK": desk.now.isoformat()})
    nobody = Desk(bare, desk._capsys)
    assert "announcements wait: set EVENKEEL_FIRM_NAME" in nobody("sweep")
    [line] = [each for each in nobody("status").splitlines() if each.startswith("Messages: ")]
    assert "to be sent" in line
    assert "set EVENKEEL_FIRM_NAME" in line
    assert not (desk.home.path / "outgoing").exists()
