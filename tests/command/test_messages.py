"""Messages by the command: from an announcement in the outbox to the client's mail, the CRM's task and the archive's copy."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from data_contracts.alerts import Alerts
from evenkeel.desk.reading import dataset, run_of
from evenkeel.messages.links import LinkPurpose
from evenkeel.ports import Message
from evenkeel.sandbox.plan import SandboxPlan
from evenkeel.wiring import read_settings
from evenkeel.wiring_messages import link_signer
from tests.command.practice import Home, deliver
from tests.support.http_server import Site, WealthboxShape, http_server
from tests.support.mail_server import Behaviour, mail_server

DUE = dt.datetime(2026, 3, 24, 20, 0, tzinfo=dt.UTC)
FIRM = {
    "EVENKEEL_FIRM_NAME": "Harbour Wealth",
    "EVENKEEL_FIRM_CONTACT": "1 Quay Street, Portland ME, (207) 555-0142",
    "EVENKEEL_PUBLIC_URL": "https://desk.harbour.example",
}


@pytest.fixture(scope="module")
def ran(sandbox: tuple[Home, SandboxPlan], tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with one run that has proposals; to be copied."""
    home, plan = sandbox[0].copy(tmp_path_factory.mktemp("told") / "home"), sandbox[1]
    deliver(home, plan, plan.dates[0])
    home.run(plan.dates[0])
    home.house().records.close()  # type: ignore[attr-defined]
    return home


@pytest.fixture
def home(ran: Home, tmp_path: Path) -> Home:
    return ran.copy(tmp_path / "home")


@pytest.fixture
def mail(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Behaviour, dict[str, str]]]:
    with mail_server() as (behaviour, port):
        yield (
            behaviour,
            FIRM
            | {
                "EVENKEEL_SMTP_URL": f"smtp://127.0.0.1:{port}?tls=none",
                "EVENKEEL_MAIL_FROM": "Harbour Wealth <desk@harbour.example>",
                "EVENKEEL_JOURNAL_ADDRESS": "harbour@archive.example",
            },
        )


def announce(home: Home, kind: str, role: str, **changes: Any) -> dict[str, Any]:
    """Queue an announcement about the first proposal with trades, as whoever decides on it would; return the alert."""
    house = home.house()
    run = run_of(house)
    alert = next(
        row
        for row in dataset(house, run, Alerts).sort("alert_id").iter_rows(named=True)
        if row["status"] == "open" and row["proposal_id"]
    )
    payload = {
        "proposal_id": alert["proposal_id"],
        "alert_id": alert["alert_id"],
        "adviser_id": alert["adviser_id"],
        "household_id": alert["household_id"],
        "recipient_id": alert["household_id"] if role == "client" else alert["adviser_id"],
        "recipient_role": role,
        "due_at": DUE.isoformat(),
        "case_version": 2,
    }
    announced = Message(f"ms-{kind}-{role}", kind, None, "", alert["proposal_id"], payload | changes, run.run_id)
    house.records.outbox.queue([announced], house.clock.now())
    return alert


def contacts(home: Home, alert: dict[str, Any]) -> None:
    (home.path / "contacts.csv").write_text(
        f"recipient_ref,email,sms,redtail_id,wealthbox_id\n{alert['household_id']},kevin@client.example,,,4711\n"
    )


def listed(home: Home, capsys: pytest.CaptureFixture[str], *words: str, **more: str) -> list[dict[str, Any]]:
    capsys.readouterr()
    assert home.command("messages", "list", "--format", "json", *words, **more) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return found


