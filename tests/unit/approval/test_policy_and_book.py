"""What a policy and a book may say of consent, and what they are refused for."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from pydantic import ValidationError

from evenkeel.book.load import load_book
from evenkeel.errors import BookError
from evenkeel.policy.approval import ApprovalRule
from tests.small_practice import policy
from tests.support.small_book import KEYER, MONDAY, book_files

ROW = {"name": "all", "client_within": {"amount": 24}}


def test_the_defaults_are_the_figures_of_the_table() -> None:
    rule = policy().approval
    assert [(row.under_usd, row.firm, row.client_within.amount) for row in rule.rows] == [
        (100_000, ("adviser",), 72),
        (500_000, ("adviser",), 48),
        (None, ("senior_adviser",), 24),
    ]
    clock = rule.adviser_clock
    assert (clock.reminder.amount, clock.escalation.amount, rule.client_reminder_frac) == (24, 48, 0.5)
    assert (rule.committee.within.amount, rule.committee.within.unit) == (5, "business_days")
    assert (rule.small_trades.is_executed_on_timeout, rule.small_trades.under_usd, rule.small_trades.max_tax_usd) == (
        False,
        5000,
        0,
    )


@pytest.mark.parametrize(
    ("said", "refused"),
    [
        ({"rows": []}, "the last line, and it alone"),
        ({"rows": [{**ROW, "under_usd": 5}]}, "the last line, and it alone"),
        ({"rows": [{**ROW, "under_usd": 5}, {**ROW, "under_usd": 3}, ROW]}, "lowest under_usd up"),
        ({"rows": [{**ROW, "firm": []}]}, "at least 1"),
        ({"opens": "17:00", "closes": "09:00"}, "opens must be before closes"),
        ({"committee": {"members": ["a"], "quorum": 2}}, "more than its members"),
        ({"on_timeout": "execute"}, "'decline' or 'follow_up'"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(said: dict[str, Any], refused: str) -> None:
    with pytest.raises(ValidationError, match=refused):
        ApprovalRule.model_validate(said)


PEOPLE = (
    "adviser_id,name,is_senior,is_compliance,deputy_id,absent_from,absent_until\n"
    "ann,Ann,true,,bob,2026-03-02,2026-03-06\nbob,Bob,false,,,,\ncat,Cat,,true,,,\n"
)


def test_the_book_knows_deputies_absences_compliance_and_kinds_of_relationship() -> None:
    households = "household_id,name,adviser_id,kind\nH1,One,ann,institutional\nH2,Two,ann,\nH3,Three,bob,\n"
    book = load_book(book_files(advisers_csv=PEOPLE, households_csv=households), MONDAY, KEYER)
    ann, _, cat = book.advisers.sort("adviser_id").iter_rows(named=True)
    assert (ann["deputy_id"], ann["absent_until"], ann["is_compliance"]) == ("bob", dt.date(2026, 3, 6), False)
    assert cat["is_compliance"] is True
    assert book.households.sort("household_id")["kind"].to_list() == ["institutional", None, None]


def test_a_book_without_the_new_columns_stays_valid() -> None:
    book = load_book(book_files(), MONDAY, KEYER)
    assert book.advisers["deputy_id"].to_list() == [None, None]
    assert book.accounts["owner_ids"].null_count() == book.accounts.height


@pytest.mark.parametrize(
    ("advisers", "says"),
    [
        (PEOPLE.replace(",bob,2026", ",bop,2026"), "deputy_id 'bop' is not in advisers.csv"),
        (PEOPLE.replace("2026-03-06", "2026-03-01"), "absent_from is after absent_until"),
    ],
)
def test_what_is_wrong_in_the_book_is_said(advisers: str, says: str) -> None:
    with pytest.raises(BookError) as refused:
        load_book(book_files(advisers_csv=advisers), MONDAY, KEYER)
    assert any(says in problem.replace('"', "'") for problem in refused.value.problems), refused.value.problems
