"""Netting, carry-over and the year's tax: known answers."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from data_contracts.vocab import FilingStatus
from evenkeel.rules.netting import Netted, OtherIncome, TaxRates, net, net_investment_income_tax, year_tax
from evenkeel.rules.netting_many import year_tax_of_many
from tests.unit.rules.tax_frames import units_frame

RATES = TaxRates(0.35, 0.15, 0.35, 0.05)
SINGLE, JOINT, SEPARATE = FilingStatus.SINGLE, FilingStatus.JOINT, FilingStatus.SEPARATE


def dollars(*amounts: Decimal) -> tuple[int, ...]:
    assert all(amount == int(amount) for amount in amounts)
    return tuple(int(amount) for amount in amounts)


def netted(short: int, long: int, carry_short: int = 0, carry_long: int = 0, status: FilingStatus = JOINT) -> Netted:
    return net(Decimal(short), Decimal(long), Decimal(carry_short), Decimal(carry_long), status)


def test_pub_550_short_loss_15500_long_gain_11600_long_loss_4500() -> None:
    found = netted(-15_500, 11_600 - 4_500)
    assert found.net_short_usd + found.net_long_usd == -8_400
    assert found.deducted_usd == 3_000
    assert dollars(found.carry_short_usd, found.carry_long_usd) == (5_400, 0)


@pytest.mark.parametrize(
    ("short", "long", "taxed", "deducted", "carried"),
    [
        (1_000, 2_000, (1_000, 2_000), 0, (0, 0)),
        (5_000, -2_000, (3_000, 0), 0, (0, 0)),
        (-2_000, 5_000, (0, 3_000), 0, (0, 0)),
        (-2_000, -500, (0, 0), 2_500, (0, 0)),
        (-10_000, -5_000, (0, 0), 3_000, (7_000, 5_000)),
        (-2_000, -5_000, (0, 0), 3_000, (0, 4_000)),  # short-term first, then long
        (1_000, -10_000, (0, 0), 3_000, (0, 6_000)),
        (-10_000, 1_000, (0, 0), 3_000, (6_000, 0)),
        (0, -3_000, (0, 0), 3_000, (0, 0)),
        (0, 0, (0, 0), 0, (0, 0)),
    ],
)
def test_irc_1211_b_and_1212_b(
    short: int, long: int, taxed: tuple[int, int], deducted: int, carried: tuple[int, int]
) -> None:
    found = netted(short, long)
    assert dollars(found.taxed_short_usd, found.taxed_long_usd) == taxed
    assert found.deducted_usd == deducted
    assert dollars(found.carry_short_usd, found.carry_long_usd) == carried


def test_irc_1211_b_married_filing_separately_deducts_1500() -> None:
    found = netted(-8_400, 0, status=SEPARATE)
    assert dollars(found.deducted_usd, found.carry_short_usd) == (1_500, 6_900)


def test_irc_1212_b_carried_losses_keep_their_character() -> None:
    found = netted(4_000, 9_000, carry_short=1_000, carry_long=20_000)
    assert dollars(found.net_short_usd, found.net_long_usd) == (3_000, -11_000)
    assert dollars(found.carry_short_usd, found.carry_long_usd) == (0, 5_000)


def test_irc_1212_b_2_a_deduction_without_income_uses_up_no_loss() -> None:
    found = net(Decimal(-8_000), Decimal(0), Decimal(0), Decimal(0), JOINT, Decimal(1_000))
    assert dollars(found.deducted_usd, found.carry_short_usd) == (3_000, 7_000)
    none = net(Decimal(-8_000), Decimal(0), Decimal(0), Decimal(0), JOINT, Decimal(-500))
    assert none.carry_short_usd == 8_000


def test_irc_1411_joint_income_400k_investment_income_125k() -> None:
    assert net_investment_income_tax(Decimal(125_000), Decimal(400_000), JOINT) == Decimal("4750.00")


@pytest.mark.parametrize(("status", "threshold"), [("single", 200_000), ("joint", 250_000), ("separate", 125_000)])
def test_irc_1411_b_thresholds(status: str, threshold: int) -> None:
    filing = FilingStatus(status)
    assert net_investment_income_tax(Decimal(99_000), Decimal(threshold), filing) == 0
    assert net_investment_income_tax(Decimal(99_000), Decimal(threshold + 1_000), filing) == 38
    assert net_investment_income_tax(Decimal(-5), Decimal(threshold + 1_000), filing) == 0


def test_irc_1411_a_2_a_trusts_threshold_is_stated_not_guessed() -> None:
    with pytest.raises(ValueError, match="state the year's threshold for trust"):
        net_investment_income_tax(Decimal(1), Decimal(1), FilingStatus.TRUST)
    assert net_investment_income_tax(Decimal(99_000), Decimal(16_650), FilingStatus.TRUST, Decimal(15_650)) == 38


def test_reg_1_1411_4_f_4_a_deducted_loss_lowers_net_investment_income() -> None:
    """Wages 300,000, interest 5,000, a net capital loss of 30,000, single: net investment income is 2,000."""
    other = OtherIncome(Decimal(300_000), Decimal(5_000), Decimal(305_000))
    found = year_tax(Decimal(-30_000), Decimal(0), Decimal(0), Decimal(0), RATES, SINGLE, other)
    assert found.niit_usd == Decimal("76.00")


def test_every_component_of_a_year() -> None:
    other = OtherIncome(Decimal(300_000), Decimal(10_000), Decimal(300_000))
    found = year_tax(Decimal(10_000), Decimal(20_000), Decimal(4_000), Decimal(0), RATES, JOINT, other)
    assert found.federal_gain_usd == Decimal("5100.00")  # 35 % of 6,000 and 15 % of 20,000
    assert found.federal_saving_usd == 0
    assert found.state_usd == Decimal("1300.00")
    assert found.niit_usd == Decimal("1368.00")  # 3.8 % of 36,000
    assert found.total_usd == Decimal("7768.00")


def test_a_loss_saves_at_the_ordinary_rate_up_to_the_limit() -> None:
    found = year_tax(Decimal(-9_000), Decimal(2_000), Decimal(0), Decimal(0), RATES, JOINT)
    assert found.federal_saving_usd == Decimal("-1050.00")
    assert found.state_usd == Decimal("-150.00")
    assert (found.niit_usd, found.total_usd) == (None, Decimal("-1200.00"))


def test_income_that_is_not_known_leaves_the_niit_out_and_says_so() -> None:
    other = OtherIncome(investment_usd=Decimal(10_000))
    assert year_tax(Decimal(1), Decimal(1), Decimal(0), Decimal(0), RATES, JOINT, other).niit_usd is None


def test_a_negative_carry_over_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="positive amount"):
        netted(0, 0, carry_short=-1)


def test_many_says_why_there_is_no_tax_and_keeps_the_order() -> None:
    rows: list[dict[str, Any]] = [
        {"tax_unit_id": "z", "realised_short_usd": Decimal(100)},
        {"tax_unit_id": "a", "realised_short_usd": None},
        {"tax_unit_id": "b", "carry_long_usd": Decimal(-1)},
        {"tax_unit_id": "c", "filing_status": "trust", "investment_usd": Decimal(1), "adjusted_gross_usd": Decimal(1)},
        {"tax_unit_id": "d", "short_rate_frac": None},
        {"tax_unit_id": "e", "filing_status": "unheard of"},
    ]
    found = year_tax_of_many(units_frame(rows))
    assert found["tax_unit_id"].to_list() == list("zabcde")
    assert found["reason"].to_list() == [
        None,
        "input_unknown",
        "negative_carry_over",
        "threshold_unknown",
        "input_unknown",
        "input_unknown",
    ]
    assert found["total_usd"].to_list() == [Decimal("40.00"), *[None] * 5]
