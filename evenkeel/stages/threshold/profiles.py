"""Which case and which schedule each measured portfolio falls under."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import AccountState, BandSource, Cadence, Segment, TaxStatus
from evenkeel.policy.model import Policy, PortfolioRule
from evenkeel.stages.drift.nodes import cents
from evenkeel.stages.threshold.cadence import Schedule
from evenkeel.stages.threshold.precedence import Case
from evenkeel.stages.threshold.rulebook import Rulebook

_SEGMENTS = [member.value for member in Segment]
_CADENCES = [member.value for member in Cadence]
_NONE = 99
"""Stands for no segment or no tier inside a case's number."""


@dataclass(frozen=True)
class Profiles:
    """What holds for each measured portfolio.

    `portfolios` has one row a portfolio in the order of the valuations: `portfolio_id`, `household_id`, `segment`, `ips_id`,
    `min_cash_frac`, `proforma_cents`, `proforma_cash_cents`, `case` (place in `cases`), `schedule` (place in `schedules`), and of the
    schedule `is_due`, `is_calendar_look`, `is_illiquid_look`.
    """

    portfolios: pl.DataFrame
    cases: Sequence[Case]
    schedules: Sequence[Schedule]

    def of_case(self, values: Sequence[object], dtype: pl.DataType | type[pl.DataType]) -> pl.Series:
        """Return a value per case (in the order of `cases`) as a value per portfolio."""
        return pl.Series(values, dtype=dtype).gather(self.portfolios["case"])


