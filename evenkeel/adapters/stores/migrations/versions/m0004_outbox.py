"""What the sender of messages must know: channel, recipient by id, attempts, claims, evidence. A message needs no run any more."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Add the columns; what is queued already stays, as announcements without channel."""
    with op.batch_alter_table("outbox") as batch:
        batch.alter_column("run_id", existing_type=sa.String(64), nullable=True)
        batch.add_column(sa.Column("channel", sa.String(16)))
        batch.add_column(sa.Column("recipient_ref", sa.Text()))
        batch.add_column(sa.Column("subject_id", sa.Text()))
        batch.add_column(sa.Column("attempt_count", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("failure_count", sa.Integer(), nullable=False, server_default="0"))
        batch.add_column(sa.Column("next_try_at", INSTANT))
        batch.add_column(sa.Column("expires_at", INSTANT))
        batch.add_column(sa.Column("last_error", sa.Text()))
        batch.add_column(sa.Column("claimed_by", sa.String(64)))
        batch.add_column(sa.Column("claimed_until", INSTANT))
        batch.add_column(sa.Column("sent_at", INSTANT))
        batch.add_column(sa.Column("evidence", sa.JSON()))
    if op.get_bind().dialect.name == "postgresql":
        op.create_table_comment(
            "outbox",
            "Messages to be sent, each once. Without channel: an announcement, of which addressed messages are yet to be made.",
            existing_comment="Messages to be sent, each once.",
        )
    op.create_index("ix_outbox_next_try_at", "outbox", ["state", "next_try_at"])


def downgrade() -> None:
    """Take the columns away; messages without a run would not fit any more."""
    op.drop_index("ix_outbox_next_try_at", "outbox")
    op.execute("DELETE FROM outbox WHERE run_id IS NULL")
    with op.batch_alter_table("outbox") as batch:
        for name in (
            "evidence",
            "sent_at",
            "claimed_until",
            "claimed_by",
            "last_error",
            "expires_at",
            "next_try_at",
            "failure_count",
            "attempt_count",
            "subject_id",
            "recipient_ref",
            "channel",
        ):
            batch.drop_column(name)
        batch.alter_column("run_id", existing_type=sa.String(64), nullable=False)
