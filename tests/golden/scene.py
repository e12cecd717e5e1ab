"""A small book and a day's holdings, written short in YAML: what a golden case's `input.yaml` says, turned into frames.

Every part has a default, so that a case shows only what it is about. Money is dollars, ratios are fractions.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl
import yaml
from pandera.typing.polars import DataFrame

from data_contracts.book.accounts import Accounts
from data_contracts.book.ips_limits import IpsLimits
from data_contracts.book.ips_profiles import IpsProfiles
from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.portfolios import Portfolios
from data_contracts.conform import ContractT, conform
from data_contracts.coverage import Coverage
from data_contracts.holdings import Holdings
from data_contracts.indicators import Indicators
from evenkeel.policy.model import Policy
from evenkeel.stages.drift import Measured, measure_drift
from evenkeel.stages.threshold import Judged, Rulebook, judge

DEFAULT_POLICY = {
    "policy_id": "house",
    "version": 1,
    "effective_date": dt.date(2020, 1, 1),
    "recorded_at": dt.datetime(2020, 1, 1, tzinfo=dt.UTC),
    "author": "committee",
    "reason": "as agreed",
}


def policy_of(changes: Mapping[str, Any]) -> Policy:
    """Return a policy that says `changes` and is otherwise the default."""
    return Policy.model_validate({**DEFAULT_POLICY, **changes})


def _frame(rows: Sequence[Mapping[str, Any]], contract: type[ContractT]) -> DataFrame[ContractT]:
    schema = contract.polars_schema()
    frame = pl.DataFrame({n: [row.get(n) for row in rows] for n in schema}, schema=schema, strict=False)
    return conform(frame, contract)


@dataclass(frozen=True)
class Scene:
    """One day of a small book."""

    business_date: dt.date
    holdings: DataFrame[Holdings]
    model_targets: DataFrame[ModelTargets]
    coverage: DataFrame[Coverage]
    indicators: DataFrame[Indicators]
    rulebook: Rulebook

    def measure(self) -> Measured:
        """Return the drift of the day."""
        return measure_drift(self.business_date, self.holdings, self.rulebook.portfolios, self.model_targets)

    def judge(self) -> Judged:
        """Return the judgement of the day."""
        return judge(self.business_date, self.measure(), self.holdings, self.coverage, self.indicators, self.rulebook)


def scene(text: str) -> Scene:
    """Return the scene that a YAML text describes."""
    return build(yaml.safe_load(text))


def build(spec: Mapping[str, Any]) -> Scene:
    """Return the scene of `spec`.

    Keys: `date`, `models`, `holdings`; and where they matter `policy` or `policies`, `portfolios`, `accounts`, `ips`, `indicators`,
    `coverage`.
    """
    date = spec["date"]
    portfolios = [
        {"household_id": f"H-{row['portfolio_id']}", "model_id": "M", "policy_id": "house", **row}
        for row in spec.get("portfolios", [{"portfolio_id": "P-1"}])
    ]
    household = {row["portfolio_id"]: row["household_id"] for row in portfolios}
    holdings = [_holding(date, row, household) for row in spec["holdings"]]
    held_accounts = {row["account_id"]: row["portfolio_id"] for row in holdings}
    given = {row["account_id"]: row for row in spec.get("accounts", [])}
    accounts = [
        _account(name, {"portfolio_id": held_accounts.get(name), **given.get(name, {})}, household)
        for name in sorted({*held_accounts, *given})
    ]
    stopped = {row["account_id"]: row for row in spec.get("coverage", [])}
    coverage = [
        {
            "business_date": date,
            "custodian": "test",
            "status": "scanned",
            **account,
            **stopped.get(account["account_id"], {}),
        }
        for account in accounts
    ]
    ips = spec.get("ips", {})
    profiles = [
        {"ips_id": name, "version": 1, "effective_date": date, **{k: v for k, v in one.items() if k != "limits"}}
        for name, one in ips.items()
    ]
    limits = [
        {"ips_id": name, "asset_class": code, **limit}
        for name, one in ips.items()
        for code, limit in one.get("limits", {}).items()
    ]
    policies = spec.get("policies", [spec.get("policy", {})])
    return Scene(
        business_date=date,
        holdings=_frame(holdings, Holdings),
        model_targets=_frame(list(_targets(spec["models"], date)), ModelTargets),
        coverage=_frame(coverage, Coverage),
        indicators=_frame(
            [
                {"business_date": row["indicator_date"], "feed": "market", "file_id": "f", "row_no": number, **row}
                for number, row in enumerate(spec.get("indicators", []), 1)
            ],
            Indicators,
        ),
        rulebook=Rulebook(
            portfolios=_frame(portfolios, Portfolios),
            accounts=_frame(accounts, Accounts),
            ips_profiles=_frame(profiles, IpsProfiles),
            ips_limits=_frame(limits, IpsLimits),
            policies={policy.policy_id: policy for policy in map(policy_of, policies)},
        ),
    )


def _holding(date: dt.date, row: Mapping[str, Any], household: Mapping[str, str]) -> dict[str, Any]:
    portfolio = row.get("portfolio", "P-1")
    code = row["class"]
    value = Decimal(str(row["value"]))
    return {
        "business_date": date,
        "portfolio_id": portfolio,
        "account_id": row.get("account", f"A-{portfolio}"),
        "security_id": row.get("security", "CASH:USD" if code == "cash" else code.upper()),
        "household_id": household.get(portfolio, "H-?"),
        "asset_class": code,
        "sleeve": row.get("sleeve", code),
        "is_illiquid": row.get("illiquid", False),
        "held_qty": value,
        "value_usd": value,
        "proforma_usd": Decimal(str(row.get("proforma", row["value"]))),
    }


def _account(name: str, given: Mapping[str, Any], household: Mapping[str, str]) -> dict[str, Any]:
    return {
        "account_id": name,
        "household_id": household.get(given["portfolio_id"], "H-?"),
        "custodian": "test",
        "account_key": f"key-{name}",
        "account_mask": "…0001",
        "registration": "individual",
        "tax_status": "taxable",
        "is_discretionary": True,
        "relief_method": "fifo",
        "state": "open",
        **given,
    }


def _targets(models: Mapping[str, Any], date: dt.date) -> list[dict[str, Any]]:
    rows = []
    for model, levels in models.items():
        by_level = levels if "class" in levels else {"class": levels}
        for level, targets in by_level.items():
            for node, target in targets.items():
                # A security is written `class:security`.
                code, name = node.split(":", 1) if level == "security" else (node.split("/")[0], node)
                rows.append(
                    {
                        "model_id": model,
                        "level": level,
                        "node_id": name,
                        "asset_class": code,
                        "target_frac": target,
                        "model_version": 1,
                        "effective_date": date,
                    }
                )
    return rows
