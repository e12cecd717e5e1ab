"""Writes the practice's models, policies, feeds and maps."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import yaml

from data_contracts.vocab import AssetClass, FeedRole
from evenkeel.sandbox.files.mapped import MAPS
from evenkeel.sandbox.models import CASH, MODELS, WHOLE, Model
from evenkeel.sandbox.people import Custodian, Practice
from evenkeel.sandbox.plan import INBOX
from evenkeel.sandbox.securities import INDEX, SECURITIES

_LAYOUTS = {
    Custodian.SCHWAB: "schwab_csv",
    Custodian.FIDELITY: "fidelity_csv",
    Custodian.IBKR: "ibkr_flex",
    Custodian.PLANS: "mapped",
}


def write_documents(folder: Path, practice: Practice, policy_change: dt.date | None) -> None:
    """Write the YAML files of the book into `folder`; the policy's second version takes effect on `policy_change`."""
    effective = practice.first_date - dt.timedelta(days=400)
    _write(folder / "models.yaml", [_model(model, effective) for model in MODELS])
    _write(folder / "policies" / "house.yaml", _policies(effective, policy_change))
    _write(folder / "feeds.yaml", _feeds(practice))
    for name, described in MAPS.items():
        _write(folder / "maps" / f"{name}.yaml", described)


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = yaml.dump(content, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=120)
    path.write_bytes(text.encode())


class _Dumper(yaml.SafeDumper):
    """Writes dates and moments in full and never by reference."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _moment(date: dt.date) -> str:
    return f"{date}T15:00:00Z"


def _model(model: Model, effective: dt.date) -> dict[str, Any]:
    classes: dict[str, dict[str, dict[str, int]]] = {}
    for symbol, bps in model.own.items():
        if symbol == CASH:
            classes.setdefault(AssetClass.CASH.value, {})
            continue
        security = SECURITIES[INDEX[symbol]]
        classes.setdefault(security.asset_class.value, {}).setdefault(security.sleeve, {})[symbol] = bps
    targets: list[dict[str, Any]] = [
        {"model": nested.model_id, "weight": nested.bps / WHOLE} for nested in model.nested
    ]
    for asset_class, sleeves in classes.items():
        if asset_class == AssetClass.CASH.value:
            targets.append({"class": asset_class, "weight": model.own[CASH] / WHOLE})
            continue
        shown = [
            {
                "sleeve": sleeve,
                "weight": sum(held.values()) / WHOLE,
                "securities": [{"security": symbol, "weight": bps / WHOLE} for symbol, bps in held.items()],
            }
            for sleeve, held in sleeves.items()
        ]
        total = sum(bps for held in sleeves.values() for bps in held.values())
        targets.append({"class": asset_class, "weight": total / WHOLE, "sleeves": shown})
    described: dict[str, Any] = {"id": model.model_id, "version": 1, "level": model.level.value}
    if model.adviser_id is not None:
        described["adviser_id"] = model.adviser_id
    return described | {
        "name": model.name,
        "effective_date": effective,
        "recorded_at": _moment(effective),
        "author": "investment committee",
        "reason": "Yearly review of the model portfolios",
        "targets": targets,
    }


def _policies(effective: dt.date, change: dt.date | None) -> list[dict[str, Any]]:
    first: dict[str, Any] = {
        "policy_id": "house",
        "version": 1,
        "effective_date": effective,
        "recorded_at": _moment(effective),
        "author": "investment committee",
        "reason": "First written policy",
        "precedence": ["account", "ips", "segment", "tier"],
        "default_band": 0.05,
        "sleeve_band": 0.08,
        "tier_by": "household_value",
        "tiers": [
            {"tier": "premium", "from_usd": 500_000, "bands": {"band": 0.03}, "urgency": "same_day"},
            {"tier": "standard", "from_usd": 100_000, "bands": {"band": 0.05}, "urgency": "48_hours"},
            {"tier": "base", "from_usd": 0, "bands": {"band": 0.07}, "urgency": "weekly_batch"},
        ],
        "segments": {
            "conservative": {"bands": {"band": 0.05}},
            "balanced": {"bands": {"band": 0.05}},
            "growth": {"bands": {"band": 0.07, "classes": {"alternative": 0.10, "private": 0.10}}},
            "tax_sensitive": {"bands": {"taxable": {"band": 0.05}, "advantaged": {"band": 0.03}}, "harvest_look": 0.02},
        },
        "workflow": "threshold",
        "cadence": "daily",
        "volatility": {"indicator": "VIX", "at_or_above": 30, "factor": 1.25, "max_age_sessions": 1},
        "illiquid": {"max_price_age_sessions": 130, "frequency": "quarterly", "band": 0.05},
        "cash": {"reserve_days": 30, "shortfall_urgency": "same_day"},
        "cooldown_days": 31,
        "growth_step_frac": 0.01,
    }
    if change is None:
        return [first]
    second = first | {
        "version": 2,
        "effective_date": change,
        "recorded_at": _moment(change - dt.timedelta(days=6)),
        "reason": "Cash has a band of its own; high volatility widens less",
        "default_band": {"absolute": 0.05},
        "volatility": {"indicator": "VIX", "at_or_above": 30, "factor": 1.15, "max_age_sessions": 1},
        "tiers": [
            {
                "tier": "premium",
                "from_usd": 500_000,
                "bands": {"band": 0.03, "classes": {"cash": 0.025}},
                "urgency": "same_day",
            },
            *first["tiers"][1:],
        ],
    }
    return [first, second]


def _feeds(practice: Practice) -> list[dict[str, Any]]:
    feeds: list[dict[str, Any]] = []
    for custodian in practice.custodians():
        feed = _feed(custodian.value, FeedRole.CUSTODIAN, _LAYOUTS[custodian], ["positions"]) | {"roll_forward": True}
        if custodian == Custodian.PLANS:
            feed["map"] = "maps/positions.yaml"
            cash = _feed("plans_cash", FeedRole.CUSTODIAN, "mapped", ["positions"], "cash")
            moves = _feed(
                "plans_transactions", FeedRole.CUSTODIAN, "mapped", ["transactions"], "transactions", is_required=False
            )
            feeds += [feed, cash | {"custodian": custodian.value}, moves | {"custodian": custodian.value}]
        else:
            feeds.append(feed)
    return [
        *feeds,
        _feed("portfolio_system", FeedRole.PORTFOLIO_SYSTEM, "mapped", ["positions"], "positions", is_required=False),
        _feed("portfolio_system_cash", FeedRole.PORTFOLIO_SYSTEM, "mapped", ["positions"], "cash", is_required=False),
        _feed("portfolio_system_lots", FeedRole.PORTFOLIO_SYSTEM, "mapped", ["lots"], "lots", is_required=False),
        _feed("market", FeedRole.MARKET, "mapped", ["prices"], "prices"),
        _feed("indicators", FeedRole.MARKET, "mapped", ["indicators"], "indicators"),
        _feed("orders", FeedRole.ORDERS, "mapped", ["orders"], "orders"),
    ]


def _feed(
    name: str, role: FeedRole, layout: str, expects: list[str], map_name: str | None = None, *, is_required: bool = True
) -> dict[str, Any]:
    described: dict[str, Any] = {"feed": name, "role": role.value, "layout": layout}
    if map_name is not None:
        described["map"] = f"maps/{map_name}.yaml"
    described |= {"location": f"{INBOX}/{name}", "pattern": "*", "expects": expects}
    return described if is_required else described | {"is_required": False}
