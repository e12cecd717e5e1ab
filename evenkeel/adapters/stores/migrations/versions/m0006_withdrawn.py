"""Orders that were taken back before they left: their trades may be ordered again, each in one order at a time."""

import sqlalchemy as sa
from alembic import op

from evenkeel.adapters.stores.migrations.versions.m0005_orders import NOT_STAGED, SAYS

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLE = "order_allocations"
COMMENT_BEFORE = "Whose parts make up an order: each approved trade is in one order at most."
COMMENT = f"{COMMENT_BEFORE[:-1]}, those taken back before they left aside."
UNIQUE = f"uq_{TABLE}_proposal_id"


def upgrade() -> None:
    """Count the attempts; those on record are the first."""
    _unguard()
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(UNIQUE, type_="unique")
        batch.add_column(sa.Column("attempt_no", sa.Integer(), nullable=False, server_default="0"))
        batch.create_unique_constraint(UNIQUE, ["proposal_id", "trade_no", "attempt_no"])
    _guard(COMMENT, COMMENT_BEFORE)


def downgrade() -> None:
    """Take the count away; a trade that was ordered twice does not fit any more, and stops it."""
    _unguard()
    with op.batch_alter_table(TABLE) as batch:
        batch.drop_constraint(UNIQUE, type_="unique")
        batch.drop_column("attempt_no")
        batch.create_unique_constraint(UNIQUE, ["proposal_id", "trade_no"])
    _guard(COMMENT_BEFORE, COMMENT)


def _unguard() -> None:
    """Take the guards off where the table is made anew, as SQLite's is."""
    if op.get_bind().dialect.name == "sqlite":
        for guard in ("no_update", "no_delete", "open"):
            op.execute(f"DROP TRIGGER {TABLE}_{guard}")


def _guard(comment: str, before: str) -> None:
    """Put them on again; on PostgreSQL they have stayed, and the table's comment changes."""
    if op.get_bind().dialect.name != "sqlite":
        op.create_table_comment(TABLE, comment, existing_comment=before)
        return
    for change in ("update", "delete"):
        op.execute(
            f"CREATE TRIGGER {TABLE}_no_{change} BEFORE {change.upper()} ON {TABLE} "
            f"BEGIN SELECT RAISE(ABORT, '{TABLE} is only ever added to'); END"
        )
    op.execute(
        f"CREATE TRIGGER {TABLE}_open BEFORE INSERT ON {TABLE} WHEN {NOT_STAGED} "
        f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    )
