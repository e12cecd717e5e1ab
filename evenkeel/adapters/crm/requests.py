"""Requests to a CRM: paced, and every answer judged. What the CRMs have in common.

Neither CRM knows idempotency keys. So each task and note bears our message's id, and before one is made it is looked for: an attempt whose
answer was lost is made again, and finds what the first one left.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx

from evenkeel.adapters.notifiers.http_answers import require_https, retry_after
from evenkeel.ports import Attempt, Outcome

REQUESTS, WINDOW_SECONDS = 300, 300.0
"""So many requests in so many seconds: what a client library of Wealthbox's keeps to; Redtail publishes no limit."""

NO_CONTACT = "the recipient's contact in the CRM is not known by a number; correct contacts.csv and send again"


class Stopped(Exception):
    """A request did not come to its end; `attempt` says what that means for the message."""

    def __init__(self, attempt: Attempt) -> None:
        super().__init__(attempt.error)
        self.attempt = attempt


class Pacer:
    """Counts requests in a sliding window.

    Args:
        limit: Requests in a window.
        seconds: The window.
        clock: Seconds that only go forward.
    """

    def __init__(
        self, limit: int = REQUESTS, seconds: float = WINDOW_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._limit, self._seconds, self._clock = limit, seconds, clock
        self._made: deque[float] = deque()

    def take(self) -> float:
        """Count a request and return 0, or return the seconds until the next one is due."""
        now = self._clock()
        while self._made and self._made[0] <= now - self._seconds:
            self._made.popleft()
        if len(self._made) >= self._limit:
            return self._made[0] + self._seconds - now
        self._made.append(now)
        return 0.0


class CrmRequests:
    """HTTP to one CRM.

    Args:
        name: For people.
        url: Where its API begins.
        setting: Where that is set.
        pacer: Shared by all requests.
        timeout_seconds: How long each may take.
    """

    def __init__(
        self, name: str, url: str, setting: str, pacer: Pacer | None = None, timeout_seconds: float = 30
    ) -> None:
        self._name, self._url = name, require_https(url, setting).rstrip("/")
        self._pacer, self._timeout = pacer or Pacer(), timeout_seconds

    def send(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        *,
        params: Mapping[str, str | int] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Return the answer's JSON object, empty where it has none.

        Raises:
            Stopped: It was refused, asked to wait, or got no answer.
        """
        wait = self._pacer.take()
        if wait:
            raise Stopped(
                Attempt(
                    Outcome.CHANNEL_DOWN,
                    error=f"{self._name} has had its {REQUESTS} requests",
                    retry_after_seconds=wait,
                )
            )
        try:
            with httpx.Client(timeout=self._timeout, follow_redirects=False) as client:
                response = client.request(method, f"{self._url}{path}", params=params, json=body, headers=dict(headers))
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise Stopped(
                Attempt(Outcome.CHANNEL_DOWN, error=f"{self._name} cannot be reached ({type(error).__name__})")
            ) from error
        except httpx.TransportError as error:
            text = f"{self._name} did not answer ({type(error).__name__}); the next try looks first whether it has it"
            raise Stopped(Attempt(Outcome.NOT_NOW, error=text)) from error
        self._refuse(response)
        return self._object(response)

    def _refuse(self, response: httpx.Response) -> None:
        code, evidence = response.status_code, {"response_code": response.status_code}
        if 200 <= code < 300:
            return
        if code in (429, 503):
            text = f"{self._name} asks to come back later ({code})"
            raise Stopped(Attempt(Outcome.CHANNEL_DOWN, evidence, text, retry_after(response.headers)))
        if code in (401, 403) or 300 <= code < 400:
            text = f"{self._name} does not let us in ({code}); mend its settings"
            raise Stopped(Attempt(Outcome.CHANNEL_DOWN, evidence, text))
        if 400 <= code < 500 and code != 408:
            what = "has no such contact or address" if code == 404 else "refuses what it was sent"
            raise Stopped(Attempt(Outcome.REFUSED, evidence, f"{self._name} {what} ({code})"))
        text = f"{self._name} failed ({code}); the next try looks first whether it has it"
        raise Stopped(Attempt(Outcome.NOT_NOW, evidence, text))

    def _object(self, response: httpx.Response) -> dict[str, Any]:
        if response.status_code == 204 or not response.content.strip():
            return {}
        try:
            found = response.json()
        except ValueError as error:
            text = (
                f"{self._name} answered {response.status_code} without JSON; the next try looks first whether it has it"
            )
            raise Stopped(Attempt(Outcome.NOT_NOW, {"response_code": response.status_code}, text)) from error
        return found if isinstance(found, dict) else {"items": found}


def is_about(text: str, ids: Sequence[str]) -> bool:
    """Tell whether a task is about all of these ids; about none where there are none."""
    return bool(ids) and all(each in text for each in ids)


def marker(message_id: str) -> str:
    """Return what a task or note bears, and is found by."""
    return f"[{message_id}]"
