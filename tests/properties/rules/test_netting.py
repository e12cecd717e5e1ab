"""What always holds of a year's netting and tax."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.vocab import FilingStatus
from evenkeel.rules.netting import OtherIncome, TaxRates, YearTax, net, year_tax
from evenkeel.rules.netting_many import year_tax_of_many
from tests.unit.rules.tax_frames import units_frame

CENT = Decimal("0.01")
money = st.integers(-3_000_000, 3_000_000).map(lambda n: Decimal(n).scaleb(-2))
near_zero = st.integers(-700_000, 700_000).map(lambda n: Decimal(n).scaleb(-2))
gains = st.one_of(money, near_zero)
carries = st.integers(0, 2_000_000).map(lambda n: Decimal(n).scaleb(-2))
rates = st.integers(0, 500).map(lambda n: n / 1000)
FILING = [status for status in FilingStatus if status != FilingStatus.TRUST]


@st.composite
def years(draw: st.DrawFn) -> dict[str, Any]:
    long_rate = draw(rates)
    short_rate = max(draw(rates), long_rate)
    base = draw(st.integers(0, 400_000))
    income = draw(
        st.sampled_from(
            [
                OtherIncome(),
                OtherIncome(Decimal(base), Decimal(base) / 4, Decimal(base)),
                OtherIncome(Decimal(base - 2_000), Decimal(base), Decimal(base), Decimal("15650")),
            ]
        )
    )
    return {
        "realised_short_usd": draw(gains),
        "realised_long_usd": draw(gains),
        "carry_short_usd": draw(carries),
        "carry_long_usd": draw(carries),
        "rates": TaxRates(short_rate, long_rate, draw(rates), draw(rates)),
        "status": draw(st.sampled_from(FILING)),
        "other": income,
    }


def row_of(name: str, year: dict[str, Any]) -> dict[str, Any]:
    flat = {key: value for key, value in year.items() if key.endswith("_usd")}
    flat |= {"tax_unit_id": name, "filing_status": year["status"].value}
    return flat | asdict(year["rates"]) | asdict(year["other"])


def flat(tax: YearTax) -> dict[str, Decimal | None]:
    parts = asdict(tax)
    netted: dict[str, Decimal | None] = parts.pop("netted")
    return netted | parts


@settings(deadline=None)
@given(st.lists(years(), min_size=1, max_size=20))
def test_scalar_and_frames_form_agree_to_the_cent(several: list[dict[str, Any]]) -> None:
    found = year_tax_of_many(units_frame([row_of(str(n), year) for n, year in enumerate(several)]))
    assert found["reason"].null_count() == len(several)
    assert found.drop("tax_unit_id", "reason").rows(named=True) == [flat(year_tax(**year)) for year in several]


@given(years())
def test_every_dollar_is_taxed_deducted_or_carried(year: dict[str, Any]) -> None:
    short, long, *carried = (
        year[f"{name}_usd"] for name in ("realised_short", "realised_long", "carry_short", "carry_long")
    )
    found = net(short, long, carried[0], carried[1], year["status"])
    total = found.net_short_usd + found.net_long_usd
    assert total == found.taxed_short_usd + found.taxed_long_usd - found.deducted_usd - (
        found.carry_short_usd + found.carry_long_usd
    )
    assert 0 <= found.deducted_usd <= (1500 if year["status"] == FilingStatus.SEPARATE else 3000)
    is_gain = found.taxed_short_usd + found.taxed_long_usd > 0
    assert not (is_gain and (found.deducted_usd or found.carry_short_usd or found.carry_long_usd))
    # Losses keep their character: none is carried as short that was not short.
    assert found.carry_short_usd <= max(-found.net_short_usd, Decimal(0))
    assert found.carry_long_usd <= max(-found.net_long_usd, Decimal(0))


@given(years(), st.sampled_from(["realised_short_usd", "realised_long_usd"]), st.integers(1, 1_000_000))
def test_tax_never_falls_with_a_gain_and_never_jumps(year: dict[str, Any], which: str, more: int) -> None:
    step = Decimal(more).scaleb(-2)
    before = year_tax(**year).total_usd
    after = year_tax(**{**year, which: year[which] + step}).total_usd
    r = year["rates"]
    steepest = Decimal(str(max(r.short_rate_frac, r.long_rate_frac, r.ordinary_rate_frac) + r.state_rate_frac + 0.038))
    # Each of the four amounts is rounded to the cent.
    assert -2 * CENT <= after - before <= steepest * step + 4 * CENT


@given(years())
def test_a_wash_or_a_carry_over_is_worth_its_loss_only_where_it_counts(year: dict[str, Any]) -> None:
    """Tax depends on net short and net long alone: a carried loss and a realised one are the same this year."""
    moved = {
        **year,
        "realised_short_usd": year["realised_short_usd"] - year["carry_short_usd"],
        "carry_short_usd": Decimal(0),
    }
    assert year_tax(**moved) == year_tax(**year)


@given(years())
def test_carried_out_and_in_again_nothing_is_lost_over_the_years(year: dict[str, Any]) -> None:
    """Without new gains a loss is deducted year by year until it is used up, to the cent."""
    args = [Decimal(0), Decimal(0), year["carry_short_usd"], year["carry_long_usd"]]
    left, deducted = args[2] + args[3], Decimal(0)
    while args[2] + args[3]:
        found = net(args[0], args[1], args[2], args[3], year["status"])
        deducted += found.deducted_usd
        args[2:] = [found.carry_short_usd, found.carry_long_usd]
    assert deducted == left


@given(years())
def test_schedule_d_capital_loss_carryover_worksheet(year: dict[str, Any]) -> None:
    """The worksheet of the instructions for Schedule D, line by line, gives the same carry-overs."""
    short, long, *carried = (
        year[f"{name}_usd"] for name in ("realised_short", "realised_long", "carry_short", "carry_long")
    )
    ordinary = year["other"].ordinary_usd
    found = net(short, long, carried[0], carried[1], year["status"], ordinary)
    line_7, line_15 = short - carried[0], long - carried[1]
    if line_7 + line_15 >= 0:
        assert found.carry_short_usd == found.carry_long_usd == 0
        return
    zero, line_2 = (
        Decimal(0),
        min(-(line_7 + line_15), Decimal(1500 if year["status"] == FilingStatus.SEPARATE else 3000)),
    )
    income = Decimal(10**9) if ordinary is None else ordinary
    line_1 = income - line_2  # taxable income after the deduction
    line_3 = max(line_1 + line_2, zero)
    line_4 = min(line_2, line_3)
    line_5, line_6 = max(-line_7, zero), max(line_15, zero)
    line_8 = max(line_5 - (line_4 + line_6), zero)
    line_9, line_10 = max(-line_15, zero), max(line_7, zero)
    line_11 = max(line_4 - line_5, zero)
    line_13 = max(line_9 - (line_10 + line_11), zero)
    assert (found.carry_short_usd, found.carry_long_usd) == (line_8, line_13)
