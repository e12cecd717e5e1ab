"""From a run's proposal to an approval that can be staged, or cannot: through the commands, as people type them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from data_contracts.vocab import ProposalState, Role, Step
from evenkeel.approval.acting import open_case
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.consent.staging import advance, stage
from evenkeel.sandbox.plan import SandboxPlan
from tests.command.consent_home import ASKED, SENIOR, Desk, edit, make
from tests.command.practice import Home
from tests.command.test_messages import FIRM
from tests.support.consenting import account, case, facts

Made = tuple[Home, SandboxPlan]
OPS = Asking("ops", Role.OPERATIONS)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A home after its first session, its proposals not opened yet."""
    return make(tmp_path_factory.mktemp("consent") / "home")


@pytest.fixture
def desk(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A home of one's own, swept once."""
    opened = Desk(made[0].copy(tmp_path / "home"), capsys)
    assert "opened" in opened("sweep")
    return opened


def approved(desk: Desk) -> dict[str, Any]:
    """Have the asked portfolio's list approved by its adviser and both owners, and return it."""
    proposal = desk.case(ASKED[1])["proposal_id"]
    desk("desk", "approve", proposal, "--actor", "A-03")
    desk("desk", "consent", proposal, "--actor", "pat", "--signature", "Pat Doe")
    assert "approved" in desk("desk", "consent", proposal, "--actor", "lou", "--signature", "Lou Doe")
    return desk.case(ASKED[1])


def staged(desk: Desk, proposal: str) -> tuple[str | None, str | None]:
    """Try to stage, and return the state after it, if it changed, and what was said."""
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        [one] = stage(desk.home.house(), [proposal], OPS)
    return one.case.state.value if one.case else None, one.problem


def test_the_adviser_then_every_owner_then_it_is_staged(desk: Desk) -> None:
    case = desk.case(ASKED[1])
    assert (case["line"], case["state"]) == ("100k to 500k, client asked", "with_adviser")
    assert "own book" in desk("desk", "approve", case["proposal_id"], "--actor", "A-02", code=2)
    assert "waits for A-03" in desk(
        "desk", "consent", case["proposal_id"], "--actor", "pat", "--signature", "P", code=2
    )
    ready = approved(desk)
    assert {(one["kind"], one["given_by"], one["signature"]) for one in ready["consents"]} == {
        ("adviser", "A-03", None),
        ("client", "lou", "Lou Doe"),
        ("client", "pat", "Pat Doe"),
    }
    assert {one["digest_seen"] for one in ready["consents"]} == {ready["digest"]}
    assert (ready["stale"], ready["waits"]) == ([], [])
    assert staged(desk, case["proposal_id"]) == ("staged", None)
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        house = desk.home.house()
        for step in (Step.SEND, Step.FILL, Step.RECONCILE):
            last = advance(house, case["proposal_id"], step, OPS)
    assert last.state is ProposalState.RECONCILED
    assert sorted(desk.messages(case["proposal_id"])) == [
        ("approval_requested", "A-03"),
        ("approval_requested", "lou"),
        ("approval_requested", "pat"),
        ("proposal_approved", "A-03"),
    ]
    assert "is whole" in desk("audit", "verify")
    assert "signed" in desk("desk", "show", case["proposal_id"])


def test_sweeping_again_changes_nothing(desk: Desk) -> None:
    before = desk.home.records()
    assert "0 opened" in desk("sweep")
    after = desk.home.records()
    assert {name: rows for name, rows in after.items() if name not in ("leases",)} == before


def test_who_was_slower_is_told(desk: Desk) -> None:
    case = desk.case(SENIOR[1])
    proposal, version = case["proposal_id"], case["version"]
    desk("desk", "decline", proposal, "--reason", "not now", "--actor", "A-01")
    said = desk("desk", "approve", proposal, "--actor", "A-01", "--role", "senior_adviser", "--seen", version, code=2)
    assert "decline by A-01" in said
    assert "look again" in said


def test_declined_yesterday_and_still_drifted_today(made: Made, desk: Desk) -> None:
    case = desk.case(SENIOR[1])
    desk("desk", "decline", case["alert_id"], "--reason", "the client sells the house", "--actor", "A-01")
    desk.later(days=1)
    made[1].deliver(made[1].dates[1], desk.home.path)
    desk("run", "--date", made[1].dates[1])
    desk("sweep")
    assert desk.case(SENIOR[1], "declined", "with_adviser")["state"] == "declined", "no new case: the alert is quiet"
    assert "Quiet" in desk("alerts")


def test_the_next_run_takes_nobodys_time_unless_the_list_is_another(made: Made, desk: Desk) -> None:
    before = desk.case(ASKED[1])
    desk.later(days=1)
    made[1].deliver(made[1].dates[1], desk.home.path)
    desk("run", "--date", made[1].dates[1])
    desk("sweep")
    after = desk.case(ASKED[1])
    if after["proposal_id"] == before["proposal_id"]:
        assert after["consents"][0]["due_at"] == before["consents"][0]["due_at"]
    else:
        old = desk.case(ASKED[1], "superseded")
        assert old["steps"][-1]["detail"]["newer_proposal_id"] == after["proposal_id"]
        assert ("superseded", "A-03") in desk.messages(old["proposal_id"])
    assert "0 opened" in desk("sweep")


def test_a_smaller_list_is_another_proposal_with_consents_of_its_own(desk: Desk) -> None:
    case = desk.case(ASKED[1])
    first = case["list"]["trades"][0]
    words = ("desk", "modify", case["proposal_id"], "--actor", "A-03", "--reason", "keeps some")
    assert "more than" in desk(*words, "--qty", f"{first['trade_no']}=999999", code=2)
    assert "there is no trade 99" in desk(*words, "--drop", 99, code=2)
    assert "nothing would be left" in desk(
        *words, *[w for row in case["list"]["trades"] for w in ("--drop", row["trade_no"])], code=2
    )
    desk(*words, "--qty", f"{first['trade_no']}={int(float(first['traded_qty'])) - 1}")
    changed = desk.case(ASKED[1])
    assert changed["modifies"] == case["proposal_id"]
    assert changed["digest"] != case["digest"]
    assert changed["state"] == "with_client"
    assert [one["state"] for one in changed["consents"]] == ["given", "pending", "pending"]
    assert desk.case(ASKED[1], "superseded")["proposal_id"] == case["proposal_id"]
    assert "before the client sees it" in desk(
        "desk", "modify", changed["proposal_id"], *words[3:], "--drop", 1, code=2
    )


def test_silence_reminds_escalates_and_ends_it_once_each(desk: Desk) -> None:
    proposal = desk.case(ASKED[1])["proposal_id"]
    seen = []
    for hours in (23, 2, 0, 24, 0, 24, 0):
        desk.later(hours=hours)
        desk("sweep")
        seen.append(desk.messages(proposal)[1:])
    assert seen == [
        [],
        [("approval_reminder", "A-03")],
        [("approval_reminder", "A-03")],
        [("approval_reminder", "A-03"), ("approval_escalated", "A-01")],
        [("approval_reminder", "A-03"), ("approval_escalated", "A-01")],
        [("approval_reminder", "A-03"), ("approval_escalated", "A-01"), ("approval_expired", "A-03")],
        [("approval_reminder", "A-03"), ("approval_escalated", "A-01"), ("approval_expired", "A-03")],
    ]
    assert desk.case(ASKED[1], "expired")["consents"][0]["state"] == "lapsed"
    assert "no_response" in desk("audit", "show", "--kind", "no_response")


def test_whoever_it_was_escalated_to_may_answer(desk: Desk) -> None:
    proposal = desk.case(ASKED[1])["proposal_id"]
    desk.later(hours=49)
    desk("sweep")
    assert desk.case(ASKED[1])["escalated_to"] == "A-01"
    assert "with client" in desk("desk", "approve", proposal, "--actor", "A-01")


def test_compliance_answers_what_is_escalated_to_it_and_nothing_else(desk: Desk) -> None:
    proposal = desk.case(ASKED[1])["proposal_id"]
    as_compliance = ("--actor", "C-01", "--role", "compliance")
    assert "only for what is escalated to it" in desk("desk", "approve", proposal, *as_compliance, code=2)
    desk("desk", "escalate", proposal, "--reason", "concentrated", "--actor", "A-03")
    assert "waits for C-01" in desk("desk", "approve", proposal, "--actor", "A-03", code=2)
    assert "waits for compliance" in desk(
        "desk", "modify", proposal, "--drop", 1, "--reason", "x", "--actor", "A-03", code=2
    )
    desk("desk", "approve", proposal, *as_compliance, "--reason", "within the IPS")
    assert desk.case(ASKED[1])["state"] == "with_adviser"
    assert "is not for the role compliance" in desk(
        "desk", "modify", proposal, "--drop", 1, "--reason", "x", *as_compliance, code=2
    )


def leaves(desk: Desk) -> None:
    """Take A-03 out of the firm: their households are A-02's, nobody is below or stood in for by them."""
    edit(desk.home.path, "households.csv", lambda row: {"adviser_id": "A-02"} if row["adviser_id"] == "A-03" else {})
    path = desk.home.path / "book" / "advisers.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("A-03")))


def test_the_adviser_of_record_has_left(desk: Desk) -> None:
    proposal = desk.case(ASKED[1])["proposal_id"]
    leaves(desk)
    assert "does not act as adviser" in desk("desk", "approve", proposal, "--actor", "A-03", code=2)
    assert "with client" in desk("desk", "approve", proposal, "--actor", "A-02")


def test_what_waits_for_an_adviser_who_left_is_handed_over_and_nobody_asks_them_again(made: Made, desk: Desk) -> None:
    proposal = desk.case(ASKED[1])["proposal_id"]
    asked_before = desk.messages(proposal)
    assert asked_before == [("approval_requested", "A-03")]
    desk.later(hours=20)
    leaves(desk)
    assert "1 handed over" in desk("sweep")
    handed = desk.case(ASKED[1])
    assert (handed["adviser_id"], handed["state"], handed["consents"][0]["person_id"]) == (
        "A-02",
        "with_adviser",
        "A-02",
    )
    step = handed["steps"][-1]
    assert (step["step"], step["actor"], step["reason"]) == ("hand_over", "evenkeel", "A-03 left the firm")
    assert (step["detail"]["adviser_before"], step["detail"]["adviser_after"]) == ("A-03", "A-02")
    assert ASKED[1] in desk("desk", "cases", "--adviser", "A-02")
    assert "0 proposals" in desk("desk", "cases", "--adviser", "A-03")
    desk.later(hours=23)
    assert "handed over" not in desk("sweep"), "once, and the new adviser's time is theirs from the start"
    desk.later(hours=2)
    assert "1 reminder" in desk("sweep")
    desk.later(hours=24)
    assert "escalated" in desk("sweep")
    after = desk.messages(proposal)[len(asked_before) :]
    assert after[:2] == [("approval_requested", "A-02"), ("approval_reminder", "A-02")]
    assert after[2][0] == "approval_escalated"
    assert "A-03" not in {to for _, to in after}
    # The next run has the household on the new desk, its escalations too.
    made[1].deliver(made[1].dates[1], desk.home.path)
    desk("run", "--date", made[1].dates[1])
    alerts = json.loads(desk("alerts", "--format", "json"))
    assert "A-03" not in json.dumps(alerts)
    desk("sweep")
    assert "A-03" not in {to for _, to in desk.messages(desk.case(ASKED[1])["proposal_id"])[len(asked_before) :]}
    assert "is whole" in desk("audit", "verify")


def test_a_run_from_before_the_adviser_left_asks_the_one_who_came(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk = Desk(made[0].copy(tmp_path / "home"), capsys)
    leaves(desk)
    assert "handed over" not in desk("sweep")
    case = desk.case(ASKED[1])
    assert case["adviser_id"] == "A-02"
    assert desk.messages(case["proposal_id"]) == [("approval_requested", "A-02")]


def test_a_deputy_answers_while_the_adviser_is_away(desk: Desk) -> None:
    proposal = desk.case(ASKED[1])["proposal_id"]
    away = {"deputy_id": "A-02", "absent_from": "2026-03-02", "absent_until": "2026-03-06"}
    edit(desk.home.path, "advisers.csv", lambda row: away if row["adviser_id"] == "A-03" else {})
    desk.later(hours=25)
    desk("sweep")
    assert desk.messages(proposal)[-1] == ("approval_reminder", "A-02")
    assert "with client" in desk("desk", "approve", proposal, "--actor", "A-02")


def test_many_at_once_each_by_itself(desk: Desk) -> None:
    first, second = desk.case(SENIOR[1])["proposal_id"], desk.case(ASKED[1])["proposal_id"]
    said = desk("desk", "batch", "approve", first, second, "--actor", "A-01", "--role", "senior_adviser")
    assert "2 of 2" in said
    said = desk("desk", "batch", "approve", first, second, "--actor", "A-01", "--role", "senior_adviser", code=3)
    assert "0 of 2" in said


def test_a_client_sees_their_own_household_and_an_adviser_their_own_book(desk: Desk) -> None:
    desk("desk", "approve", desk.case(ASKED[1])["proposal_id"], "--actor", "A-03")
    assert "1 proposal" in desk("desk", "cases", "--actor", "pat", "--role", "client")
    assert "only in the client's own household" in desk(
        "desk", "show", desk.case(SENIOR[1])["proposal_id"], "--actor", "pat", "--role", "client", code=2
    )
    assert ASKED[0] not in desk("desk", "cases", "--actor", "A-02")
    assert "sees no proposals" in desk("desk", "cases", "--actor", "root", "--role", "administrator", code=2)


def test_who_saw_which_version_when_is_on_the_trail_once(desk: Desk) -> None:
    def views() -> list[tuple[str, str, int, str]]:
        rows = desk.home.records()["trail_events"]
        told = [(row, json.loads(row["payload"])) for row in rows if row["kind"] == "proposal_viewed"]
        return [(row["actor"], row["role"], said["version_seen"], said["digest_seen"]) for row, said in told]

    case = desk.case(ASKED[1])
    assert views() == [], "who is not named is not recorded"
    look = ("desk", "show", case["proposal_id"], "--actor")
    for _ in range(2):
        desk(*look, "A-03")
    desk("desk", "approve", case["proposal_id"], "--actor", "A-03")
    desk(*look, "A-03")
    desk(*look, "C-01", "--role", "compliance")
    desk(*look, "A-02", code=2)
    seen, digest = case["version"], case["digest"]
    assert sorted(views()) == [
        ("A-03", "adviser", seen, digest),
        ("A-03", "adviser", seen + 1, digest),
        ("C-01", "compliance", seen + 1, digest),
    ]
    assert "is whole" in desk("audit", "verify")


def held_back(desk: Desk, name: str, *failed: str) -> None:
    """Put a proposal on record that checks hold back."""
    with desk.home.environment(EVENKEEL_CLOCK=desk.now.isoformat()):
        house = desk.home.house()
        run = house.records.manifest(house.records.committed_dates()[-1])
        assert run is not None
        new = case(
            facts(90_000, account(ASKED[2], asks=False), adviser_id="A-03", household_id=ASKED[0]),
            proposal_id=name,
            alert_id=f"ep-of-{name}",
            run_id=run.run_id,
            at=desk.now,
        )
        new = replace(new, content={**new.content, "failed_checks": list(failed)})
        house.approvals.store(open_case(new, failed, desk.now))


def test_a_wash_sale_passes_by_a_senior_advisers_written_reason_alone(desk: Desk) -> None:
    held_back(desk, "pro-washed", "wash_sale")
    held_back(desk, "pro-worse", "wash_sale", "suitability")
    why = ("--reason", "the client accepts that 40 dollars are disallowed")
    assert "cannot be: approve" in desk("desk", "approve", "pro-washed", "--actor", "A-03", code=2)
    refused = desk("desk", "override-wash", "pro-washed", *why, "--actor", "A-03", "--role", "adviser", code=2)
    assert "it is for: senior adviser" in refused
    assert "needs a reason" in desk("desk", "override-wash", "pro-washed", "--reason", " ", "--actor", "A-01", code=2)
    assert "suitability, wash_sale" in desk("desk", "override-wash", "pro-worse", *why, "--actor", "A-01", code=2)
    assert "with adviser" in desk("desk", "override-wash", "pro-washed", *why, "--actor", "A-01")
    assert "approved" in desk("desk", "approve", "pro-washed", "--actor", "A-03")
    assert "40 dollars" in desk("desk", "show", "pro-washed")


def test_what_a_check_holds_back_goes_to_compliance_or_is_put_off(desk: Desk) -> None:
    held_back(desk, "pro-worse", "suitability")
    desk("desk", "escalate", "pro-worse", "--reason", "too risky?", "--actor", "A-03")
    desk("desk", "approve", "pro-worse", "--actor", "C-01", "--role", "compliance", "--reason", "the IPS allows it")
    assert "approved" in desk("desk", "approve", "pro-worse", "--actor", "A-03")
    held_back(desk, "pro-other", "suitability")
    assert "deferred" in desk("desk", "defer", "pro-other", "--reason", "next month", "--actor", "A-03")


def board_of(desk: Desk, quorum: int) -> None:
    """Make the asked household an institution, whose committee is A-01 and B-01 of the firm."""
    home = desk.home.path
    edit(home, "households.csv", lambda row: {"kind": "institutional"} if row["household_id"] == ASKED[0] else {})
    edit(home, "advisers.csv", lambda row: {}, {"adviser_id": "B-01", "name": "Board Member"})
    path = home / "book" / "policies" / "house.yaml"
    versions = yaml.safe_load(path.read_text(encoding="utf-8"))
    for version in versions:
        board = {"members": ["A-01", "B-01"], "quorum": quorum, "documents": ["IPS"]}
        version["approval"] = {**version.get("approval", {}), "committee": board}
    path.write_text(yaml.safe_dump(versions), encoding="utf-8")


def drop_board_member(desk: Desk) -> None:
    path = desk.home.path / "book" / "advisers.csv"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("B-01")))


