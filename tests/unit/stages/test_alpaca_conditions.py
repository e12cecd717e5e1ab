"""Another house's rebalancing conditions as an oracle: a drift band of theirs, evaluated by hand here and by our bands.

`absolute` is in percentage points, `relative` in per cent of the target; any one condition on any one weight triggers.
"""

from __future__ import annotations

import datetime as dt
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from tests.golden.scene import build

DATE = dt.date(2026, 3, 3)
SHIFTS = (-10.0, -6.0, -5.1, -4.9, -2.0, -0.9, 0.9, 3.9, 4.1, 5.1, 8.0)


def portfolios(folder: Path) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for path in sorted((folder / "samples" / "alpaca").glob("*.json")):
        loaded = json.loads(path.read_text(encoding="utf-8"))
        for item in loaded if isinstance(loaded, list) else [loaded]:
            if isinstance(item, dict) and item.get("rebalance_conditions"):
                found[json.dumps([item["weights"], item["rebalance_conditions"]])] = item
    return list(found.values())


def triggers(weights: dict[str, float], target: dict[str, float], conditions: list[dict[str, Any]]) -> bool:
    """Evaluate the conditions as their documentation words them; all figures in per cent."""
    for condition in conditions:
        assert condition["type"] == "drift_band"
        for symbol, wanted in target.items():
            off = abs(weights[symbol] - wanted)
            drift = off if condition["sub_type"] == "absolute" else off / wanted * 100
            if drift > float(condition["percent"]):
                return True
    return False


def our_band(conditions: list[dict[str, Any]]) -> dict[str, Any]:
    return {**{c["sub_type"]: float(c["percent"]) / 100 for c in conditions}, "combine": "any"}


def test_bands_agree_with_their_conditions(shared: Path) -> None:
    samples = portfolios(shared)
    assert len(samples) >= 3
    seen = {True: 0, False: 0}
    for sample in samples:
        target = {w.get("symbol") or "CASH:USD": float(w["percent"]) for w in sample["weights"]}
        node = {s: "cash" if s == "CASH:USD" else "us_equity" for s in target}
        classes: dict[str, float] = {}
        for symbol, per_cent in target.items():
            classes[node[symbol]] = classes.get(node[symbol], 0.0) + per_cent / 100
        day: list[tuple[str, dict[str, float]]] = []
        for number, (one, other, shift) in enumerate(itertools.product(target, target, SHIFTS)):
            weights = dict(target)
            weights[one] += shift
            weights[other] -= shift
            if min(weights.values()) >= 0:
                day.append((f"P-{number:04}", weights))
        scene = build(
            {
                "date": DATE,
                "models": {
                    "M": {
                        "class": classes,
                        "security": {f"{node[s]}:{s}": per_cent / 100 for s, per_cent in target.items()},
                    }
                },
                "policy": {"default_band": 1.0, "security_band": our_band(sample["rebalance_conditions"])},
                "portfolios": [{"portfolio_id": name} for name, _ in day],
                "holdings": [
                    {"portfolio": name, "class": node[s], "security": s, "value": round(weight * 1000, 2)}
                    for name, weights in day
                    for s, weight in weights.items()
                ],
            }
        )
        breached = set(scene.judge().breaches["portfolio_id"])
        for name, weights in day:
            expected = triggers(weights, target, sample["rebalance_conditions"])
            assert (name in breached) == expected, (sample["name"], weights)
            seen[expected] += 1
    assert min(seen.values()) > 20, seen


@pytest.mark.parametrize(("weight", "expected"), [(44.0, False), (44.01, True), (36.0, False), (35.99, True)])
def test_the_narrower_of_both_decides(weight: float, expected: bool) -> None:
    """Target 40 %, 5 points or 10 per cent of target: 4 points either way, the bound itself inside."""
    scene = build(
        {
            "date": DATE,
            "models": {"M": {"us_equity": 0.4, "us_bond": 0.6}},
            "policy": {"default_band": {"absolute": 0.05, "relative": 0.1}},
            "holdings": [
                {"class": "us_equity", "value": round(weight * 100, 2)},
                {"class": "us_bond", "value": round((100 - weight) * 100, 2)},
            ],
        }
    )
    assert bool(scene.judge().breaches.height) == expected
