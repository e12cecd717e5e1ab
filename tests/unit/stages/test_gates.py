"""When a gate stops a custodian, when it does not, and which nights it measures against."""

from __future__ import annotations

import datetime as dt
import re
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.conform import conform
from data_contracts.custodian_totals import CustodianTotals
from data_contracts.fields import FACT_DTYPE
from data_contracts.releases import Releases
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, Gate
from evenkeel import calendar
from evenkeel.book.model import Book
from evenkeel.policy.model import GateRule, Policy
from evenkeel.run.house import house_policy
from evenkeel.stages.ingest.land import land
from evenkeel.stages.ingest.read_file import ReadFile
from evenkeel.stages.reconcile.accounts import enabled_accounts
from evenkeel.stages.reconcile.counted import cash_in_dollars
from evenkeel.stages.reconcile.currency import usd_rates
from evenkeel.stages.reconcile.custodian_totals import fold_totals, mark_baseline, previous_prices, tonight
from evenkeel.stages.reconcile.file_totals import check_file_totals
from evenkeel.stages.reconcile.files import check_feeds
from evenkeel.stages.reconcile.findings import Findings
from evenkeel.stages.reconcile.gates import Judged, judge_gates
from evenkeel.stages.reconcile.positions import believed_positions
from tests.support.parsed_files import cash, parsed, position, read_file
from tests.support.small_book import KEYER, MONDAY, small_book

A1, A2, A3, A4 = "1000-0001", "1000-0002", "2000-0003", "2000-0004"
FRIDAY = calendar.previous_session(MONDAY)


def night(session_date: dt.date = MONDAY, accounts: int = 100, **changes: Any) -> dict[str, Any]:
    """A night on which everything is as usual: ten positions an account."""
    row = {
        "business_date": MONDAY,
        "custodian": "alpha",
        "session_date": session_date,
        "is_baseline": session_date < MONDAY,
        "age_sessions": 0,
        "book_account_count": accounts,
        "account_count": accounts,
        "position_count": 10 * accounts,
        "value_usd": Decimal(90_000 * accounts),
        "cash_usd": Decimal(10_000 * accounts),
        "total_mismatch_count": 0,
        "priced_frac": 1.0,
        "unpriced_count": 0,
        "unchanged_frac": 0.02,
        "unchanged_count": 50,
        "break_count": 0,
        "quarantined_count": 0,
    }
    return row | changes


def nights_before(count: int = 5, accounts: int = 100, **changes: Any) -> list[dict[str, Any]]:
    dates = calendar.sessions_between(dt.date(2026, 1, 5), FRIDAY)[-count:] if count else []
    return [night(date, accounts, **changes) for date in dates]


def judged(now: dict[str, Any], before: list[dict[str, Any]] | None = None, findings: Findings | None = None) -> Judged:
    rows = [*(nights_before() if before is None else before), now]
    totals = conform(pl.DataFrame(rows, schema=CustodianTotals.polars_schema()), CustodianTotals)
    book = small_book()
    return judge_gates(MONDAY, totals, book, house_policy(book), Findings() if findings is None else findings)


def verdicts(result: Judged) -> dict[str, bool | None]:
    return dict(result.results.select("gate", "is_passed").iter_rows())


def failed(result: Judged) -> list[str]:
    return sorted(gate for gate, passed in verdicts(result).items() if passed is False)


def unjudged(result: Judged) -> list[str]:
    return sorted(gate for gate, passed in verdicts(result).items() if passed is None)


def test_an_ordinary_night_passes_every_gate() -> None:
    findings = Findings()
    result = judged(night(), findings=findings)
    assert set(verdicts(result)) == {gate.value for gate in Gate}
    assert (failed(result), unjudged(result)) == ([], [])
    assert (findings.frame.height, result.stopped.height) == (0, 0)