@pytest.mark.parametrize("quorum", [1, 2])
def test_a_committee_that_lost_a_member_goes_on_or_to_compliance(
    made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str], quorum: int
) -> None:
    desk = Desk(made[0].copy(tmp_path / "board"), capsys)
    desk.home = replace(desk.home, more=desk.home.more | FIRM)
    board_of(desk, quorum)
    desk("run", "--date", made[1].dates[0])
    desk("sweep")
    proposal = desk.case(ASKED[1])["proposal_id"]
    assert "with client" in desk("desk", "approve", proposal, "--actor", "A-03")
    drop_board_member(desk)
    yes = ("desk", "approve", proposal, "--actor", "A-01", "--role", "senior_adviser", "--document", "IPS")
    if quorum == 1:
        assert "1 handed over" in desk("sweep")
        assert [one["state"] for one in desk.case(ASKED[1])["consents"] if one["person_id"] == "B-01"] == ["waived"]
        assert "approved" in desk(*yes)
        return
    assert "1 escalated" in desk("sweep")
    assert "escalated" not in desk("sweep"), "told once"
    case = desk.case(ASKED[1])
    assert (case["state"], case["escalated_to"]) == ("escalated", "C-01")
    assert "cannot reach its quorum" in desk(*yes, code=2)
    desk("messages", "send")
    [told] = [
        json.loads(row["payload"])["text"]
        for row in desk.home.records()["outbox"]
        if row["kind"] == "approval_escalated" and row["channel"]
    ]
    assert "evenkeel asks for your review" in told
    assert "B-01 left the firm: the committee's quorum of 2 cannot be reached any more" in told
    declined = desk("desk", "decline", proposal, "--reason", "B-09 sits now", "--actor", "C-01", "--role", "compliance")
    assert "declined" in declined
    desk("audit", "verify")
