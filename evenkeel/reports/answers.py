"""What became of each case: when it was asked, how it was answered first, when it was sent and filled."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from data_contracts.vocab import ProposalState, Role, Step
from evenkeel.reports.facts import Facts

ANSWERS = (ProposalState.APPROVED.value, ProposalState.DECLINED.value, ProposalState.EXPIRED.value)
"""States that end the asking; what a newer list took the place of, and what was put off, was not answered."""
DONE_STATES = frozenset(
    each.value
    for each in (
        ProposalState.APPROVED,
        ProposalState.STAGED,
        ProposalState.SENT,
        ProposalState.FILLED,
        ProposalState.RECONCILED,
        ProposalState.DECLINED,
        ProposalState.DEFERRED,
    )
)
"""States in which nobody is waited for because somebody has decided."""
DECIDING = frozenset(
    each.value for each in (Step.APPROVE, Step.DECLINE, Step.DEFER, Step.SNOOZE, Step.ESCALATE, Step.OVERRIDE_WASH)
)
"""Steps by which a person deals with a case."""
PUT_OFF = frozenset(each.value for each in (Step.DECLINE, Step.DEFER, Step.SNOOZE))


@dataclass(frozen=True)
class Answer:
    """A case and what became of it up to a moment.

    Attributes:
        case: Its row of `facts.CASES`.
        steps: Its rows of `facts.STEPS` up to then, in order.
        asked_at: When somebody was first asked; of a changed list when the first of its line was.
        answer: The first of `ANSWERS` that it reached; None: none yet.
        answered_at: When.
        answered_by: Who.
        answered_role: In what role.
        sent_at: When its orders went out first.
        filled_at: When it was first known to be filled.
        state: Where it stood then; None: it was not open yet.
    """

    case: Mapping[str, Any]
    steps: tuple[Mapping[str, Any], ...]
    asked_at: dt.datetime | None
    answer: str | None
    answered_at: dt.datetime | None
    answered_by: str | None
    answered_role: str | None
    sent_at: dt.datetime | None
    filled_at: dt.datetime | None
    state: str | None

    @property
    def is_by_person(self) -> bool:
        """Return whether a person answered; silence and the policy's small trades are answered by automation."""
        return self.answered_role is not None and self.answered_role != Role.AUTOMATION.value

    @property
    def hours_to_answer(self) -> float | None:
        """Return elapsed hours from asking to answer; None where one of them is missing."""
        if self.asked_at is None or self.answered_at is None:
            return None
        return (self.answered_at - self.asked_at).total_seconds() / 3600


def answers(facts: Facts) -> list[Answer]:
    """Return every case that was open by the end of what counts, in the order they were opened."""
    steps: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in facts.steps.sort("proposal_id", "version").iter_rows(named=True):
        if facts.is_by_then(row["at"]):
            steps[row["proposal_id"]].append(row)
    cases = {row["proposal_id"]: row for row in facts.cases.sort("opened_at", "proposal_id").iter_rows(named=True)}
    return [
        _answer(row, steps[proposal_id], _asked_at(row, cases, steps))
        for proposal_id, row in cases.items()
        if steps[proposal_id]
    ]


def _answer(case: Mapping[str, Any], steps: list[Mapping[str, Any]], asked_at: dt.datetime | None) -> Answer:
    first = next(
        (each for each in steps if each["to_state"] in ANSWERS and each["from_state"] != each["to_state"]), None
    )
    return Answer(
        case=case,
        steps=tuple(steps),
        asked_at=asked_at,
        answer=first["to_state"] if first else None,
        answered_at=first["at"] if first else None,
        answered_by=first["actor"] if first else None,
        answered_role=first["role"] if first else None,
        sent_at=_first_at(steps, Step.SEND),
        filled_at=_first_at(steps, Step.FILL),
        state=steps[-1]["to_state"],
    )


def _asked_at(
    case: Mapping[str, Any], cases: Mapping[str, Mapping[str, Any]], steps: Mapping[str, list[Mapping[str, Any]]]
) -> dt.datetime | None:
    found = [at for each in _line(case, cases) if (at := _first_at(steps.get(each, []), Step.PRESENT)) is not None]
    return min(found, default=None)


def _line(case: Mapping[str, Any], cases: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Yield a list's id, and the ids of those that it was changed from."""
    seen: set[str] = set()
    current: Mapping[str, Any] | None = case
    while current is not None and current["proposal_id"] not in seen:
        seen.add(current["proposal_id"])
        yield current["proposal_id"]
        current = cases.get(current["modifies"]) if current["modifies"] else None


def _first_at(steps: list[Mapping[str, Any]], step: Step) -> dt.datetime | None:
    return next((each["at"] for each in steps if each["step"] == step.value), None)
