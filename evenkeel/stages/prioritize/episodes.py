"""The fold: episodes(D) = fold(episodes(D-1), breaches(D)), with what people have decided meanwhile.

For each portfolio and rule there is at most one row a date:

- open, quiet, in flight or frozen while the breach stands;
- closed on the date it ends;
- closed and carried on, unchanged, while a decision about it still asks for quiet: should the same breach come back before the quiet
  is over, the new episode opens quiet (a declined alert does not return because a price moved in and out of the band).

What makes a breach belongs to the threshold stage, who sees it to alerts.
"""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.decisions import Decisions
from data_contracts.episodes import Episodes
from data_contracts.looks import Looks
from data_contracts.vocab import EpisodeStatus, LookStatus, Rule, Workflow
from evenkeel import calendar
from evenkeel.identity import stable_id
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.wording import percent

CLOSING_REASONS = {
    Rule.DRIFT.value: "back inside its bands",
    Rule.CASH_SHORTFALL.value: "cash covers what is needed again",
    Rule.HARVEST_LOOK.value: "back inside the narrow band for harvest looks",
}
LOOK_LETS_PASS = "so near its targets that a calendar look lets it pass"
PAST_THE_WIDE_BAND = "past the wide band as well: the drift alert says it now"
LEFT_THE_BOOK = "the portfolio is no longer in the book"
IN_FLIGHT = "orders in flight bring it inside; nothing new to do"
IS_CLOSED = pl.col("status") == EpisodeStatus.CLOSED.value
_KEY = ["portfolio_id", "rule"]
_QUIET = ("decision_id", "quiet_until_date", "quiet_severity_frac")


def fold_episodes(
    business_date: dt.date,
    yesterday: DataFrame[Episodes] | None,
    breaches: DataFrame[Breaches],
    looks: DataFrame[Looks],
    decisions: DataFrame[Decisions],
    settings: pl.DataFrame,
) -> DataFrame[Episodes]:
    """Return the episodes of `business_date`. Pure: the same inputs, in any row order, give the same rows.

    - A portfolio that could not be measured freezes its episodes and closes none. One that is not due opens none; a drift that is over
      closes all the same, the other rules wait for the look. A person's decisions and the end of a quiet count on such days too.
    - A decision quiets its episode from `decided_date` up to and including `until_date`, or for the policy's cooldown (calendar days,
      by the policy of the day on which it first counts). The latest decision counts. One taken after the episode closed is ignored.
    - A breach that is not counted today (another look is the one that judges it) opens nothing and closes nothing.
    - Growth by the policy's step beyond the severity that was decided on ends a quiet for good, however the severity moves then.

    Args:
        business_date: The session.
        yesterday: Episodes of the newest session before it that was run; None on the first.
        breaches: Today's; those of portfolios that were not looked at are left out.
        looks: Today's, one row for each portfolio of the book.
        decisions: All that are known.
        settings: `SETTINGS_SCHEMA`, for the portfolios of the book.
    """
    before = (Episodes.empty_frame() if yesterday is None else yesterday).drop("business_date")
    policy = settings.select("portfolio_id", "cooldown_days", "growth_step_frac")
    carried = _decide(business_date, before.join(policy, on="portfolio_id", how="left"), decisions)
    looked = looks.select(
        "portfolio_id",
        pl.col("household_id").alias("look_household_id"),
        pl.col("status").alias("look"),
        pl.col("reason").alias("look_reason"),
        "widening",
        "workflow",
    )
    drifted = breaches.filter(pl.col("rule") == Rule.DRIFT.value, "is_counted").select(
        "portfolio_id", pl.lit(True).alias("has_drift_breach")
    )
    measured = looks.filter(pl.col("status") != LookStatus.UNMEASURED.value)
    today = breaches.join(measured.select("portfolio_id", "status"), on="portfolio_id").select(
        *_KEY,
        pl.col("household_id").alias("now_household_id"),
        pl.col("severity_frac").alias("now_severity_frac"),
        pl.col("is_in_flight").alias("now_in_flight"),
        (pl.col("is_counted") & (pl.col("status") == LookStatus.DUE.value)).alias("now_counted"),
    )
    rows = (
        carried.drop("cooldown_days", "growth_step_frac")
        .join(today, on=_KEY, how="full", coalesce=True)
        .join(looked, on="portfolio_id", how="left")
        .join(drifted, on="portfolio_id", how="left")
        .join(policy, on="portfolio_id", how="left")
        .with_columns(
            # What is not counted touches only an episode that is open.
            (pl.col("now_counted") | (pl.col("now_severity_frac").is_not_null() & ~IS_CLOSED))
            .fill_null(False)
            .alias("is_breached"),
        )
        .with_columns((pl.col("is_breached") & (pl.col("status").is_null() | IS_CLOSED)).alias("is_new"))
        .filter((pl.col("is_new") | ~IS_CLOSED | (pl.col("quiet_until_date") >= business_date)).fill_null(False))
    )
    opened = _decide(business_date, _open_new(business_date, rows), decisions)
    folded = _measure(business_date, _stand(business_date, opened))
    return conform(folded.with_columns(pl.lit(business_date).alias("business_date")), Episodes)


