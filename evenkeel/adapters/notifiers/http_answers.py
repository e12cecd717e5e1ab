"""What an HTTP answer, or its absence, means for a message (RFC 9110)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from evenkeel.errors import UsageError
from evenkeel.ports import Attempt, Outcome

_SETUP = (401, 403, 404, 405, 407, 410)
"""What a wrong address or wrong credentials are answered with: every message would get it."""
_NOT_TAKEN = (408, 425, 429, 503)
"""The server says that it did not do it, and that a later try may succeed."""
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


def require_https(url: str, setting: str) -> str:
    """Return an address that clients' data may go to.

    Raises:
        UsageError: It is neither https nor on this machine; names the setting, not the address, which may hold a secret.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        return url
    raise UsageError(f"{setting} must begin with https://")


def judge_answer(response: httpx.Response, who: str) -> Attempt:
    """Return what an answer means where nothing can be looked up afterwards: a 5xx may come after the work was done."""
    code, evidence = response.status_code, {"response_code": response.status_code}
    if 200 <= code < 300:
        return Attempt(Outcome.SENT, evidence)
    if code in _NOT_TAKEN:
        outcome = Outcome.CHANNEL_DOWN if code in (429, 503) else Outcome.NOT_NOW
        return Attempt(outcome, evidence, f"{who} asks to come back later ({code})", retry_after(response.headers))
    if code in _SETUP or 300 <= code < 400:
        return Attempt(
            Outcome.CHANNEL_DOWN, evidence, f"{who} does not know us or the address ({code}); mend its settings"
        )
    if 400 <= code < 500:
        return Attempt(Outcome.REFUSED, evidence, f"{who} refuses the message ({code})")
    return Attempt(
        Outcome.IN_DOUBT, evidence, f"{who} failed with the message in its hands ({code}); look whether it has it"
    )


def judge_failure(error: httpx.TransportError, who: str) -> Attempt:
    """Return what a missing answer means: before the connection stood nothing can have gone out, afterwards nobody knows."""
    name = type(error).__name__
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.UnsupportedProtocol):
        return Attempt(Outcome.CHANNEL_DOWN, error=f"{who} cannot be reached ({name})")
    return Attempt(Outcome.IN_DOUBT, error=f"{who} did not answer after it was told ({name}); look whether it has it")


def retry_after(headers: Mapping[str, Any]) -> float | None:
    """Return the seconds of a Retry-After header; None where there is none, or it names a date."""
    text = str(headers.get("retry-after", "")).strip()
    return float(text) if text.isascii() and text.isdigit() else None
