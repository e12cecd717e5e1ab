"""A year's capital gains and losses: netted, deducted, carried over, taxed.

Sources: IRC 1222 (net short-term, net long-term); IRC 1211(b) (a net loss is deducted up to 3,000, 1,500 if married filing separately);
IRC 1212(b) (the rest carries over and keeps its character; the amount deducted uses up short-term loss first, and no more of it than the
taxable income before the deduction); IRC 1411, Reg. 1.1411-4(d), (f)(4) (3.8 % of the lesser of net investment income and income above the
threshold; a deducted capital loss lowers both). Pub. 550, "Capital Losses".

With S = short gains less short losses and short carry-over, L the same of long, and D the most that may be deducted:

| case | taxed short | taxed long | deducted | tax on one more dollar of S, of L |
|---|---|---|---|---|
| S >= 0, L >= 0 | S | L | 0 | short rate, long rate |
| S > 0 > L, S + L >= 0 | S + L | 0 | 0 | short rate, short rate |
| L > 0 > S, S + L >= 0 | 0 | S + L | 0 | long rate, long rate |
| -D <= S + L < 0 | 0 | 0 | -(S + L) | ordinary rate, ordinary rate |
| S + L < -D | 0 | 0 | D | 0, 0 |

So the tax is continuous, never falls when S or L rises, and is linear in each case; it is neither convex nor concave (the ordinary rate
between -D and 0 is above the long rate after it). State tax and the net investment income tax add pieces of their own, on the net gain less
the deduction, at the same kinks and at the income threshold. An engine solves the cases one by one and takes the best.

Roundings: rates to a millionth; each of the four amounts of tax to the cent, half to even, once.

`netting_many` is the same over frames, for a whole book.

What belongs elsewhere or is left out: which gains are realised (`lots`, `wash_sales`); brackets (rates are the client's marginal ones, as
the book has them); the 28 and 25 per cent classes, qualified dividends, the alternative minimum tax; states that do not follow the federal
netting and deduction. A carried loss is worth something next year: that value is the engine's, not part of this tax.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from data_contracts.vocab import FilingStatus
from evenkeel.rules.whole_numbers import PARTS, cents, half_even, parts, usd

LOSS_LIMIT_CENTS = {status: 150_000 if status == FilingStatus.SEPARATE else 300_000 for status in FilingStatus}
"""The most of a net loss that is deducted in a year (IRC 1211(b)), in cents."""

NIIT_PARTS = 38_000
"""3.8 per cent (IRC 1411(a)(1)), in millionths."""

NIIT_THRESHOLD_CENTS = {
    FilingStatus.SINGLE: 20_000_000,
    FilingStatus.HEAD: 20_000_000,
    FilingStatus.JOINT: 25_000_000,
    FilingStatus.SEPARATE: 12_500_000,
}
"""IRC 1411(b), in cents, not indexed. A trust's is where its highest bracket starts, which changes yearly: the caller states it."""


@dataclass(frozen=True, slots=True)
class TaxRates:
    """A client's marginal rates (0.05 is five per cent). The federal ones are without the net investment income tax."""

    short_rate_frac: float
    long_rate_frac: float
    ordinary_rate_frac: float
    state_rate_frac: float = 0.0


@dataclass(frozen=True, slots=True)
class OtherIncome:
    """What else the year's tax depends on; null is not known.

    `ordinary_usd`: taxable income before the capital loss deduction (IRC 1212(b)(2)(B)); null is taken to be enough for the deduction.
    `investment_usd`: net investment income, and `adjusted_gross_usd`: modified adjusted gross income, both without capital gains
    and losses; where either is null the net investment income tax is not computed. `niit_threshold_usd`: for a trust.
    """

    ordinary_usd: Decimal | None = None
    investment_usd: Decimal | None = None
    adjusted_gross_usd: Decimal | None = None
    niit_threshold_usd: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Netted:
    """Gains netted: what is taxed short and long, what is deducted, what carries over (losses > 0). In dollars and cents."""

    net_short_usd: Decimal
    net_long_usd: Decimal
    taxed_short_usd: Decimal
    taxed_long_usd: Decimal
    deducted_usd: Decimal
    carry_short_usd: Decimal
    carry_long_usd: Decimal


@dataclass(frozen=True, slots=True)
class YearTax:
    """The year's tax on capital gains; a saving is negative.

    `niit_usd` is the whole year's, on other investment income too: compare two years, not one with zero. It is null where income is not
    known, and then `total_usd` is without it.
    """

    netted: Netted
    federal_gain_usd: Decimal
    federal_saving_usd: Decimal
    state_usd: Decimal
    niit_usd: Decimal | None
    total_usd: Decimal


