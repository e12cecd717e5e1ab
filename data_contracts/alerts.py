"""The task list: who should act on what by when."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Instant, Money, code, column, count, frac, key


class Alerts(Contract):
    """One row per episode open on a date or closed on it: one breach is one alert, with one id, as long as it lasts.

    Produced by `evenkeel.stages.alerts`; read by advisers (`evenkeel alerts`), the page and the records.
    """

    business_date: dt.date = key("Exchange session.")
    alert_id: str = key("The episode's id.")
    adviser_id: str = column("Whose desk it is on.")
    household_id: str = column("The household.")
    household_name: str = column("Its name.")
    household_note: str = column("What the book notes about the household.", null=True)
    portfolio_id: str = column("The portfolio.")
    account_ids_json: str = column("JSON array of the portfolio's accounts.")
    rule: str = code(vocab.Rule, "What was breached.")
    status: str = code(vocab.EpisodeStatus, "Where it stands; only `open` asks for work.")
    status_reason: str = column("Why it is not open.", null=True)
    reason: str = column("What is out of line, by how much, under which rule, in one sentence.")
    classes_json: str = column(
        "JSON array, a node each: `level`, `node`, `asset_class`, `weight_frac`, `target_frac`, `lower_frac`, `upper_frac`, "
        "`drift_frac`, `is_outside`, `band_source`, `band_text`."
    )
    value_usd: Money = column("Market value of the portfolio.")
    severity_frac: float = frac("Largest distance beyond a bound.", ge=0)
    how_far: str = code(vocab.HowFar, "How far back the policy goes.", null=True)
    precedence: str = column(
        "The policy's order of precedence, comma-separated codes of `vocab.BandSource`, first counts first.", null=True
    )
    tier: str = column("The policy's tier.", null=True)
    tier_by: str = column("The valuation that sets the tier: `household_value` or `portfolio_value`.", null=True)
    tier_value_usd: Money = column("That valuation: market value held.", null=True)
    segment: str = column("The client's segment.", null=True)
    score: float = frac("Priority, 0 to 100; null when closed.", null=True)
    adviser_rank: int = count("Place in the adviser's list.", null=True)
    terms_json: str = column("The score's terms, as in `priorities`.")
    urgency: str = code(vocab.Urgency, "How soon to act.", null=True)
    opened_date: dt.date = column("First session of the breach.")
    age_sessions: int = count("Sessions since.")
    opened_at: Instant = column("When the SLA clock started.", null=True)
    due_at: Instant = column("When somebody must have acted.", null=True)
    is_overdue: bool = column("The due time has passed.")
    escalated_to: str = column("Adviser who must see it too, because it is overdue.", null=True)
    ips_id: str = column("The IPS it is judged by.", null=True)
    policy_version: str = column("The policy that held.", null=True)
    decision_id: str = column("The latest decision about it, once there is one.", null=True)
    proposal_id: str = column("The trade proposal, once there is one.", null=True)