def test_a_client_is_asked_by_mail_and_the_archive_gets_a_copy(
    home: Home, mail: tuple[Behaviour, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    behaviour, settings = mail
    alert = announce(home, "approval_requested", "client")
    contacts(home, alert)
    assert home.command("messages", "send", **settings) == 0
    assert [recipient for recipient, _ in behaviour.taken] == ["kevin@client.example", "harbour@archive.example"]
    told = email.message_from_bytes(behaviour.taken[0][1], policy=email.policy.default)
    body = told.get_body(("plain",))
    assert body is not None
    text = body.get_content()
    assert f"Dear {alert['household_name']}," in text
    assert alert["reason"] in text
    token = text.split("/decide?t=")[1].split()[0]
    with home.environment():
        signer = link_signer(read_settings())
    now = dt.datetime(2026, 3, 20, tzinfo=dt.UTC)
    signer.require(
        token,
        now,
        purpose=LinkPurpose.DECIDE,
        subject_id=alert["proposal_id"],
        version=2,
        actor=alert["household_id"],
    )
    states = {(each["kind"], each["channel"]): each["state"] for each in listed(home, capsys)}
    assert states == {
        ("approval_requested", None): "composed",
        ("client_proposal", "email"): "sent",
        ("client_proposal", "journal"): "sent",
    }
    assert home.command("messages", "send", **settings) == 0
    assert "Nothing was due." in capsys.readouterr().out
    assert len(behaviour.taken) == 2
    capsys.readouterr()
    assert home.command("audit", "verify") == 0
    home.command("audit", "show", "--subject", alert["proposal_id"], "--format", "json")
    said = capsys.readouterr().out
    assert "message_sent" in said
    for secret in ("client.example", alert["household_name"], token):
        assert secret not in said


def test_an_adviser_gets_mail_and_a_task_lies_with_the_client_in_the_crm(
    home: Home, mail: tuple[Behaviour, dict[str, str]]
) -> None:
    behaviour, settings = mail
    alert = announce(home, "approval_escalated", "adviser", escalated_from="Sam Ruiz")
    contacts(home, alert)
    shape = WealthboxShape()
    with http_server(Site(shape)) as site:
        more = settings | {
            "EVENKEEL_WEALTHBOX_TOKEN": "wb-token",
            "EVENKEEL_WEALTHBOX_URL": site.url,
            "EVENKEEL_ADVISER_CHANNELS": "email, wealthbox",
        }
        assert home.command("messages", "send", **more) == 0
    assert [recipient.partition("@")[2] for recipient, _ in behaviour.taken] == ["harbour.example"]
    (task,) = shape.tasks
    assert task["linked_to"] == [{"id": 4711, "type": "Contact"}]
    assert (task["priority"], task["due_date"]) == ("High", DUE.isoformat())
    assert alert["alert_id"] in task["description"]
    assert "/decide?t=" not in task["description"], "a link is one person's"


def test_without_mail_messages_are_files_and_without_a_name_they_wait(
    home: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    announce(home, "proposal_declined", "adviser", decided_by="Sam Ruiz", reason="The client moves house.")
    assert home.command("messages", "send") == 0
    assert "1 announcement waits: set EVENKEEL_FIRM_NAME" in capsys.readouterr().out
    assert home.command("messages", "send", **FIRM) == 0
    (text,) = (home.path / "outgoing").glob("*.txt")
    assert "Reason: The client moves house." in text.read_text()


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"due_at": None}, "due_at is missing"),
        ({"recipient_id": None}, "recipient_id is missing"),
        ({"proposal_id": "pp-0000000000000000"}, "no proposal of that id"),
    ],
)
def test_what_is_missing_is_an_error_before_anything_is_queued(
    home: Home, capsys: pytest.CaptureFixture[str], changes: dict[str, Any], error: str
) -> None:
    announce(home, "approval_requested", "client", **changes)
    assert home.command("messages", "send", **FIRM) == 3
    assert "1 dead" in capsys.readouterr().out
    (dead,) = listed(home, capsys)
    assert error in dead["last_error"]
    assert not (home.path / "outgoing").exists()


