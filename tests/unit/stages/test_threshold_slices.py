import datetime as dt

import pytest

from evenkeel.stages.threshold import banding
from tests.golden.scene import build


def test_slices_are_of_whole_portfolios_and_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A book drawn seven rows at a time is the book drawn at once; IPS bands add rules as the slices go."""
    names = [f"P-{n:02}" for n in range(20)]
    spec = {
        "date": dt.date(2026, 3, 3),
        "models": {"M": {"us_equity": 0.5, "us_bond": 0.3, "private": 0.2}},
        "portfolios": [{"portfolio_id": n, "ips_id": f"I-{i % 3}"} for i, n in enumerate(names)],
        "ips": {f"I-{i}": {"limits": {"us_equity": {"above_frac": 0.01 * (i + 1), "max_frac": 0.6}}} for i in range(2)},
        "holdings": [
            {"portfolio": n, "class": code, "value": 1000 + 37 * i * (k + 1)}
            for i, n in enumerate(names)
            for k, code in enumerate(["us_equity", "us_bond", "private", "cash"])
        ],
    }
    day = build(spec)
    whole = day.judge()
    monkeypatch.setattr(banding, "SLICE", 7)
    sliced = day.judge()
    for name in ("looks", "bands", "breaches", "standing"):
        assert getattr(sliced, name).equals(getattr(whole, name)), name
    assert whole.breaches.height > 5
