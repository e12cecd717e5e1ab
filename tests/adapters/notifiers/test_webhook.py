"""Webhooks and chats over a real server: what each answer, and each silence, means."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import logging
from collections.abc import Iterator

import pytest

from evenkeel.adapters.notifiers.chat import AppriseNotifier
from evenkeel.adapters.notifiers.webhook import WebhookNotifier
from evenkeel.errors import UsageError
from evenkeel.ports import Delivery, Outcome
from tests.support.http_server import Site, http_server

DELIVERY = Delivery(
    "ms-5d1e9c70a2b34f68",
    "approval_requested",
    "+15555550123",
    {"subject": "Decision needed", "text": "Dear Zoë", "html": "<p>x</p>", "link": "https://desk.example/decide?t=v1"},
    dt.datetime(2026, 3, 6, 14, 45, tzinfo=dt.UTC),
    "pp-1",
    "ADV1",
)


@pytest.fixture
def site() -> Iterator[Site]:
    with http_server(Site(lambda request: (200, {"ok": True}))) as running:
        yield running


def test_a_message_arrives_signed_and_with_an_id_that_is_the_same_each_time(site: Site) -> None:
    for _ in range(2):
        assert WebhookNotifier(f"{site.url}/hook", "s3cret").deliver(DELIVERY).outcome is Outcome.SENT
    first, second = site.requests
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == DELIVERY.message_id
    assert first.body == second.body
    digest = hmac.new(b"s3cret", first.body, hashlib.sha256).hexdigest()
    assert first.headers["x-evenkeel-signature"] == f"sha256={digest}"
    assert first.json()["text"] == "Dear Zoë"
    assert "+1555" not in str(first.body)


@pytest.mark.parametrize(
    ("mood", "outcome"),
    [
        ("400", Outcome.REFUSED),
        ("422", Outcome.REFUSED),
        ("408", Outcome.NOT_NOW),
        ("429", Outcome.CHANNEL_DOWN),
        ("503", Outcome.CHANNEL_DOWN),
        ("401", Outcome.CHANNEL_DOWN),
        ("404", Outcome.CHANNEL_DOWN),
        ("302", Outcome.CHANNEL_DOWN),
        ("500", Outcome.IN_DOUBT),
        ("502", Outcome.IN_DOUBT),
        ("reset before", Outcome.IN_DOUBT),
        ("reset after", Outcome.IN_DOUBT),
        ("slow after", Outcome.IN_DOUBT),
    ],
)
def test_what_an_answer_means(site: Site, mood: str, outcome: Outcome) -> None:
    site.script, site.retry_after = [mood], "120"
    attempt = WebhookNotifier(f"{site.url}/hook", timeout_seconds=1).deliver(DELIVERY)
    assert attempt.outcome is outcome
    assert attempt.retry_after_seconds == (120 if mood in ("429", "503") else None)
    assert "127.0.0.1" not in str(attempt.error), "an address may hold a secret"


def test_a_server_that_is_away_is_a_channel_that_is_down() -> None:
    with http_server(Site(lambda request: (200, None))) as gone:
        pass
    assert WebhookNotifier(gone.url).deliver(DELIVERY).outcome is Outcome.CHANNEL_DOWN


@pytest.mark.parametrize("url", ["http://hooks.example/x?token=hunter2", "ftp://x", "hooks.example"])
def test_an_address_in_the_clear_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="EVENKEEL_WEBHOOK_URL must begin with https") as caught:
        WebhookNotifier(url)
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("mood", "outcome"),
    [
        ("ok", Outcome.SENT),
        ("400", Outcome.REFUSED),
        ("429", Outcome.CHANNEL_DOWN),
        ("404", Outcome.CHANNEL_DOWN),
        ("500 after", Outcome.IN_DOUBT),
        ("reset after", Outcome.IN_DOUBT),
    ],
)
def test_chats_through_apprise(site: Site, caplog: pytest.LogCaptureFixture, mood: str, outcome: Outcome) -> None:
    site.script = [mood]
    caplog.set_level(logging.DEBUG)
    attempt = AppriseNotifier(site.url.replace("http:", "json:") + "/hook", "EVENKEEL_CHAT_URL").deliver(DELIVERY)
    assert attempt.outcome is outcome
    assert site.requests[0].json()["message"] == "Decision needed"
    assert "apprise" not in {record.name for record in caplog.records}, "its log holds tokens"


def test_a_chat_that_is_away_is_a_channel_that_is_down() -> None:
    with http_server(Site(lambda request: (200, None))) as gone:
        pass
    notifier = AppriseNotifier(gone.url.replace("http:", "json:"), "EVENKEEL_CHAT_URL")
    assert notifier.deliver(DELIVERY).outcome is Outcome.CHANNEL_DOWN


def test_an_sms_has_the_link_and_goes_to_the_recipients_number(site: Site) -> None:
    notifier = AppriseNotifier(site.url.replace("http:", "json:") + "/to/{to}", "EVENKEEL_SMS_URL", with_link=True)
    assert notifier.needs_address
    assert notifier.deliver(DELIVERY).outcome is Outcome.SENT
    assert site.requests[0].json()["message"] == "Decision needed\nhttps://desk.example/decide?t=v1"
    assert "15555550123" in site.requests[0].path


def test_an_address_that_apprise_does_not_know_is_named_by_its_setting() -> None:
    with pytest.raises(UsageError, match="EVENKEEL_CHAT_URL") as caught:
        AppriseNotifier("nonsense://hunter2", "EVENKEEL_CHAT_URL")
    assert "hunter2" not in str(caught.value)