def _decide(business_date: dt.date, rows: pl.DataFrame, decisions: pl.DataFrame) -> pl.DataFrame:
    """Take over each episode's latest decision, once: what became of a quiet since then stays as it was folded."""
    latest = (
        decisions.join(rows.select("episode_id", "closed_date"), on="episode_id")
        .filter(pl.col("decided_date") <= pl.col("closed_date").fill_null(business_date))
        .filter(pl.col("decided_date") <= business_date)
        .sort("decided_at", "decision_id")
        .unique("episode_id", keep="last", maintain_order=True)
        .select(
            "episode_id",
            pl.col("decision_id").alias("latest_id"),
            "decided_date",
            "until_date",
            pl.col("severity_frac").alias("decided_severity_frac"),
        )
    )
    is_newer = pl.col("latest_id").is_not_null() & pl.col("latest_id").ne_missing(pl.col("decision_id"))
    cooldown = pl.col("decided_date").dt.offset_by(pl.format("{}d", pl.col("cooldown_days").fill_null(0)))
    quieted = (
        pl.col("latest_id"),
        pl.coalesce("until_date", cooldown),
        pl.col("decided_severity_frac"),
    )
    return (
        rows.join(latest, on="episode_id", how="left")
        .with_columns(
            pl.when(is_newer).then(new).otherwise(name).alias(name) for name, new in zip(_QUIET, quieted, strict=True)
        )
        .drop("latest_id", "decided_date", "until_date", "decided_severity_frac")
    )


def _open_new(business_date: dt.date, rows: pl.DataFrame) -> pl.DataFrame:
    """Give new breaches an id and a first day; one that comes back inherits the quiet of the closed episode before it."""
    keys = rows.filter("is_new").select(_KEY)
    ids = [stable_id("ep", *key, business_date) for key in keys.rows()]
    inherits = pl.col("quiet_until_date") >= business_date
    first_day = pl.lit(business_date)
    return (
        rows.join(keys.with_columns(pl.Series("new_id", ids, dtype=pl.String)), on=_KEY, how="left")
        .with_columns(pl.when(~pl.col("is_new") | inherits).then(name).alias(name) for name in _QUIET)
        .with_columns(
            pl.coalesce("new_id", "episode_id").alias("episode_id"),
            pl.when("is_new").then(first_day).otherwise("opened_date").alias("opened_date"),
            pl.when(~pl.col("is_new")).then("closed_date").alias("closed_date"),
            pl.when(~pl.col("is_new")).then("peak_severity_frac").alias("peak_severity_frac"),
            pl.when("is_new").then(pl.lit(EpisodeStatus.OPEN.value)).otherwise("status").alias("status"),
        )
        .drop("new_id")
    )


