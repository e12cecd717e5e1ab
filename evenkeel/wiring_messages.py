"""Where messages meet their channels: what `evenkeel.wiring` does for a run, this does for the post.

Apart from it, so that a run does not wait for the channels' libraries.
"""

from __future__ import annotations

from functools import cache

from pydantic import SecretStr

from data_contracts.vocab import Channel
from evenkeel.adapters.crm.redtail import RedtailCrm
from evenkeel.adapters.crm.wealthbox import WealthboxCrm
from evenkeel.adapters.notifiers.chat import AppriseNotifier
from evenkeel.adapters.notifiers.contacts import Contacts
from evenkeel.adapters.notifiers.folder import FolderNotifier
from evenkeel.adapters.notifiers.journal import JournalNotifier
from evenkeel.adapters.notifiers.smtp import SmtpNotifier, parse_smtp_url
from evenkeel.adapters.notifiers.webhook import WebhookNotifier
from evenkeel.desk.composing import Composer
from evenkeel.desk.sending import NOBODY_WRITES, Post, send_due
from evenkeel.desk.sent_report import sent_lines, waiting_line
from evenkeel.errors import UsageError
from evenkeel.messages.audience import parse_channels
from evenkeel.messages.links import Signer
from evenkeel.messages.templates import Firm, Templates
from evenkeel.ports import Addresses, Notifier
from evenkeel.run.house import House
from evenkeel.settings import Settings
from evenkeel.wiring import make_key, open_house, read_settings


def open_post(settings: Settings | None = None) -> Post:
    """Return what messages are sent with: the outbox, every channel that is set up, addresses, templates.

    Raises:
        UsageError: There is no home, or a setting is wrong.
    """
    settings = settings or read_settings()
    house = open_house(settings)
    addresses = Contacts(settings.home / "contacts.csv", lambda: _adviser_mail(house))
    return Post(
        outbox=house.records.outbox,
        channels=_channels(settings, addresses),
        addresses=addresses,
        templates=cache(lambda: open_templates(settings)),
        clock=house.clock,
        checkpoint=house.records.checkpoint,
        compose=_composer(settings, house),
    )


def send_by(settings: Settings) -> list[str]:
    """Send what is due where the firm has said who writes, and say what became of it; else say in a line what waits, if anything.

    Raises:
        UsageError: There is no home, or a setting is wrong.
    """
    if not settings.says_who_writes:
        line = waiting_line(open_house(settings).records.outbox.counts(), NOBODY_WRITES)
        return [line] if line else []
    post = open_post(settings)
    sending = send_due(post)
    return sent_lines(sending, post.outbox.counts())


def drill_settings(settings: Settings) -> Settings:
    """Return the settings of a drill: what it says to people is written into the home's outgoing folder, nothing leaves it."""
    writer = {
        "firm_name": "Synthetic practice",
        "firm_contact": "desk@example.com",
        "public_url": "https://desk.example.com",
        **dict.fromkeys(("adviser_channels", "client_channels", "operations_channels"), "file"),
    }
    return settings.model_copy(update=writer)


def _composer(settings: Settings, house: House) -> Composer | None:
    """Return what makes messages of announcements; None where the firm has not said yet who writes and where links lead: they wait."""
    if not (settings.says_who_writes and settings.public_url):
        return None
    has_mail = settings.smtp_url is not None
    named = ("adviser", "client", "operations")
    channels = {
        each: parse_channels(
            getattr(settings, f"{each}_channels"), f"EVENKEEL_{each.upper()}_CHANNELS", has_mail=has_mail
        )
        for each in named
    }
    return Composer(house, open_templates(settings), link_signer(settings), settings.public_url, channels)


def open_templates(settings: Settings) -> Templates:
    """Return the templates that count: those in the home's templates/ in the place of ours.

    Raises:
        UsageError: Who writes is not set, or a file there is no template.
    """
    return own_templates(settings, Firm("", ""))


