"""Whether a market indicator that widens the policy's bands can be believed tonight."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import polars as pl

from evenkeel import calendar
from evenkeel.book.feeds import FeedSpec
from evenkeel.policy.model import Policy, VolatilityRule
from evenkeel.stages.reconcile.doubting import ReadingDoubt

CALM_FRAC, CALM_READING_FRAC = 0.04, 0.1
"""Equities that move by so much with a reading that moves by less than that do not go together."""
MOVED_FRAC = 0.02


def doubtful_readings(
    business_date: dt.date,
    indicators: pl.DataFrame,
    before: pl.DataFrame | None,
    feeds: Iterable[FeedSpec],
    policies: Iterable[Policy],
    equity_move: float | None,
) -> list[ReadingDoubt]:
    """Return the indicators in doubt, with the readings that each could have: as sent, calm, and at the policy's bound.

    An indicator is in doubt where a feed that the day needs has not brought it, or where it jumped and the market did not, or did not
    move and the market jumped. A firm that has no such feed has said that nothing widens.

    Args:
        business_date: The session.
        indicators: Tonight's readings of believed files.
        before: Those of the session before.
        feeds: The book's feeds.
        policies: Those that hold.
        equity_move: Median move of listed US equities since the session before; None where it is not known.
    """
    rules = {policy.volatility.indicator: policy.volatility for policy in policies if policy.volatility is not None}
    is_fed = any("indicators" in feed.expects and feed.is_required for feed in feeds)
    doubts = []
    for name, rule in sorted(rules.items()):
        now = _newest(indicators, name, business_date)
        last = None if before is None else _newest(before, name, calendar.previous_session(business_date))
        why = _why(business_date, now, last, rule, is_fed, equity_move)
        if why:
            figures = [("as sent", now[1])] if now else [("none came", 0.0)]
            figures += [("calm", 0.0), ("at the policy's bound", rule.at_or_above)]
            distinct = {figure >= rule.at_or_above: (source, figure) for source, figure in reversed(figures)}
            doubts.append(ReadingDoubt(name, tuple(distinct.values()), why))
    return doubts


def _newest(indicators: pl.DataFrame, name: str, until: dt.date) -> tuple[dt.date, float] | None:
    known = indicators.filter(pl.col("indicator") == name, pl.col("indicator_date") <= until)
    if not known.height:
        return None
    date, reading = (
        known.sort("indicator_date", "reading", descending=[True, False]).select("indicator_date", "reading").row(0)
    )
    return date, float(reading)


def _why(
    business_date: dt.date,
    now: tuple[dt.date, float] | None,
    last: tuple[dt.date, float] | None,
    rule: VolatilityRule,
    is_fed: bool,
    equity_move: float | None,
) -> str | None:
    if now is None or calendar.sessions_apart(now[0], business_date) > rule.max_age_sessions:
        return f"no {rule.indicator} reading has come that is fresh enough" if is_fed else None
    if last is None or last[1] <= 0:
        return None
    moved = now[1] / last[1] - 1
    goes_along = equity_move is not None and equity_move * moved < 0 and abs(equity_move) >= MOVED_FRAC
    if abs(moved) > rule.doubt_jump_frac and not goes_along:
        return f"{rule.indicator} moved from {last[1]:g} to {now[1]:g} and equities did not move with it"
    if equity_move is not None and abs(equity_move) >= CALM_FRAC and abs(moved) < CALM_READING_FRAC:
        return f"equities moved by {equity_move:.1%} and {rule.indicator} stands at {now[1]:g}, {last[1]:g} before"
    return None
