"""A practice of a few portfolios for the tests of prioritize, alerts and the desk: frames from short descriptions.

Bands here are one distance either side of target, and severity is the largest distance beyond it: enough to state an expectation by
hand. The real rules are the threshold stage's, and tested there.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import Any, TypeVar

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts import vocab
from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
from data_contracts.book.account_aliases import AccountAliases
from data_contracts.book.accounts import Accounts
from data_contracts.book.advisers import Advisers
from data_contracts.book.households import Households
from data_contracts.book.ips_limits import IpsLimits
from data_contracts.book.ips_profiles import IpsProfiles
from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.planned_cash import PlannedCash
from data_contracts.book.portfolios import Portfolios
from data_contracts.book.restrictions import Restrictions
from data_contracts.book.securities import Securities
from data_contracts.book.suspensions import Suspensions
from data_contracts.book.tax_units import TaxUnits
from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.decisions import Decisions
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.exceptions import Exceptions
from data_contracts.looks import Looks
from data_contracts.priorities import Priorities
from data_contracts.proposals import Proposals
from data_contracts.valuations import Valuations
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.policy.versions import PolicySet
from evenkeel.stages.alerts.rows import raise_alerts
from evenkeel.stages.prioritize.episodes import fold_episodes
from evenkeel.stages.prioritize.priority import score_episodes
from evenkeel.stages.prioritize.settings import portfolio_settings

ContractT = TypeVar("ContractT", bound=Contract)

MONDAY = dt.date(2026, 7, 6)
"""A session with four more after it that week."""


def frame(contract: type[ContractT], rows: Sequence[Mapping[str, Any]], **common: Any) -> DataFrame[ContractT]:
    """Return `rows` with `common` columns as the contract's frame; missing nullable columns are null."""
    schema = contract.polars_schema()
    filled = [{name: {**common, **row}.get(name) for name in schema} for row in rows]
    return conform(pl.DataFrame(filled, schema=schema, orient="row"), contract)


def policy(**changes: Any) -> Policy:
    """Return the house policy with `changes`."""
    plain = {
        "policy_id": "house",
        "version": 1,
        "effective_date": "2020-01-01",
        "recorded_at": "2020-01-01T12:00:00Z",
        "author": "Investment committee",
        "reason": "First version",
    }
    return Policy.model_validate({**plain, **changes})


def book(
    on: dt.date = MONDAY,
    *,
    portfolios: Sequence[Mapping[str, Any]] = ({"portfolio_id": "P1"},),
    advisers: Sequence[Mapping[str, Any]] = ({"adviser_id": "A1", "name": "Ada Byrne"},),
    households: Sequence[Mapping[str, Any]] | None = None,
    accounts: Sequence[Mapping[str, Any]] | None = None,
    policies: Sequence[Policy] = (policy(),),
    changes: Mapping[str, Sequence[str]] | None = None,
    **tables: Sequence[Mapping[str, Any]],
) -> Book:
    """Return a book; each portfolio without more words is household `H<n>` of adviser A1, with one taxable account `<id>-1`."""
    described = [
        {"household_id": p["portfolio_id"].replace("P", "H"), "model_id": "balanced", "policy_id": "house", **p}
        for p in portfolios
    ]
    ids = sorted({p["household_id"] for p in described})
    contracts: dict[str, type[Contract]] = {
        "tax_units": TaxUnits,
        "ips_profiles": IpsProfiles,
        "ips_limits": IpsLimits,
        "model_targets": ModelTargets,
        "securities": Securities,
        "restrictions": Restrictions,
        "suspensions": Suspensions,
        "planned_cash": PlannedCash,
        "account_aliases": AccountAliases,
    }
    others: dict[str, Any] = {name: frame(contract, tables.get(name, ())) for name, contract in contracts.items()}
    own = [
        {"account_id": f"{p['portfolio_id']}-1", "portfolio_id": p["portfolio_id"], "household_id": p["household_id"]}
        for p in described
    ]
    return Book(
        on=on,
        as_known_at=None,
        digest="0" * 64,
        advisers=frame(Advisers, advisers, is_senior=False),
        households=frame(
            Households,
            households or [{"household_id": id_, "name": f"Household {id_}"} for id_ in ids],
            adviser_id="A1",
        ),
        accounts=frame(
            Accounts,
            own if accounts is None else accounts,
            custodian="schwab",
            account_key="k",
            account_mask="…1234",
            registration="individual",
            tax_status="taxable",
            is_discretionary=True,
            relief_method="fifo",
            state="open",
        ),
        portfolios=frame(Portfolios, described),
        feeds=(),
        policies=PolicySet(policies),
        maps={},
        changes=changes or {},
        **others,
    )


