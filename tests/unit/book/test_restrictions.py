"""Restrictions by sector and screen, of custodians, and of weights: what a book may say, and what it is told when it may not."""

from __future__ import annotations

import pytest

from evenkeel.errors import BookError
from tests.support.small_book import small_book

SECURITIES = (
    "security_id,name,asset_type,asset_class,sector,screens\n"
    "OIL,Oil company,stock,us_equity,Energy,\n"
    "GUN,Arms maker,stock,us_equity,industrials, Weapons ;tobacco;weapons;\n"
    "BND,Bond fund,etf,us_bond,none,none\n"
)
HEADER = "restriction_id,scope,scope_id,kind,security_id,issuer_id,asset_class,sector,screen,weight_frac,from_date,until_date,reason\n"


def problems(*rows: str, securities: str = SECURITIES) -> list[str]:
    with pytest.raises(BookError) as caught:
        small_book(securities_csv=securities, restrictions_csv=HEADER + "".join(f"{row}\n" for row in rows))
    return caught.value.problems


def test_sectors_and_screens_are_read_in_one_form() -> None:
    rows = ("R1,household,H1,exclude,,,,,Tobacco,,,,client", "R2,custodian,beta,not_traded,OIL,,,,,,,,no market")
    book = small_book(securities_csv=SECURITIES, restrictions_csv=HEADER + "\n".join(rows))
    known = {row["security_id"]: (row["sector"], row["screens"]) for row in book.securities.to_dicts()}
    assert known == {"OIL": ("energy", None), "GUN": ("industrials", "tobacco;weapons"), "BND": ("none", "none")}
    assert book.restrictions["screen"].to_list() == ["tobacco", None]


def test_a_book_without_the_columns_loads_and_knows_nothing() -> None:
    old = "restriction_id,scope,scope_id,kind,security_id,reason\nR1,firm,,no_buy,STK,old\n"
    book = small_book(restrictions_csv=old)
    assert book.securities["sector"].null_count() == book.securities["screens"].null_count() == 4
    assert book.restrictions.select("sector", "screen", "weight_frac").row(0) == (None, None, None)


def test_a_screen_that_nothing_is_marked_with_is_no_mistake() -> None:
    book = small_book(securities_csv=SECURITIES, restrictions_csv=HEADER + "R1,firm,,no_buy,,,,,gambling,,,,firm\n")
    assert book.restrictions.height == 1


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ("R,firm,,no_buy,,,,enrgy,,,,,x", "restrictions.csv:2: sector 'enrgy' is not valid, did you mean 'energy'?; use one of"),
        ("R,firm,,no_buy,,,,none,,,,,x", "sector 'none' is not valid"),
        ("R,firm,,no_buy,,,,,tobaco,,,,x", "no security of securities.csv is marked 'tobaco', did you mean 'tobacco'?; correct"),
        ("R,firm,,no_buy,,,,,tobacco;weapons,,,,x", "screen names one code; write a row for each"),
        ("R,firm,,no_buy,,,,,none,,,,x", "screen none means that nothing is marked; name a code"),
        ("R,firm,,exclude,,,,,,,,,x", "exclude names nothing; fill in one of security_id"),
        ("R,custodian,gamma,not_traded,OIL,,,,,,,,x", "scope_id 'gamma' is not in accounts.csv"),
        ("R,custodian,,not_traded,OIL,,,,,,,,x", "scope custodian needs a scope_id; fill it in"),
        ("R,household,H1,not_traded,OIL,,,,,,,,x", "not_traded is what a custodian cannot trade; use scope custodian"),
        ("R,firm,,max_weight,OIL,,,,,,,,x", "max_weight and min_weight need a weight_frac; write it as a fraction"),
        ("R,firm,,max_weight,OIL,,,,,5,,,x", "weight_frac '5' must be from 0 to 1; ratios are fractions"),
        ("R,firm,,no_buy,OIL,,,,,0.05,,,x", "weight_frac is for max_weight and min_weight only; blank it"),
        ("R,firm,,min_weight,,,,energy,,0.05,,,x", "max_weight and min_weight are of one security; fill in security_id"),
        ("R,firm,,min_weight,OIL,,us_equity,,,0.05,,,x", "max_weight and min_weight are of one security"),
        ("R,account,A1,min_weight,OIL,,,,,0.05,,,x", "weights are shares of a portfolio; use scope portfolio"),
    ],
)  # fmt: skip
def test_each_mistake_is_named_with_its_line(row: str, expected: str) -> None:
    found = problems(row)
    assert any(expected in text for text in found), found
    assert all(text.startswith("restrictions.csv:2: ") and ";" in text for text in found)


@pytest.mark.parametrize(
    ("screens", "expected"),
    [("tobacco, weapons", "screens are codes"), ("big tobacco", "screens are codes"), ("none;tobacco", "screens says none and a code")],
)  # fmt: skip
def test_screens_of_a_security_are_codes(screens: str, expected: str) -> None:
    found = problems(securities=SECURITIES + f'BAD,Bad,stock,us_equity,,"{screens}"\n')
    assert [text for text in found if text.startswith(f"securities.csv:5: {expected}")], found


LEAST = "R1,{},min_weight,OIL,,,,,0.10,{},x"


@pytest.mark.parametrize(
    ("scope", "days", "other", "is_refused"),
    [
        ("portfolio,P2", ",", "R2,portfolio,P2,max_weight,OIL,,,,,0.05,,,x", True),
        ("portfolio,P2", ",", "R2,portfolio,P2,max_weight,OIL,,,,,0.10,,,x", False),
        ("portfolio,P2", ",", "R2,household,H2,max_weight,OIL,,,,,0.05,,,x", True),
        ("portfolio,P2", ",", "R2,household,H1,max_weight,OIL,,,,,0.05,,,x", False),
        ("portfolio,P2", ",", "R2,portfolio,A1,max_weight,OIL,,,,,0.05,,,x", False),
        ("household,H2", ",", "R2,portfolio,P2,max_weight,OIL,,,,,0.05,,,x", True),
        ("firm,", ",", "R2,portfolio,P2,max_weight,OIL,,,,,0.05,,,x", True),
        ("portfolio,P2", ",", "R2,firm,,exclude,OIL,,,,,,,,x", True),
        ("portfolio,P2", ",", "R2,firm,,exclude,GUN,,,,,,,,x", False),
        ("portfolio,P2", ",", "R2,account,A2,exclude,OIL,,,,,,,,x", False),
        ("portfolio,P2", "2026-01-01,2026-03-31", "R2,firm,,max_weight,OIL,,,,,0.05,2026-03-31,,x", True),
        ("portfolio,P2", "2026-01-01,2026-03-31", "R2,firm,,max_weight,OIL,,,,,0.05,2026-04-01,,x", False),
        ("portfolio,P2", "2026-01-01,2026-03-31", "R2,firm,,max_weight,OIL,,,,,0.05,,2026-01-01,x", True),
        ("portfolio,P2", "2026-01-01,2026-03-31", "R2,firm,,max_weight,OIL,,,,,0.05,,2025-12-31,x", False),
    ],
)
def test_a_least_weight_that_another_restriction_makes_impossible(
    scope: str, days: str, other: str, is_refused: bool
) -> None:
    rows = (LEAST.format(scope, days), other)
    if not is_refused:
        small_book(securities_csv=SECURITIES, restrictions_csv=HEADER + "\n".join(rows))
        return
    (found,) = problems(*rows)
    assert found.startswith(
        "restrictions.csv:2: security 'OIL' must have a weight of 0.1 at least, and restriction 'R2' "
    )
    assert found.endswith("for the same portfolio and days; correct one of them")
