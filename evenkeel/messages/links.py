"""Signed links: what a link in a message proves, and the second step without which it does nothing.

A token says purpose, subject, for whom, which version and until when, with an HMAC-SHA-256 over all of it (RFC 2104; compared in constant
time). It shows nothing to anybody else: the subject is an id that is a digest already, the person a digest under the key, and there are
no names and no amounts. Opening a link changes nothing, because mail scanners open links: the page it leads to carries a confirmation,
good for some minutes and for this token alone, and only a request that brings both acts. A decision that has been taken is a new version,
so that a link works once.

The page itself, and whether the person may still decide, belong elsewhere.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import hashlib
import hmac
import re
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from evenkeel.errors import UsageError

KEY_BYTES = 32
CONFIRM_MINUTES = 30
"""How long a confirming page is good for."""
_FORMAT = "v1"
_SUBJECT = re.compile(r"[a-z]{2,4}-[0-9a-f]{16,32}")
_TOKEN = re.compile(r"v1\.[A-Za-z0-9_-]{20,400}\.[A-Za-z0-9_-]{43}")


class LinkPurpose(StrEnum):
    """What a link is good for."""

    DECIDE = "decide"
    VIEW = "view"


class Refusal(StrEnum):
    """Why a link does nothing."""

    UNREADABLE = "unreadable"
    TAMPERED = "tampered"
    EXPIRED = "expired"
    OTHER_PURPOSE = "other_purpose"
    OTHER_SUBJECT = "other_subject"
    OTHER_VERSION = "other_version"
    OTHER_ACTOR = "other_actor"
    NOT_CONFIRMED = "not_confirmed"


_SAID: dict[Refusal, str] = {
    Refusal.UNREADABLE: "this link is not whole; copy all of it from the message",
    Refusal.TAMPERED: "this link was not made here, or was changed; use the one in the message",
    Refusal.EXPIRED: "this link has expired; ask for a new one",
    Refusal.OTHER_PURPOSE: "this link is for something else",
    Refusal.OTHER_SUBJECT: "this link is for another proposal",
    Refusal.OTHER_VERSION: "this link is for an earlier version: since it was sent the proposal was changed or decided; ask for a new one",
    Refusal.OTHER_ACTOR: "this link is for another person; use the one in your own message",
    Refusal.NOT_CONFIRMED: "this page has been open too long, or is another link's; open the link again and confirm",
}


class LinkRefused(UsageError):
    """A link or its confirmation does nothing; `refusal` says why."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(_SAID[refusal])
        self.refusal = refusal

    def __reduce__(self) -> tuple[type[LinkRefused], tuple[Refusal]]:
        """Unpickle from the refusal."""
        return (LinkRefused, (self.refusal,))


@dataclass(frozen=True)
class Claim:
    """What a token says.

    Attributes:
        purpose: What it is good for.
        subject_id: The proposal (an id of `stable_id`'s form).
        actor_tag: Digest of who may use it (`Signer.tag`).
        version: The version its bearer saw; an older one is refused.
        expires_at: From when on it is refused, in whole seconds.
    """

    purpose: LinkPurpose
    subject_id: str
    actor_tag: str
    version: int
    expires_at: dt.datetime


