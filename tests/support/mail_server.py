"""A real SMTP server that can be told to misbehave, and remembers what it took."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

TAKEN = "250 2.0.0 Ok: queued as 4XyZ12"


@dataclass
class Behaviour:
    """What the server does; `script` holds a behaviour for each coming message, `usual` is for those beyond.

    A behaviour is `accept`, an answer (`rcpt 550 5.1.1 ...`, `data 451 4.3.0 ...`, `mail 553 ...`), `drop before data`, `drop after data`
    (the message is taken, the connection dies before the answer), or `slow` (the same, by silence).
    """

    usual: str = "accept"
    script: list[str] = field(default_factory=list)
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    """Recipient and content of what the server has, told or untold."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def next(self) -> str:
        with self.lock:
            return self.script.pop(0) if self.script else self.usual


class Handler:
    """aiosmtpd's hooks."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        session.today = self.behaviour.next()  # type: ignore[attr-defined]
        if session.today.startswith("mail "):  # type: ignore[attr-defined]
            return str(session.today[5:])  # type: ignore[attr-defined]
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        today: str = session.today  # type: ignore[attr-defined]
        if today == "drop before data":
            return drop(server)
        if today.startswith("rcpt "):
            return today[5:]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        today: str = session.today  # type: ignore[attr-defined]
        if today.startswith("data "):
            return today[5:]
        content = envelope.content if isinstance(envelope.content, bytes) else str(envelope.content).encode()
        with self.behaviour.lock:
            self.behaviour.taken += [(each, content) for each in envelope.rcpt_tos]
        if today == "drop after data":
            return drop(server)
        if today == "slow":
            await asyncio.sleep(3)
        return TAKEN


def drop(server: SMTP) -> str:
    assert isinstance(server.transport, asyncio.WriteTransport)
    server.transport.abort()
    return "421 gone"


def accept_login(*arguments: Any) -> AuthResult:
    data = arguments[-1]
    return AuthResult(success=(data.login, data.password) == (b"desk", b"s3cret"), handled=False)


@contextmanager
def mail_server(
    usual: str = "accept", trust: ssl.SSLContext | None = None, *, login: bool = False, tls: str = "none"
) -> Iterator[tuple[Behaviour, int]]:
    """Run the server; yields its behaviour and its port on 127.0.0.1. With `trust` it offers STARTTLS, or TLS at once (`tls="tls"`)."""
    behaviour = Behaviour(usual)
    more: dict[str, Any] = {"auth_require_tls": False, "authenticator": accept_login} if login else {}
    if trust is not None:
        more |= {"tls_context": trust, "require_starttls": True} if tls == "starttls" else {}
    context = trust if tls == "tls" else None
    controller = Controller(Handler(behaviour), "127.0.0.1", 0, ssl_context=context, **more)
    # aiosmtpd asks its own port whether it has begun; it must know it for that.
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        controller.port = probe.getsockname()[1]
    controller.start()
    try:
        yield behaviour, controller.port
    finally:
        controller.stop()
