"""Whether each portfolio was looked at."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import code, column, frac, key


class Looks(Contract):
    """One row per portfolio of the book: due today, not due, or not measurable.

    Produced by `evenkeel.stages.threshold`; read by the episodes' fold, which freezes what was not looked at.
    """

    business_date: dt.date = key("Exchange session.")
    portfolio_id: str = key("The portfolio.")
    household_id: str = column("Its household.")
    status: str = code(vocab.LookStatus, "Whether it was looked at.")
    reason: str = column("Why not, one line.", null=True)
    is_calendar_look: bool = column("The calendar of its policy asks for a look today.")
    next_look_date: dt.date = column("The next session on which it is due.", null=True)
    workflow: str = code(vocab.Workflow, "When it is looked at and what triggers.", null=True)
    tier: str = column("The policy's tier by household value.", null=True)
    segment: str = column("The client's segment.", null=True)
    urgency: str = code(vocab.Urgency, "How soon to act on a breach.", null=True)
    policy_version: str = column("Policy and version that held.", null=True)
    widening: float = frac("Factor by which volatility widened the bands; 1 is none.", null=True)