class Signer:
    """Makes and judges tokens.

    Args:
        key: At least 32 bytes, known to this home only.

    Raises:
        ValueError: The key is too short.
    """

    def __init__(self, key: bytes) -> None:
        if len(key) < KEY_BYTES:
            raise ValueError(f"the link key needs at least {KEY_BYTES} bytes")
        self._key = key

    def tag(self, actor: str) -> str:
        """Return the digest by which a token names a person."""
        return self._mac("actor", actor).hex()[:24]

    def token(self, purpose: LinkPurpose, subject_id: str, actor: str, version: int, expires_at: dt.datetime) -> str:
        """Return a token, the same for the same arguments.

        Raises:
            ValueError: The subject is no id of ours, so that it might say something.
        """
        if not _SUBJECT.fullmatch(subject_id):
            raise ValueError("a link's subject must be an id that is a digest, like pp-5d1e9c70a2b34f68")
        parts = (purpose.value, subject_id, self.tag(actor), str(version), str(int(expires_at.timestamp())))
        body = _encoded("|".join(parts).encode())
        return f"{_FORMAT}.{body}.{_encoded(self._mac('token', body))}"

    def read(self, token: str, now: dt.datetime) -> Claim:
        """Return what a token says, once it is known to be ours and in time.

        Raises:
            LinkRefused: It is unreadable, tampered with or expired.
        """
        if not _TOKEN.fullmatch(token):
            raise LinkRefused(Refusal.UNREADABLE)
        _, body, mac = token.split(".")
        if not hmac.compare_digest(mac, _encoded(self._mac("token", body))):
            raise LinkRefused(Refusal.TAMPERED)
        purpose, subject_id, actor_tag, version, expires = _decoded(body).decode().split("|")
        claim = Claim(
            LinkPurpose(purpose), subject_id, actor_tag, int(version), dt.datetime.fromtimestamp(int(expires), dt.UTC)
        )
        if now >= claim.expires_at:
            raise LinkRefused(Refusal.EXPIRED)
        return claim

    def require(
        self, token: str, now: dt.datetime, *, purpose: LinkPurpose, subject_id: str, version: int, actor: str
    ) -> Claim:
        """Return the claim of a token that is good for exactly this.

        Args:
            token: As sent.
            now: The instant.
            purpose: What is asked for.
            subject_id: The proposal as it is now.
            version: Its version now.
            actor: Who is to act.

        Raises:
            LinkRefused: It is not; says why.
        """
        claim = self.read(token, now)
        if claim.purpose is not purpose:
            raise LinkRefused(Refusal.OTHER_PURPOSE)
        if claim.subject_id != subject_id:
            raise LinkRefused(Refusal.OTHER_SUBJECT)
        if not hmac.compare_digest(claim.actor_tag, self.tag(actor)):
            raise LinkRefused(Refusal.OTHER_ACTOR)
        if claim.version != version:
            raise LinkRefused(Refusal.OTHER_VERSION)
        return claim

    def confirmation(self, token: str, now: dt.datetime) -> str:
        """Return what the confirming page carries: good for this token, for `CONFIRM_MINUTES`."""
        until = str(int(now.timestamp()) + CONFIRM_MINUTES * 60)
        return f"{until}.{_encoded(self._mac('confirm', token, until))}"

    def check_confirmation(self, token: str, confirmation: str, now: dt.datetime) -> None:
        """Refuse to act without the confirming step.

        Raises:
            LinkRefused: The confirmation is another token's, made up, or too old.
        """
        until, _, mac = confirmation.partition(".")
        is_ours = (
            confirmation.isascii()
            and until.isdigit()
            and hmac.compare_digest(mac, _encoded(self._mac("confirm", token, until)))
        )
        if not is_ours or now.timestamp() >= int(until):
            raise LinkRefused(Refusal.NOT_CONFIRMED)

    def _mac(self, *parts: str) -> bytes:
        return hmac.new(self._key, "\x1f".join(parts).encode(), hashlib.sha256).digest()


def link(public_url: str, token: str) -> str:
    """Return the address that goes into a message.

    Raises:
        UsageError: The address of the desk is neither https nor this machine's own.
    """
    parts = urlsplit(public_url)
    # The host as a whole: localhost.example is another machine.
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost")):
        raise UsageError("EVENKEEL_PUBLIC_URL must begin with https://: links in messages let people decide")
    return f"{public_url.rstrip('/')}/decide?t={token}"


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decoded(text: str) -> bytes:
    try:
        return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error as error:
        raise LinkRefused(Refusal.UNREADABLE) from error
