"""Tables of our own orders: blocks, whose parts they are, fills, what waits, what was handed over, what differs.

Triggers (migration 0005) let no order in whose proposal is not staged, and keep allocations, fills and hand-overs as they were written;
those of migration 0007 keep acknowledgements.
"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import (
    JSON,
    Column,
    Date,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from evenkeel.adapters.stores.records_schema import Instant, metadata


class Exact(TypeDecorator[Decimal]):
    """A number as text, so that no digit is lost: SQLite would make a float of it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> str | None:
        """Write it without an exponent."""
        return None if value is None else f"{value:f}"

    def process_result_value(self, value: str | None, dialect: Dialect) -> Decimal | None:
        """Read it as it was written."""
        return None if value is None else Decimal(value)


orders = Table(
    "orders",
    metadata,
    Column("order_id", String(64), primary_key=True),
    Column("batch_id", String(64), nullable=False),
    Column("sequence_no", Integer, nullable=False),
    Column("custodian", Text, nullable=False),
    Column("security_id", Text, nullable=False),
    Column("security", JSON, nullable=False),
    Column("side", String(8), nullable=False),
    Column("order_type", String(16), nullable=False),
    Column("order_size", String(16), nullable=False),
    Column("order_qty", Exact),
    Column("order_value_usd", Exact),
    Column("estimated_price_usd", Exact, nullable=False),
    Column("limit_price_usd", Exact),
    Column("time_in_force", String(32), nullable=False),
    Column("hand_over", String(16), nullable=False),
    Column("state", String(16), nullable=False),
    Column("send_at", Instant, nullable=False),
    Column("trade_date", Date, nullable=False),
    Column("order_by_at", Instant),
    Column("settle_date", Date, nullable=False),
    Column("planned_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Index("ix_orders_batch_id", "batch_id"),
    Index("ix_orders_state", "state"),
    comment="Block orders as they stand; `security` is what was ordered, by every identifier it had then.",
)

order_allocations = Table(
    "order_allocations",
    metadata,
    Column("order_id", String(64), ForeignKey("orders.order_id"), nullable=False),
    Column("proposal_id", String(64), ForeignKey("proposal_cases.proposal_id"), nullable=False),
    Column("trade_no", Integer, nullable=False),
    Column("account_id", Text, nullable=False),
    Column("order_qty", Exact, nullable=False),
    Column("order_value_usd", Exact, nullable=False),
    Column("lot_id", Text),
    Column("lot_opened_date", Date),
    Column("lot_instruction", String(32), nullable=False),
    Column("relief_method", String(32), nullable=False),
    Column("gain_usd", Exact),
    Column("tax_usd", Exact, nullable=False),
    Column("attempt_no", Integer, nullable=False, server_default="0"),
    PrimaryKeyConstraint("order_id", "proposal_id", "trade_no"),
    UniqueConstraint("proposal_id", "trade_no", "attempt_no"),
    comment="Whose parts make up an order: each approved trade is in one order at most, those taken back before they left aside.",
)

fills = Table(
    "fills",
    metadata,
    Column("order_id", String(64), nullable=False),
    Column("execution_id", Text, nullable=False),
    Column("filled_qty", Exact, nullable=False),
    Column("price_usd", Exact, nullable=False),
    Column("filled_at", Instant, nullable=False),
    Column("trade_date", Date, nullable=False),
    Column("status", String(16), nullable=False),
    Column("refers_to_id", Text),
    Column("taken_at", Instant, nullable=False),
    PrimaryKeyConstraint("order_id", "execution_id"),
    comment="Executions as custodians told them, those of orders that are none of ours too.",
)

execution_differences = Table(
    "execution_differences",
    metadata,
    Column("difference_id", String(64), primary_key=True),
    Column("business_date", Date, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("order_id", String(64)),
    Column("proposal_id", String(64)),
    Column("account_id", Text),
    Column("subject", Text, nullable=False),
    Column("expected", Exact, nullable=False),
    Column("found", Exact, nullable=False),
    Column("unit", String(8), nullable=False),
    Column("text", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
    Index("ix_execution_differences_proposal_id", "proposal_id"),
    comment="In what executions differ from what was ordered or approved.",
)

difference_acknowledgements = Table(
    "difference_acknowledgements",
    metadata,
    Column("acknowledgement_id", String(64), primary_key=True),
    Column("difference_id", String(64), ForeignKey("execution_differences.difference_id"), nullable=False),
    Column("expected", Exact, nullable=False),
    Column("found", Exact, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("at", Instant, nullable=False),
    comment="Who has looked at a difference, with the figures that they saw; with other figures it is open again.",
)

order_waits = Table(
    "order_waits",
    metadata,
    Column("proposal_id", String(64), nullable=False),
    Column("trade_no", Integer, nullable=False),
    Column("reason", String(32), nullable=False),
    Column("text", Text, nullable=False),
    Column("account_id", Text),
    Column("waits_at", Instant, nullable=False),
    PrimaryKeyConstraint("proposal_id", "trade_no"),
    comment="What the last planning left waiting, and why; trade 0: the whole proposal.",
)

hand_overs = Table(
    "hand_overs",
    metadata,
    Column("parcel_id", String(64), nullable=False),
    Column("name", Text, nullable=False),
    Column("kind", String(16), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("order_ids", JSON, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("parcel_id", "name"),
    comment="Each file or message that left, with the SHA-256 of its bytes.",
)
