"""What each portfolio's policy says about cooldowns, clocks and priority, as columns to join with."""

from __future__ import annotations

import polars as pl

from evenkeel.book.model import Book
from evenkeel.policy.model import Policy, PriorityWeights

TERMS: tuple[str, ...] = tuple(PriorityWeights.model_fields)
"""The terms of the score, in the order in which they are shown."""

SETTINGS_SCHEMA = pl.Schema(
    {
        "portfolio_id": pl.String(),
        "policy_version": pl.String(),
        "cooldown_days": pl.Int64(),
        "growth_step_frac": pl.Float64(),
        "policy_urgency": pl.String(),
        "weekly_on": pl.String(),
        "deadline": pl.Time(),
        **{f"weight_{term}": pl.Float64() for term in TERMS},
    }
)
"""One row a portfolio of the book; the weights of the terms sum to 100 (or are all 0)."""


def portfolio_settings(book: Book) -> pl.DataFrame:
    """Return `SETTINGS_SCHEMA` for every portfolio, each by the version of its own policy that held on the book's date.

    Raises:
        UsageError: A portfolio's policy has no version for the date.
    """
    ids = book.portfolios["policy_id"].unique().sort().to_list()
    rows = [{"policy_id": id_, **_of(book.policies.held_on(id_, book.on, book.as_known_at))} for id_ in ids]
    schema = pl.Schema({"policy_id": pl.String(), **{k: v for k, v in SETTINGS_SCHEMA.items() if k != "portfolio_id"}})
    policies = pl.DataFrame(rows, schema=schema)
    return (
        book.portfolios.select("portfolio_id", "policy_id").join(policies, on="policy_id").select(list(SETTINGS_SCHEMA))
    )


def _of(policy: Policy) -> dict[str, object]:
    weights = policy.priority.model_dump()
    total = sum(weights.values())
    return {
        "policy_version": policy.label,
        "cooldown_days": policy.cooldown_days,
        "growth_step_frac": policy.growth_step_frac,
        "policy_urgency": policy.urgency.value,
        "weekly_on": policy.weekly_on,
        "deadline": policy.deadline,
        **{f"weight_{term}": 100.0 * weights[term] / total if total else 0.0 for term in TERMS},
    }
