"""A message as JSON to an address of the firm's. What a stranger may read goes in: subject, text and ids."""

from __future__ import annotations

import hashlib
import hmac
import json

import httpx

from evenkeel.adapters.notifiers.http_answers import judge_answer, judge_failure, require_https
from evenkeel.ports import Attempt, Delivery

WHO = "the webhook"


class WebhookNotifier:
    """POSTs each message with its id as `Idempotency-Key`: the same for every try, so that a receiver can tell.

    Args:
        url: Where; https, or on this machine.
        secret: Signs the body: `X-Evenkeel-Signature: sha256=<HMAC of the body, hexadecimal>`; None: not signed.
        timeout_seconds: How long it may take.

    Raises:
        UsageError: The address is not safe.
    """

    is_repeatable = False

    def __init__(self, url: str, secret: str | None = None, timeout_seconds: float = 30) -> None:
        self._url = require_https(url, "EVENKEEL_WEBHOOK_URL")
        self._secret, self._timeout = secret, timeout_seconds

    def deliver(self, delivery: Delivery) -> Attempt:
        """POST one message and say what became of it."""
        told = {
            "message_id": delivery.message_id,
            "kind": delivery.kind,
            "subject_id": delivery.subject_id,
            "recipient_ref": delivery.recipient_ref,
            "queued_at": delivery.queued_at.isoformat(),
            "subject": delivery.payload["subject"],
            "text": delivery.payload["text"],
        }
        body = json.dumps(told, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "Idempotency-Key": delivery.message_id}
        if self._secret:
            headers["X-Evenkeel-Signature"] = (
                f"sha256={hmac.new(self._secret.encode(), body, hashlib.sha256).hexdigest()}"
            )
        try:
            # A connection of its own: one kept open might be dead, and the loss would look like a doubt.
            with httpx.Client(timeout=self._timeout, follow_redirects=False) as client:
                return judge_answer(client.post(self._url, content=body, headers=headers), WHO)
        except httpx.TransportError as error:
            return judge_failure(error, WHO)
