"""Orders: blocks and their parts, fills, what waits, what was handed over, what differs."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
TABLES = ("orders", "order_allocations", "fills", "execution_differences", "order_waits", "hand_overs")
KEPT = ("order_allocations", "fills", "hand_overs")
NOT_STAGED = (
    "NOT EXISTS (SELECT 1 FROM proposal_cases c WHERE c.proposal_id = NEW.proposal_id "
    "AND c.state IN ('staged', 'sent', 'filled'))"
)
SAYS = "no order without a proposal that is staged"
FIXED = (
    "NEW.order_id <> OLD.order_id OR NEW.batch_id <> OLD.batch_id OR NEW.security_id <> OLD.security_id "
    "OR NEW.side <> OLD.side OR COALESCE(NEW.order_qty, '') <> COALESCE(OLD.order_qty, '') "
    "OR COALESCE(NEW.order_value_usd, '') <> COALESCE(OLD.order_value_usd, '') "
    "OR COALESCE(NEW.limit_price_usd, '') <> COALESCE(OLD.limit_price_usd, '')"
)
FIXED_SAYS = "an order stays what it was planned as"


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "orders",
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("batch_id", sa.String(64), nullable=False),
        sa.Column("sequence_no", sa.Integer(), nullable=False),
        sa.Column("custodian", sa.Text(), nullable=False),
        sa.Column("security_id", sa.Text(), nullable=False),
        sa.Column("security", sa.JSON(), nullable=False),
        sa.Column("side", sa.String(8), nullable=False),
        sa.Column("order_type", sa.String(16), nullable=False),
        sa.Column("order_size", sa.String(16), nullable=False),
        sa.Column("order_qty", sa.Text()),
        sa.Column("order_value_usd", sa.Text()),
        sa.Column("estimated_price_usd", sa.Text(), nullable=False),
        sa.Column("limit_price_usd", sa.Text()),
        sa.Column("time_in_force", sa.String(32), nullable=False),
        sa.Column("hand_over", sa.String(16), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("send_at", INSTANT, nullable=False),
        sa.Column("trade_date", sa.Date(), nullable=False),
        sa.Column("order_by_at", INSTANT),
        sa.Column("settle_date", sa.Date(), nullable=False),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("order_id"),
        comment="Block orders as they stand; `security` is what was ordered, by every identifier it had then.",
    )
    op.create_index("ix_orders_batch_id", "orders", ["batch_id"])
    op.create_index("ix_orders_state", "orders", ["state"])
    op.create_table(
        "order_allocations",
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("proposal_id", sa.String(64), nullable=False),
        sa.Column("trade_no", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Text(), nullable=False),
        sa.Column("order_qty", sa.Text(), nullable=False),
        sa.Column("order_value_usd", sa.Text(), nullable=False),
        sa.Column("lot_id", sa.Text()),
        sa.Column("lot_opened_date", sa.Date()),
        sa.Column("lot_instruction", sa.String(32), nullable=False),
        sa.Column("relief_method", sa.String(32), nullable=False),
        sa.Column("gain_usd", sa.Text()),
        sa.Column("tax_usd", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("order_id", "proposal_id", "trade_no"),
        sa.UniqueConstraint("proposal_id", "trade_no"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.order_id"]),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal_cases.proposal_id"]),
        comment="Whose parts make up an order: each approved trade is in one order at most.",
    )
    op.create_table(
        "fills",
        sa.Column("order_id", sa.String(64), nullable=False),
        sa.Column("execution_id", sa.Text(), nullable=False),
        sa.Column("filled_qty", sa.Text(), nullable=False),
        sa.Column("price_usd", sa.Text(), nullable=False),
        sa.Column("filled_at", INSTANT, nullable=False),
        sa.Column("trade_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("refers_to_id", sa.Text()),
        sa.Column("taken_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("order_id", "execution_id"),
        comment="Executions as custodians told them, those of orders that are none of ours too.",
    )
    op.create_table(
        "execution_differences",
        sa.Column("difference_id", sa.String(64), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("order_id", sa.String(64)),
        sa.Column("proposal_id", sa.String(64)),
        sa.Column("account_id", sa.Text()),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("expected", sa.Text(), nullable=False),
        sa.Column("found", sa.Text(), nullable=False),
        sa.Column("unit", sa.String(8), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("found_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("difference_id"),
        comment="In what executions differ from what was ordered or approved.",
    )
    op.create_index("ix_execution_differences_proposal_id", "execution_differences", ["proposal_id"])
    op.create_table(
        "order_waits",
        sa.Column("proposal_id", sa.String(64), nullable=False),
        sa.Column("trade_no", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("account_id", sa.Text()),
        sa.Column("waits_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("proposal_id", "trade_no"),
        comment="What the last planning left waiting, and why; trade 0: the whole proposal.",
    )
    op.create_table(
        "hand_overs",
        sa.Column("parcel_id", sa.String(64), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("order_ids", sa.JSON(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("parcel_id", "name"),
        comment="Each file or message that left, with the SHA-256 of its bytes.",
    )
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    """Drop the tables; their guards go with them."""
    for table in ("hand_overs", "order_waits", "execution_differences", "fills", "order_allocations", "orders"):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for name in ("order_parts_open", "order_stays"):
            op.execute(f"DROP FUNCTION evenkeel_{name}()")


def _guard_sqlite() -> None:
    for table in KEPT:
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            )
    op.execute(
        "CREATE TRIGGER orders_no_delete BEFORE DELETE ON orders "
        "BEGIN SELECT RAISE(ABORT, 'rows of orders are kept'); END"
    )
    op.execute(
        f"CREATE TRIGGER order_allocations_open BEFORE INSERT ON order_allocations WHEN {NOT_STAGED} "
        f"BEGIN SELECT RAISE(ABORT, '{SAYS}'); END"
    )
    op.execute(
        f"CREATE TRIGGER orders_stay BEFORE UPDATE ON orders WHEN {FIXED} "
        f"BEGIN SELECT RAISE(ABORT, '{FIXED_SAYS}'); END"
    )


def _guard_postgresql() -> None:
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION evenkeel_trail_is_kept()"
        )
    op.execute(
        "CREATE TRIGGER orders_is_kept BEFORE DELETE OR TRUNCATE ON orders "
        "FOR EACH STATEMENT EXECUTE FUNCTION evenkeel_trail_is_kept()"
    )
    for name, table, when, wrong, says in (
        ("order_parts_open", "order_allocations", "INSERT", NOT_STAGED, SAYS),
        ("order_stays", "orders", "UPDATE", FIXED, FIXED_SAYS),
    ):
        op.execute(
            f"CREATE FUNCTION evenkeel_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
            f"IF {wrong} THEN RAISE EXCEPTION '{says}'; END IF; RETURN NEW; END $$"
        )
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION evenkeel_{name}()")
