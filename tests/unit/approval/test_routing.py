"""Whom a proposal is shown to: APR-01's table, line by line."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest

from data_contracts.vocab import AssetClass, HouseholdKind, RebalanceKind
from evenkeel.approval.people import People, Person
from evenkeel.approval.routing import Facts
from evenkeel.policy.approval import ApprovalRule
from tests.support.consenting import ALONE, TUESDAY, account, facts, routed, shown_to

PAT = account(owners="pat")
FREE = account("AC-2", asks=False)
INSTITUTION = {"relationship": HouseholdKind.INSTITUTIONAL}


@pytest.mark.parametrize(
    ("seen", "shown", "line"),
    [
        (facts(99_999.99, PAT), ["1 adviser ada", "2 client pat"], "under 100k, client asked"),
        (facts(100_000, PAT), ["1 adviser ada", "2 client pat"], "100k to 500k, client asked"),
        (facts(499_999.99, PAT), ["1 adviser ada", "2 client pat"], "100k to 500k, client asked"),
        (facts(500_000, PAT), ["1 senior_adviser sol", "2 client pat"], "500k and above, client asked"),
        # Discretion first: the client is told after the trade.
        (facts(99_000, FREE), ["1 adviser ada"], "under 100k, discretionary"),
        (facts(900_000, FREE), ["1 senior_adviser sol"], "500k and above, discretionary"),
        # One account without discretion, and the whole list is asked; only its owners are.
        (facts(99_000, PAT, FREE), ["1 adviser ada", "2 client pat"], "under 100k, client asked"),
        # Every owner and trustee.
        (
            facts(99_000, account(registration="joint", owners="pat lou"), account("AC-3", owners="lou")),
            ["1 adviser ada", "2 client pat", "2 client lou"],
            "under 100k, client asked",
        ),
        (
            facts(99_000, account(registration="joint")),
            ["1 adviser ada", "2 client AC-1/owner-1", "2 client AC-1/owner-2"],
            "under 100k, client asked",
        ),
        (
            facts(99_000, account(registration="trust")),
            ["1 adviser ada", "2 client AC-1/trustee"],
            "under 100k, client asked",
        ),
        (facts(99_000, account()), ["1 adviser ada", "2 client H1"], "under 100k, client asked"),
        # Complex at any size.
        (
            facts(20_000, PAT, kind=RebalanceKind.HARVEST_ONLY),
            ["1 senior_adviser sol", "2 client pat"],
            "under 100k, complex, client asked",
        ),
        (
            facts(20_000, FREE, traded_classes=frozenset({AssetClass.ALTERNATIVE})),
            ["1 senior_adviser sol"],
            "under 100k, complex, discretionary",
        ),
        # An institution's committee: more than half of the owners.
        (
            facts(2_000_000, account(owners="cfo chair treasurer"), **INSTITUTION),
            [
                "1 senior_adviser sol",
                "2 committee cfo (2 of 3)",
                "2 committee chair (2 of 3)",
                "2 committee treasurer (2 of 3)",
            ],
            "institutional (500k and above), client asked",
        ),
        (facts(2_000_000, FREE, **INSTITUTION), ["1 senior_adviser sol"], "500k and above, discretionary"),
    ],
)
def test_the_default_table(seen: Facts, shown: list[str], line: str) -> None:
    way = routed(seen)
    assert (shown_to(way), way.line) == (shown, line)


def test_a_committee_of_the_firm_with_its_documents() -> None:
    rule = ApprovalRule.model_validate({"committee": {"members": ["sol", "uma"], "quorum": 1, "documents": ["memo"]}})
    way = routed(facts(90_000, PAT, **INSTITUTION), rule)
    assert shown_to(way) == ["1 adviser ada", "2 committee sol (1 of 2)", "2 committee uma (1 of 2)"]
    assert way.documents == ("memo",)


def test_two_people_of_the_firm() -> None:
    rule = ApprovalRule.model_validate(
        {"rows": [{"name": "all", "firm": ["adviser", "senior_adviser"], "client_within": {"amount": 24}}]}
    )
    assert shown_to(routed(facts(90_000, FREE), rule)) == ["1 adviser ada", "2 senior_adviser sol"]


def test_in_a_firm_of_one_nobody_waits_for_a_person_who_does_not_exist() -> None:
    seen = facts(900_000, PAT, adviser_id="solo", kind=RebalanceKind.HARVEST_ONLY)
    way = routed(seen, people=ALONE)
    assert shown_to(way) == ["1 senior_adviser solo", "2 client pat"]
    assert way.problem is None
    assert ALONE.holds("solo", way.needed[0].role)


def test_a_firm_without_a_senior_adviser_is_told_so() -> None:
    way = routed(facts(900_000, PAT), people=People([Person("ada"), Person("ben")]))
    assert way.needed[0].person_id is None
    assert way.problem is not None
    assert "is_senior" in way.problem


def test_the_value_is_the_one_the_policy_names() -> None:
    seen = facts(90_000, FREE, household_usd=Decimal(600_000), traded_usd=Decimal(120_000))
    lines = [
        routed(seen, ApprovalRule(value_by=by)).line for by in ("portfolio_value", "household_value", "trades_value")
    ]
    assert [line.split(",")[0] for line in lines] == ["under 100k", "500k and above", "100k to 500k"]


@pytest.mark.parametrize(
    ("changes", "is_small"),
    [
        ({}, True),
        ({"traded_usd": Decimal(5000)}, False),
        ({"tax_usd": Decimal("0.01")}, False),
        ({"tax_usd": Decimal(-50)}, True),
        # A tax that may come to light afterwards is not none.
        ({"is_tax_known": False}, False),
        ({"kind": RebalanceKind.HARVEST_ONLY}, False),
        ({"accounts": (PAT,)}, False),
    ],
)
def test_only_discretionary_small_lists_without_tax_are_let_go(changes: dict[str, object], is_small: bool) -> None:
    rule = ApprovalRule.model_validate({"small_trades": {"is_executed_on_timeout": True}})
    plain = {"traded_usd": Decimal("4999.99"), "tax_usd": Decimal(0), "accounts": (FREE,)}
    seen = facts(90_000, **{**plain, **changes})
    assert routed(seen, rule).is_small is is_small
    assert not routed(seen).is_small, "the default policy lets nothing go"


def test_deputies_follow_one_another_and_never_in_a_circle() -> None:
    away = Person("ada", deputy_id="ben", absent_from=TUESDAY, absent_until=TUESDAY)
    ben_away = Person("ben", deputy_id="ada", absent_from=TUESDAY)
    chain = People([away, Person("ben", deputy_id="sol", absent_from=TUESDAY), Person("sol", is_senior=True)])
    assert chain.acting_for("ada", TUESDAY) == "sol"
    assert chain.acting_for("ada", TUESDAY + dt.timedelta(days=1)) == "ada"
    assert People([away, ben_away]).acting_for("ada", TUESDAY) == "ada"
