"""Many proposals by what they have in common: a market event, an adviser, a model, a kind. First a look at how many, then the same again.

What was looked at is what is decided: the look gives a code over every proposal and its version, and a selection that has become another
one since is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from decimal import Decimal

from data_contracts.event_alerts import EventAlerts
from data_contracts.vocab import ProposalState, Role
from evenkeel.approval.states import OPEN_STATES
from evenkeel.desk.consent.deciding import Outcome, many
from evenkeel.desk.consent.people import cases_in_reach, firm
from evenkeel.desk.reading import dataset
from evenkeel.errors import ActedBefore, UsageError
from evenkeel.identity import stable_id
from evenkeel.ports import RunRecord
from evenkeel.ports.approvals import Case
from evenkeel.run.house import House
from evenkeel.run.market_event import KIND as MARKET_EVENT

RUNS_BACK = 1000
"""Runs, of any kind, among which a market event is looked for."""
CODE_LENGTH = 10


@dataclass(frozen=True)
class Selector:
    """What the proposals have in common; each condition that is given must hold."""

    event: str | None = None
    """A market event's id, or a beginning of it: the proposals of the portfolios that it pushed out of their bands."""
    adviser: str | None = None
    """Whose the households are today; not who had them when the case was opened."""
    model: str | None = None
    """Model id that the list was made for."""
    kinds: Collection[str] = ()
    """Codes of `vocab.RebalanceKind`."""
    states: Collection[ProposalState] = ()
    """None: every state before an approval that waits for somebody."""

    def __bool__(self) -> bool:
        """Return whether anything is asked; a state alone is not: it would be the whole book."""
        return any(each is not None for each in (self.event, self.adviser, self.model)) or bool(self.kinds)

    def __str__(self) -> str:
        """Return it as it is asked: `--model balanced --kind full`."""
        one = {"event": self.event, "adviser": self.adviser, "model": self.model}
        words = [f"--{name} {value}" for name, value in one.items() if value is not None]
        words += [f"--kind {each}" for each in self.kinds] + [f"--state {each}" for each in self.states]
        return " ".join(words)


@dataclass(frozen=True)
class Preview:
    """What a step would do to a selection: an outcome each, nothing stored, and the code that the same selection has."""

    cases: Sequence[Case]
    outcomes: Sequence[Outcome]
    code: str
    older_count: int
    """Opened before the market event: their lists were made at prices from before it."""

    @property
    def value_usd(self) -> Decimal:
        """Return the value of the portfolios."""
        return sum((case.value_usd for case in self.cases), Decimal())


def select(house: House, selector: Selector, actor: str, role: Role) -> list[Case]:
    """Return the proposals on their way that a selector names and the person may see, the most pressing first.

    Raises:
        UsageError: Nothing was asked, the event is not known, or the role sees nothing.
    """
    if not selector:
        raise UsageError("say which: ids, or --event, --adviser, --model, --kind; a state alone is the whole book")
    now = firm(house)
    if selector.adviser is not None and selector.adviser not in {
        *(one.person_id for one in now.people),
        *now.adviser_of.values(),
    }:
        raise UsageError(f"--adviser {selector.adviser!r}: no adviser of the book is called so")
    affected = None if selector.event is None else _affected(house, _event(house, selector.event))
    found = house.approvals.cases(states=list(selector.states) or list(OPEN_STATES))
    wanted = [
        case
        for case in found
        if (affected is None or case.portfolio_id in affected)
        and (selector.adviser is None or now.adviser_of.get(case.household_id, case.adviser_id) == selector.adviser)
        and (selector.model is None or _model_of(case) == selector.model)
        and (not selector.kinds or case.kind in selector.kinds)
    ]
    seen = cases_in_reach(now, wanted, actor, role)
    return sorted(seen, key=lambda case: (-float(case.route.get("score") or 0), case.proposal_id))


def code_of(verb: str, cases: Sequence[Case]) -> str:
    """Return the code of a step with exactly these proposals in exactly these versions."""
    return stable_id("", verb, sorted((case.proposal_id, case.version) for case in cases))[1 : 1 + CODE_LENGTH]


def preview(
    house: House, selector: Selector, cases: Sequence[Case], verb: str, rehearse: Callable[[str], Case]
) -> Preview:
    """Return what a step would do: each is tried by itself, and nothing is stored.

    Args:
        house: The home.
        selector: What was asked.
        cases: What `select` returned for it.
        verb: The step, for the code.
        rehearse: Takes the step with one proposal and stores nothing.
    """
    outcomes = many(house, [case.proposal_id for case in cases], rehearse)
    older = 0
    if selector.event is not None:
        scanned_at = _event(house, selector.event).started_at
        older = sum(case.opened_at < scanned_at for case in cases)
    return Preview(cases, outcomes, code_of(verb, cases), older)


def require_same(code: str, verb: str, cases: Sequence[Case]) -> None:
    """Refuse a selection that is not the one that was looked at.

    Raises:
        ActedBefore: A proposal came, went or was changed since, or the code is of another step or selection.
    """
    if code.strip() != code_of(verb, cases):
        raise ActedBefore(
            f"--confirm {code.strip()}: this is not the selection that was looked at; a proposal came, went or was changed since. "
            "Nothing was done; leave --confirm away to look again"
        )


def _model_of(case: Case) -> str:
    return str(case.content["basis"].get("model", "")).partition("/")[0]


def _event(house: House, beginning: str) -> RunRecord:
    typed = beginning.strip()
    runs = [run for run in house.records.recent_runs(RUNS_BACK) if run.kind == MARKET_EVENT]
    found = {str(run.summary["event_id"]): run for run in runs if str(run.summary["event_id"]).startswith(typed)}
    if typed and len(found) == 1:
        return next(iter(found.values()))
    if not typed or not found:
        raise UsageError(f"--event {typed!r}: no market event of the last {RUNS_BACK} runs is called so")
    raise UsageError(f"--event {typed!r} is the beginning of {len(found)} market events; give more of the id")


def _affected(house: House, run: RunRecord) -> frozenset[str]:
    return frozenset(dataset(house, run, EventAlerts)["portfolio_id"].to_list())
