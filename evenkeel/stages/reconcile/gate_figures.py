"""What each gate looks at: a custodian's figure, the bounds that the policy sets for it, and whether there is enough to judge by.

A gate must not stop a custodian for a few accounts, which the checks of these accounts stop by themselves. So bounds that count accounts
leave room for `min_count - 1` of them, and shares that a few accounts could move alone are not judged.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from data_contracts.vocab import Gate
from evenkeel.policy.model import COMPARE_TOLERANCE, GateRule

Row = Mapping[str, Any]
"""A row of `CustodianTotals`."""


@dataclass(frozen=True)
class GateFigure:
    """One gate's figure of one custodian. `message` says it with its bounds, or why it is not judged."""

    message: str
    observed: float | None = None
    lower: float | None = None
    upper: float | None = None
    is_judged: bool = True


def gate_figures(now: Row, before: Sequence[Row], rule: GateRule) -> dict[Gate, GateFigure]:
    """Return the figure of every gate for one custodian.

    Args:
        now: Its totals tonight.
        before: Its totals of the earlier nights that are a baseline.
        rule: The policy's bounds.
    """
    stale = _stale(now)
    if now["age_sessions"] != 0:
        absent = GateFigure("not judged: its delivery has not come", is_judged=False)
        return {gate: stale if gate is Gate.STALE else absent for gate in Gate}
    return {
        Gate.STALE: stale,
        Gate.ACCOUNTS: _accounts(now, before, rule),
        Gate.ROWS: _ratio(
            "its positions number", rule.rows_ratio, _worth_of(now, before, "position_count"), before, rule
        ),
        Gate.VALUE: _ratio(
            "its positions and cash are worth",
            rule.value_ratio,
            _worth_of(now, before, "value_usd", "cash_usd"),
            before,
            rule,
        ),
        Gate.TOTALS: GateFigure(
            f"{_count(now['total_mismatch_count'], 'total')} of its files {'is' if now['total_mismatch_count'] == 1 else 'are'} not what "
            "the rows add up to; none may be",
            observed=float(now["total_mismatch_count"]),
            upper=0.0,
        ),
        Gate.PRICES: _prices(now, rule),
        Gate.UNCHANGED: _unchanged(now, rule),
        Gate.BREAKS: _share(
            "have an open difference", now["break_count"], now["account_count"], rule.max_break_frac, rule
        ),
        Gate.QUARANTINED: _share(
            "are stopped by a check",
            now["quarantined_count"],
            now["book_account_count"],
            rule.max_quarantined_frac,
            rule,
        ),
    }


def _stale(now: Row) -> GateFigure:
    age = now["age_sessions"]
    if age is None:
        return GateFigure("not judged: no delivery of it is known, so none can be too old", is_judged=False)
    return GateFigure(
        f"its newest complete delivery is {_count(age, 'session')} old; only tonight's passes", float(age), upper=0.0
    )


def _accounts(now: Row, before: Sequence[Row], rule: GateRule) -> GateFigure:
    """The bounds leave room for a few accounts that come or go, however small the custodian is."""
    usual = _median(before, "account_count")
    if len(before) < rule.min_sessions or not usual:
        return _too_few_nights(before, rule)
    few = (rule.min_count - 1) / usual
    lower, upper = rule.accounts_ratio
    lower, upper = max(min(lower, 1 - few), 0.0), max(upper, 1 + few)
    ratio = now["account_count"] / usual
    return GateFigure(
        f"{_count(now['account_count'], 'account')} of the book came, {ratio:.2f} of the median of {_nights(before)} ({usual:g}); "
        f"{lower:.2f} to {upper:.2f} passes",
        ratio,
        lower,
        upper,
    )


def _worth_of(now: Row, before: Sequence[Row], *names: str) -> float | None:
    """Return the ratio of tonight's figure to the median of the nights before; None where that is not above zero."""
    usual = median(sum(float(row[name]) for name in names) for row in before) if before else 0.0
    return sum(float(now[name]) for name in names) / usual if usual > 0 else None


def _ratio(
    what: str, bounds: tuple[float, float], ratio: float | None, before: Sequence[Row], rule: GateRule
) -> GateFigure:
    """A ratio that a few average accounts could move out of its bounds is not judged."""
    if len(before) < rule.min_sessions:
        return _too_few_nights(before, rule)
    if ratio is None:
        return GateFigure("not judged: the nights before have nothing to measure against", is_judged=False)
    lower, upper = bounds
    usual_accounts = _median(before, "account_count")
    if min(1 - lower, upper - 1) * usual_accounts < rule.min_count - COMPARE_TOLERANCE:
        return GateFigure(
            f"not judged: with {_count(int(usual_accounts), 'account')}, fewer than {rule.min_count} could move it out of "
            f"{lower:.2f} to {upper:.2f}",
            ratio,
            lower,
            upper,
            is_judged=False,
        )
    return GateFigure(
        f"{what} {ratio:.2f} of the median of {_nights(before)}; {lower:.2f} to {upper:.2f} passes", ratio, lower, upper
    )


def _prices(now: Row, rule: GateRule) -> GateFigure:
    share, lower = now["priced_frac"], rule.min_priced_frac
    if share is None:
        return GateFigure("not judged: it sent no positions", is_judged=False)
    if share < lower and now["unpriced_count"] < rule.min_count:
        return GateFigure(
            f"not judged: {_count(now['unpriced_count'], 'account')} with a position without price and value, and fewer than "
            f"{rule.min_count} only stop themselves",
            share,
            lower,
            is_judged=False,
        )
    return GateFigure(
        f"{_per_cent(share)} of {_count(now['position_count'], 'position')} have a price or a value; {_per_cent(lower)} or more passes",
        share,
        lower,
    )


def _unchanged(now: Row, rule: GateRule) -> GateFigure:
    share, count = now["unchanged_frac"], now["unchanged_count"] or 0
    if share is None or count < rule.min_unchanged_count:
        return GateFigure(
            f"not judged: {_count(count, 'listed security', 'listed securities')} with a price of the session before, "
            f"{rule.min_unchanged_count} are needed",
            share,
            upper=rule.max_unchanged_frac,
            is_judged=False,
        )
    return GateFigure(
        f"{_per_cent(share)} of {count} listed securities have the price of the session before to the last digit; "
        f"{_per_cent(rule.max_unchanged_frac)} or less passes",
        share,
        upper=rule.max_unchanged_frac,
    )


def _share(what: str, count: int, of: int, most: float, rule: GateRule) -> GateFigure:
    """Fewer than `min_count` accounts always pass."""
    if not of:
        return GateFigure("not judged: no account of the book came", is_judged=False)
    upper = max(most, min((rule.min_count - 1) / of, 1.0))
    share = count / of
    return GateFigure(
        f"{count} of {_count(of, 'account')} {what} ({_per_cent(share)}); {_per_cent(upper)} or less passes",
        share,
        upper=upper,
    )


def _too_few_nights(before: Sequence[Row], rule: GateRule) -> GateFigure:
    return GateFigure(
        f"not judged: {_nights(before)} before to measure against, {rule.min_sessions} are needed", is_judged=False
    )


def _median(rows: Sequence[Row], name: str) -> float:
    return float(median(row[name] for row in rows)) if rows else 0.0


def _nights(before: Sequence[Row]) -> str:
    return _count(len(before), "night")


def _count(number: int, what: str, many: str | None = None) -> str:
    return f"{number:,} {what if number == 1 else many or what + 's'}"


def _per_cent(frac: float) -> str:
    return f"{frac:.1%}".replace(".0%", "%").replace("%", " %")
