"""A message as mail (RFC 5322): the same message gives the same bytes, however often it is tried."""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr

from evenkeel.ports import Delivery


def compose_mail(delivery: Delivery, sender: str, reply_to: str | None = None) -> EmailMessage:
    """Return the mail: text and HTML side by side, a Message-ID that is a function of the message's id.

    Raises:
        ValueError: The address is none that mail can go to.
    """
    mail = EmailMessage(policy=SMTP)
    mail["From"] = sender
    mail["To"] = plain_address(delivery.address)
    if reply_to:
        mail["Reply-To"] = reply_to
    mail["Subject"] = " ".join(str(delivery.payload["subject"]).split())
    mail["Date"] = format_datetime(delivery.queued_at.astimezone(dt.UTC))
    mail["Message-ID"] = message_id(delivery.message_id, sender)
    # RFC 3834: so that out-of-office robots do not answer.
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(delivery.payload["text"], cte="quoted-printable")
    if delivery.payload.get("html"):
        mail.add_alternative(delivery.payload["html"], subtype="html", cte="quoted-printable")
        mail.set_boundary(f"=_{delivery.message_id}")
    return mail


def message_id(identity: str, sender: str) -> str:
    """Return `<ms-0123@firm.example>`."""
    domain = parseaddr(sender)[1].rpartition("@")[2] or "evenkeel.invalid"
    return f"<{identity}@{domain}>"


def plain_address(address: str) -> str:
    """Return an address as it may stand in a header and in a command.

    Raises:
        ValueError: It is none; the text does not say which.
    """
    name, at, domain = address.strip().rpartition("@")
    is_plain = address.isascii() and address.isprintable() and not set(address.strip()) & set(' <>(),;:"[]\\')
    if not (at and name and "." in domain and is_plain):
        raise ValueError("no plain mail address")
    return address.strip()
