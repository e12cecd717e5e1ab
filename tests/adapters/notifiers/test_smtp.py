"""Mail over a real server that refuses, delays and drops: what each means for the message."""

from __future__ import annotations

import datetime as dt
import email
import email.policy
import ssl
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from evenkeel.adapters.notifiers.journal import JournalNotifier
from evenkeel.adapters.notifiers.mail import compose_mail
from evenkeel.adapters.notifiers.smtp import SmtpNotifier, SmtpServer, parse_smtp_url
from evenkeel.errors import UsageError
from evenkeel.ports import Delivery, Outcome
from tests.support.mail_server import Behaviour, mail_server

SENDER = "Harbour Wealth <desk@harbour.example>"
CLIENT = "kevin.anderson@client.example"
DELIVERY = Delivery(
    "ms-5d1e9c70a2b34f68",
    "client_proposal",
    CLIENT,
    {"subject": "Your decision, please", "text": "Zoë proposes:\n.\n..two dots\nÜ", "html": "<p>Zoë</p>"},
    dt.datetime(2026, 3, 6, 14, 45, tzinfo=dt.UTC),
)


@pytest.fixture
def server() -> Iterator[tuple[Behaviour, SmtpNotifier]]:
    with mail_server() as (behaviour, port):
        yield behaviour, SmtpNotifier(SmtpServer("127.0.0.1", port, "none"), SENDER, "zoe@harbour.example", 1.5)


def test_a_message_arrives_whole_and_bears_an_id_of_its_own(server: tuple[Behaviour, SmtpNotifier]) -> None:
    behaviour, notifier = server
    attempt = notifier.deliver(DELIVERY)
    assert attempt.outcome is Outcome.SENT
    assert attempt.evidence == {
        "smtp_message_id": "<ms-5d1e9c70a2b34f68@harbour.example>",
        "response_code": 250,
        "queued_as": "4XyZ12",
    }
    ((recipient, content),) = behaviour.taken
    assert recipient == CLIENT
    mail = email.message_from_bytes(content, policy=email.policy.default)
    assert mail["Message-ID"] == "<ms-5d1e9c70a2b34f68@harbour.example>"
    assert (mail["From"], mail["To"], mail["Reply-To"]) == (SENDER, CLIENT, "zoe@harbour.example")
    assert mail.get_content_type() == "multipart/alternative"
    parts = [part.get_content() for part in mail.iter_parts()]
    assert [part.strip().replace("\r\n", "\n") for part in parts] == [DELIVERY.payload["text"], "<p>Zoë</p>"]
    notifier.deliver(DELIVERY)
    assert behaviour.taken[1][1] == content, "the same message gives the same bytes"


@pytest.mark.parametrize(
    ("what", "outcome", "error"),
    [
        (
            "rcpt 550 5.1.1 <kevin.anderson@client.example> unknown",
            Outcome.REFUSED,
            "does not take the recipient (550 5.1.1)",
        ),
        ("rcpt 450 4.2.0 greylisted kevin.anderson@client.example", Outcome.NOT_NOW, "(450 4.2.0)"),
        ("rcpt 421 4.3.2 closing", Outcome.CHANNEL_DOWN, "(421 4.3.2)"),
        ("mail 553 5.7.1 not you", Outcome.CHANNEL_DOWN, "does not take mail from us (553 5.7.1)"),
        ("data 451 4.3.0 try later", Outcome.NOT_NOW, "does not take the message (451 4.3.0)"),
        ("data 554 5.6.0 no kevin.anderson@client.example", Outcome.REFUSED, "(554 5.6.0)"),
        ("drop before data", Outcome.NOT_NOW, "went away before it had the message"),
        ("drop after data", Outcome.IN_DOUBT, "had the whole message and did not answer"),
        ("slow", Outcome.IN_DOUBT, "had the whole message and did not answer"),
    ],
)
def test_what_goes_wrong_is_told_apart_by_when(
    server: tuple[Behaviour, SmtpNotifier], what: str, outcome: Outcome, error: str
) -> None:
    behaviour, notifier = server
    behaviour.script = [what]
    attempt = notifier.deliver(DELIVERY)
    assert attempt.outcome is outcome
    assert attempt.error is not None
    assert error in attempt.error
    assert "kevin" not in f"{attempt}", "no client data"
    assert bool(behaviour.taken) is (outcome is Outcome.IN_DOUBT)
    assert notifier.deliver(DELIVERY).outcome is Outcome.SENT, "the next one is not troubled by it"


def test_a_server_that_is_away_is_a_channel_that_is_down() -> None:
    with mail_server() as (_, port):
        pass
    attempt = SmtpNotifier(SmtpServer("127.0.0.1", port, "none"), SENDER, timeout_seconds=1).deliver(DELIVERY)
    assert (attempt.outcome, attempt.error) == (
        Outcome.CHANNEL_DOWN,
        "the mail server cannot be reached (ConnectionRefusedError)",
    )


@pytest.mark.parametrize(
    "address", ["", "kevin", "a@b@c.example x", "kevin@example.com\nBcc: x@y.example", "kévin@client.example"]
)
def test_an_address_that_is_none_is_refused_before_anything_is_said(
    server: tuple[Behaviour, SmtpNotifier], address: str
) -> None:
    behaviour, notifier = server
    attempt = notifier.deliver(replace(DELIVERY, address=address))
    assert attempt.outcome is Outcome.REFUSED
    assert behaviour.taken == []


