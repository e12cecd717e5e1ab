"""Copies for a message archive (Smarsh, Global Relay and their like): a journal report for each message that clients were sent.

A report is a mail to the archive's address with the envelope in words and the message itself attached as it went out (message/rfc822),
the shape that archives take from Exchange and Google. What a client was sent on another channel is attached as a mail of the same content.
"""

from __future__ import annotations

import datetime as dt
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

from data_contracts.vocab import Channel
from evenkeel.adapters.notifiers.folder import NOBODY
from evenkeel.adapters.notifiers.mail import compose_mail, message_id, plain_address
from evenkeel.adapters.notifiers.smtp import SmtpNotifier
from evenkeel.errors import UsageError
from evenkeel.ports import Addresses, Attempt, Delivery, Outcome


class JournalNotifier:
    """The archive as a channel.

    Args:
        smtp: How mail goes out.
        sender: Who writes; also the sender of what is attached.
        archive_address: The archive's own address for this firm.
        addresses: To say in the envelope whom the message went to.
        reply_to: As on the original.
    """

    is_repeatable = False

    def __init__(
        self, smtp: SmtpNotifier, sender: str, archive_address: str, addresses: Addresses, reply_to: str | None = None
    ) -> None:
        try:
            self._archive = plain_address(archive_address)
        except ValueError as error:
            raise UsageError("EVENKEEL_JOURNAL_ADDRESS must be one plain mail address") from error
        self._smtp, self._sender, self._addresses, self._reply_to = smtp, sender, addresses, reply_to

    def deliver(self, delivery: Delivery) -> Attempt:
        """Send the report of one message."""
        try:
            report = self.report(delivery)
        except ValueError:
            return Attempt(Outcome.REFUSED, error="the message that was sent cannot be put into a report")
        return self._smtp.hand_over(self._archive, report.as_bytes(), str(report["Message-ID"]))

    def report(self, delivery: Delivery) -> EmailMessage:
        """Return the report; its payload is that of `evenkeel.messages.journal`."""
        told = delivery.payload
        original = Delivery(
            message_id=told["message_id"],
            kind=told["kind"],
            address=self._addresses.address(Channel.EMAIL, told["recipient_ref"]) or NOBODY,
            payload=told["payload"],
            queued_at=dt.datetime.fromisoformat(told["queued_at"]),
        )
        mail = compose_mail(original, self._sender, self._reply_to)
        report = EmailMessage(policy=SMTP)
        report["From"] = self._sender
        report["To"] = self._archive
        report["Subject"] = mail["Subject"]
        report["Date"] = format_datetime(delivery.queued_at.astimezone(dt.UTC))
        report["Message-ID"] = message_id(delivery.message_id, self._sender)
        report["Auto-Submitted"] = "auto-generated"
        report.set_content(
            f"Sender: {self._sender}\nSubject: {mail['Subject']}\nMessage-Id: {mail['Message-ID']}\n"
            f"To: {original.address}\nChannel: {told['channel']}\nRecipient: {told['recipient_ref']}\n",
            cte="quoted-printable",
        )
        report.add_attachment(mail)
        report.set_boundary(f"=_{delivery.message_id}")
        return report