def test_a_doubt_is_shown_and_settled(
    home: Home, mail: tuple[Behaviour, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    behaviour, settings = mail
    contacts(home, announce(home, "approval_reminder", "client"))
    behaviour.script = ["drop after data"]
    assert home.command("messages", "send", **settings) == 3
    assert "1 in doubt: evenkeel messages list --state in_doubt" in capsys.readouterr().out
    (doubt,) = listed(home, capsys, "--state", "in_doubt")
    words = ["messages", "resolve", doubt["message_id"], "--how", "sent", "--reason", "in its log", "--actor", "sam"]
    assert home.command(*words, "--role", "adviser", **settings) == 2
    assert home.command(*words, **settings) == 0
    assert "was in doubt, is sent" in capsys.readouterr().out
    assert home.command("messages", "send", **settings) == 0
    assert [recipient for recipient, _ in behaviour.taken] == ["kevin@client.example", "harbour@archive.example"]


def test_channels_are_tested_and_listed(
    home: Home, mail: tuple[Behaviour, dict[str, str]], capsys: pytest.CaptureFixture[str]
) -> None:
    behaviour, settings = mail
    (home.path / "contacts.csv").write_text("recipient_ref,email\noperations,ops@harbour.example\n")
    assert home.command("channels", "list", **settings) == 0
    assert "not set up" in capsys.readouterr().out
    assert home.command("channels", "test", "email", **settings) == 0
    assert home.command("channels", "test", "journal", **settings) == 0
    assert [recipient for recipient, _ in behaviour.taken] == ["ops@harbour.example", "harbour@archive.example"]
    behaviour.script = ["rcpt 550 5.1.1 no"]
    assert home.command("channels", "test", "email", **settings) == 1
    assert home.command("channels", "test", "email", "--to", "ADV-NOBODY", **settings) == 2
    assert home.command("channels", "test", "wealthbox", **settings) == 2


def test_templates_are_tried_and_shown(home: Home, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.command("messages", "preview", "--out", tmp_path / "seen") == 0
    assert (tmp_path / "seen" / "client_proposal-very_long_names.html").exists()
    assert home.command("messages", "preview", "client_proposal", "--format", "html") == 0
    assert "Anderson, Kevin &amp; Jane" in capsys.readouterr().out
    assert home.command("messages", "preview", "client_proposal", "--scenario", "nonsense") == 2
    assert "typical, many_trades" in capsys.readouterr().err
    (home.path / "templates").mkdir()
    (home.path / "templates" / "client_proposal.txt").write_text("{{ client_nam }}")
    assert home.command("messages", "preview") == 2
    assert "'client_nam' is no field of Asked" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("who,email\nx,y\n", "its columns must be"),
        ("recipient_ref,email\nA,x@y.example\nA,z@y.example\n", "contacts.csv:3: recipient_ref is there twice"),
        ("recipient_ref,email\nA\n", "contacts.csv:2: as many cells as columns"),
    ],
)
def test_contacts_that_cannot_be_read_are_named_by_line(
    home: Home, mail: tuple[Behaviour, dict[str, str]], capsys: pytest.CaptureFixture[str], text: str, error: str
) -> None:
    (home.path / "contacts.csv").write_text(text)
    assert home.command("channels", "test", "email", **mail[1]) == 2
    assert error in capsys.readouterr().err


def test_a_market_event_sends_each_adviser_one_digest(home: Home, capsys: pytest.CaptureFixture[str]) -> None:
    assert home.command("market-event", "--reason", "a bad day", "--move", "us_equity=-0.35") == 0
    waiting = listed(home, capsys)
    assert {each["kind"] for each in waiting} == {"market_event_digest"}
    assert home.command("messages", "send", **FIRM) == 0
    texts = [path.read_text() for path in (home.path / "outgoing").glob("*.txt")]
    assert len(texts) == len(waiting) >= 1
    for text in texts:
        assert "The book was scanned at moved prices: a bad day." in text
        assert "US equity: −35.0 %" in text
        assert "points beyond its band" in text
