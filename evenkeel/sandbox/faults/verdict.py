"""The verdict on a damaged day: what a run made of it, held against what it made of the same day undamaged.

Definitions are those of docs/methodology/faults.md. Pure: datasets in, figures and the rows behind them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from data_contracts.vocab import Check, Comparison, CoverageStatus, Doubt, EpisodeStatus

HELD = (CoverageStatus.WAITING.value, CoverageStatus.QUARANTINED.value, CoverageStatus.HOUSEHOLD_WAITS.value)
NOT_COMPARED = ("adviser_rank",)
"""Columns of `alerts` in which an untouched household's may differ: a place in a list depends on who else is on it."""

_SAME = ("status", "rule", "due_at", "how_far")
_KEY = ("business_date", "alert_id")


@dataclass(frozen=True)
class Outcome:
    """Datasets of all sessions compared, one under the other."""

    alerts: pl.DataFrame
    coverage: pl.DataFrame
    exceptions: pl.DataFrame
    breaks: pl.DataFrame
    doubts: pl.DataFrame


@dataclass(frozen=True)
class Verdict:
    """What came of a damage; each text names date, household and what differs.

    `stopped_count`: accounts scanned in the clean run and kept out in this one. `found`: checks that found something which the clean run
    has not. `has_reason`: one of the expected is among them, or none is expected.
    """

    touched: frozenset[str]
    stopped_count: int
    false_alerts: tuple[str, ...]
    unnoticed: tuple[str, ...]
    wrongly_stopped: tuple[str, ...]
    changed_elsewhere: tuple[str, ...]
    found: frozenset[Check]
    expected: frozenset[Check]

    @property
    def reasons(self) -> frozenset[Check]:
        """Return the right reasons that were found."""
        return self.found & self.expected

    @property
    def has_reason(self) -> bool:
        """Tell whether a right reason was found where one is needed."""
        return bool(self.reasons) or not self.expected

    @property
    def is_right(self) -> bool:
        """Tell whether nothing went wrong."""
        wrong = (self.false_alerts, self.unnoticed, self.wrongly_stopped, self.changed_elsewhere)
        return self.has_reason and not any(wrong)


def judge(
    clean: Outcome, damaged: Outcome, touched: Iterable[str], expected: Iterable[Check], outcome_frac: float
) -> Verdict:
    """Return the verdict.

    Args:
        clean: Of the run without damage.
        damaged: Of the run with it, over the same sessions.
        touched: Households that the damage touches.
        expected: Checks of which any one is a right reason; empty where nothing may be stopped.
        outcome_frac: Up to what difference two severities are the same outcome (the policy's).
    """
    touching = frozenset(touched)
    stopped = _stopped(clean.coverage, damaged.coverage)
    held = {(row["business_date"], row["household_id"]) for row in stopped}
    false_alerts, unnoticed = _alerts(_rows(clean.alerts), _rows(damaged.alerts), held, outcome_frac)
    return Verdict(
        touched=touching,
        stopped_count=len({row["account_id"] for row in stopped}),
        false_alerts=tuple(false_alerts),
        unnoticed=tuple(unnoticed),
        wrongly_stopped=tuple(
            f"{row['business_date']} {row['household_id']} {row['account_id']}: {row['status']}, {row['reason']}"
            for row in stopped
            if row["household_id"] not in touching
        ),
        changed_elsewhere=tuple(_elsewhere(_rows(clean.alerts), _rows(damaged.alerts), touching)),
        found=frozenset(_found(clean, damaged)),
        expected=frozenset(expected),
    )


def _stopped(clean: pl.DataFrame, damaged: pl.DataFrame) -> list[dict[str, Any]]:
    scanned = clean.filter(pl.col("status") == CoverageStatus.SCANNED.value).select("business_date", "account_id")
    kept_out = damaged.filter(pl.col("status").is_in(HELD))
    return (
        kept_out.join(scanned, on=["business_date", "account_id"], how="semi")
        .sort("business_date", "account_id")
        .to_dicts()
    )


