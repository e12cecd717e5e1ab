"""Breaches as they last from day to day."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key


class Episodes(Contract):
    """One row per episode open on a date, or closed on it; a closed one that was quieted stays, unchanged, until its quiet is over.

    Produced by the fold in `evenkeel.stages.prioritize`: episodes(D) = fold(episodes(D-1), breaches(D)). The id comes from portfolio,
    rule and opening date. A portfolio and rule have at most one row a date; rows with `closed_date` before `business_date` are only
    remembered, so that the same breach coming back within the quiet opens quiet. After a quiet has ended `decision_id` and
    `quiet_severity_frac` stay; `quiet_until_date` stays where time ended it and is null where growth did.
    """

    business_date: dt.date = key("Exchange session.")
    episode_id: str = key("Digest of portfolio, rule and opening date.")
    portfolio_id: str = column("The portfolio.")
    household_id: str = column("Its household.")
    rule: str = code(vocab.Rule, "What was breached.")
    status: str = code(vocab.EpisodeStatus, "Where it stands.")
    status_reason: str = column("Why it is quiet, frozen, in flight or closed, one line.", null=True)
    opened_date: dt.date = column("First session of the breach.")
    last_seen_date: dt.date = column("Last session on which it was looked at and breached.")
    closed_date: dt.date = column("Session on which it ended.", null=True)
    age_sessions: int = count("Sessions since it opened, 0 on the first.")
    severity_frac: float = frac("Latest severity.", ge=0)
    peak_severity_frac: float = frac("Largest severity so far.", ge=0)
    quiet_until_date: dt.date = column("Last session on which it stays quiet.", null=True)
    quiet_severity_frac: float = frac(
        "Severity when it was quieted; growth past the policy's step ends the quiet.", null=True
    )
    decision_id: str = column("The decision that quieted it.", null=True)
