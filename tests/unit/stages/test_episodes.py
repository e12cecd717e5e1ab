"""The fold: what opens, stands, is quieted, grows, freezes and closes."""

from __future__ import annotations

import datetime as dt

import polars as pl

from evenkeel.identity import stable_id
from tests.small_practice import MONDAY, Told, book, day, decision, drifted, policy, tell

TUESDAY, WEDNESDAY, THURSDAY, FRIDAY = (MONDAY + dt.timedelta(days=n) for n in range(1, 5))
EPISODE = stable_id("ep", "P1", "drift", MONDAY)
HOUSE = book()


def row(told: Told, episode_id: str = EPISODE) -> dict[str, object]:
    [found] = told.episodes.filter(pl.col("episode_id") == episode_id).to_dicts()
    return found


def test_breach_opens_with_the_id_of_portfolio_rule_and_day() -> None:
    told = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    found = row(told)
    assert found["status"] == "open"
    assert (found["opened_date"], found["last_seen_date"], found["closed_date"]) == (MONDAY, MONDAY, None)
    assert found["age_sessions"] == 0
    assert found["severity_frac"] == 0.012
    assert told.episodes.height == 1


def test_standing_breach_keeps_its_id_ages_in_sessions_and_remembers_its_peak() -> None:
    friday = dt.date(2026, 7, 2)  # a Thursday before the observed holiday
    first = tell(day(friday, [drifted("P1", 0.66)]), HOUSE)
    second = tell(day(MONDAY, [drifted("P1", 0.64)]), HOUSE, first)
    found = row(second, stable_id("ep", "P1", "drift", friday))
    assert found["age_sessions"] == 1  # neither the 3rd, a holiday, nor the week-end counts
    assert found["severity_frac"] == 0.01
    assert found["peak_severity_frac"] == 0.03
    assert found["last_seen_date"] == MONDAY


def test_breach_that_ends_is_shown_closed_on_that_day_only() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    second = tell(day(TUESDAY, [drifted("P1", 0.62)]), HOUSE, first)
    found = row(second)
    assert (found["status"], found["closed_date"], found["severity_frac"]) == ("closed", TUESDAY, 0.0)
    assert found["status_reason"] == "back inside its bands"
    assert found["last_seen_date"] == MONDAY
    third = tell(day(WEDNESDAY, [drifted("P1", 0.62)]), HOUSE, second)
    assert third.episodes.is_empty()


def test_breach_that_is_not_counted_opens_nothing_and_closes_nothing() -> None:
    between_looks = tell(day(MONDAY, [drifted("P1", 0.642, counted=False)]), HOUSE)
    assert between_looks.episodes.is_empty()
    opened = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    later = tell(day(TUESDAY, [drifted("P1", 0.64, counted=False)]), HOUSE, opened)
    found = row(later)
    assert (found["status"], found["last_seen_date"], found["opened_date"]) == ("open", TUESDAY, MONDAY)


def test_breach_that_comes_back_is_a_new_episode() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    second = tell(day(TUESDAY, [drifted("P1", 0.62)]), HOUSE, first)
    third = tell(day(WEDNESDAY, [drifted("P1", 0.65)]), HOUSE, second)
    assert third.episodes["episode_id"].to_list() == [stable_id("ep", "P1", "drift", WEDNESDAY)]
    assert third.episodes["status"].to_list() == ["open"]


def test_unmeasured_portfolio_freezes_and_never_closes() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    waiting = drifted("P1", 0.0, look="unmeasured", reason="its household waits for P1-2 (quarantined)")
    second = tell(day(TUESDAY, [waiting]), HOUSE, first)
    found = row(second)
    assert found["status"] == "frozen"
    assert found["status_reason"] == "its household waits for P1-2 (quarantined)"
    assert (found["severity_frac"], found["last_seen_date"], found["age_sessions"]) == (0.012, MONDAY, 1)
    third = tell(day(WEDNESDAY, [drifted("P1", 0.642)]), HOUSE, second)
    assert (row(third)["status"], row(third)["status_reason"]) == ("open", None)


def test_between_looks_a_drift_is_watched_and_ends_when_its_cause_does() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    second = tell(day(TUESDAY, [drifted("P1", 0.64, look="not_due")]), HOUSE, first)
    found = row(second)
    assert (found["status"], found["severity_frac"], found["age_sessions"]) == ("open", 0.01, 1)
    third = tell(day(WEDNESDAY, [drifted("P1", 0.60, look="not_due")]), HOUSE, second)
    assert (row(third)["status"], row(third)["status_reason"]) == ("closed", "back inside its bands")


def test_between_looks_a_shortfall_of_cash_stands_until_the_next_look() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.60, shortfall=0.02)]), HOUSE)
    second = tell(day(TUESDAY, [drifted("P1", 0.60, look="not_due")]), HOUSE, first)
    assert second.episodes.select("rule", "status").rows() == [("cash_shortfall", "open")]


def test_portfolio_that_left_the_book_closes() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    second = tell(day(TUESDAY, []), HOUSE, first)
    assert row(second)["status_reason"] == "the portfolio is no longer in the book"


def test_orders_in_flight_ask_for_nothing_new() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    second = tell(day(TUESDAY, [drifted("P1", 0.642, in_flight=True)]), HOUSE, first)
    assert row(second)["status"] == "in_flight"
    third = tell(day(WEDNESDAY, [drifted("P1", 0.642, look="not_due", in_flight=True)]), HOUSE, second)
    assert row(third)["status"] == "in_flight"