def test_a_login_that_is_refused_says_so_without_the_password() -> None:
    with mail_server(login=True) as (behaviour, port):
        wrong = SmtpNotifier(SmtpServer("127.0.0.1", port, "none", "desk", "hunter2"), SENDER).deliver(DELIVERY)
        assert wrong.outcome is Outcome.CHANNEL_DOWN
        assert wrong.error is not None
        assert "(535)" in wrong.error
        assert "hunter2" not in f"{wrong}"
        right = SmtpNotifier(SmtpServer("127.0.0.1", port, "none", "desk", "s3cret"), SENDER).deliver(DELIVERY)
        assert right.outcome is Outcome.SENT
        assert len(behaviour.taken) == 1


def test_a_password_that_smtp_cannot_say_is_the_channels_matter_and_is_not_told() -> None:
    with mail_server(login=True) as (_, port):
        wrong = SmtpNotifier(SmtpServer("127.0.0.1", port, "none", "desk", "hünter2"), SENDER).deliver(DELIVERY)
        assert wrong.outcome is Outcome.CHANNEL_DOWN
        assert "nter2" not in f"{wrong}"


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A server's context, and a client's that trusts it."""
    folder: Path = tmp_path_factory.mktemp("tls")
    words = "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
    subprocess.run([*words.split(), "-keyout", folder / "key", "-out", folder / "pem"], check=True, capture_output=True)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(folder / "pem", folder / "key")
    return server, ssl.create_default_context(cafile=str(folder / "pem"))


def test_starttls_is_used_and_a_stranger_is_not_trusted(certificate: tuple[ssl.SSLContext, ssl.SSLContext]) -> None:
    context, trust = certificate
    with mail_server(trust=context, tls="starttls") as (behaviour, port):
        server = SmtpServer("127.0.0.1", port, "starttls")
        assert SmtpNotifier(server, SENDER, trust=trust).deliver(DELIVERY).outcome is Outcome.SENT
        attempt = SmtpNotifier(server, SENDER).deliver(DELIVERY)
        assert attempt.outcome is Outcome.CHANNEL_DOWN
        assert attempt.error is not None
        assert "TLS is not to be trusted" in attempt.error
        assert len(behaviour.taken) == 1
    with mail_server() as (behaviour, port):
        attempt = SmtpNotifier(SmtpServer("127.0.0.1", port, "starttls"), SENDER).deliver(DELIVERY)
        assert attempt.outcome is Outcome.CHANNEL_DOWN, "never in the clear where TLS was asked for"
        assert behaviour.taken == []


def test_addresses_of_servers() -> None:
    assert parse_smtp_url("smtp://u%40x:p%2Fw@mail.example") == SmtpServer(
        "mail.example", 587, "starttls", "u@x", "p/w"
    )
    assert parse_smtp_url("smtps://mail.example:2465") == SmtpServer("mail.example", 2465, "tls")
    assert parse_smtp_url("smtp://127.0.0.1:25?tls=none") == SmtpServer("127.0.0.1", 25, "none")
    assert "p/w" not in repr(parse_smtp_url("smtp://u:p%2Fw@mail.example"))
    for wrong in (
        "http://x",
        "smtp://",
        "smtp://mail.example?tls=none",
        "smtp://mail.example:abc",
        "smtp://h?tls=maybe",
    ):
        with pytest.raises(UsageError, match="EVENKEEL_SMTP_URL"):
            parse_smtp_url(wrong)
    with pytest.raises(UsageError, match="EVENKEEL_MAIL_FROM"):
        SmtpNotifier(SmtpServer("x", 1, "none"), "nobody")


class Book:
    def address(self, channel: str, recipient_ref: str) -> str | None:
        return CLIENT if (channel, recipient_ref) == ("email", "HH-000012") else None


def test_the_archive_gets_the_message_as_it_went_out(server: tuple[Behaviour, SmtpNotifier]) -> None:
    behaviour, notifier = server
    journal = JournalNotifier(notifier, SENDER, "harbour@archive.example", Book(), "zoe@harbour.example")
    told = {
        "message_id": DELIVERY.message_id,
        "kind": DELIVERY.kind,
        "channel": "email",
        "recipient_ref": "HH-000012",
        "queued_at": DELIVERY.queued_at.isoformat(),
        "payload": dict(DELIVERY.payload),
    }
    copy = Delivery("ms-copy", DELIVERY.kind, "", told, DELIVERY.queued_at)
    assert journal.deliver(copy).outcome is Outcome.SENT
    ((recipient, content),) = behaviour.taken
    assert recipient == "harbour@archive.example"
    report = email.message_from_bytes(content, policy=email.policy.default)
    envelope, attached = report.iter_parts()
    assert f"To: {CLIENT}" in envelope.get_content()
    assert attached.get_content_type() == "message/rfc822"
    original = compose_mail(DELIVERY, SENDER, "zoe@harbour.example")
    assert (
        attached.get_content().as_bytes()
        == email.message_from_bytes(original.as_bytes(), policy=email.policy.default).as_bytes()
    )
    assert report["Message-ID"] != original["Message-ID"]
