"""Who comes first, and why."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Instant, code, column, count, frac, key


class Priorities(Contract):
    """One row per episode that is not closed.

    Produced by `evenkeel.stages.prioritize`; read by alerts. `score` is the sum of the terms' points.
    """

    business_date: dt.date = key("Exchange session.")
    episode_id: str = key("The episode.")
    adviser_id: str = column("Whose desk it is on.")
    score: float = frac("0 to 100, higher first.", ge=0, le=100)
    adviser_rank: int = count("Place in the adviser's list, 1 first; ties by id.")
    urgency: str = code(vocab.Urgency, "How soon to act.")
    opened_at: Instant = column("When the SLA clock started.")
    due_at: Instant = column("When somebody must have acted.")
    is_overdue: bool = column("The due time was before this session's desk opened.")
    terms_json: str = column(
        "JSON array, a term each: `term`, `figure` as measured, `scaled` 0 to 1, `weight`, `points`, `text`."
    )
