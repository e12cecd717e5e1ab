"""Consent: cases, lists, consents, log and controls, with the guards that hold the state machine and all-or-nothing consent."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
SERIAL = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
TABLES = ("proposal_lists", "proposal_cases", "consents", "case_log", "desk_controls")
KEPT = ("proposal_lists", "case_log")
"""Only ever added to."""

ALLOWED = {
    "drafted": (
        "checked",
        "escalated",
        "declined",
        "deferred",
        "superseded",
    ),
    "checked": (
        "with_adviser",
        "superseded",
    ),
    "with_adviser": (
        "with_client",
        "escalated",
        "approved",
        "declined",
        "deferred",
        "expired",
        "superseded",
    ),
    "with_client": (
        "escalated",
        "approved",
        "declined",
        "deferred",
        "expired",
        "superseded",
    ),
    "escalated": (
        "with_adviser",
        "with_client",
        "approved",
        "declined",
        "deferred",
        "expired",
        "superseded",
    ),
    "approved": (
        "staged",
        "declined",
        "expired",
        "superseded",
    ),
    "staged": (
        "approved",
        "sent",
    ),
    "sent": ("filled",),
    "filled": ("reconciled",),
    "deferred": ("superseded",),
}
"""Every change of state that there is, as `evenkeel.approval.states` had them at this migration."""

_CHANGED_STATE = (
    "("
    + " OR ".join(
        f"OLD.state = '{origin}' AND NEW.state IN ({', '.join(repr(target) for target in targets)})"
        for origin, targets in ALLOWED.items()
    )
    + ")"
)

CASE_GUARDS = (
    (
        "NEW.proposal_id <> OLD.proposal_id OR NEW.digest <> OLD.digest OR NEW.alert_id <> OLD.alert_id",
        "a case stays about the trades it was opened with",
    ),
    ("NEW.version <> OLD.version + 1", "a case goes on by one version a step"),
    (f"NEW.state <> OLD.state AND NOT {_CHANGED_STATE}", "no proposal goes this way"),
    (
        "NEW.state IN ('approved', 'staged', 'sent') AND EXISTS (SELECT 1 FROM consents c WHERE c.proposal_id = NEW.proposal_id "
        "AND (c.state NOT IN ('given', 'waived') OR (c.state = 'given' AND c.digest_seen <> NEW.digest)))",
        "a consent is missing, or was given to other trades",
    ),
    (
        "NEW.state IN ('approved', 'staged', 'sent') AND NOT EXISTS "
        "(SELECT 1 FROM consents c WHERE c.proposal_id = NEW.proposal_id AND c.state = 'given')",
        "nobody has consented",
    ),
)
CONSENT_GUARDS = (
    ("OLD.state <> 'pending'", "an answered consent stays as it is"),
    (
        "NEW.proposal_id <> OLD.proposal_id OR NEW.position <> OLD.position OR NEW.kind <> OLD.kind OR NEW.role <> OLD.role",
        "a consent stays whose it was",
    ),
    (
        "NEW.state = 'given' AND (NEW.given_by IS NULL OR NEW.given_at IS NULL OR NEW.digest_seen IS NULL)",
        "a consent says who gave it, when, and to what",
    ),
)


def upgrade() -> None:
    """Make the tables and their guards."""
    op.create_table(
        "proposal_lists",
        sa.Column("proposal_id", sa.String(64), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("proposal_id"),
        comment="What is consented to, and what it rests on: never changed.",
    )
    op.create_table(
        "proposal_cases",
        sa.Column("proposal_id", sa.String(64), nullable=False),
        sa.Column("alert_id", sa.String(64), nullable=False),
        sa.Column("run_id", sa.String(64), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("adviser_id", sa.Text(), nullable=False),
        sa.Column("household_id", sa.Text(), nullable=False),
        sa.Column("portfolio_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.Column("policy_version", sa.Text(), nullable=False),
        sa.Column("modifies", sa.String(64)),
        sa.Column("escalated_to", sa.Text()),
        sa.Column("until_date", sa.Date()),
        sa.Column("wake_at", INSTANT),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("changed_at", INSTANT, nullable=False),
        sa.Column("route", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("proposal_id"),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal_lists.proposal_id"]),
        sa.ForeignKeyConstraint(["run_id"], ["runs.run_id"]),
        comment="Each proposal's life as it stands.",
    )
    for name, columns in (
        ("alert_id", ["alert_id"]),
        ("adviser_id", ["adviser_id", "state"]),
        ("household_id", ["household_id"]),
        ("state", ["state"]),
        ("wake_at", ["wake_at"]),
    ):
        op.create_index(f"ix_proposal_cases_{name}", "proposal_cases", columns)
    op.create_table(
        "consents",
        sa.Column("consent_id", sa.String(64), nullable=False),
        sa.Column("proposal_id", sa.String(64), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("person_id", sa.Text()),
        sa.Column("quorum", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("started_at", INSTANT),
        sa.Column("remind_at", INSTANT),
        sa.Column("escalate_at", INSTANT),
        sa.Column("due_at", INSTANT),
        sa.Column("given_by", sa.Text()),
        sa.Column("given_role", sa.String(32)),
        sa.Column("given_at", INSTANT),
        sa.Column("reason", sa.Text()),
        sa.Column("version_seen", sa.Integer()),
        sa.Column("digest_seen", sa.String(64)),
        sa.Column("signature", sa.Text()),
        sa.PrimaryKeyConstraint("consent_id"),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal_cases.proposal_id"]),
        comment="Each yes that a proposal needs, to the whole of it.",
    )
    op.create_index("ix_consents_proposal_id", "consents", ["proposal_id"])
    op.create_table(
        "case_log",
        sa.Column("entry_no", SERIAL, nullable=False),
        sa.Column("proposal_id", sa.String(64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("step", sa.String(32), nullable=False),
        sa.Column("from_state", sa.String(16)),
        sa.Column("to_state", sa.String(16), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version_seen", sa.Integer()),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("entry_no"),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal_cases.proposal_id"]),
        sa.UniqueConstraint("proposal_id", "version"),
        comment="Every step of every case, only ever added to: a version is made once.",
    )
    op.create_table(
        "desk_controls",
        sa.Column("control_id", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("subject_id", sa.Text(), nullable=False),
        sa.Column("code", sa.String(32), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("role", sa.String(32), nullable=False),
        sa.Column("from_at", INSTANT, nullable=False),
        sa.Column("review_date", sa.Date()),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.Text()),
        sa.Column("ended_role", sa.String(32)),
        sa.Column("ended_reason", sa.Text()),
        sa.PrimaryKeyConstraint("control_id"),
        comment="Suspensions, pauses and pilots: each holds until a person ends it.",
    )
    op.create_index("ix_desk_controls_kind", "desk_controls", ["kind", "subject_id"])
    if op.get_bind().dialect.name == "sqlite":
        _guard_sqlite()
    else:
        _guard_postgresql()


def downgrade() -> None:
    """Drop the tables; their guards go with them."""
    for table in reversed(TABLES):
        op.drop_table(table)
    if op.get_bind().dialect.name != "sqlite":
        for name in ("case_opens", "case_moves", "consent_answers"):
            op.execute(f"DROP FUNCTION evenkeel_{name}()")


def _guard_sqlite() -> None:
    for table in KEPT:
        for change in ("update", "delete"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{change} BEFORE {change.upper()} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} is only ever added to'); END"
            )
    for table in ("proposal_cases", "consents"):
        op.execute(
            f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
            f"BEGIN SELECT RAISE(ABORT, 'rows of {table} are kept'); END"
        )
    op.execute(
        "CREATE TRIGGER proposal_cases_open BEFORE INSERT ON proposal_cases "
        "WHEN NEW.state <> 'drafted' OR NEW.version <> 1 BEGIN SELECT RAISE(ABORT, 'a case begins drafted'); END"
    )
    for table, guards in (("proposal_cases", CASE_GUARDS), ("consents", CONSENT_GUARDS)):
        # One trigger a table: SQLite does not say in which order it would take several.
        cases = " ".join(f"WHEN {wrong} THEN RAISE(ABORT, '{says}')" for wrong, says in guards)
        op.execute(f"CREATE TRIGGER {table}_guard BEFORE UPDATE ON {table} BEGIN SELECT CASE {cases} END; END")


def _guard_postgresql() -> None:
    for table in KEPT:
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION evenkeel_trail_is_kept()"
        )
    for table in ("proposal_cases", "consents"):
        op.execute(
            f"CREATE TRIGGER {table}_is_kept BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION evenkeel_trail_is_kept()"
        )
    _function("case_opens", (("NEW.state <> 'drafted' OR NEW.version <> 1", "a case begins drafted"),))
    _function("case_moves", CASE_GUARDS)
    _function("consent_answers", CONSENT_GUARDS)
    for table, when, name in (
        ("proposal_cases", "INSERT", "case_opens"),
        ("proposal_cases", "UPDATE", "case_moves"),
        ("consents", "UPDATE", "consent_answers"),
    ):
        op.execute(f"CREATE TRIGGER {name} BEFORE {when} ON {table} FOR EACH ROW EXECUTE FUNCTION evenkeel_{name}()")


def _function(name: str, guards: tuple[tuple[str, str], ...]) -> None:
    checks = " ".join(f"IF {wrong} THEN RAISE EXCEPTION '{says}'; END IF;" for wrong, says in guards)
    op.execute(
        f"CREATE FUNCTION evenkeel_{name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {checks} RETURN NEW; END $$"
    )