@pytest.mark.parametrize(
    ("changes", "gates"),
    [
        ({"age_sessions": 1}, ["stale"]),
        ({"account_count": 89}, ["accounts"]),
        ({"account_count": 126}, ["accounts"]),
        ({"position_count": 790}, ["rows"]),
        ({"value_usd": Decimal(6_000_000)}, ["value"]),
        ({"value_usd": Decimal(13_000_000)}, ["value"]),
        ({"total_mismatch_count": 1}, ["totals"]),
        ({"priced_frac": 0.97, "unpriced_count": 5}, ["prices"]),
        ({"unchanged_frac": 0.82}, ["unchanged"]),
        ({"break_count": 21}, ["breaks"]),
        ({"quarantined_count": 31}, ["quarantined"]),
    ],
)
def test_each_gate_fails_on_its_own_figure(changes: dict[str, Any], gates: list[str]) -> None:
    findings = Findings()
    result = judged(night(**changes), findings=findings)
    assert failed(result) == gates
    (row,) = findings.frame.to_dicts()
    assert (row["check"], row["effect"], row["scope"], row["subject_id"]) == (
        f"gate_{gates[0]}",
        "stop",
        "feed",
        "alpha",
    )
    assert row["message"].startswith("custodian alpha: ")
    assert result.stopped.rows() == [("alpha", gates[0], row["message"])]


@pytest.mark.parametrize(
    "changes",
    [
        {"account_count": 90},
        {"position_count": 800},
        {"value_usd": Decimal(6_500_000)},
        {"priced_frac": 0.98, "unpriced_count": 9},
        {"unchanged_frac": 0.8},
        {"break_count": 20},
        {"quarantined_count": 30},
        # Equities have lost seven per cent overnight.
        {"value_usd": Decimal(8_370_000)},
        # Month end: a fund may keep its price, listed securities do not; too few of them tell nothing.
        {"unchanged_frac": 1.0, "unchanged_count": 4},
    ],
)
def test_what_is_on_a_bound_or_ordinary_passes(changes: dict[str, Any]) -> None:
    assert failed(judged(night(**changes))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"account_count": 7, "position_count": 40, "value_usd": Decimal(100_000)},
        {"break_count": 1},
        {"quarantined_count": 1},
        {"quarantined_count": 4, "break_count": 4},
        {"priced_frac": 0.9, "unpriced_count": 1},
        {"account_count": 12, "position_count": 160, "value_usd": Decimal(3_000_000)},
    ],
)
@pytest.mark.parametrize("accounts", [8])
def test_a_few_accounts_of_a_small_book_stop_only_themselves(accounts: int, changes: dict[str, Any]) -> None:
    assert failed(judged(night(accounts=accounts, **changes), nights_before(5, accounts))) == []


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"account_count": 0, "position_count": 0, "value_usd": 0, "priced_frac": None},
        {"break_count": 1, "quarantined_count": 1},
    ],
)
def test_a_custodian_with_one_account_is_left_to_the_accounts_checks(changes: dict[str, Any]) -> None:
    assert failed(judged(night(accounts=1, **changes), nights_before(5, 1))) == []


def test_twenty_five_accounts_are_enough_for_a_fifth_to_be_five() -> None:
    assert unjudged(judged(night(accounts=25), nights_before(5, 25))) == []
    assert unjudged(judged(night(accounts=24), nights_before(5, 24))) == ["rows"]


def test_most_accounts_of_a_small_book_are_no_longer_few() -> None:
    assert failed(judged(night(accounts=8, account_count=3), nights_before(5, 8))) == ["accounts"]
    assert failed(judged(night(accounts=8, quarantined_count=5), nights_before(5, 8))) == ["quarantined"]


def test_a_day_of_many_new_clients_says_how_it_is_let_through() -> None:
    result = judged(night(accounts=140))
    assert failed(result) == ["accounts", "rows", "value"]
    message = result.stopped.filter(pl.col("gate") == "accounts")["message"].item()
    assert message == (
        "custodian alpha: 140 accounts of the book came, 1.40 of the median of 5 nights (100); 0.90 to 1.25 passes; ask it whether the "
        "delivery is whole; if it is, release this with the reason, for as many sessions as the nights before need to catch up"
    )


def test_accounts_that_close_one_after_another_do_not_fail() -> None:
    assert failed(judged(night(accounts=96))) == []


def test_the_first_nights_are_judged_by_what_needs_no_other_night() -> None:
    for count in (0, 2):
        result = judged(night(account_count=10, unchanged_frac=None, unchanged_count=None), nights_before(count))
        assert unjudged(result) == ["accounts", "rows", "unchanged", "value"]
        assert failed(result) == []
    assert "accounts" in failed(judged(night(account_count=10), nights_before(3)))


