"""Tables of consent: cases, the lists they are about, the consents they need, their log, and what people have put on hold.

Triggers (migration 0003) hold the state machine and all-or-nothing consent in the database itself: docs/approval.md says what they refuse.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from evenkeel.adapters.stores.records_schema import SERIAL, Instant, metadata

proposal_lists = Table(
    "proposal_lists",
    metadata,
    Column("proposal_id", String(64), primary_key=True),
    Column("digest", String(64), nullable=False),
    Column("content", JSON, nullable=False),
    comment="What is consented to, and what it rests on: never changed.",
)

proposal_cases = Table(
    "proposal_cases",
    metadata,
    Column("proposal_id", String(64), ForeignKey("proposal_lists.proposal_id"), primary_key=True),
    Column("alert_id", String(64), nullable=False),
    Column("run_id", String(64), ForeignKey("runs.run_id"), nullable=False),
    Column("business_date", Date, nullable=False),
    Column("adviser_id", Text, nullable=False),
    Column("household_id", Text, nullable=False),
    Column("portfolio_id", Text, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("value_cents", BigInteger, nullable=False),
    Column("policy_version", Text, nullable=False),
    Column("modifies", String(64)),
    Column("escalated_to", Text),
    Column("until_date", Date),
    Column("wake_at", Instant),
    Column("opened_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("route", JSON, nullable=False),
    Index("ix_proposal_cases_alert_id", "alert_id"),
    Index("ix_proposal_cases_adviser_id", "adviser_id", "state"),
    Index("ix_proposal_cases_household_id", "household_id"),
    Index("ix_proposal_cases_state", "state"),
    Index("ix_proposal_cases_wake_at", "wake_at"),
    comment="Each proposal's life as it stands.",
)

consents = Table(
    "consents",
    metadata,
    Column("consent_id", String(64), primary_key=True),
    Column("proposal_id", String(64), ForeignKey("proposal_cases.proposal_id"), nullable=False),
    Column("position", Integer, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("role", String(32), nullable=False),
    Column("person_id", Text),
    Column("quorum", Integer, nullable=False),
    Column("state", String(16), nullable=False),
    Column("started_at", Instant),
    Column("remind_at", Instant),
    Column("escalate_at", Instant),
    Column("due_at", Instant),
    Column("given_by", Text),
    Column("given_role", String(32)),
    Column("given_at", Instant),
    Column("reason", Text),
    Column("version_seen", Integer),
    Column("digest_seen", String(64)),
    Column("signature", Text),
    Index("ix_consents_proposal_id", "proposal_id"),
    comment="Each yes that a proposal needs, to the whole of it.",
)

case_log = Table(
    "case_log",
    metadata,
    Column("entry_no", SERIAL, primary_key=True),
    Column("proposal_id", String(64), ForeignKey("proposal_cases.proposal_id"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("step", String(32), nullable=False),
    Column("from_state", String(16)),
    Column("to_state", String(16), nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", String(32), nullable=False),
    Column("at", Instant, nullable=False),
    Column("reason", Text, nullable=False),
    Column("version_seen", Integer),
    Column("detail", JSON, nullable=False),
    UniqueConstraint("proposal_id", "version"),
    comment="Every step of every case, only ever added to: a version is made once.",
)

desk_controls = Table(
    "desk_controls",
    metadata,
    Column("control_id", String(64), primary_key=True),
    Column("kind", String(16), nullable=False),
    Column("scope", String(16), nullable=False),
    Column("subject_id", Text, nullable=False),
    Column("code", String(32), nullable=False),
    Column("reason", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("role", String(32), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("review_date", Date),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    Column("ended_role", String(32)),
    Column("ended_reason", Text),
    Index("ix_desk_controls_kind", "kind", "subject_id"),
    comment="Suspensions, pauses and pilots: each holds until a person ends it.",
)
