"""Alerts and notices: what is said, from which figures, to whom."""

from __future__ import annotations

import datetime as dt
import json
from decimal import Decimal

import polars as pl
import pytest

from data_contracts.conform import ContractBreach
from data_contracts.proposals import Proposals
from evenkeel.stages.alerts.notices import write_notices
from evenkeel.stages.alerts.reasons import breach_reasons
from evenkeel.stages.alerts.rows import raise_alerts
from evenkeel.stages.wording import dollars
from tests.small_practice import MONDAY, Told, book, coverage, day, drifted, tell

TUESDAY = MONDAY + dt.timedelta(days=1)
NEAREST = pl.DataFrame(schema={"portfolio_id": pl.String, "model_id": pl.String, "distance_frac": pl.Float64})


def only(told: Told) -> dict[str, object]:
    [row] = told.alerts.to_dicts()
    return row


def test_reason_is_composed_from_the_figures() -> None:
    row = only(tell(day(MONDAY, [drifted("P1", 0.66, ips_max={"cash": 0.04})]), book()))
    assert row["reason"] == (
        "US bonds are 29.0 %, 6.0 points below their target of 35.0 % and 3.0 points beyond their band "
        "(tier premium: 3 points); 1 more is outside its band; another is outside the IPS limits."
    )


def test_reason_names_the_ips_limit_and_the_trigger() -> None:
    seen = drifted("P1", 0.71, ips_max={"us_equity": 0.65}, targets={"us_equity": 0.65, "us_bond": 0.3, "cash": 0.05})
    seen = type(seen)(
        **{**seen.__dict__, "weights": {"us_equity": 0.71, "us_bond": 0.27, "cash": 0.02}, "trigger": "override"}
    )
    assert only(tell(day(MONDAY, [seen]), book()))["reason"] == (
        "US equity is 71.0 %, 6.0 points above its target of 65.0 % and 3.0 points beyond its band "
        "(tier premium: 3 points); the IPS allows at most 65.0 %; "
        "it is far enough out to count between calendar looks."
    )


def test_cash_shortfall_says_how_many_dollars() -> None:
    row = only(tell(day(MONDAY, [drifted("P1", 0.60, shortfall=0.021)]), book()))
    assert row["reason"] == (
        "Cash falls short by 2.1 % of the portfolio, about $21,000, once what is in flight and spoken for is counted "
        "(cash that is needed)."
    )


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("account", " (cash that is needed); that is also less cash than the IPS asks for."),
        ("ips", " (cash that is needed)."),
    ],
)
def test_cash_shortfall_names_the_ips_once(source: str, said: str) -> None:
    today = day(MONDAY, [drifted("P1", 0.60, shortfall=0.021)])
    short = today.breaches.with_columns(pl.lit(source).alias("band_source"), pl.lit(True).alias("has_ips_breach"))
    [row] = breach_reasons(short, today.bands, today.valuations).to_dicts()
    assert row["reason"].endswith(f"is counted{said}")


def test_classes_are_all_there_and_add_up() -> None:
    nodes = json.loads(str(only(tell(day(MONDAY, [drifted("P1", 0.642)]), book()))["classes_json"]))
    assert [node["node"] for node in nodes] == ["us_equity", "us_bond", "cash"]
    assert sum(node["weight_frac"] for node in nodes) == pytest.approx(1)
    assert nodes[0] == {
        "level": "class",
        "node": "us_equity",
        "asset_class": "us_equity",
        "weight_frac": 0.642,
        "target_frac": 0.6,
        "lower_frac": 0.57,
        "upper_frac": 0.63,
        "drift_frac": 0.042,
        "is_outside": True,
        "band_source": "tier",
        "band_text": "tier premium: 3 points",
    }


