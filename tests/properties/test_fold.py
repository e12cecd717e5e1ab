"""What must hold of the fold whatever the days bring."""

from __future__ import annotations

import datetime as dt
from typing import Any

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st
from pandera.typing.polars import DataFrame
from polars.testing import assert_frame_equal

from data_contracts.breaches import Breaches
from data_contracts.contract import Contract
from data_contracts.decisions import Decisions
from data_contracts.episodes import Episodes
from data_contracts.looks import Looks
from evenkeel.calendar import sessions_between
from evenkeel.stages.prioritize.episodes import fold_episodes

DATES = sessions_between(dt.date(2026, 6, 29), dt.date(2026, 7, 10))
PORTFOLIOS = ("P1", "P2")
RULES = ("drift", "cash_shortfall")
SETTINGS = pl.DataFrame(
    {"portfolio_id": PORTFOLIOS, "cooldown_days": [4, 0], "growth_step_frac": [0.01, 0.02]},
    schema={"portfolio_id": pl.String, "cooldown_days": pl.Int64, "growth_step_frac": pl.Float64},
)

looked = st.sampled_from(["due", "due", "due", "not_due", "unmeasured", "gone"])
breach = st.none() | st.tuples(st.sampled_from([0.005, 0.01, 0.02, 0.05]), st.booleans())
portfolio_day = st.tuples(looked, st.tuples(breach, breach))
days = st.lists(st.tuples(portfolio_day, portfolio_day), min_size=1, max_size=len(DATES))
verdicts = st.lists(
    st.tuples(
        st.sampled_from(PORTFOLIOS),
        st.sampled_from(RULES),
        st.integers(0, len(DATES) - 1),  # the session it is decided on
        st.none() | st.integers(-1, 6),  # its last quiet date, days from there
        st.sampled_from([0.005, 0.02]),
    ),
    max_size=3,
)


def plain(contract: type[Contract], rows: list[dict[str, Any]]) -> Any:
    """A frame of the contract's schema, unchecked: checking takes longer than folding."""
    schema = contract.polars_schema()
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


def inputs(date: dt.date, seen: Any) -> tuple[Any, Any]:
    rows = list(zip(PORTFOLIOS, seen, strict=True))
    looks = [
        {"business_date": date, "portfolio_id": id_, "household_id": "H", "status": look, "is_calendar_look": False}
        for id_, (look, _) in rows
        if look != "gone"
    ]
    breaches = [
        {
            "business_date": date,
            "portfolio_id": id_,
            "rule": rule,
            "household_id": "H",
            "severity_frac": found[0],
            "is_counted": look == "due",
            "is_in_flight": found[1],
        }
        for id_, (look, both) in rows
        for rule, found in zip(RULES, both, strict=True)
        if found is not None
    ]
    return plain(Breaches, breaches), plain(Looks, looks)


def run(story: Any, said: Any) -> list[tuple[dt.date, DataFrame[Episodes] | None, DataFrame[Episodes], Any, Any, Any]]:
    """Fold day after day; a decision is about the episode that stood when it was taken."""
    before: DataFrame[Episodes] | None = None
    decisions: list[dict[str, Any]] = []
    told = []
    for n, seen in enumerate(story):
        date = DATES[n]
        for place, (portfolio, rule, at, until, severity) in enumerate(said):
            standing = (before if before is not None else plain(Episodes, [])).filter(
                pl.col("portfolio_id") == portfolio, pl.col("rule") == rule
            )
            if at == n and standing.height:
                decisions.append(
                    {
                        "decision_id": f"d{place}",
                        "episode_id": standing["episode_id"][0],
                        "kind": "decline",
                        "decided_date": date,
                        "until_date": None if until is None else date + dt.timedelta(days=until),
                        "severity_frac": severity,
                        "decided_at": dt.datetime.combine(date, dt.time(12), dt.UTC),
                    }
                )
        breaches, looks = inputs(date, seen)
        known = plain(Decisions, decisions)
        after = fold_episodes(date, before, breaches, looks, known, SETTINGS)
        told.append((date, before, after, breaches, looks, known))
        before = after
    return told


@settings(max_examples=25, deadline=None)
@given(days, verdicts)
def test_fold_keeps_its_promises(story: Any, said: Any) -> None:
    opened: dict[str, tuple[str, str, dt.date]] = {}
    for date, before, after, breaches, looks, known in run(story, said):
        assert not after.select("portfolio_id", "rule").is_duplicated().any()
        was = {row["episode_id"]: row for row in (before if before is not None else plain(Episodes, [])).to_dicts()}
        state = dict(looks.select("portfolio_id", "status").iter_rows())
        for row in after.to_dicts():
            # An episode never changes what it is.
            identity = (row["portfolio_id"], row["rule"], row["opened_date"])
            assert opened.setdefault(row["episode_id"], identity) == identity
            assert row["opened_date"] <= row["last_seen_date"] <= date
            assert row["severity_frac"] <= row["peak_severity_frac"]
            assert (row["status"] == "closed") == (row["closed_date"] is not None)
            if row["status"] != "closed":
                assert (row["status"] == "frozen") == (state[row["portfolio_id"]] == "unmeasured")
            assert row["status"] != "quiet" or row["quiet_until_date"] >= date
            if row["closed_date"] is not None and row["closed_date"] < date:
                assert row["quiet_until_date"] >= date
                assert was[row["episode_id"]]["closed_date"] == row["closed_date"]
            if row["closed_date"] == date:
                # Between looks only a drift can be over; what was not measured is never over.
                watched = (None, "due", "not_due") if row["rule"] == "drift" else (None, "due")
                assert state.get(row["portfolio_id"]) in watched
        # Nothing that stood is lost: it stands, or it is closed today.
        ids = set(after["episode_id"])
        assert {id_ for id_, row in was.items() if row["status"] != "closed"} <= ids
        # The same inputs in any order give the same rows.
        torn, looked_at, heard = (frame.sample(fraction=1, shuffle=True, seed=7) for frame in (breaches, looks, known))
        turned = None if before is None else before.reverse()
        again = fold_episodes(date, turned, torn, looked_at, heard, SETTINGS.reverse())  # type: ignore[arg-type]
        assert_frame_equal(after, again)