def test_a_night_that_is_no_baseline_is_not_measured_against() -> None:
    half = nights_before(12, accounts=50, is_baseline=False)
    assert failed(judged(night(), half)) == []
    assert unjudged(judged(night(), half)) == ["accounts", "rows", "value"]


@pytest.mark.parametrize("check", [Check.FEED_MISSING, Check.FEED_LATE])
def test_a_delivery_that_is_said_to_be_missing_is_not_stopped_twice(check: Check) -> None:
    findings = Findings()
    row = pl.DataFrame({"feed": ["alpha"], "message": ["no positions"]})
    findings.add(row, check, ExceptionEffect.WAIT, ExceptionScope.FEED, "feed", pl.col("message"))
    result = judged(night(age_sessions=2, account_count=0), findings=findings)
    assert failed(result) == ["stale"]
    assert len(unjudged(result)) == len(Gate) - 1
    assert (findings.frame.height, result.stopped.height) == (1, 0)


def test_a_delivery_that_never_came_cannot_be_too_old() -> None:
    assert len(unjudged(judged(night(age_sessions=None, account_count=0)))) == len(Gate)


def test_an_empty_book_has_nothing_to_judge() -> None:
    book = small_book()
    result = judge_gates(MONDAY, CustodianTotals.empty_frame(), book, house_policy(book), Findings())
    assert (result.results.height, result.stopped.height) == (0, 0)


counts = st.integers(0, 12)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 12), counts, counts, counts)
def test_fewer_than_five_accounts_never_stop_the_others(accounts: int, gone: int, broken: int, stopped: int) -> None:
    gone, broken, stopped = (min(number, 4, accounts) for number in (gone, broken, stopped))
    left = accounts - gone
    now = night(
        accounts=accounts,
        account_count=left,
        position_count=10 * left,
        value_usd=Decimal(90_000 * left),
        priced_frac=0.5 if left else None,
        unpriced_count=min(4, left),
        break_count=min(broken, left),
        quarantined_count=stopped,
    )
    assert failed(judged(now, nights_before(5, accounts))) == []


def test_every_message_is_one_sentence_without_money() -> None:
    for now in (night(), night(accounts=8), night(age_sessions=1), night(value_usd=Decimal(1_234_567), break_count=50)):
        for message in judged(now).results["message"]:
            assert "\n" not in message
            assert not re.search(r"\d{6,}|\$|\d,\d{3},\d{3}", message)


# Tonight's totals, from files.


def deliveries() -> list[ReadFile]:
    alpha = parsed(
        [
            position(1, A1, "STK", "600", "100", "60000.00"),
            position(2, A1, "PRIV", "1", "7", "7.00"),
            position(3, A1, "BND", "1", None, None),
            position(4, A1, "BND", "0", None, None, sub_account="margin"),
        ],
        [cash(5, A1, "5000.00"), cash(6, A2, "10000.00"), cash(7, A2, "-3", "pending")],
    )
    return [read_file("alpha", alpha)]


def totals_of(
    files: list[ReadFile], book: Book, yesterday: pl.DataFrame | None = None, ledger: pl.DataFrame | None = None
) -> dict[str, dict[str, Any]]:
    policy: Policy = house_policy(book)
    findings, landed, enabled = Findings(), land(MONDAY, files, book, KEYER), enabled_accounts(book, MONDAY)
    check_feeds(MONDAY, landed, book.feeds, True, {}, findings)
    rates = usd_rates(MONDAY, landed, 1)
    now = tonight(
        MONDAY,
        landed,
        book,
        enabled,
        believed_positions(landed, book, rates),
        cash_in_dollars(landed, book, rates),
        previous_prices(MONDAY, ledger, book),
        check_file_totals(landed, book, enabled, findings).mismatches,
        None,
        findings,
    )
    folded = fold_totals(MONDAY, yesterday, now, policy)
    return {row["custodian"]: row for row in folded.filter(pl.col("session_date") == MONDAY).to_dicts()}


