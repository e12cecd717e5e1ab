"""Everything that can be set from outside, in one class; each is `EVENKEEL_<NAME>` in the environment.

Policies, models and bands are not settings: they are dated data in the book.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

DEFAULT_HOME = Path(".evenkeel")


class Settings(BaseSettings):
    """Where the home is, which stores it uses, and how far it may go."""

    model_config = SettingsConfigDict(env_prefix="EVENKEEL_", frozen=True, extra="ignore")

    home: Path = Field(
        DEFAULT_HOME, description="Folder with book/, inbox/, archive/, lake/, records.db, keys/ and reports/."
    )
    database_url: str | None = Field(None, description="SQLAlchemy URL of the records; SQLite in the home by default.")
    lake_url: str | None = Field(
        None, description="Folder or s3:// address of the datasets; `lake` in the home by default."
    )
    archive_url: str | None = Field(
        None, description="Folder or s3:// address of raw files; `archive` in the home by default."
    )
    account_key: SecretStr | None = Field(
        None, description="Key of the account digests, hexadecimal; else keys/account.key."
    )
    clock: dt.datetime | None = Field(None, description="Pretend that it is this instant (ISO 8601 with zone).")
    settle_seconds: float = Field(
        2.0, ge=0, description="A file younger than this is waited for, it may still be written."
    )
    max_file_mib: int = Field(2048, ge=1, description="A larger file is refused unread, whatever its layout.")
    lease_seconds: int = Field(
        900, ge=10, description="A run that has not renewed its lease for so long is taken for dead."
    )
    s3_endpoint_url: str | None = Field(
        None, description="Endpoint of an S3-compatible store; credentials as boto3 finds them."
    )
    retention_days: int = Field(
        2557, ge=2192, description="Days that files and log of the lake are kept; at least six years."
    )
    audit_archive_url: str | None = Field(
        None, description="s3:// address of the trail's archive, a bucket with object lock; none by default."
    )
    audit_archive_mode: Literal["GOVERNANCE", "COMPLIANCE"] = Field(
        "GOVERNANCE", description="Mode of the archive's object lock."
    )
    audit_archive_years: int = Field(
        6, ge=5, le=100, description="Years that an object of the archive is locked; 17 CFR 275.204-2(e) asks for five."
    )
    task_runner: str = Field(
        "prefect.task_runners.ThreadPoolTaskRunner",
        description="Class of the flows' task runner, for example prefect_dask.DaskTaskRunner.",
    )

    firm_name: str | None = Field(None, description="Who writes; stands on every message.")
    firm_contact: str | None = Field(
        None, description="The firm's address and telephone, one line under every message."
    )
    firm_disclosure: str = Field("", description="What the law or the firm wants under every message.")
    public_url: str | None = Field(
        None, description="Where the desk is reached from outside; links in messages lead there."
    )
    link_key: SecretStr | None = Field(None, description="Key of the links, hexadecimal; else keys/link.key.")
    adviser_channels: str = Field(
        "",
        description="Channels by which advisers are told, comma-separated; email, or files without SMTP, by default.",
    )
    client_channels: str = Field("", description="The same for clients.")
    operations_channels: str = Field("", description="The same for operations and compliance.")
    smtp_url: SecretStr | None = Field(None, description="smtp://user:password@host:587, or smtps://...:465.")
    mail_from: str | None = Field(None, description="Whom mail comes from: Harbour Wealth <desk@harbour.example>.")
    mail_reply_to: str | None = Field(None, description="Where answers go; the sender by default.")
    journal_address: str | None = Field(
        None, description="The message archive's address; it gets a copy of all that clients get."
    )
    webhook_url: SecretStr | None = Field(None, description="Where messages are POSTed as JSON.")
    webhook_secret: SecretStr | None = Field(None, description="Signs the webhook's body.")
    chat_url: SecretStr | None = Field(None, description="A chat's address as apprise writes it.")
    sms_url: SecretStr | None = Field(
        None, description="An SMS gateway's address as apprise writes it; {to} is the number."
    )
    wealthbox_token: SecretStr | None = Field(None, description="Wealthbox's API access token.")
    wealthbox_url: str = Field("https://api.crmworkspace.com/v1", description="Where Wealthbox's API begins.")
    redtail_api_key: SecretStr | None = Field(None, description="Redtail's API key.")
    redtail_user: str | None = Field(None, description="The user whose activities they are in Redtail.")
    redtail_password: SecretStr | None = Field(None, description="That user's password.")
    redtail_url: str = Field(
        "https://crm.redtailtechnology.com/api/public/v1", description="Where Redtail's API begins."
    )
    redtail_activity_code: int = Field(1, description="The firm's activity code in Redtail for these tasks.")
    redtail_category: int = Field(1, description="The firm's category in Redtail for tasks and notes.")

    @property
    def says_who_writes(self) -> bool:
        """Tell whether the firm has said who writes and where links lead: until then nothing is sent to people."""
        return bool(self.firm_name and self.firm_contact and self.public_url)

    @property
    def records_url(self) -> str:
        """Return the records' SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{(self.home / 'records.db').absolute()}"