def test_unmeasured_portfolio_keeps_what_was_last_said() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), book())
    frozen = drifted("P1", 0.0, look="unmeasured", reason="waits for schwab")
    second = only(tell(day(TUESDAY, [frozen]), book(TUESDAY), first))
    kept = ("alert_id", "reason", "classes_json", "value_usd", "tier", "policy_version", "how_far")
    assert [second[name] for name in kept] == [only(first)[name] for name in kept]
    assert (second["status"], second["status_reason"]) == ("frozen", "waits for schwab")


def test_unmeasured_episode_without_a_past_alert_is_a_defect_not_a_zero() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.642)]), book())
    today = day(TUESDAY, [drifted("P1", 0.0, look="unmeasured", reason="late")])
    told = tell(today, book(TUESDAY), first)
    with pytest.raises(ContractBreach, match="value_usd"):
        raise_alerts(
            TUESDAY,
            told.episodes,
            told.priorities,
            today.breaches,
            today.looks,
            today.drift,
            today.bands,
            today.valuations,
            Proposals.empty_frame(),
            book(TUESDAY),
            None,
        )


def test_closed_alert_keeps_its_id_and_says_what_it_was() -> None:
    first = tell(day(MONDAY, [drifted("P1", 0.66)]), book())
    row = only(tell(day(TUESDAY, [drifted("P1", 0.61)]), book(TUESDAY), first))
    assert row["alert_id"] == only(first)["alert_id"]
    assert row["status"] == "closed"
    assert row["reason"] == "Over after 1 session: back inside its bands. At most it was 3.0 points beyond its bound."
    assert (row["score"], row["due_at"], row["terms_json"], row["is_overdue"]) == (None, None, "[]", False)
    assert json.loads(str(row["classes_json"]))[0]["weight_frac"] == 0.61


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("0.49", "$0"),
        ("999.50", "$1,000"),
        ("1234567.89", "$1,234,568"),
        ("-1500.00", "−$1,500"),
        ("1000000000.00", "$1,000,000,000"),
    ],
)
def test_dollars(amount: str, text: str) -> None:
    frame = pl.DataFrame({"amount": [Decimal(amount)]})
    assert frame.select(dollars(pl.col("amount")).alias("said"))["said"].to_list() == [text]


