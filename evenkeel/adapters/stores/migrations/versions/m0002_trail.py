"""The audit trail (events, chain, checkpoints), which nothing may change, and releases."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TRAIL = ("trail_events", "trail_chain", "trail_checkpoints")


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "trail_events",
        sa.Column("event_no", SERIAL, nullable=False),
        sa.Column("event_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("business_date", sa.String(10)),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("run_id", sa.String(64)),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.String(32), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("event_no"),
        sa.UniqueConstraint("event_id"),
        comment="What happened, written in the transaction of what it records.",
        sqlite_autoincrement=True,
    )
    op.create_index("ix_trail_events_subject", "trail_events", ["subject"])
    op.create_index("ix_trail_events_business_date", "trail_events", ["business_date", "kind"])
    op.create_table(
        "trail_chain",
        sa.Column("seq", SERIAL, nullable=False, autoincrement=False),
        sa.Column("event_no", sa.BigInteger(), nullable=False),
        sa.Column("previous_hash", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("sealed_at", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        sa.UniqueConstraint("event_no"),
        comment="Events sealed, in order: each hash covers its event and the hash before it.",
    )
    op.create_table(
        "trail_checkpoints",
        sa.Column("seq", SERIAL, nullable=False, autoincrement=False),
        sa.Column("chain_hash", sa.String(64), nullable=False),
        sa.Column("merkle_root", sa.String(64), nullable=False),
        sa.Column("peaks", sa.Text(), nullable=False),
        sa.Column("event_count", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.String(32), nullable=False),
        sa.Column("previous_digest", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
        comment="What the chain was at a moment; each is also a line outside the database.",
    )
    op.create_table(
        "releases",
        sa.Column("release_id", sa.String(64), nullable=False),
        sa.Column("exception_id", sa.String(64), nullable=False),
        sa.Column("check", sa.String(64), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("until_date", sa.Date(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("released_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("release_id"),
        comment="Stops that people have lifted, with their reasons.",
    )
    op.create_index("ix_releases_exception_id", "releases", ["exception_id"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    """Drop the tables; their guards go with them."""
    for table in ("releases", *reversed(TRAIL)):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        op.execute("DROP FUNCTION evenkeel_trail_is_kept()")


def _guard_sqlite() -> None:
    for table in TRAIL:
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            )


def _guard_postgresql() -> None:
    op.execute(
        "CREATE FUNCTION evenkeel_trail_is_kept() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION USING MESSAGE = TG_TABLE_NAME || ' is only ever added to'; END $$"
    )
    for table in TRAIL:
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION evenkeel_trail_is_kept()"
        )