def net(
    realised_short_usd: Decimal,
    realised_long_usd: Decimal,
    carry_short_usd: Decimal,
    carry_long_usd: Decimal,
    status: FilingStatus,
    ordinary_usd: Decimal | None = None,
) -> Netted:
    """Return the year's gains and losses netted.

    Args:
        realised_short_usd: Short-term gains less losses, disallowed wash-sale losses left out; may be negative.
        realised_long_usd: The same of long-term ones.
        carry_short_usd: Short-term loss carried in, >= 0.
        carry_long_usd: Long-term loss carried in, >= 0.
        status: How the unit files.
        ordinary_usd: Taxable income before the deduction; null: enough.

    Raises:
        ValueError: A carry-over is negative: it is stated as a positive amount.
    """
    if carry_short_usd < 0 or carry_long_usd < 0:
        raise ValueError("netting: a carry-over is a loss stated as a positive amount; one is below zero")
    short = cents(realised_short_usd) - cents(carry_short_usd)
    long = cents(realised_long_usd) - cents(carry_long_usd)
    total = short + long
    taxed_short = max(min(short, total), 0)
    taxed_long = max(min(long, total), 0)
    deducted = min(max(-total, 0), LOSS_LIMIT_CENTS[status])
    # 1212(b)(2): what is deducted counts as a short-term gain, as far as there was income to deduct it from.
    used = deducted if ordinary_usd is None else min(deducted, max(cents(ordinary_usd), 0))
    left = short + used
    return Netted(
        usd(short),
        usd(long),
        usd(taxed_short),
        usd(taxed_long),
        usd(deducted),
        usd(max(-left - max(long, 0), 0)),
        usd(max(-long - max(left, 0), 0)),
    )


def net_investment_income_tax(
    investment_usd: Decimal, adjusted_gross_usd: Decimal, status: FilingStatus, threshold_usd: Decimal | None = None
) -> Decimal:
    """Return 3.8 % of the lesser of net investment income and income above the threshold (IRC 1411(a)), never below zero.

    Raises:
        ValueError: A trust's threshold is not stated.
    """
    if threshold_usd is None and status not in NIIT_THRESHOLD_CENTS:
        raise ValueError(f"net investment income tax: state the year's threshold for {status.value}")
    threshold = NIIT_THRESHOLD_CENTS[status] if threshold_usd is None else cents(threshold_usd)
    base = min(cents(investment_usd), cents(adjusted_gross_usd) - threshold)
    return usd(half_even(max(base, 0) * NIIT_PARTS, PARTS))


def year_tax(
    realised_short_usd: Decimal,
    realised_long_usd: Decimal,
    carry_short_usd: Decimal,
    carry_long_usd: Decimal,
    rates: TaxRates,
    status: FilingStatus,
    other: OtherIncome = OtherIncome(),
) -> YearTax:
    """Return the year's tax on capital gains, each component apart.

        federal gain = short rate x taxed short + long rate x taxed long
        federal saving = -ordinary rate x what was deducted from income
        state = state rate x (taxed short + taxed long - what was deducted)

    Args:
        realised_short_usd: As for `net`.
        realised_long_usd: As for `net`.
        carry_short_usd: As for `net`.
        carry_long_usd: As for `net`.
        rates: The client's marginal rates.
        status: How the unit files.
        other: The year's other income.

    Raises:
        ValueError: A carry-over is negative, or a trust's threshold is not stated though its income is.
    """
    netted = net(realised_short_usd, realised_long_usd, carry_short_usd, carry_long_usd, status, other.ordinary_usd)
    short, long = cents(netted.taxed_short_usd), cents(netted.taxed_long_usd)
    deducted = cents(netted.deducted_usd)
    saves = deducted if other.ordinary_usd is None else min(deducted, max(cents(other.ordinary_usd), 0))
    gain_tax = half_even(parts(rates.short_rate_frac) * short + parts(rates.long_rate_frac) * long, PARTS)
    saving = -half_even(parts(rates.ordinary_rate_frac) * saves, PARTS)
    state = half_even(parts(rates.state_rate_frac) * (short + long - saves), PARTS)
    niit = None
    if other.investment_usd is not None and other.adjusted_gross_usd is not None:
        moved = usd(short + long - deducted)
        niit = net_investment_income_tax(
            other.investment_usd + moved, other.adjusted_gross_usd + moved, status, other.niit_threshold_usd
        )
    total = usd(gain_tax + saving + state) + (niit or 0)
    return YearTax(netted, usd(gain_tax), usd(saving), usd(state), niit, total)