def test_notices() -> None:
    house = book(
        portfolios=[
            {"portfolio_id": "P1", "ips_id": "I1"},
            {"portfolio_id": "P2", "ips_id": "I2"},
            {"portfolio_id": "P3", "model_id": None},
        ],
        accounts=[
            {"account_id": "a1", "portfolio_id": "P1", "household_id": "H1"},
            {"account_id": "a2", "portfolio_id": "P2", "household_id": "H2", "state": "deceased"},
        ],
        ips_profiles=[
            {
                "ips_id": "I1",
                "version": 1,
                "effective_date": dt.date(2020, 1, 1),
                "last_review_date": dt.date(2025, 7, 5),
            },
            {
                "ips_id": "I2",
                "version": 1,
                "effective_date": dt.date(2020, 1, 1),
                "last_review_date": dt.date(2025, 7, 6),
            },
        ],
        suspensions=[
            {
                "suspension_id": name,
                "account_id": "a1",
                "kind": "compliance_hold",
                "reason": "Review",
                "actor": "C",
                "from_date": dt.date(2026, 1, 2),
                "review_date": review,
                "ended_date": ended,
            }
            for name, review, ended in (
                ("s1", MONDAY, None),
                ("s2", TUESDAY, None),
                ("s3", MONDAY, MONDAY),
            )
        ],
        planned_cash=[
            {
                "planned_id": name,
                "account_id": "a1",
                "kind": kind,
                "due_date": due,
                "amount_usd": Decimal(500),
                "is_done": done,
            }
            for name, kind, due, done in (
                ("c1", "withdrawal", dt.date(2026, 8, 5), False),
                ("c2", "fee", dt.date(2026, 7, 1), False),
                ("c3", "withdrawal", dt.date(2026, 8, 6), False),
                ("c4", "withdrawal", MONDAY, True),
                ("c5", "contribution", MONDAY, False),
            )
        ],
        changes={"policy": ["house/2"], "model": ["balanced/3", "unused/1"], "ips": ["I1/1"]},
    )
    covered = coverage(
        MONDAY,
        [
            {
                "account_id": "a1",
                "portfolio_id": "P1",
                "household_id": "H1",
                "status": "quarantined",
                "reason": "lots do not add up",
            },
            {
                "account_id": "a0",
                "portfolio_id": "P1",
                "household_id": "H1",
                "status": "household_waits",
                "reason": "waits",
            },
            {"account_id": "a9", "portfolio_id": "P2", "household_id": "H2"},
        ],
    )
    nearest = pl.DataFrame({"portfolio_id": ["P3"], "model_id": ["growth"], "distance_frac": [0.083]})
    notices = write_notices(MONDAY, house, covered, nearest, {"house/1": "policy house/1: VIX 34 is high"})
    said = sorted(notices.select("kind", "subject_id", "adviser_id", "owner", "text").rows(), key=str)
    assert said == [
        (
            "account_state",
            "a2",
            "A1",
            "adviser",
            "Account a2 (…1234) belongs to a client who has died: wait for the estate's instructions",
        ),
        ("bands_widened", "house/1", None, "compliance", "Policy house/1: VIX 34 is high"),
        (
            "cash_spoken_for",
            "a1",
            "A1",
            "adviser",
            "Account a1 (…1234): $1,000 of its cash is spoken for (fee, withdrawal), the first of it due on 2026-07-01; "
            "it is counted as gone",
        ),
        (
            "household_waiting",
            "H1",
            "A1",
            "operations",
            "Household Household H1 (H1) waits for a1 (quarantined: lots do not add up); "
            "1 other account is not measured until then",
        ),
        (
            "ips_changed",
            "I1/1",
            "A1",
            "adviser",
            "IPS I1/1 holds from 2026-07-06 on; 1 portfolio on this desk follows it",
        ),
        (
            "ips_review_overdue",
            "I1",
            "A1",
            "adviser",
            "IPS I1 was last reviewed on 2025-07-05, 366 days ago; a review is due every 365 days: "
            "review it with the client and record the date",
        ),
        (
            "model_changed",
            "balanced/3",
            "A1",
            "adviser",
            "Model balanced/3 holds from 2026-07-06 on; 2 portfolios on this desk follow it",
        ),
        (
            "model_changed",
            "unused/1",
            None,
            "adviser",
            "Model unused/1 holds from 2026-07-06 on; no portfolio follows it",
        ),
        (
            "nearest_model",
            "P3",
            "A1",
            "adviser",
            "Portfolio P3 has no model; the nearest is growth: 8.3 % of the portfolio would have to move to follow it. "
            "Choose one in the book",
        ),
        (
            "policy_changed",
            "house/2",
            "A1",
            "adviser",
            "Policy house/2 holds from 2026-07-06 on; 3 portfolios on this desk follow it",
        ),
        (
            "suspension_review",
            "a1",
            "A1",
            "compliance",
            "Account a1 (…1234) is suspended since 2026-01-02 (compliance hold: Review) and was to be looked at on 2026-07-06: "
            "end the suspension or set a new review date",
        ),
    ]


def test_notice_keeps_its_id_while_the_matter_lasts() -> None:
    profiles = [{"ips_id": "I1", "version": 1, "effective_date": dt.date(2020, 1, 1)}]
    ids = [
        write_notices(
            on,
            book(on, portfolios=[{"portfolio_id": "P1", "ips_id": "I1"}], ips_profiles=profiles),
            coverage(on, []),
            NEAREST,
            {},
        )["notice_id"].to_list()
        for on in (MONDAY, TUESDAY)
    ]
    assert ids[0] == ids[1]
    assert len(ids[0]) == 1