def test_tonights_totals_count_what_came() -> None:
    rows = totals_of(deliveries(), small_book())
    alpha = rows["alpha"]
    assert (alpha["book_account_count"], alpha["account_count"], alpha["position_count"]) == (2, 2, 4)
    assert (alpha["value_usd"], alpha["cash_usd"]) == (Decimal("60007.00"), Decimal("15000.00"))
    assert (alpha["priced_frac"], alpha["unpriced_count"]) == (0.75, 1)
    assert (alpha["unchanged_frac"], alpha["unchanged_count"], alpha["age_sessions"]) == (None, None, 0)
    beta = rows["beta"]
    assert (beta["age_sessions"], beta["account_count"], beta["position_count"], beta["value_usd"]) == (None, 0, 0, 0)


def ledger(price: str, date: dt.date = FRIDAY) -> pl.DataFrame:
    rows = [("STK", Decimal(price), date), ("PRIV", Decimal("7"), date), ("CASH:USD", None, None)]
    schema = pl.Schema([("security_id", pl.String()), ("price_ccy", FACT_DTYPE), ("price_date", pl.Date())])
    return pl.DataFrame(rows, schema=schema, orient="row")


@pytest.mark.parametrize(
    ("known", "share", "count"),
    [(ledger("100"), 1.0, 1), (ledger("100.0001"), 0.0, 1), (ledger("100", dt.date(2026, 2, 26)), None, None)],
)
def test_only_listed_prices_of_the_session_before_can_be_unchanged(
    known: pl.DataFrame, share: float | None, count: int | None
) -> None:
    alpha = totals_of(deliveries(), small_book(), ledger=known)["alpha"]
    assert (alpha["unchanged_frac"], alpha["unchanged_count"]) == (share, count)


def test_the_age_counts_from_the_last_night_that_came() -> None:
    thursday = calendar.previous_session(FRIDAY)
    before = [night(thursday, custodian="beta"), night(FRIDAY, custodian="beta", age_sessions=1, account_count=0)]
    yesterday = pl.DataFrame(before, schema=CustodianTotals.polars_schema())
    assert totals_of(deliveries(), small_book(), yesterday)["beta"]["age_sessions"] == 2


def test_the_fold_keeps_the_window_and_is_repeatable() -> None:
    policy = house_policy(small_book())
    policy = policy.model_copy(update={"gates": GateRule(window_sessions=4)})
    yesterday = pl.DataFrame(nights_before(9), schema=CustodianTotals.polars_schema())
    now = pl.DataFrame([night()], schema=CustodianTotals.polars_schema())
    folded = fold_totals(MONDAY, yesterday, now, policy)
    assert folded["session_date"].to_list() == [*calendar.sessions_between(dt.date(2026, 1, 5), FRIDAY)[-4:], MONDAY]
    assert set(folded["business_date"]) == {MONDAY}
    assert fold_totals(MONDAY, folded, now, policy).equals(folded)


def released(check: str, until: dt.date = MONDAY) -> pl.DataFrame:
    row = {
        "release_id": "r1",
        "exception_id": "ex-1",
        "check": check,
        "subject_id": "alpha",
        "from_date": FRIDAY,
        "until_date": until,
        "actor": "ann",
        "role": "operations",
        "reason": "thirty new clients",
        "released_at": dt.datetime(2026, 3, 3, tzinfo=dt.UTC),
    }
    return conform(pl.DataFrame([row], schema=Releases.polars_schema()), Releases)


@pytest.mark.parametrize(
    ("changes", "releases", "is_baseline"),
    [
        ({}, None, True),
        ({"account_count": 60}, None, False),
        ({"account_count": 60}, released("gate_accounts"), True),
        ({"account_count": 60}, released("gate_rows"), False),
        ({"account_count": 60}, released("gate_accounts", FRIDAY), False),
        ({"account_count": 60, "position_count": 10}, released("gate_accounts"), False),
        ({"age_sessions": 1}, released("gate_stale"), False),
    ],
)
def test_a_night_is_a_baseline_when_it_came_and_passed_or_was_released(
    changes: dict[str, Any], releases: pl.DataFrame | None, is_baseline: bool
) -> None:
    now, before = night(**changes), nights_before()
    totals = conform(pl.DataFrame([*before, now], schema=CustodianTotals.polars_schema()), CustodianTotals)
    marked = mark_baseline(MONDAY, totals, judged(now).results, releases)
    assert marked.filter(pl.col("session_date") == MONDAY)["is_baseline"].item() is is_baseline
    assert marked.filter(pl.col("session_date") < MONDAY)["is_baseline"].all()
