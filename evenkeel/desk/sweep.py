"""The sweep: new proposals become cases, and what time has done to those that wait is done to them. Every fifteen minutes.

Safe to run late, twice, and in two places: a lease lets one at it, each step is stored once at the version it was made for, and ids of
messages are functions of proposal and version. A sweep that was missed is made up by the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from data_contracts.vocab import Step
from evenkeel.approval.committees import lose_members
from evenkeel.approval.leaving import hand_over
from evenkeel.approval.states import HANDED_OVER_STATES
from evenkeel.approval.sweeping import sweep_case
from evenkeel.desk.consent.deciding import store_moves
from evenkeel.desk.consent.opening import Opened, open_cases
from evenkeel.desk.consent.people import firm
from evenkeel.errors import ActedBefore
from evenkeel.run.archiving import archive_quietly
from evenkeel.run.house import House

AT_ONCE = 500
"""Cases looked at between two looks at the lease."""
WORDS = {
    Step.HAND_OVER: ("handed over", "handed over"),
    Step.REMIND: ("reminder", "reminders"),
    Step.ESCALATE: ("escalated", "escalated"),
    Step.EXPIRE: ("expired", "expired"),
    Step.FOLLOW_UP: ("for follow-up", "for follow-up"),
    Step.APPROVE: ("small list let go", "small lists let go"),
}


@dataclass(frozen=True)
class Swept:
    """What a sweep has done; `overtaken_count`: cases on which a person acted at the same moment."""

    opened: Opened
    steps: Mapping[Step, int]
    overtaken_count: int


def sweep(house: House) -> Swept:
    """Open what is new, and do what has come due.

    Raises:
        LeaseHeld: Another sweep is at it.
        UsageError: The home has no run.
    """
    with house.approvals.sweeping(house.lease_seconds) as lease:
        opened = open_cases(house)
        here = firm(house)
        now, people = house.clock.now(), here.people
        steps: Counter[Step] = Counter()
        overtaken = 0
        # Before anybody is reminded: nobody is asked who has left.
        for case in house.approvals.cases(states=HANDED_OVER_STATES):
            handed = hand_over(case, now, people, here.adviser_of.get(case.household_id))
            lost = lose_members(case if handed is None else handed.after, now, people)
            moves = [one for one in (handed, lost) if one is not None]
            if not moves:
                continue
            try:
                store_moves(house, moves)
            except ActedBefore:
                overtaken += 1
                continue
            steps.update(one.step for one in moves)
        passed: set[str] = set()
        while True:
            lease.renew()
            waiting = [
                case for case in house.approvals.due(now, AT_ONCE + len(passed)) if case.proposal_id not in passed
            ]
            if not waiting:
                break
            for case in waiting:
                step = sweep_case(case, now, people)
                passed.add(case.proposal_id)
                if step is None:
                    continue
                try:
                    store_moves(house, [step])
                except ActedBefore:
                    overtaken += 1
                    continue
                steps[step.step] += 1
        house.records.checkpoint(now)
    # What people have said since the last run is put away within a quarter of an hour; an archive that is away fails no sweep.
    archive_quietly(house)
    return Swept(opened, dict(steps), overtaken)


def swept_line(swept: Swept) -> str:
    """Return what a sweep has done, in one line."""
    opened = swept.opened
    parts = [
        f"{opened.opened_count} opened ({opened.held_back_count} held back)",
        f"{opened.superseded_count} superseded",
        f"{opened.same_count} the same as before",
    ]
    parts += [f"{count} {WORDS[step][count != 1]}" for step, count in swept.steps.items() if step in WORDS]
    if opened.too_old_date:
        parts.append(f"nobody is asked about the run of {opened.too_old_date}, which is the newest and too old")
    if swept.overtaken_count:
        parts.append(f"{swept.overtaken_count} answered meanwhile")
    return "Sweep: " + ", ".join(parts) + "."