def _rows(alerts: pl.DataFrame) -> dict[tuple[Any, str], dict[str, Any]]:
    return {(row["business_date"], row["alert_id"]): row for row in alerts.iter_rows(named=True)}


_Alerts = Mapping[tuple[Any, str], dict[str, Any]]


def _alerts(
    clean: _Alerts, damaged: _Alerts, held: set[tuple[Any, str]], outcome_frac: float
) -> tuple[list[str], list[str]]:
    """Return the false alerts, and the harm that nothing speaks of."""
    false_alerts, unnoticed = [], []
    for key in sorted(clean.keys() | damaged.keys(), key=str):
        was, now = clean.get(key), damaged.get(key)
        known = now or was
        assert known is not None
        name = f"{key[0]} {known['household_id']} {known['portfolio_id']} {known['rule']}"
        is_held = (key[0], known["household_id"]) in held
        if now is None:
            if not is_held:
                unnoticed.append(f"{name}: missing, and no stop says so")
        elif was is None:
            false_alerts.append(f"{name}: raised, {now['status']}")
        elif not (is_held and now["status"] == EpisodeStatus.FROZEN.value):
            differs = [f"{term} {was[term]} -> {now[term]}" for term in _SAME if was[term] != now[term]]
            if abs(was["severity_frac"] - now["severity_frac"]) > outcome_frac:
                differs.append(f"severity {was['severity_frac']:.4f} -> {now['severity_frac']:.4f}")
            if differs:
                false_alerts.append(f"{name}: {', '.join(differs)}")
    return false_alerts, unnoticed


def _elsewhere(clean: _Alerts, damaged: _Alerts, touched: frozenset[str]) -> Iterable[str]:
    for key in sorted(clean.keys() | damaged.keys(), key=str):
        was, now = clean.get(key), damaged.get(key)
        known = now or was
        assert known is not None
        if known["household_id"] in touched:
            continue
        if was is None or now is None:
            yield f"{key[0]} {known['household_id']} {known['portfolio_id']}: {'raised' if was is None else 'missing'}"
        elif differs := [term for term in was if term not in NOT_COMPARED and was[term] != now[term]]:
            yield f"{key[0]} {known['household_id']} {known['portfolio_id']}: {', '.join(differs)}"


_BY_SYSTEM = {kind: Check(f"break_{kind}") for kind in ("account", "quantity", "price", "value", "cost", "cash")}
_BY_ROLL = {"quantity": Check.ROLL_QUANTITY, "cash": Check.ROLL_CASH}
_BY_DOUBT = {Doubt.PRICE.value: Check.PRICE_DOUBT, Doubt.INDICATOR.value: Check.INDICATOR_DOUBT}


def _found(clean: Outcome, damaged: Outcome) -> Iterable[Check]:
    """Yield the checks of what the clean run has not found: exceptions, differences explained or not, figures in doubt."""
    for row in _new(clean.exceptions, damaged.exceptions, "exception_id"):
        yield Check(row["check"])
    for row in _new(clean.breaks, damaged.breaks, "break_id"):
        if row["comparison"] == Comparison.ROLL_FORWARD.value:
            yield _BY_ROLL.get(row["kind"], Check.NOT_ROLLED)
        elif row["comparison"] == Comparison.PRICES.value:
            yield Check.PRICE_DOUBT
        else:
            yield _BY_SYSTEM[row["kind"]]
    for row in _new(clean.doubts, damaged.doubts, "portfolio_id", "doubt", "subject_id"):
        yield _BY_DOUBT[row["doubt"]]


def _new(clean: pl.DataFrame, damaged: pl.DataFrame, *key: str) -> Iterable[dict[str, Any]]:
    return damaged.join(clean, on=["business_date", *key], how="anti").iter_rows(named=True)
