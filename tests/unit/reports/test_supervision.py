"""Supervisory review and sample audit: who did what, what was late, what is missing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from evenkeel.reports.facts import Facts
from evenkeel.reports.model import Report
from evenkeel.reports.period import month_of
from evenkeel.reports.sample_audit import draw, sample_audit
from evenkeel.reports.supervisory_review import content_digest, own_decisions, supervisory_review
from tests.support.reporting import Telling, at

ASK = ("present", "with_adviser", "2026-03-02 08:00")


def column(report: Report, table: str, name: str) -> list[Any]:
    return [each[name] for each in report.table(table).rows]


def month() -> Telling:
    """A list let pass by a senior adviser, one escalated and run out, one let through by the policy, an alert declined by itself."""
    told = Telling()
    told.alert("2", "ep-1", "P-1", due_at=at("2026-03-03 07:00"))
    told.alert("2", "ep-2", "P-2", due_at=at("2026-03-03 07:00"))
    told.case(
        "pp-1",
        "ep-1",
        "P-1",
        ("open", "drafted", "2026-03-02 07:30"),
        ("override_wash", "checked", "2026-03-02 07:45", "A-9", "senior_adviser", "losses do not matter here"),
        ASK,
        ("approve", "approved", "2026-03-03 09:00", "A-1", "adviser"),
        ("stage", "staged", "2026-03-03 10:00", "ops", "operations"),
        ("invalidate", "expired", "2026-03-04 09:00"),
    )
    told.case(
        "pp-2",
        "ep-2",
        "P-2",
        ASK,
        ("escalate", "escalated", "2026-03-03 08:00", "A-2", "adviser", "concentrated"),
        ("expire", "expired", "2026-03-05 08:00"),
    )
    told.case("pp-3", "ep-3", "P-3", ASK, ("approve", "approved", "2026-03-02 08:00"))
    consent = {"position": 1, "kind": "adviser", "due_at": at("2026-03-02 20:00"), "started_at": at("2026-03-02 08:00")}
    told.other(
        "consents",
        consent_id="c-1",
        proposal_id="pp-1",
        person_id="A-1",
        state="given",
        given_by="A-1",
        given_at=at("2026-03-03 09:00"),
        digest_seen="d",
        **consent,
    )
    told.other("consents", consent_id="c-2", proposal_id="pp-2", person_id="A-2", state="lapsed", **consent)
    told.other(
        "decisions",
        decision_id="de-1",
        episode_id="ep-4",
        kind="decline",
        decided_date=at("2026-03-03 12:00").date(),
        severity_frac=0.01,
        actor="A-1",
        role="adviser",
        reason="client abroad",
        decided_at=at("2026-03-03 12:00"),
    )
    told.alert("2", "ep-4", "P-4")
    return told


def test_who_decided_what() -> None:
    report = supervisory_review(month().facts())
    assert column(report, "decisions", "actor") == ["A-9", "A-2", "A-1", "A-1"]
    assert column(report, "decisions", "step") == ["override_wash", "escalate", "approve", "decline"]
    assert column(report, "overrides", "reason") == ["losses do not matter here"]
    assert column(report, "escalations", "proposal_id") == ["pp-2"]
    assert column(report, "expired", "proposal_id") == ["pp-2"]
    assert column(report, "withdrawn", "proposal_id") == ["pp-1"]
    assert column(report, "automation", "proposal_id") == ["pp-3"]
    assert own_decisions(report, "A-1") == 2


def test_what_was_late_and_by_how_much() -> None:
    late = {(row["what"], row["subject_id"]): row for row in supervisory_review(month().facts()).table("late").rows}
    assert set(late) == {("answer", "pp-1"), ("answer", "pp-2"), ("alert", "ep-2")}, (
        "letting a wash sale pass is acting"
    )
    assert late["answer", "pp-1"]["late_hours"] == 13
    assert late["alert", "ep-2"]["late_hours"] == 1, "escalating is acting"
    assert late["answer", "pp-2"]["done_at"] is None


def test_a_sign_off_names_what_was_seen() -> None:
    facts = month().facts()
    digest = content_digest(supervisory_review(facts))
    assert supervisory_review(facts).notes == ("Nobody has reviewed 2026-03 yet.",)
    signed = {
        "period": "2026-03",
        "at": at("2026-04-07 10:00"),
        "actor": "C-01",
        "role": "compliance",
        "digest": digest,
        "own_count": 0,
        "comment": "nothing found",
    }
    later = replace(facts, reviews=[signed], as_of_at=at("2026-05-01 09:00"))
    assert column(supervisory_review(later), "reviews", "is_this") == [True], "the time it is made does not count"
    assert supervisory_review(later).notes == ()
    changed = month()
    changed.case(
        "pp-9", "ep-1", "P-1", ASK, ("decline", "declined", "2026-03-30 08:00", "A-1", "adviser", "late entry")
    )
    assert column(supervisory_review(changed.facts(reviews=[signed])), "reviews", "is_this") == [False]


def test_the_sample_can_be_drawn_again_by_anybody() -> None:
    ids = [f"ep-{number}" for number in range(500)]
    first = draw(ids, "2026-Q1", "Harbour Wealth", 25)
    assert draw(reversed(ids), "2026-Q1", "Harbour Wealth", 25) == first
    assert len(set(first)) == 25
    assert draw(ids, "2026-Q2", "Harbour Wealth", 25) != first
    assert draw(ids, "2026-Q1", "Other", 25) != first
    assert len(set(draw([*ids, "ep-new"], "2026-Q1", "Harbour Wealth", 25)) - set(first)) <= 1
    assert draw(ids[:3], "2026-Q1", "Harbour Wealth", 25) != []
    assert sorted(draw(ids[:3], "2026-Q1", "Harbour Wealth", 25)) == sorted(ids[:3])


def event(kind: str, subject: str, seq: int | None, mentions: str = "") -> dict[str, Any]:
    return {"kind": kind, "subject": subject, "seq": seq, "payload": f'{{"id":"{mentions}"}}'}


def test_a_whole_chain_has_no_gap_and_a_torn_one_says_where() -> None:
    told = Telling()
    told.alert("2", "ep-1", "P-1", due_at=at("2026-03-03 07:00"))
    told.case(
        "pp-1", "ep-1", "P-1", ("open", "drafted", "2026-03-02 08:00"), ("present", "with_adviser", "2026-03-02 08:00"),
        ("approve", "approved", "2026-03-02 09:00", "A-1", "adviser"), digest="d-1",
    )  # fmt: skip
    told.other(
        "consents",
        consent_id="c-1",
        proposal_id="pp-1",
        position=1,
        kind="adviser",
        state="given",
        given_by="A-1",
        digest_seen="d-1",
    )
    whole = [
        event("alert_opened", "ep-1", 1),
        event("proposal_opened", "pp-1", 2),
        event("proposal_moved", "pp-1", 3),
        event("proposal_moved", "pp-1", 4),
        event("consent_given", "pp-1", 5, "c-1"),
    ]
    report = sample_audit(told.facts(), {"ep-1": whole})
    assert column(report, "gaps", "says") == []
    consent = next(row for row in report.table("chain").rows if row["part"] == "consent")
    assert (consent["subject_id"], consent["who"], consent["seqs"]) == ("c-1", "A-1", "5")
    torn = sample_audit(told.facts(), {"ep-1": [event("proposal_moved", "pp-1", None)]})
    assert column(torn, "gaps", "says") == [
        "the trail has no event that it opened",
        "1 of its events are not sealed yet",
        "the trail has no event that it was opened",
        "the log has 2 steps after the first, the trail 1",
    ]
    told.rows["consents"] = [{**told.rows["consents"][0], "digest_seen": "d-0"}]
    assert "another list" in column(sample_audit(told.facts(), {"ep-1": whole}), "gaps", "says")[0]
    told.rows["consents"] = []
    assert column(sample_audit(told.facts(), {"ep-1": whole}), "gaps", "says") == [
        "it was approved, and no consent is on record"
    ]


def test_sent_and_filled_need_orders_fills_and_a_message() -> None:
    told = Telling()
    told.alert("2", "ep-1", "P-1")
    told.case(
        "pp-1", "ep-1", "P-1", ("open", "drafted", "2026-03-02 08:00"), ("send", "sent", "2026-03-02 09:00"),
        ("fill", "filled", "2026-03-02 10:00"),
    )  # fmt: skip
    parts = set(column(sample_audit(told.facts(is_execution_kept=True), {}), "gaps", "part"))
    assert {"order", "fill", "message"} <= parts
    assert not {"order", "fill", "message"} & set(column(sample_audit(told.facts(), {}), "gaps", "part"))


def test_no_alert_no_sample() -> None:
    report = sample_audit(Facts(month_of("2026-03"), at("2026-04-06 09:00")), {})
    assert all(not table.rows for table in report.tables)
