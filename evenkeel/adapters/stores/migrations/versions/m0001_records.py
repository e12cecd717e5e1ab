"""The first tables: runs and their manifests, files received, decisions, alerts, outbox, leases."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "runs",
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("book_digest", sa.String(64), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("code_version", sa.Text(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("finished_at", INSTANT, nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id"),
        comment="Every run that came to its end.",
    )
    op.create_index("ix_runs_business_date", "runs", ["business_date", "kind"])
    op.create_index("ix_runs_finished_at", "runs", ["finished_at"])
    op.create_table(
        "run_datasets",
        sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("dataset", sa.String(64), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("row_count", sa.BigInteger(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "position"),
        sa.UniqueConstraint("run_id", "dataset", "business_date"),
        comment="A run's manifest: which rows it wrote, and where they lie.",
    )
    op.create_table(
        "current_runs",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.PrimaryKeyConstraint("business_date", "kind"),
        comment="The run that counts for a date.",
    )
    op.create_table(
        "received_files",
        sa.Column("arrival_no", SERIAL, nullable=False),
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("file_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", INSTANT, nullable=False),
        sa.Column("first_seen_at", INSTANT, nullable=False),
        sa.Column("business_date", sa.Date()),
        sa.UniqueConstraint("feed", "file_id", "name"),
        sa.PrimaryKeyConstraint("arrival_no"),
        comment="Files as they came: the same bytes under the same name are one file.",
    )
    op.create_index("ix_received_files_business_date", "received_files", ["business_date"])
    op.create_table(
        "arrivals",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("byte_count", sa.BigInteger(), nullable=False),
        sa.Column("modified_at", INSTANT, nullable=False),
        sa.Column("file_id", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("feed", "name", "byte_count", "modified_at"),
        comment="Every delivery seen at a feed's location, so that none is fetched twice.",
    )
    op.create_table(
        "decisions",
        sa.Column("decision_id", sa.String(64), nullable=False),
        sa.Column("episode_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("decided_date", sa.Date(), nullable=False),
        sa.Column("until_date", sa.Date()),
        sa.Column("severity_frac", sa.Float(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("decided_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("decision_id"),
        comment="What people said to alerts.",
    )
    op.create_index("ix_decisions_episode_id", "decisions", ["episode_id"])
    op.create_table(
        "alerts",
        sa.Column("alert_id", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("adviser_id", sa.Text(), nullable=False),
        sa.Column("household_id", sa.Text(), nullable=False),
        sa.Column("portfolio_id", sa.Text(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("score", sa.Float()),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.Column("due_at", INSTANT),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("alert", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("alert_id"),
        comment="Each alert as it stands on the newest date that showed it.",
    )
    op.create_index("ix_alerts_adviser_id", "alerts", ["adviser_id", "status"])
    op.create_index("ix_alerts_business_date", "alerts", ["business_date", "kind"])
    op.create_table(
        "alert_log",
        sa.Column("entry_no", SERIAL, nullable=False),
        sa.Column("alert_id", sa.String(64), sa.ForeignKey("alerts.alert_id"), nullable=False),
        sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(32), nullable=False),
        sa.Column("is_withdrawn", sa.Boolean(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("alert", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("entry_no"),
        comment="Every state an alert was shown in, never changed: a row where a run found it other than before.",
    )
    op.create_index("ix_alert_log_business_date", "alert_log", ["business_date", "alert_id"])
    op.create_table(
        "outbox",
        sa.Column("message_id", sa.String(128), nullable=False),
        sa.Column("run_id", sa.String(64), sa.ForeignKey("runs.run_id"), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("payload", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("message_id"),
        comment="Messages to be sent, each once.",
    )
    op.create_index("ix_outbox_state", "outbox", ["state", "added_at"])
    op.create_table(
        "leases",
        sa.Column("name", sa.String(128), nullable=False),
        sa.Column("token", sa.String(64), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("host", sa.Text(), nullable=False),
        sa.Column("pid", sa.BigInteger(), nullable=False),
        sa.Column("process_started", sa.Text(), nullable=False),
        sa.Column("acquired_at", INSTANT, nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("name"),
        comment="Who works on what, until when.",
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "leases",
        "outbox",
        "alert_log",
        "alerts",
        "decisions",
        "arrivals",
        "received_files",
        "current_runs",
        "run_datasets",
        "runs",
    ):
        op.drop_table(table)
