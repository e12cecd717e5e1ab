"""SLA clocks: when an episode came on a desk, and by when somebody must have acted.

- The desk opens at the policy's deadline (07:00 Eastern by default) on the session after the business date: nobody can have seen the
  day's list earlier. The clock of an episode starts when the desk opens after the day it opened on.
- `same_day`: until that desk session closes (13:00 on a shortened day). `48_hours`: the same hour two sessions later, so that it never
  falls on a day when no desk is open. `weekly_batch`:
  until the close of the first weekly day (`weekly_on`) on or after it; where that is a holiday, of the session before.
- A due time only ever moves earlier: what becomes more urgent later is due by the new rule, counted from the desk's next opening, if
  that is sooner. The clock starts anew when a quiet or an order in flight is over (somebody had acted), and when a portfolio can be
  measured again (nobody could).
"""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.fields import INSTANT_DTYPE
from data_contracts.vocab import EpisodeStatus, Urgency
from evenkeel import calendar

MOST_URGENT_FIRST = (Urgency.SAME_DAY.value, Urgency.HOURS_48.value, Urgency.WEEKLY_BATCH.value)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday")


def desk_opening(business_date: dt.date, deadline: dt.time) -> dt.datetime:
    """Return the instant (UTC) at which the list of `business_date` is on the desk: `deadline`, Eastern, on the next session."""
    opening = dt.datetime.combine(calendar.next_session(business_date), deadline, calendar.EASTERN)
    return opening.astimezone(dt.UTC)


def due_time(opened_at: dt.datetime, urgency: str, weekly_on: str) -> dt.datetime:
    """Return the instant (UTC) by which somebody must have acted on what came on the desk at `opened_at`.

    Args:
        opened_at: An instant on a session, Eastern.
        urgency: Code of `vocab.Urgency`.
        weekly_on: `monday` to `friday`.
    """
    desk_date = opened_at.astimezone(calendar.EASTERN).date()
    if urgency == Urgency.SAME_DAY.value:
        return calendar.session_close(desk_date)
    if urgency == Urgency.HOURS_48.value:
        two_sessions_on = calendar.next_session(calendar.next_session(desk_date))
        wall = opened_at.astimezone(calendar.EASTERN).time()
        return dt.datetime.combine(two_sessions_on, wall, calendar.EASTERN).astimezone(dt.UTC)
    ahead = (_WEEKDAYS.index(weekly_on) - desk_date.weekday()) % 7
    return calendar.session_close(calendar.session_on_or_before(desk_date + dt.timedelta(days=ahead)))


def set_clocks(business_date: dt.date, rows: pl.DataFrame, yesterday: pl.DataFrame) -> pl.DataFrame:
    """Return `rows` with `urgency`, `opened_at`, `due_at` and `is_overdue`.

    Args:
        business_date: The session.
        rows: Episodes that are not closed, with `now_urgency` (today's, null where the breach was not measured today),
            `policy_urgency`, `weekly_on`, `deadline`.
        yesterday: What was clocked the session before: `episode_id`, `urgency`, `opened_at`, `due_at`, and `was_answered`: it was
            quiet, in flight or frozen then.
    """
    before = yesterday.select(
        "episode_id",
        pl.col("urgency").alias("old_urgency"),
        pl.col("opened_at").alias("old_opened_at"),
        pl.col("due_at").alias("old_due_at"),
        "was_answered",
    )
    is_answered = pl.col("status").is_in([EpisodeStatus.QUIET.value, EpisodeStatus.IN_FLIGHT.value])
    is_open = pl.col("status") == EpisodeStatus.OPEN.value
    joined = (
        rows.join(before, on="episode_id", how="left")
        .with_columns((pl.col("was_answered").fill_null(False) & is_open).alias("restarts"))
        .with_columns(
            pl.when("restarts").then(None).otherwise("old_due_at").alias("old_due_at"),
            pl.when(pl.col("old_due_at").is_null())
            .then("opened_date")
            .otherwise(pl.lit(business_date))
            .alias("clock_date"),
            # While a clock runs, the most urgent it has been counts.
            _most_urgent(
                pl.coalesce("now_urgency", "old_urgency", "policy_urgency"),
                pl.when(~pl.col("restarts")).then("old_urgency"),
            ).alias("urgency"),
        )
    )
    wanted = ["clock_date", "urgency", "weekly_on", "deadline"]
    openings = (
        joined.select("deadline")
        .unique()
        .with_columns(
            pl.col("deadline")
            .map_elements(lambda deadline: desk_opening(business_date, deadline), return_dtype=INSTANT_DTYPE)
            .alias("desk_at")
        )
    )
    clocked = (
        joined.join(_clock_table(joined.select(wanted).unique()), on=wanted, how="left")
        .join(openings, on="deadline", how="left")
        .with_columns(
            pl.when("restarts")
            .then("new_opened_at")
            .otherwise(pl.coalesce("old_opened_at", "new_opened_at"))
            .alias("opened_at"),
            pl.min_horizontal("old_due_at", "new_due_at").alias("due_at"),
        )
        .with_columns((~is_answered & is_open & (pl.col("due_at") <= pl.col("desk_at"))).alias("is_overdue"))
    )
    return clocked.select(*rows.columns, "urgency", "opened_at", "due_at", "is_overdue")


def _clock_table(wanted: pl.DataFrame) -> pl.DataFrame:
    """Work out the few distinct clocks one by one."""
    opened = [desk_opening(date, deadline) for date, _, _, deadline in wanted.rows()]
    due = [due_time(at, urgency, on) for at, (_, urgency, on, _) in zip(opened, wanted.rows(), strict=True)]
    return wanted.with_columns(
        pl.Series("new_opened_at", opened, dtype=INSTANT_DTYPE), pl.Series("new_due_at", due, dtype=INSTANT_DTYPE)
    )


def _most_urgent(*codes: pl.Expr) -> pl.Expr:
    ranks = [code.replace_strict(MOST_URGENT_FIRST, [0, 1, 2], default=None, return_dtype=pl.Int64) for code in codes]
    return pl.min_horizontal(*ranks).replace_strict([0, 1, 2], MOST_URGENT_FIRST, return_dtype=pl.String)
