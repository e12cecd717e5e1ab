"""Differences that a person has looked at: who, when, why, and the figures that they saw."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLE = "difference_acknowledgements"


def upgrade() -> None:
    """Make the table, which is only ever added to."""
    op.create_table(
        TABLE,
        sa.Column("acknowledgement_id", sa.String(64), nullable=False),
        sa.Column("difference_id", sa.String(64), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("acknowledgement_id"),
        sa.ForeignKeyConstraint(["difference_id"], ["execution_differences.difference_id"]),
        comment="Who has looked at a difference, with the figures that they saw; with other figures it is open again.",
    )
    if op.get_bind().dialect.name != "sqlite":
        op.execute(
            f"CREATE TRIGGER {TABLE}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {TABLE} "
            "FOR EACH STATEMENT EXECUTE FUNCTION evenkeel_trail_is_kept()"
        )
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{change} BEFORE {change.upper()} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is only ever added to'); END"
        )


def downgrade() -> None:
    """Drop the table; its guards go with it."""
    op.drop_table(TABLE)
