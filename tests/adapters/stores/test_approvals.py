"""Cases as stored: one transaction a step, one winner, and what the database refuses whoever asks."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Connection, Table, func, select, text, update
from sqlalchemy.exc import DBAPIError

from data_contracts.vocab import ControlKind, ControlScope, EventKind, ProposalState, Role, Step
from evenkeel.adapters.stores.approvals_db import SqlApprovals
from evenkeel.adapters.stores.database import reading, writing
from evenkeel.adapters.stores.migrations.versions import m0003_approvals
from evenkeel.adapters.stores.records_approvals import case_log, consents, proposal_cases, proposal_lists
from evenkeel.adapters.stores.records_db import SqlRecords
from evenkeel.adapters.stores.records_schema import decisions, outbox
from evenkeel.adapters.stores.trail_tables import trail_events
from evenkeel.approval.acting import approve, decline, open_case, supersede
from evenkeel.approval.leaving import hand_over
from evenkeel.approval.moving import By, automation, move
from evenkeel.approval.people import People
from evenkeel.approval.states import pairs
from evenkeel.audit.event import Event, id_of
from evenkeel.errors import ActedBefore
from evenkeel.ports.approvals import Case, Control
from tests.adapters.stores.samples import run
from tests.small_practice import MONDAY, decision
from tests.support.consenting import NOON, PEOPLE, TUESDAY, account, case, facts

S = ProposalState
ADA = By("ada", Role.ADVISER, NOON)
PAT = By("pat", Role.CLIENT, NOON)


@pytest.fixture
def records(records_url: str) -> Iterator[SqlRecords]:
    opened = SqlRecords(records_url)
    with opened.begin() as work:
        work.commit_run(run("run-1"), _no_alerts(), [])
    yield opened
    opened.close()


@pytest.fixture
def approvals(records: SqlRecords) -> SqlApprovals:
    return records.approvals()


def _no_alerts() -> Any:
    from data_contracts.alerts import Alerts

    return Alerts.empty_frame()


def opened(approvals: SqlApprovals, new: Case | None = None) -> Case:
    new = new or case()
    approvals.store(open_case(new, [], NOON))
    return stored(approvals, new.proposal_id)


def stored(approvals: SqlApprovals, proposal_id: str = "pro-1") -> Case:
    found = approvals.case(proposal_id)
    assert found is not None
    return found


def count(records: SqlRecords, table: Table) -> int:
    with reading(records._engine) as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def test_a_case_comes_back_as_it_was_stored(approvals: SqlApprovals) -> None:
    new = case(facts(600_000, account(owners="pat lou", registration="joint")))
    moves = open_case(new, [], NOON)
    approvals.store(moves)
    found = stored(approvals)
    wanted = moves[-1].after
    assert found == replace(wanted, route=found.route, content=found.content)
    assert found.route["line"] == "500k and above, client asked"
    assert [one.step for one in approvals.entries("pro-1")] == [Step.OPEN, Step.CHECK, Step.PRESENT]


def test_a_step_writes_case_consent_log_trail_outbox_and_decision_together(
    records: SqlRecords, approvals: SqlApprovals
) -> None:
    with_ada = opened(approvals)
    before = {table.name: count(records, table) for table in (case_log, trail_events, outbox, decisions)}
    step = replace(approve(with_ada, ADA, PEOPLE), decision=decision("ep-1", MONDAY))
    approvals.store([step])
    after = {table.name: count(records, table) for table in (case_log, trail_events, outbox, decisions)}
    assert {name: after[name] - before[name] for name in after} == {
        "case_log": 1,
        "trail_events": 3,
        "outbox": 1,
        "decisions": 1,
    }
    assert stored(approvals).state is S.WITH_CLIENT


def test_opening_twice_changes_nothing(records: SqlRecords, approvals: SqlApprovals) -> None:
    opened(approvals)
    tables = (proposal_cases, consents, case_log, trail_events, outbox)
    before = [count(records, table) for table in tables]
    later = NOON + dt.timedelta(hours=1)
    approvals.store(open_case(case(at=later), [], later))
    assert [count(records, table) for table in tables] == before


def test_of_two_who_saw_the_same_version_one_wins_and_the_other_is_told(
    records: SqlRecords, approvals: SqlApprovals
) -> None:
    seen = opened(approvals)
    approvals.store([approve(seen, ADA, PEOPLE)])
    before = count(records, case_log), count(records, trail_events), count(records, outbox)
    late = By("sol", Role.SENIOR_ADVISER, NOON + dt.timedelta(minutes=1), "too dear")
    with pytest.raises(
        ActedBefore, match=r"approve by ada \(adviser\) at 2026-03-03 17:00:00 UTC, it is with client now"
    ):
        approvals.store([decline(seen, late)])
    assert (count(records, case_log), count(records, trail_events), count(records, outbox)) == before


def test_steps_stored_together_stand_or_fall_together(approvals: SqlApprovals) -> None:
    old = opened(approvals)
    approvals.store([approve(old, ADA, PEOPLE)])
    newer = case(proposal_id="pro-2")
    with pytest.raises(ActedBefore):
        approvals.store([*open_case(newer, [], NOON), supersede(old, automation(NOON), "pro-2")])
    assert approvals.case("pro-2") is None


def test_the_database_has_the_arrows_of_the_state_machine() -> None:
    held = {(origin, target) for origin, targets in m0003_approvals.ALLOWED.items() for target in targets}
    assert held == {(origin.value, target.value) for origin, target in pairs()}


def change(connection: Connection, **values: Any) -> None:
    version = connection.execute(select(proposal_cases.c.version)).scalar_one()
    connection.execute(update(proposal_cases).values({"version": version + 1, **values}))


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ("UPDATE proposal_cases SET state = 'approved', version = version + 1", "a consent is missing"),
        ("UPDATE proposal_cases SET state = 'staged', version = version + 1", "no proposal goes this way"),
        ("UPDATE proposal_cases SET state = 'drafted', version = version + 1", "no proposal goes this way"),
        ("UPDATE proposal_cases SET digest = 'x', version = version + 1", "about the trades it was opened with"),
        ("UPDATE proposal_cases SET version = version + 2", "one version a step"),
        ("UPDATE consents SET state = 'given'", "who gave it, when, and to what"),
        ("UPDATE consents SET position = 7", "stays whose it was"),
        ("UPDATE proposal_lists SET digest = 'x'", "only ever added to"),
        ("UPDATE case_log SET actor = 'x'", "only ever added to"),
        ("DELETE FROM case_log", "only ever added to"),
        ("DELETE FROM consents", "kept|only ever added to"),
        ("DELETE FROM proposal_cases", "kept|only ever added to"),
        (
            "INSERT INTO proposal_cases SELECT 'pro-9', alert_id, run_id, business_date, adviser_id, household_id, portfolio_id, kind, "
            "'approved', 1, digest, value_cents, policy_version, modifies, escalated_to, until_date, wake_at, opened_at, changed_at, route "
            "FROM proposal_cases",
            "begins drafted",
        ),
    ],
)
def test_the_database_refuses_by_itself(records: SqlRecords, approvals: SqlApprovals, wrong: str, says: str) -> None:
    opened(approvals)
    with pytest.raises(DBAPIError) as refused, records._engine.begin() as connection:
        connection.execute(text(wrong))
    assert re.search(says, str(refused.value.orig))


def test_an_answer_stays_as_it_was_and_consent_to_other_trades_is_none(
    records: SqlRecords, approvals: SqlApprovals
) -> None:
    seen = opened(approvals)
    approvals.store([approve(seen, ADA, PEOPLE)])
    with pytest.raises(DBAPIError, match="answered consent stays"), records._engine.begin() as connection:
        connection.execute(update(consents).where(consents.c.kind == "adviser").values(state="pending"))
    given = {"given_by": "pat", "given_at": NOON, "digest_seen": "of other trades", "state": "given"}
    with records._engine.begin() as connection:
        connection.execute(update(consents).where(consents.c.kind == "client").values(given))
    with pytest.raises(DBAPIError, match="given to other trades"), records._engine.begin() as connection:
        change(connection, state="approved")


def test_only_what_is_approved_is_staged(approvals: SqlApprovals) -> None:
    seen = opened(approvals)
    approvals.store([approve(seen, ADA, PEOPLE)])
    approvals.store([approve(stored(approvals), PAT, PEOPLE, signature="Pat")])
    ready = stored(approvals)
    assert ready.state is S.APPROVED
    approvals.store([move(ready, Step.STAGE, S.STAGED, automation(NOON))])
    assert stored(approvals).state is S.STAGED
    assert {one.signature for one in stored(approvals).consents} == {None, "Pat"}


def test_cases_are_found_by_state_alert_adviser_household_and_beginning(approvals: SqlApprovals) -> None:
    opened(approvals)
    opened(approvals, case(facts(90_000, adviser_id="ben", household_id="H2"), proposal_id="pro-2", alert_id="ep-2"))
    approvals.store([approve(stored(approvals), ADA, PEOPLE)])

    def ids(**wanted: Any) -> list[str]:
        return [one.proposal_id for one in approvals.cases(**wanted)]

    assert ids() == ["pro-1", "pro-2"]
    assert ids(states=[S.WITH_CLIENT]) == ["pro-1"]
    assert (
        ids(adviser_id="ben") == ids(household_id="H2") == ids(alert_ids=["ep-2"]) == ids(beginning="ep-2") == ["pro-2"]
    )
    assert approvals.known(["pro-1", "pro-7"]) == {"pro-1"}
    assert [one.proposal_id for one in approvals.due(NOON + dt.timedelta(hours=24), 10)] == ["pro-2"]
    assert approvals.due(NOON + dt.timedelta(hours=23), 10) == []


def control(**changes: Any) -> Control:
    plain: dict[str, Any] = {
        "control_id": "ct-1",
        "kind": ControlKind.PAUSE,
        "scope": ControlScope.SECURITY,
        "subject_id": "VTI",
        "code": "",
        "reason": "halted",
        "actor": "sol",
        "role": Role.SENIOR_ADVISER,
        "from_at": NOON,
    }
    return Control(**{**plain, **changes})


def told(name: str) -> Event:
    return Event(
        id_of(EventKind.EXECUTION_PAUSED, name),
        EventKind.EXECUTION_PAUSED,
        TUESDAY,
        "VTI",
        None,
        "sol",
        "senior_adviser",
        NOON,
        {},
    )


def test_a_case_that_is_handed_over_is_the_new_advisers_and_comes_back_so(approvals: SqlApprovals) -> None:
    before = opened(approvals)
    step = hand_over(before, NOON, People([one for one in PEOPLE if one.person_id != "ada"]), "ben")
    assert step is not None
    assert approvals.store([step])
    after = stored(approvals)
    assert after == step.after
    assert (after.adviser_id, after.consents[0].person_id) == ("ben", "ben")
    assert (approvals.cases(adviser_id="ada"), approvals.cases(adviser_id="ben")) == ([], [after])
    assert approvals.entries("pro-1")[-1].detail["adviser_before"] == "ada"


def test_a_control_holds_until_a_person_ends_it_once(records: SqlRecords, approvals: SqlApprovals) -> None:
    approvals.put_control(control(), told("1"))
    approvals.put_control(control(), told("1"))
    assert approvals.controls(ControlKind.PAUSE) == [control()]
    assert approvals.controls(ControlKind.PILOT) == []
    end = {"at": NOON, "actor": "sol", "role": Role.SENIOR_ADVISER, "reason": "trades again"}
    approvals.end_control("ct-1", event=told("2"), **end)  # type: ignore[arg-type]
    events = count(records, trail_events)
    with pytest.raises(ActedBefore, match=r"ended already by sol at 2026-03-03 17:00:00 UTC"):
        approvals.end_control("ct-1", event=told("3"), **end)  # type: ignore[arg-type]
    assert count(records, trail_events) == events
    assert approvals.controls() == []
    assert [one.ended_by for one in approvals.controls(with_ended=True)] == ["sol"]


def test_a_drafted_case_is_kept_from_those_who_decide(approvals: SqlApprovals, records: SqlRecords) -> None:
    approvals.store(open_case(case(), ["wash_sale"], NOON))
    assert stored(approvals).state is S.DRAFTED
    assert count(records, outbox) == 0
    assert count(records, proposal_lists) == 1


def test_a_sweep_holds_its_lease(records: SqlRecords, approvals: SqlApprovals) -> None:
    with approvals.sweeping(60), writing(records._engine) as connection:
        assert connection.execute(text("SELECT count(*) FROM leases WHERE name = 'sweep'")).scalar() == 1