def profile(business_date: dt.date, valuations: pl.DataFrame, rulebook: Rulebook) -> Profiles:
    """Sort the measured portfolios into cases and schedules.

    The tier follows from the value held, of the household or the portfolio as the policy says; a portfolio is taxable if any of its
    accounts that is not closed is.
    """
    policies = [rulebook.policies[name] for name in sorted(rulebook.policies)]
    number = {policy_id: place for place, policy_id in enumerate(sorted(rulebook.policies))}
    rules = [(number[policy.policy_id], rule) for policy in policies for rule in policy.portfolios]
    people = _people(valuations, rulebook, number, rules, policies)
    keys, place = numbered(people["case_key"])
    cases = [_case(key, policies, [rule for _, rule in rules]) for key in keys.to_list()]

    before = pl.Series([case.cadence("before_ips") for case in cases], dtype=pl.String).gather(place)
    after = pl.Series([case.cadence("after_ips") for case in cases], dtype=pl.String).gather(place)
    asks_ips = pl.Series([BandSource.IPS in case.policy.precedence for case in cases], dtype=pl.Boolean).gather(place)
    cadence = people.select(
        pl.coalesce("cadence", pl.lit(before), pl.when(pl.lit(asks_ips)).then("ips_cadence"), pl.lit(after))
        .cast(pl.Enum(_CADENCES))
        .to_physical()
        .cast(pl.UInt32)
        .alias("cadence")
    )["cadence"]
    schedule_keys, schedule = numbered(place * len(_CADENCES) + cadence)
    schedules = [
        Schedule(case.workflow, Cadence(_CADENCES[key % len(_CADENCES)]), case.policy)
        for key in schedule_keys.to_list()
        for case in (cases[key // len(_CADENCES)],)
    ]
    days = [
        (s.is_due(business_date), s.is_calendar_look(business_date), s.is_illiquid_look(business_date))
        for s in schedules
    ]
    flags = pl.DataFrame(
        days,
        schema={"is_due": pl.Boolean, "is_calendar_look": pl.Boolean, "is_illiquid_look": pl.Boolean},
        orient="row",
    )
    return Profiles(
        portfolios=pl.concat(
            [
                people.select(
                    "portfolio_id",
                    "household_id",
                    "segment",
                    "ips_id",
                    "min_cash_frac",
                    "proforma_cents",
                    "proforma_cash_cents",
                ),
                pl.DataFrame({"case": place, "schedule": schedule}),
                flags.select(pl.all().gather(schedule)),
            ],
            how="horizontal",
        ),
        cases=cases,
        schedules=schedules,
    )


def numbered(keys: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the distinct values, sorted, and for each row the place of its value among them."""
    distinct = keys.unique().sort()
    return distinct, distinct.search_sorted(keys).cast(pl.UInt32) if keys.len() else pl.Series([], dtype=pl.UInt32)


def _people(
    valuations: pl.DataFrame,
    rulebook: Rulebook,
    number: dict[str, int],
    rules: Sequence[tuple[int, PortfolioRule]],
    policies: Sequence[Policy],
) -> pl.DataFrame:
    taxable = rulebook.accounts.filter(
        pl.col("tax_status") == TaxStatus.TAXABLE.value, pl.col("state") != AccountState.CLOSED.value
    )["portfolio_id"].unique()
    own_rules = pl.DataFrame(
        {
            "policy": [policy for policy, _ in rules],
            "portfolio_id": [rule.portfolio_id for _, rule in rules],
            "rule": list(range(1, len(rules) + 1)),
        },
        schema={"policy": pl.UInt32, "portfolio_id": pl.String, "rule": pl.UInt64},
    ).unique(["policy", "portfolio_id"], keep="last", maintain_order=True)
    segment = pl.col("segment").cast(pl.Enum(_SEGMENTS)).to_physical().cast(pl.UInt64).fill_null(_NONE)
    return (
        valuations.select(
            "portfolio_id",
            "household_id",
            cents("value_usd").alias("portfolio_value"),
            cents("household_value_usd").alias("household_value"),
            cents("proforma_usd").alias("proforma_cents"),
            cents("proforma_cash_usd").alias("proforma_cash_cents"),
        )
        .join(
            rulebook.portfolios.select("portfolio_id", "ips_id", "segment", "policy_id", "cadence"),
            on="portfolio_id",
            how="left",
            maintain_order="left",
        )
        .join(
            rulebook.ips_profiles.select("ips_id", "min_cash_frac", pl.col("cadence").alias("ips_cadence")),
            on="ips_id",
            how="left",
            maintain_order="left",
        )
        .with_columns(
            pl.col("policy_id").cast(pl.Enum(list(number))).to_physical().cast(pl.UInt32).alias("policy"),
            pl.col("portfolio_id").is_in(taxable.implode()).alias("is_taxable"),
        )
        .join(own_rules, on=["policy", "portfolio_id"], how="left", maintain_order="left")
        .with_columns(
            (
                (
                    ((pl.col("policy") * (len(rules) + 1) + pl.col("rule").fill_null(0)) * 100 + segment) * 100
                    + _tier(policies)
                )
                * 2
                + pl.col("is_taxable")
            )
            .cast(pl.UInt64)
            .alias("case_key")
        )
    )


def _tier(policies: Sequence[Policy]) -> pl.Expr:
    """Return the place of each portfolio's tier in its policy: the first, from the highest down, whose bound is reached."""
    by_policy = []
    for place, policy in enumerate(policies):
        if policy.tiers:
            value = pl.col("household_value" if policy.tier_by == "household_value" else "portfolio_value")
            # The last tier holds from 0: a value below that is in it too.
            tier: pl.Expr = pl.lit(len(policy.tiers) - 1, pl.UInt64)
            for step, bound in reversed(list(enumerate(policy.tiers[:-1]))):
                tier = pl.when(value >= round(bound.from_usd * 100)).then(pl.lit(step, pl.UInt64)).otherwise(tier)
            by_policy.append(pl.when(pl.col("policy") == place).then(tier))
    return pl.coalesce(*by_policy, pl.lit(_NONE, pl.UInt64))


def _case(key: int, policies: Sequence[Policy], rules: Sequence[PortfolioRule]) -> Case:
    rest, is_taxable = divmod(key, 2)
    rest, tier = divmod(rest, 100)
    rest, segment = divmod(rest, 100)
    policy_place, rule = divmod(rest, len(rules) + 1)
    policy = policies[policy_place]
    return Case(
        policy=policy,
        rule=rules[rule - 1] if rule else None,
        segment=Segment(_SEGMENTS[segment]) if segment != _NONE else None,
        tier=policy.tiers[tier] if tier != _NONE else None,
        is_taxable=bool(is_taxable),
    )
