"""Whatever people, clients and time do in whatever order: nothing is approved or staged without the consents that the policy demands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from data_contracts.vocab import (
    ConsentKind,
    ConsentState,
    HouseholdKind,
    ProposalState,
    RebalanceKind,
    Role,
    Step,
)
from evenkeel.approval import acting, moving
from evenkeel.approval.acting import FIRM_KINDS, open_case
from evenkeel.approval.moving import By
from evenkeel.approval.states import REPLACEABLE_STATES
from evenkeel.approval.sweeping import sweep_case
from evenkeel.errors import UsageError
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case, Move, in_turn
from tests.support.consenting import ALONE, NOON, PEOPLE, account, case, facts, routed

S = ProposalState
ACTORS = st.sampled_from(
    [
        ("ada", Role.ADVISER),
        ("ben", Role.ADVISER),
        ("sol", Role.SENIOR_ADVISER),
        ("uma", Role.SENIOR_ADVISER),
        ("cora", Role.COMPLIANCE),
        ("solo", Role.ADVISER),
        ("solo", Role.SENIOR_ADVISER),
        ("pat", Role.CLIENT),
        ("lou", Role.CLIENT),
        ("kim", Role.CLIENT),
        ("ops", Role.OPERATIONS),
        ("evenkeel", Role.AUTOMATION),
    ]
)
RULES = st.sampled_from(
    [
        {},
        {"on_timeout": "follow_up", "escalates_to": "compliance"},
        {"small_trades": {"is_executed_on_timeout": True, "under_usd": 50_000, "max_tax_usd": 500}},
        {"rows": [{"name": "all", "firm": ["adviser", "senior_adviser"], "client_within": {"amount": 24}}]},
    ]
)
PAST_APPROVAL = (S.APPROVED, S.STAGED, S.SENT, S.FILLED, S.RECONCILED)


class Consent(RuleBasedStateMachine):
    """One proposal; the model is the history of who said yes to which digest."""

    @initialize(
        rules=RULES,
        owners=st.sampled_from(["", "pat", "pat lou", "pat lou kim"]),
        asks=st.booleans(),
        is_institution=st.booleans(),
        value=st.sampled_from([50_000, 300_000, 900_000]),
        kind=st.sampled_from([RebalanceKind.FULL, RebalanceKind.HARVEST_ONLY]),
        is_alone=st.booleans(),
        is_held_back=st.sampled_from([False, False, False, True]),
    )
    def begin(
        self,
        rules: dict[str, object],
        owners: str,
        asks: bool,
        is_institution: bool,
        value: int,
        kind: RebalanceKind,
        is_alone: bool,
        is_held_back: bool,
    ) -> None:
        self.people = ALONE if is_alone else PEOPLE
        self.rule = ApprovalRule.model_validate(rules)
        self.facts = facts(
            value,
            account(asks=asks, owners=owners),
            kind=kind,
            adviser_id="solo" if is_alone else "ada",
            relationship=HouseholdKind.INSTITUTIONAL if is_institution else HouseholdKind.INDIVIDUAL,
        )
        self.route = routed(self.facts, self.rule, self.people)
        self.now = NOON
        self.said_yes: set[str] = set()
        self.history: list[Move] = []
        moves = open_case(
            case(self.facts, self.rule, people=self.people), ["wash_sale"] if is_held_back else [], self.now
        )
        self.history += moves
        self.case: Case = moves[-1].after

    def take(self, make: Callable[[], Move | None]) -> None:
        try:
            step = make()
        except UsageError:
            return
        if step is not None:
            assert step.before is self.case
            assert step.after.version == self.case.version + 1
            self.history.append(step)
            self.case = step.after

    def by(self, who: tuple[str, Role], reason: str = "because") -> By:
        return By(who[0], who[1], self.now, reason)

    @rule(place=st.integers(0, 2), has_documents=st.booleans())
    def approve_as_one_who_is_asked(self, place: int, has_documents: bool) -> None:
        turn = in_turn(self.case.consents)
        if not turn:
            return
        asked = turn[place % len(turn)]
        self.approve((asked.person_id or "sol", asked.role), has_documents)

    @rule(who=ACTORS, has_documents=st.booleans())
    def approve_as_anybody(self, who: tuple[str, Role], has_documents: bool) -> None:
        self.approve(who, has_documents)

    def approve(self, who: tuple[str, Role], has_documents: bool) -> None:
        documents = self.route.documents if has_documents else ()
        before = self.case
        self.take(lambda: acting.approve(before, self.by(who), self.people, documents=documents))
        if self.case is not before:
            self.said_yes.add(who[0])

    @rule(who=ACTORS, reason=st.sampled_from(["", "because"]), rarely=st.integers(0, 5))
    def decline(self, who: tuple[str, Role], reason: str, rarely: int) -> None:
        if rarely:
            return
        self.take(lambda: acting.decline(self.case, self.by(who, reason)))

    @rule(who=ACTORS, step=st.sampled_from([Step.DEFER, Step.SNOOZE]), rarely=st.integers(0, 5))
    def put_off(self, who: tuple[str, Role], step: Step, rarely: int) -> None:
        if rarely:
            return
        self.take(lambda: acting.put_off(self.case, step, self.by(who), None))

    @rule(who=ACTORS)
    def escalate(self, who: tuple[str, Role]) -> None:
        self.take(lambda: acting.escalate(self.case, self.by(who), self.people))

    @rule(hours=st.sampled_from([1, 5, 13, 25, 49, 80]))
    def somebody_thinks(self, hours: int) -> None:
        self.time_passes(hours)

    @rule()
    def nobody_answers(self) -> None:
        for hours in (25, 25, 30):
            self.time_passes(hours)

    def time_passes(self, hours: int) -> None:
        self.now += dt.timedelta(hours=hours)
        self.take(lambda: sweep_case(self.case, self.now, self.people))
        assert sweep_case(self.case, self.now, self.people) is None, "a second sweep finds nothing to do"

    @rule(who=ACTORS, step=st.sampled_from(list(Step)), leads_to=st.sampled_from([S.APPROVED, *PAST_APPROVAL]))
    def force(self, who: tuple[str, Role], step: Step, leads_to: ProposalState) -> None:
        """Any step to what follows consent; a consent is only ever given by `approve`."""
        if step is Step.APPROVE:
            return
        self.take(lambda: moving.move(self.case, step, leads_to, self.by(who)))

    @precondition(lambda self: self.case.state is S.APPROVED)
    @rule()
    def stage(self) -> None:
        self.take(lambda: moving.move(self.case, Step.STAGE, S.STAGED, moving.automation(self.now)))

    @precondition(lambda self: self.case.state in REPLACEABLE_STATES)
    @rule(rarely=st.integers(0, 9))
    def supersede(self, rarely: int) -> None:
        if rarely == 0:
            self.take(lambda: acting.supersede(self.case, moving.automation(self.now), "pro-2"))

    @invariant()
    def what_is_approved_has_every_consent_that_the_policy_demands(self) -> None:
        if self.case.state not in PAST_APPROVAL:
            return
        given = [one for one in self.case.consents if one.state is ConsentState.GIVEN]
        assert given
        assert all(one.digest_seen == self.case.digest for one in given)
        for needed in self.route.needed:
            yes = [one for one in given if (one.position, one.kind) == (needed.position, needed.kind)]
            assert len({one.given_by for one in yes}) >= needed.quorum
        if not self.facts.is_discretionary:
            owners = {one.person_id for one in self.route.needed if one.kind is ConsentKind.CLIENT}
            assert owners <= {one.given_by for one in given}
        by_silence = [one for one in given if one.given_role is Role.AUTOMATION]
        assert not by_silence or (self.route.is_small and self.facts.is_discretionary)
        assert {one.given_by for one in given if one not in by_silence} <= self.said_yes

    @invariant()
    def two_of_the_firm_are_two_people(self) -> None:
        firm = [
            one.given_by for one in self.case.consents if one.kind in FIRM_KINDS and one.state is ConsentState.GIVEN
        ]
        people = [one for one in firm if one != "evenkeel"]
        assert self.people.is_firm_of_one or len(people) == len(set(people))

    @invariant()
    def every_version_is_one_step_with_who_when_and_in_which_role(self) -> None:
        assert [one.after.version for one in self.history] == list(range(1, len(self.history) + 1))
        assert all(one.actor and one.at.tzinfo for one in self.history)
        ids = [event.event_id for one in self.history for event in one.events]
        assert len(ids) == len(set(ids))
        messages = [each.message_id for one in self.history for each in one.messages]
        assert len(messages) == len(set(messages))

    @invariant()
    def a_clock_runs_only_while_somebody_is_waited_for(self) -> None:
        if self.case.wake_at is not None:
            assert self.case.state in (S.WITH_ADVISER, S.WITH_CLIENT, S.ESCALATED)


TestConsent = Consent.TestCase
TestConsent.settings = settings(max_examples=200, stateful_step_count=25, deadline=None)
