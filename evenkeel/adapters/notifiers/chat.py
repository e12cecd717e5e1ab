"""Chats and SMS gateways through apprise, which speaks to a hundred of them by an address each.

A chat or a telephone's lock screen shows what it gets to whoever stands by: the subject goes in, and for an SMS the link, nothing else.
apprise says only whether it went well; its log says the answer's code. Without a code nobody knows.
"""

from __future__ import annotations

import io
import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from evenkeel.errors import UsageError
from evenkeel.ports import Attempt, Delivery, Outcome

_CODE = re.compile(r"error=(\d{3})\b")
_NOT_CONNECTED = ("NewConnectionError", "ConnectTimeoutError", "NameResolutionError", "Connection refused")
TO = "{to}"


class AppriseNotifier:
    """One address of apprise's as a channel.

    Args:
        url: For example `slack://...`, `twilio://SID:TOKEN@FROM/{to}`; `{to}` stands for the recipient's number.
        setting: Where the address is set, for the message about a wrong one.
        with_link: Add the message's link.

    Raises:
        UsageError: apprise does not know such an address. It is not repeated: it holds secrets.
    """

    is_repeatable = False

    def __init__(self, url: str, setting: str, *, with_link: bool = False) -> None:
        self._url, self._setting, self._with_link = url, setting, with_link
        with _log_kept():
            self._opened(url.replace(TO, "15555550100"))

    @property
    def needs_address(self) -> bool:
        """Tell whether each recipient has an address of their own."""
        return TO in self._url

    def deliver(self, delivery: Delivery) -> Attempt:
        """Send one message and say what became of it."""
        lines = [str(delivery.payload["subject"])]
        if self._with_link and delivery.payload.get("link"):
            lines.append(str(delivery.payload["link"]))
        with _log_kept() as log:
            notifier = self._opened(self._url.replace(TO, quote(delivery.address, safe="")))
            is_sent = notifier.notify(body="\n".join(lines))
        return _judge(bool(is_sent), log.getvalue())

    def _opened(self, url: str):  # type: ignore[no-untyped-def]  # apprise takes a quarter of a second to import
        import apprise

        opened = apprise.Apprise()
        if not opened.add(url):
            raise UsageError(f"{self._setting} is no address that apprise knows; its page lists them")
        return opened


@contextmanager
def _log_kept() -> Iterator[io.StringIO]:
    """Read apprise's log instead of letting it out: it holds addresses and tokens, and so do the requests below it."""
    log = io.StringIO()
    handler = logging.StreamHandler(log)
    loggers = [logging.getLogger(name) for name in ("apprise", "urllib3.connectionpool")]
    before = [(each.propagate, each.level) for each in loggers]
    for each in loggers:
        each.addHandler(handler)
        each.propagate = False
        each.setLevel(logging.DEBUG)
    try:
        yield log
    finally:
        for each, (propagate, level) in zip(loggers, before, strict=True):
            each.removeHandler(handler)
            each.propagate = propagate
            each.setLevel(level)


def _judge(is_sent: bool, log: str) -> Attempt:
    if is_sent:
        return Attempt(Outcome.SENT)
    code = _CODE.search(log)
    if code is None:
        if any(each in log for each in _NOT_CONNECTED):
            return Attempt(Outcome.CHANNEL_DOWN, error="the chat cannot be reached")
        return Attempt(
            Outcome.IN_DOUBT, error="the chat did not say that it took the message; look whether it is there"
        )
    answered, evidence = int(code[1]), {"response_code": int(code[1])}
    if answered in (408, 425, 429, 503):
        return Attempt(Outcome.CHANNEL_DOWN, evidence, f"the chat asks to come back later ({answered})")
    if answered in (401, 403, 404, 410):
        return Attempt(Outcome.CHANNEL_DOWN, evidence, f"the chat does not know us or the address ({answered})")
    if 400 <= answered < 500:
        return Attempt(Outcome.REFUSED, evidence, f"the chat refuses the message ({answered})")
    return Attempt(Outcome.IN_DOUBT, evidence, f"the chat failed with the message in its hands ({answered})")