def test_snooze_is_quiet_up_to_and_including_its_last_date() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    said = [decision(EPISODE, TUESDAY, kind="snooze", until=WEDNESDAY)]
    second = tell(day(TUESDAY, [drifted("P1", 0.642)]), HOUSE, first, said)
    third = tell(day(WEDNESDAY, [drifted("P1", 0.642)]), HOUSE, second, said)
    fourth = tell(day(THURSDAY, [drifted("P1", 0.642)]), HOUSE, third, said)
    assert [row(told)["status"] for told in (second, third, fourth)] == ["quiet", "quiet", "open"]
    assert row(fourth)["status_reason"] == "open again: its quiet ended on 2026-07-08"


def test_decision_does_not_count_before_its_date() -> None:
    said = [decision(EPISODE, TUESDAY)]
    assert row(tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE, None, said))["status"] == "open"


def test_decline_is_quiet_for_the_policys_cooldown() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    second = tell(day(TUESDAY, [drifted("P1", 0.642)]), HOUSE, first, [decision(EPISODE, TUESDAY)])
    assert row(second)["quiet_until_date"] == dt.date(2026, 8, 7)  # 31 calendar days


def test_cooldown_already_running_does_not_change_with_the_policy() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    said = [decision(EPISODE, TUESDAY)]
    second = tell(day(TUESDAY, [drifted("P1", 0.642)]), HOUSE, first, said)
    short = book(policies=[policy(cooldown_days=0)])
    third = tell(day(WEDNESDAY, [drifted("P1", 0.642)]), short, second, said)
    assert row(third)["quiet_until_date"] == dt.date(2026, 8, 7)


def test_growth_by_the_step_ends_a_quiet_for_good() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    said = [decision(EPISODE, TUESDAY)]
    second = tell(day(TUESDAY, [drifted("P1", 0.6519)]), HOUSE, first, said)
    assert row(second)["status"] == "quiet"
    third = tell(day(WEDNESDAY, [drifted("P1", 0.652)]), HOUSE, second, said)  # 1.2 + 1.0 points, exactly the step
    assert row(third)["status"] == "open"
    assert (
        row(third)["status_reason"]
        == "open again: it grew past the policy's step from the 1.2 points it was quieted at"
    )
    fourth = tell(day(THURSDAY, [drifted("P1", 0.64)]), HOUSE, third, said)
    assert row(fourth)["status"] == "open"


def test_the_latest_decision_counts() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    said = [
        decision(EPISODE, TUESDAY, name="late", hour=18, kind="snooze", until=THURSDAY),
        decision(EPISODE, TUESDAY, name="early", hour=13),
    ]
    second = tell(day(TUESDAY, [drifted("P1", 0.642)]), HOUSE, first, said)
    assert row(second)["decision_id"] == "late"
    awake = [*said, decision(EPISODE, WEDNESDAY, name="awake", kind="snooze", until=TUESDAY)]
    third = tell(day(WEDNESDAY, [drifted("P1", 0.642)]), HOUSE, second, awake)
    assert row(third)["status"] == "open"


def test_decision_after_the_close_is_ignored() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    second = tell(day(TUESDAY, [drifted("P1", 0.62)]), HOUSE, first)
    third = tell(day(WEDNESDAY, [drifted("P1", 0.642)]), HOUSE, second, [decision(EPISODE, WEDNESDAY)])
    assert third.episodes["status"].to_list() == ["open"]


def test_declined_breach_that_comes_back_within_the_cooldown_is_quiet() -> None:
    said = [decision(EPISODE, TUESDAY)]
    told = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    told = tell(day(TUESDAY, [drifted("P1", 0.642)]), HOUSE, told, said)
    for date in (WEDNESDAY, THURSDAY):
        told = tell(day(date, [drifted("P1", 0.62)]), HOUSE, told, said)
    assert told.episodes["status"].to_list() == ["closed"]  # remembered for its quiet
    assert told.alerts.is_empty()  # and not shown again
    again = tell(day(FRIDAY, [drifted("P1", 0.642)]), HOUSE, told, said)
    assert again.episodes.select("episode_id", "status", "opened_date").rows() == [
        (stable_id("ep", "P1", "drift", FRIDAY), "quiet", FRIDAY)
    ]
    grown = tell(day(FRIDAY, [drifted("P1", 0.66)]), HOUSE, told, said)
    assert grown.episodes["status"].to_list() == ["open"]


def test_closed_episode_is_forgotten_when_its_quiet_is_over() -> None:
    said = [decision(EPISODE, TUESDAY, kind="snooze", until=WEDNESDAY)]
    told = tell(day(MONDAY, [drifted("P1", 0.642)]), HOUSE)
    for date in (TUESDAY, WEDNESDAY, THURSDAY):
        told = tell(day(date, [drifted("P1", 0.62)]), HOUSE, told, said)
    assert told.episodes.is_empty()


def test_breaches_of_portfolios_that_are_not_due_open_nothing() -> None:
    today = day(MONDAY, [drifted("P1", 0.642)])
    not_due = today.looks.with_columns(pl.lit("not_due").alias("status"))
    told = tell(type(today)(MONDAY, not_due, today.breaches, today.drift, today.bands, today.valuations), HOUSE)  # type: ignore[arg-type]
    assert told.episodes.is_empty()


def test_two_rules_of_one_portfolio_are_two_episodes() -> None:
    told = tell(day(MONDAY, [drifted("P1", 0.642, shortfall=0.02)]), HOUSE)
    assert sorted(told.episodes["rule"]) == ["cash_shortfall", "drift"]
