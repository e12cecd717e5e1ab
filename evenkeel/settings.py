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

    @property
    def records_url(self) -> str:
        """Return the records' SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{(self.home / 'records.db').absolute()}"
