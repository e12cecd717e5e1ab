"""`evenkeel desk batch` by what proposals have in common: a look first, then the same with the code that the look showed."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from data_contracts.vocab import ProposalState
from evenkeel.cli.consenting import console, open_desk, role_named, say_outcomes, step_of
from evenkeel.errors import EXIT_DONE, UsageError

if TYPE_CHECKING:
    from evenkeel.desk.consent.selecting import Preview

REFUSED_SHOWN = 20
"""Proposals that are named beside each reason of a refusal."""


def require_ids_alone(named: Sequence[str], *conditions: object) -> None:
    """Refuse ids and conditions together, and neither."""
    if not named:
        raise UsageError("say which: ids, or --event, --adviser, --model, --kind")
    if any(conditions):
        raise UsageError("give ids, or say which by --event, --adviser, --model, --kind, --state; not both")


def batch(
    home: Path | None,
    verb: str,
    common: tuple[str | None, str | None, str | None],
    kinds: Sequence[str],
    states: Sequence[str],
    confirm: str | None,
    actor: str,
    role: str,
    reason: str,
    until: dt.date | None,
) -> int:
    """Look at what a step would do to a selection; with the look's code do it, each proposal by itself.

    Args:
        home: The home.
        verb: The step.
        common: Event, adviser, model.
        kinds: Codes of `vocab.RebalanceKind`.
        states: Codes of `vocab.ProposalState`.
        confirm: The code; None looks.
        actor: Who.
        role: In what role.
        reason: Why.
        until: Last quiet date, for defer and snooze.
    """
    from evenkeel.desk.consent.deciding import Asking, Outcome, many
    from evenkeel.desk.consent.selecting import Selector, preview, require_same, select

    house, acting = open_desk(home), role_named(role)
    event, adviser, model = common
    selector = Selector(event, adviser, model, tuple(kinds), tuple(ProposalState(each) for each in states))
    cases = select(house, selector, actor, acting)
    asking = Asking(actor, acting, reason, batch=f"{verb} {selector}")
    if confirm is None:
        rehearse = step_of(house, verb, replace(asking, is_rehearsal=True), until)
        _say_preview(preview(house, selector, cases, verb, rehearse), verb)
        return EXIT_DONE
    require_same(confirm, verb, cases)
    outcomes: list[Outcome] = []
    for case in cases:
        # Each as it was looked at: where somebody is faster with one while the others are done, that one is refused.
        step = step_of(house, verb, replace(asking, seen_version=case.version), until)
        outcomes += many(house, [case.proposal_id], step)
    return say_outcomes(outcomes, verb)


def _say_preview(seen: Preview, verb: str) -> None:
    from evenkeel.desk.words import counted, dollars

    able = [one.case for one in seen.outcomes if one.case is not None]
    refused = [one for one in seen.outcomes if one.case is None]
    console.print(
        f"{counted(len(seen.cases), 'proposal')}, portfolios of {dollars(seen.value_usd)}: "
        f"{verb} would do {len(able)}, refuse {len(refused)}."
    )
    for title, counts in (
        ("advisers", Counter(case.adviser_id for case in seen.cases)),
        ("kinds", Counter(case.kind.replace("_", " ") for case in seen.cases)),
        ("states now", Counter(case.state.value.replace("_", " ") for case in seen.cases)),
        ("states after", Counter(case.state.value.replace("_", " ") for case in able)),
    ):
        if counts:
            console.print(f"  {title}: " + ", ".join(f"{name} {count}" for name, count in sorted(counts.items())))
    if seen.older_count:
        console.print(f"  {seen.older_count} of them were made before the event, at prices from before it.")
    by_reason: dict[str, list[str]] = {}
    for one in refused:
        by_reason.setdefault((one.problem or "").replace(one.proposal_id, "it"), []).append(one.proposal_id)
    for reason, ids in sorted(by_reason.items()):
        more = f" and {len(ids) - REFUSED_SHOWN} more" if len(ids) > REFUSED_SHOWN else ""
        console.print(f"  refused, {len(ids)}: {reason} ({', '.join(ids[:REFUSED_SHOWN])}{more})", markup=False)
    if able:
        console.print(f"Nothing is done yet. The same again with --confirm {seen.code} does it.", markup=False)
    else:
        console.print("Nothing can be done.")