def own_templates(settings: Settings, otherwise: Firm) -> Templates:
    """Return the templates that count, signed by `otherwise` where the firm has not said who writes."""
    folder = settings.home / "templates"
    own = {each.name: each.read_text(encoding="utf-8") for each in folder.iterdir()} if folder.is_dir() else {}
    name, contact = settings.firm_name, settings.firm_contact
    firm = Firm(name, contact, settings.firm_disclosure) if name and contact else otherwise
    return Templates(firm, own)


def link_signer(settings: Settings) -> Signer:
    """Return what signs links, by the key of the settings or the home's keys/link.key; made on first use.

    A new key makes the links that are out worthless, nothing else.

    Raises:
        UsageError: The key is not hexadecimal, or too short.
    """
    path = settings.home / "keys" / "link.key"
    if settings.link_key is None and not path.exists():
        make_key(path)
    text = settings.link_key.get_secret_value() if settings.link_key else path.read_text().strip()
    try:
        return Signer(bytes.fromhex(text))
    except ValueError as error:
        raise UsageError("EVENKEEL_LINK_KEY or keys/link.key must hold 64 hexadecimal digits") from error


def _channels(settings: Settings, addresses: Addresses) -> dict[Channel, Notifier]:
    """Return the channels that are set up; files always are."""
    found: dict[Channel, Notifier] = {Channel.FILE: FolderNotifier(settings.home / "outgoing")}
    if settings.smtp_url is not None:
        if settings.mail_from is None:
            raise UsageError("EVENKEEL_SMTP_URL is set and EVENKEEL_MAIL_FROM is not: say whom mail comes from")
        server = parse_smtp_url(settings.smtp_url.get_secret_value())
        smtp = SmtpNotifier(server, settings.mail_from, settings.mail_reply_to)
        found[Channel.EMAIL] = smtp
        if settings.journal_address is not None:
            found[Channel.JOURNAL] = JournalNotifier(
                smtp, settings.mail_from, settings.journal_address, addresses, settings.mail_reply_to
            )
    elif settings.journal_address is not None:
        raise UsageError("EVENKEEL_JOURNAL_ADDRESS is set and EVENKEEL_SMTP_URL is not: copies go by mail")
    if settings.webhook_url is not None:
        found[Channel.WEBHOOK] = WebhookNotifier(
            settings.webhook_url.get_secret_value(), _secret(settings.webhook_secret)
        )
    if settings.chat_url is not None:
        found[Channel.CHAT] = AppriseNotifier(settings.chat_url.get_secret_value(), "EVENKEEL_CHAT_URL")
    if settings.sms_url is not None:
        found[Channel.SMS] = AppriseNotifier(settings.sms_url.get_secret_value(), "EVENKEEL_SMS_URL", with_link=True)
    if settings.wealthbox_token is not None:
        found[Channel.WEALTHBOX] = WealthboxCrm(settings.wealthbox_token.get_secret_value(), settings.wealthbox_url)
    if settings.redtail_api_key is not None:
        if settings.redtail_user is None or settings.redtail_password is None:
            raise UsageError("EVENKEEL_REDTAIL_API_KEY needs EVENKEEL_REDTAIL_USER and EVENKEEL_REDTAIL_PASSWORD too")
        found[Channel.REDTAIL] = RedtailCrm(
            settings.redtail_api_key.get_secret_value(),
            settings.redtail_user,
            settings.redtail_password.get_secret_value(),
            settings.redtail_url,
            settings.redtail_activity_code,
            settings.redtail_category,
        )
    return found


def _secret(value: SecretStr | None) -> str | None:
    return None if value is None else value.get_secret_value()


def _adviser_mail(house: House) -> dict[str, str]:
    advisers = house.book(house.last_closed_session()).advisers
    return {row["adviser_id"]: row["email"] for row in advisers.iter_rows(named=True) if row["email"]}
