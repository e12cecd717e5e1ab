"""Tables of the records database, for SQLite and PostgreSQL alike.

Money is whole cents, an instant is UTC, what is read as a whole only is JSON. `migrations` makes these tables; a test holds the two
equal.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

HEAD = "0007"
"""The newest migration: a database that is there already is known by it, without importing Alembic."""

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "ix": "ix_%(table_name)s_%(column_0_name)s",
    }
)


class Instant(TypeDecorator[dt.datetime]):
    """A moment in UTC; SQLite, which knows no zones, gets it without one and gives it back with it."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: dt.datetime | None, dialect: Dialect) -> dt.datetime | None:
        """Refuse a moment without zone, which would be guessed at."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("an instant needs its time zone")
        instant = value.astimezone(dt.UTC)
        return instant.replace(tzinfo=None) if dialect.name == "sqlite" else instant

    def process_result_value(self, value: Any, dialect: Dialect) -> dt.datetime | None:
        """Return the moment with its zone."""
        if value is None:
            return None
        stored: dt.datetime = value
        return stored.replace(tzinfo=dt.UTC) if stored.tzinfo is None else stored.astimezone(dt.UTC)


SERIAL = BigInteger().with_variant(Integer(), "sqlite")
"""A number that counts up; SQLite counts only its own Integer."""

runs = Table(
    "runs",
    metadata,
    Column("run_id", String(64), primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("status", String(32), nullable=False),
    Column("book_digest", String(64), nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("code_version", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("finished_at", Instant, nullable=False),
    Column("summary", JSON, nullable=False),
    Index("ix_runs_business_date", "business_date", "kind"),
    Index("ix_runs_finished_at", "finished_at"),
    comment="Every run that came to its end.",
)

run_datasets = Table(
    "run_datasets",
    metadata,
    Column("run_id", String(64), ForeignKey("runs.run_id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("dataset", String(64), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("row_count", BigInteger, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("files", JSON, nullable=False),
    PrimaryKeyConstraint("run_id", "position"),
    UniqueConstraint("run_id", "dataset", "business_date"),
    comment="A run's manifest: which rows it wrote, and where they lie.",
)

current_runs = Table(
    "current_runs",
    metadata,
    Column("business_date", Date, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("run_id", String(64), ForeignKey("runs.run_id"), nullable=False),
    PrimaryKeyConstraint("business_date", "kind"),
    comment="The run that counts for a date.",
)

received_files = Table(
    "received_files",
    metadata,
    Column("arrival_no", SERIAL, primary_key=True),
    Column("feed", Text, nullable=False),
    Column("file_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("byte_count", BigInteger, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("first_seen_at", Instant, nullable=False),
    Column("business_date", Date),
    UniqueConstraint("feed", "file_id", "name"),
    Index("ix_received_files_business_date", "business_date"),
    comment="Files as they came: the same bytes under the same name are one file.",
)

arrivals = Table(
    "arrivals",
    metadata,
    Column("feed", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("byte_count", BigInteger, nullable=False),
    Column("modified_at", Instant, nullable=False),
    Column("file_id", String(64), nullable=False),
    PrimaryKeyConstraint("feed", "name", "byte_count", "modified_at"),
    comment="Every delivery seen at a feed's location, so that none is fetched twice.",
)

decisions = Table(
    "decisions",
    metadata,
    Column("decision_id", String(64), primary_key=True),
    Column("episode_id", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("decided_date", Date, nullable=False),
    Column("until_date", Date),
    Column("severity_frac", Float, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Index("ix_decisions_episode_id", "episode_id"),
    comment="What people said to alerts.",
)

releases = Table(
    "releases",
    metadata,
    Column("release_id", String(64), primary_key=True),
    Column("exception_id", String(64), nullable=False),
    Column("check", String(64), nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("from_date", Date, nullable=False),
    Column("until_date", Date, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("released_at", Instant, nullable=False),
    Index("ix_releases_exception_id", "exception_id"),
    comment="Stops that people have lifted, with their reasons.",
)

alerts = Table(
    "alerts",
    metadata,
    Column("alert_id", String(64), primary_key=True),
    Column("run_id", String(64), ForeignKey("runs.run_id"), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("adviser_id", Text, nullable=False),
    Column("household_id", Text, nullable=False),
    Column("portfolio_id", Text, nullable=False),
    Column("status", String(32), nullable=False),
    Column("is_withdrawn", Boolean, nullable=False),
    Column("score", Float),
    Column("value_cents", BigInteger, nullable=False),
    Column("due_at", Instant),
    Column("digest", String(64), nullable=False),
    Column("alert", JSON, nullable=False),
    Index("ix_alerts_adviser_id", "adviser_id", "status"),
    Index("ix_alerts_business_date", "business_date", "kind"),
    comment="Each alert as it stands on the newest date that showed it.",
)

alert_log = Table(
    "alert_log",
    metadata,
    Column("entry_no", SERIAL, primary_key=True),
    Column("alert_id", String(64), ForeignKey("alerts.alert_id"), nullable=False),
    Column("run_id", String(64), ForeignKey("runs.run_id"), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("status", String(32), nullable=False),
    Column("is_withdrawn", Boolean, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("alert", JSON, nullable=False),
    Index("ix_alert_log_business_date", "business_date", "alert_id"),
    comment="Every state an alert was shown in, never changed: a row where a run found it other than before.",
)

outbox = Table(
    "outbox",
    metadata,
    Column("message_id", String(128), primary_key=True),
    Column("run_id", String(64), ForeignKey("runs.run_id")),
    Column("kind", String(32), nullable=False),
    Column("channel", String(16)),
    Column("recipient_ref", Text),
    Column("subject_id", Text),
    Column("payload", JSON, nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempt_count", Integer, nullable=False, default=0, server_default="0"),
    Column("failure_count", Integer, nullable=False, default=0, server_default="0"),
    Column("next_try_at", Instant),
    Column("expires_at", Instant),
    Column("last_error", Text),
    Column("claimed_by", String(64)),
    Column("claimed_until", Instant),
    Column("sent_at", Instant),
    Column("evidence", JSON(none_as_null=True)),
    Column("added_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_outbox_state", "state", "added_at"),
    Index("ix_outbox_next_try_at", "state", "next_try_at"),
    comment="Messages to be sent, each once. Without channel: an announcement, of which addressed messages are yet to be made.",
)

leases = Table(
    "leases",
    metadata,
    Column("name", String(128), primary_key=True),
    Column("token", String(64), nullable=False),
    Column("holder", Text, nullable=False),
    Column("host", Text, nullable=False),
    Column("pid", BigInteger, nullable=False),
    Column("process_started", Text, nullable=False),
    Column("acquired_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    comment="Who works on what, until when.",
)