@dataclass(frozen=True)
class Seen:
    """What the threshold stage would say of one portfolio on one day.

    `weights` and `targets` by asset class; `band` either side; `look` a code of `vocab.LookStatus`. An unmeasured portfolio has no
    weights. `shortfall` is a cash shortfall as a share of the portfolio.
    """

    portfolio: str
    weights: Mapping[str, float] = field(default_factory=dict)
    targets: Mapping[str, float] = field(default_factory=dict)
    band: float = 0.03
    value: float = 1_000_000.0
    look: str = "due"
    reason: str | None = None
    urgency: str = "48_hours"
    in_flight: bool = False
    counted: bool = True
    ips_max: Mapping[str, float] = field(default_factory=dict)
    risk: tuple[float, float] = (0.6, 0.6)
    shortfall: float = 0.0
    tier: str = "premium"
    trigger: str = "band"
    household: str | None = None

    @property
    def household_id(self) -> str:
        """Return the household."""
        return self.household or self.portfolio.replace("P", "H")


@dataclass(frozen=True)
class Day:
    """The frames of one day that prioritize and alerts read."""

    business_date: dt.date
    looks: DataFrame[Looks]
    breaches: DataFrame[Breaches]
    drift: DataFrame[Drift]
    bands: DataFrame[Bands]
    valuations: DataFrame[Valuations]


def day(business_date: dt.date, seen: Sequence[Seen]) -> Day:
    """Return what was measured on a day."""
    nodes = [node for s in seen if s.look != "unmeasured" for node in _nodes(s)]
    breaches = [breach for s in seen if s.look in ("due", "not_due") for breach in _breaches(s)]
    common: dict[str, Any] = {"business_date": business_date}
    return Day(
        business_date,
        frame(
            Looks,
            [
                {
                    "portfolio_id": s.portfolio,
                    "household_id": s.household_id,
                    "status": s.look,
                    "reason": s.reason,
                    "is_calendar_look": False,
                    **(
                        {"urgency": s.urgency, "tier": s.tier, "policy_version": "house/1", "widening": 1.0}
                        if s.look != "unmeasured"
                        else {}
                    ),
                }
                for s in seen
            ],
            **common,
        ),
        frame(Breaches, breaches, **common, how_far="target", band_source="tier", workflow="threshold"),
        frame(Drift, nodes, **common),
        frame(Bands, nodes, **common, band_source="tier", is_widened=False),
        frame(
            Valuations,
            [
                {
                    "portfolio_id": s.portfolio,
                    "household_id": s.household_id,
                    "model_id": "balanced",
                    "account_count": 1,
                    "value_usd": Decimal(f"{s.value:.2f}"),
                    "proforma_usd": Decimal(f"{s.value:.2f}"),
                    "household_value_usd": Decimal(f"{s.value:.2f}"),
                    "cash_usd": Decimal(0),
                    "proforma_cash_usd": Decimal(0),
                    "risk_held": s.risk[0],
                    "risk_target": s.risk[1],
                }
                for s in seen
                if s.look != "unmeasured"
            ],
            **common,
        ),
    )


def _nodes(s: Seen) -> list[dict[str, Any]]:
    rows = []
    for asset_class in sorted({*s.weights, *s.targets}):
        weight, target = s.weights.get(asset_class, 0.0), s.targets.get(asset_class, 0.0)
        lower, upper = max(target - s.band, 0.0), min(target + s.band, 1.0)
        excess = round(max(weight - upper, lower - weight, 0.0), 10)
        ips_max = s.ips_max.get(asset_class)
        rows.append(
            {
                "portfolio_id": s.portfolio,
                "level": "class",
                "node_id": asset_class,
                "asset_class": asset_class,
                "value_usd": Decimal(f"{s.value * weight:.2f}"),
                "proforma_usd": Decimal(f"{s.value * weight:.2f}"),
                "weight_frac": weight,
                "held_frac": weight,
                "target_frac": target,
                "drift_frac": round(weight - target, 10),
                "lower_frac": lower,
                "upper_frac": upper,
                "ips_max_frac": ips_max,
                "band_text": f"tier {s.tier}: {100 * s.band:g} points",
                "is_outside": excess > 1e-9,
                "is_outside_ips": ips_max is not None and weight > ips_max,
                "excess_frac": excess,
                "held_excess_frac": excess,
            }
        )
    return rows


