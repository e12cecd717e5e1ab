"""Tables of the audit trail: events as they happened, the chain over them, checkpoints.

Only ever added to; triggers (migration 0002) refuse changes, and the chain proves that there were none. Dates and moments are text exactly
as they are hashed: whatever becomes of a byte, it can be read and named.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table, Text

from evenkeel.adapters.stores.records_schema import SERIAL, metadata

trail_events = Table(
    "trail_events",
    metadata,
    Column("event_no", SERIAL, primary_key=True),
    Column("event_id", String(64), nullable=False, unique=True),
    Column("kind", String(32), nullable=False),
    Column("business_date", String(10)),
    Column("subject", Text, nullable=False),
    Column("run_id", String(64)),
    Column("actor", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("occurred_at", String(32), nullable=False),
    Column("payload", Text, nullable=False),
    Index("ix_trail_events_subject", "subject"),
    Index("ix_trail_events_business_date", "business_date", "kind"),
    comment="What happened, written in the transaction of what it records.",
    sqlite_autoincrement=True,
)

trail_chain = Table(
    "trail_chain",
    metadata,
    Column("seq", SERIAL, primary_key=True, autoincrement=False),
    Column("event_no", BigInteger, nullable=False, unique=True),
    Column("previous_hash", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    Column("sealed_at", String(32), nullable=False),
    comment="Events sealed, in order: each hash covers its event and the hash before it.",
)

trail_checkpoints = Table(
    "trail_checkpoints",
    metadata,
    Column("seq", SERIAL, primary_key=True, autoincrement=False),
    Column("chain_hash", String(64), nullable=False),
    Column("merkle_root", String(64), nullable=False),
    Column("peaks", Text, nullable=False),
    Column("event_count", BigInteger, nullable=False),
    Column("made_at", String(32), nullable=False),
    Column("previous_digest", String(64), nullable=False),
    Column("digest", String(64), nullable=False),
    comment="What the chain was at a moment; each is also a line outside the database.",
)