def _stand(business_date: dt.date, rows: pl.DataFrame) -> pl.DataFrame:
    """Set status, its reason and the closing date."""
    step = pl.col("quiet_severity_frac") + pl.col("growth_step_frac") - COMPARE_TOLERANCE
    has_grown = pl.col("is_breached") & ~pl.col("now_in_flight") & (pl.col("now_severity_frac") >= step)
    judged = rows.with_columns(
        # The decision and its severity stay, so that the reason can be told for as long as the episode lasts.
        pl.when((pl.col("quiet_until_date") >= business_date) & has_grown.fill_null(False))
        .then(None)
        .otherwise("quiet_until_date")
        .alias("quiet_until_date"),
    )
    was_in_flight = pl.col("status") == EpisodeStatus.IN_FLIGHT.value
    is_due = pl.col("look") == LookStatus.DUE.value
    # Drift is watched between looks too, so that an alert ends when its cause does; the other rules speak only at a look.
    is_judged = is_due | ((pl.col("look") == LookStatus.NOT_DUE.value) & (pl.col("rule") == Rule.DRIFT.value))
    in_flight = pl.when("is_breached").then("now_in_flight").otherwise(was_in_flight & ~is_due)
    in_flight_reason = pl.when("is_breached").then(pl.lit(IN_FLIGHT)).otherwise("status_reason")
    quiet_until = pl.col("quiet_until_date")
    grew = pl.format(
        "open again: it grew past the policy's step from the {} points it was quieted at",
        percent(pl.col("quiet_severity_frac")),
    )
    kept, closed = pl.col("status"), pl.lit(EpisodeStatus.CLOSED.value)
    # The first that holds decides.
    cases: list[tuple[pl.Expr, pl.Expr, pl.Expr]] = [
        (IS_CLOSED, kept, pl.col("status_reason")),
        (pl.col("look").is_null(), closed, pl.lit(LEFT_THE_BOOK)),
        (
            pl.col("look") == LookStatus.UNMEASURED.value,
            pl.lit(EpisodeStatus.FROZEN.value),
            pl.col("look_reason").fill_null("it could not be measured"),
        ),
        (is_judged & ~pl.col("is_breached"), closed, _why_closed()),
        (in_flight, pl.lit(EpisodeStatus.IN_FLIGHT.value), in_flight_reason),
        (quiet_until >= business_date, pl.lit(EpisodeStatus.QUIET.value), pl.format("quiet until {}", quiet_until)),
        (
            quiet_until < business_date,
            pl.lit(EpisodeStatus.OPEN.value),
            pl.format("open again: its quiet ended on {}", quiet_until),
        ),
        (pl.col("decision_id").is_not_null(), pl.lit(EpisodeStatus.OPEN.value), grew),
    ]
    new_status: pl.Expr = pl.lit(EpisodeStatus.OPEN.value)
    new_reason: pl.Expr = pl.lit(None, dtype=pl.String)
    for condition, status, reason in reversed(cases):
        new_status = pl.when(condition).then(status).otherwise(new_status)
        new_reason = pl.when(condition).then(reason).otherwise(new_reason)
    return judged.with_columns(
        IS_CLOSED.alias("was_closed"),
        new_status.alias("status"),
        new_reason.alias("status_reason"),
    ).with_columns(pl.when(IS_CLOSED).then(pl.col("closed_date").fill_null(business_date)).alias("closed_date"))


def _why_closed() -> pl.Expr:
    is_drift = pl.col("rule") == Rule.DRIFT.value
    is_harvest = pl.col("rule") == Rule.HARVEST_LOOK.value
    widened = pl.format("inside its bands, which volatility makes {} times as wide today", pl.col("widening").round(2))
    return (
        pl.when(is_harvest & pl.col("has_drift_breach").fill_null(False))
        .then(pl.lit(PAST_THE_WIDE_BAND))
        .when(is_drift & (pl.col("workflow") == Workflow.CALENDAR.value))
        .then(pl.lit(LOOK_LETS_PASS))
        .when(is_drift & (pl.col("widening") > 1))
        .then(widened)
        .otherwise(pl.col("rule").replace(CLOSING_REASONS))
    )


def _measure(business_date: dt.date, rows: pl.DataFrame) -> pl.DataFrame:
    """Set figures and dates; nothing of a closed episode that is only remembered changes."""
    today = pl.lit(business_date)
    was_measured = (pl.col("look") != LookStatus.UNMEASURED.value).fill_null(False)
    ends_inside = IS_CLOSED & ~pl.col("was_closed") & was_measured
    return rows.with_columns(
        pl.coalesce("now_household_id", "look_household_id", "household_id").alias("household_id"),
        pl.when("is_breached").then(today).otherwise("last_seen_date").alias("last_seen_date"),
        pl.when("was_closed")
        .then("age_sessions")
        .otherwise(calendar.sessions_apart_expr(pl.col("opened_date"), today))
        .alias("age_sessions"),
        pl.when("is_breached")
        .then("now_severity_frac")
        .when(ends_inside)
        .then(pl.lit(0.0))
        .otherwise("severity_frac")
        .alias("severity_frac"),
        pl.when("is_breached")
        .then(pl.max_horizontal("peak_severity_frac", "now_severity_frac"))
        .otherwise("peak_severity_frac")
        .alias("peak_severity_frac"),
    )