def _breaches(s: Seen) -> list[dict[str, Any]]:
    nodes = _nodes(s)
    outside = [node for node in nodes if node["is_outside"]]
    common = {"portfolio_id": s.portfolio, "household_id": s.household_id, "urgency": s.urgency, "trigger": s.trigger}
    rows: list[dict[str, Any]] = []
    if outside:
        worst = max(outside, key=lambda node: node["excess_frac"])
        rows.append(
            {
                **common,
                "rule": "drift",
                "severity_frac": worst["excess_frac"],
                "relative_severity": worst["excess_frac"] / s.band,
                "worst_level": "class",
                "worst_node_id": worst["node_id"],
                "worst_drift_frac": worst["drift_frac"],
                "outside_count": len(outside),
                "has_ips_breach": any(node["is_outside_ips"] for node in nodes),
                "is_counted": s.counted and s.look == "due",
                "is_in_flight": s.in_flight,
                "band_text": worst["band_text"],
            }
        )
    if s.shortfall:
        rows.append(
            {
                **common,
                "rule": "cash_shortfall",
                "severity_frac": s.shortfall,
                "relative_severity": 1.0,
                "worst_level": "class",
                "worst_node_id": "cash",
                "worst_drift_frac": -s.shortfall,
                "outside_count": 1,
                "has_ips_breach": False,
                "is_counted": True,
                "is_in_flight": False,
                "band_text": "cash that is needed",
            }
        )
    return rows


def decision(
    episode_id: str,
    decided_date: dt.date,
    *,
    kind: str = "decline",
    until: dt.date | None = None,
    severity: float = 0.012,
    name: str = "d1",
    hour: int = 14,
) -> dict[str, Any]:
    """Return one row of decisions."""
    return {
        "decision_id": name,
        "episode_id": episode_id,
        "kind": kind,
        "decided_date": decided_date,
        "until_date": until,
        "severity_frac": severity,
        "actor": "A1",
        "role": "adviser",
        "reason": "The client asked to wait",
        "decided_at": dt.datetime(decided_date.year, decided_date.month, decided_date.day, hour, tzinfo=dt.UTC),
    }


@dataclass(frozen=True)
class Told:
    """What a day ended in."""

    episodes: DataFrame[Episodes]
    priorities: DataFrame[Priorities]
    alerts: DataFrame[Alerts]


def tell(today: Day, house: Book, before: Told | None = None, decisions: Sequence[Mapping[str, Any]] = ()) -> Told:
    """Run prioritize and alerts on one day."""
    settings = portfolio_settings(house)
    on = today.business_date
    episodes = fold_episodes(
        on, before.episodes if before else None, today.breaches, today.looks, frame(Decisions, decisions), settings
    )
    priorities = score_episodes(
        on,
        episodes,
        today.breaches,
        today.looks,
        today.valuations,
        house,
        settings,
        (before.episodes, before.priorities) if before else None,
    )
    alerts = raise_alerts(
        on,
        episodes,
        priorities,
        today.breaches,
        today.looks,
        today.drift,
        today.bands,
        today.valuations,
        Proposals.empty_frame(),
        house,
        before.alerts if before else None,
    )
    return Told(episodes, priorities, alerts)


SIXTY_FORTY = {"us_equity": 0.6, "us_bond": 0.35, "cash": 0.05}


def drifted(portfolio: str, equity: float, **more: Any) -> Seen:
    """Return a 60/35/5 portfolio with `equity` in US equity and 5 % in cash, the rest in bonds."""
    weights = {"us_equity": equity, "us_bond": round(0.95 - equity, 10), "cash": 0.05}
    return replace(Seen(portfolio, weights, SIXTY_FORTY), **more)


def coverage(business_date: dt.date, rows: Sequence[Mapping[str, Any]]) -> DataFrame[Coverage]:
    """Return coverage rows; scanned at Schwab unless said otherwise."""
    return frame(
        Coverage, rows, business_date=business_date, custodian="schwab", status=vocab.CoverageStatus.SCANNED.value
    )


def exceptions(business_date: dt.date, rows: Sequence[Mapping[str, Any]]) -> DataFrame[Exceptions]:
    """Return exception rows."""
    return frame(Exceptions, rows, business_date=business_date)
