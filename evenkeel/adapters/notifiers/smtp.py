"""Mail by SMTP (RFC 5321). What matters is when something went wrong.

Until the final dot has been sent the server cannot have taken the message: whatever happens before, it is tried again. Once the dot is out,
only the answer tells: without one the message is in doubt. A connection is opened for each message.
"""

from __future__ import annotations

import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from evenkeel.adapters.notifiers.mail import compose_mail, plain_address
from evenkeel.errors import UsageError
from evenkeel.ports import Attempt, Delivery, Outcome

_ENHANCED = re.compile(rb"^(\d\.\d{1,3}\.\d{1,3})\b")
_QUEUED_AS = re.compile(rb"queued as ([A-Za-z0-9._-]{1,64})")
_END = b".\r\n"
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class SmtpServer:
    """Where mail is handed over: `tls` at once, by STARTTLS, or not at all (this machine only)."""

    host: str
    port: int
    tls: Literal["tls", "starttls", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_smtp_url(url: str) -> SmtpServer:
    """Return the server of `smtp://user:password@host:587` (STARTTLS) or `smtps://host:465`; `?tls=none` for this machine's own.

    Raises:
        UsageError: It is no such address, or would send mail in the clear over a network. The text holds no secret.
    """
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise UsageError("EVENKEEL_SMTP_URL: its port is no number") from error
    wanted = parse_qs(parts.query).get("tls", ["starttls"])[0]
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or wanted not in ("starttls", "none"):
        raise UsageError("EVENKEEL_SMTP_URL must read smtp://user:password@host:587 or smtps://user:password@host:465")
    if parts.scheme == "smtp" and wanted == "none" and parts.hostname not in _LOOPBACK:
        raise UsageError(
            "EVENKEEL_SMTP_URL: tls=none is for a server on this machine only; clients' data would go in the clear"
        )
    user, password = (unquote(each) if each else None for each in (parts.username, parts.password))
    if parts.scheme == "smtps":
        return SmtpServer(parts.hostname, port or 465, "tls", user, password)
    return SmtpServer(parts.hostname, port or 587, "none" if wanted == "none" else "starttls", user, password)


class SmtpNotifier:
    """Mail as a channel.

    Args:
        server: Where it is handed over.
        sender: Who writes: `Harbour Wealth <desk@harbour.example>`.
        reply_to: Where answers go; None: to the sender.
        timeout_seconds: How long the server may take for each answer.
        trust: Whom TLS trusts; None: the system's authorities.
    """

    is_repeatable = False

    def __init__(
        self,
        server: SmtpServer,
        sender: str,
        reply_to: str | None = None,
        timeout_seconds: float = 30,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        try:
            self._envelope = plain_address(parseaddr(sender)[1])
        except ValueError as error:
            raise UsageError("EVENKEEL_MAIL_FROM must be a mail address, with a name or without") from error
        self._server, self._sender, self._reply_to = server, sender, reply_to
        self._timeout, self._trust = timeout_seconds, trust

    def deliver(self, delivery: Delivery) -> Attempt:
        """Hand one message over and say what became of it."""
        try:
            mail = compose_mail(delivery, self._sender, self._reply_to)
        except ValueError:
            return Attempt(
                Outcome.REFUSED, error="the recipient's address is no plain mail address; correct it and send again"
            )
        return self.hand_over(plain_address(delivery.address), mail.as_bytes(), str(mail["Message-ID"]))

    def hand_over(self, recipient: str, content: bytes, identity: str) -> Attempt:
        """Hand over the bytes of a mail (lines end in CR LF) to one recipient."""
        try:
            connection = self._open()
        except smtplib.SMTPAuthenticationError as error:
            return _down(
                f"the mail server refuses the user or the password ({error.smtp_code}); mend EVENKEEL_SMTP_URL"
            )
        except smtplib.SMTPResponseException as error:
            return _down(f"the mail server does not greet us ({error.smtp_code})")
        except smtplib.SMTPServerDisconnected:
            return _down("the mail server closed the connection while it was greeted")
        except smtplib.SMTPException as error:
            return _down(f"the mail server lacks what was asked of it: TLS or a login ({type(error).__name__})")
        except ssl.SSLError as error:
            return _down(f"the mail server's TLS is not to be trusted ({error.reason or type(error).__name__})")
        except UnicodeError:
            # The error's own text would hold the password.
            return _down(
                "the user, the password or the server's name has characters that SMTP does not take; mend EVENKEEL_SMTP_URL"
            )
        except OSError as error:
            return _down(f"the mail server cannot be reached ({type(error).__name__})")
        try:
            attempt = _transact(connection, self._envelope, recipient, content, identity)
            _say_goodbye(connection)
            return attempt
        finally:
            connection.close()

    def _open(self) -> smtplib.SMTP:
        server, trust = self._server, self._trust or ssl.create_default_context()
        if server.tls == "tls":
            connection: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=self._timeout, context=trust)
        else:
            connection = smtplib.SMTP(server.host, server.port, timeout=self._timeout)
        try:
            connection.ehlo_or_helo_if_needed()
            if server.tls == "starttls":
                connection.starttls(context=trust)
                connection.ehlo()
            if server.user is not None:
                connection.login(server.user, server.password or "")
        except (smtplib.SMTPException, OSError, UnicodeError):
            connection.close()
            raise
        return connection


def _transact(connection: smtplib.SMTP, sender: str, recipient: str, content: bytes, identity: str) -> Attempt:
    evidence = {"smtp_message_id": identity}
    try:
        code, said = connection.mail(sender)
        if code != 250:
            # It concerns who sends, so no other message gets through either.
            return _down(f"the mail server does not take mail from us ({_codes(code, said)})")
        code, said = connection.rcpt(recipient)
        if code not in (250, 251):
            return _answered("does not take the recipient", code, said, evidence)
        code, said = connection.docmd("DATA")
        if code != 354:
            return _answered("does not want the message", code, said, evidence)
        connection.send(_stuffed(content))
    except (smtplib.SMTPException, OSError) as error:
        return Attempt(
            Outcome.NOT_NOW, evidence, f"the mail server went away before it had the message ({type(error).__name__})"
        )
    try:
        connection.send(_END)
        code, said = connection.getreply()
    except (smtplib.SMTPException, OSError) as error:
        return _doubt(evidence, type(error).__name__)
    if code == 250:
        queued = _QUEUED_AS.search(said)
        named = {"queued_as": queued[1].decode()} if queued else {}
        return Attempt(Outcome.SENT, {**evidence, "response_code": code, **named})
    if not 400 <= code < 600:
        return _doubt(evidence, str(code))
    return _answered("does not take the message", code, said, evidence)


def _say_goodbye(connection: smtplib.SMTP) -> None:
    """Say QUIT and do not wait for the answer: what became of the message is known, and must be written down."""
    with suppress(smtplib.SMTPException, OSError):
        connection.putcmd("QUIT")


def _answered(what: str, code: int, said: bytes, evidence: dict[str, str]) -> Attempt:
    """Return what a refusal means: 4xx may pass, 5xx stays, 421 is the whole server's."""
    text = f"the mail server {what} ({_codes(code, said)})"
    outcome = Outcome.CHANNEL_DOWN if code == 421 else Outcome.NOT_NOW if 400 <= code < 500 else Outcome.REFUSED
    return Attempt(outcome, {**evidence, "response_code": code}, text)


def _codes(code: int, said: bytes) -> str:
    """Return the codes alone: the words of the answer often hold the address."""
    enhanced = _ENHANCED.match(said)
    return f"{code} {enhanced[1].decode()}" if enhanced else str(code)


def _down(text: str) -> Attempt:
    return Attempt(Outcome.CHANNEL_DOWN, error=text)


def _doubt(evidence: dict[str, str], what: str) -> Attempt:
    text = f"the mail server had the whole message and did not answer ({what}); look for its Message-ID there"
    return Attempt(Outcome.IN_DOUBT, evidence, text)


def _stuffed(content: bytes) -> bytes:
    """Return the content as it goes over the line: dots doubled where they begin a line (RFC 5321, 4.5.2), CR LF at the end."""
    doubled = re.sub(rb"(?m)^\.", b"..", content)
    return doubled if doubled.endswith(b"\r\n") else doubled + b"\r\n"
