"""What people said to alerts, short of approving."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Instant, code, column, frac, key


class Decisions(Contract):
    """One row per decision, from the records.

    Read by the episodes' fold: a decision counts from `decided_date` on.
    """

    decision_id: str = key("Digest of episode, actor and time.")
    episode_id: str = column("The episode it is about.")
    kind: str = code(vocab.DecisionKind, "Snooze, decline or defer.")
    decided_date: dt.date = column("Session from which it counts.")
    until_date: dt.date = column("Last quiet date, where the person gave one; else the policy's cooldown.", null=True)
    severity_frac: float = frac("Severity when it was decided.", ge=0)
    actor: str = column("Who.")
    role: str = column("In what role.")
    reason: str = column("Why, in their words.")
    decided_at: Instant = column("When.")
