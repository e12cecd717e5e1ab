"""What the figures of the tables in may be. `evenkeel.engine.remarks` tells which are not; the columns' descriptions say the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data_contracts.contract import Contract
from evenkeel.engine.codes import Remark
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities, TaxUnits


@dataclass(frozen=True)
class Fit:
    """A figure is finite, from `low` to `high`, not `low` itself where `is_above`; and not null but where `may_be_null`."""

    low: float | None = None
    high: float | None = None
    is_above: bool = False
    may_be_null: bool = False

    @property
    def words(self) -> str:
        """The range in words, as the column's description has it; empty: any number."""
        if self.low is None:
            return ""
        if self.is_above:
            return f"above {self.low:g}"
        return f"{self.low:g} or more" if self.high is None else f"{self.low:g} to {self.high:g}"

    def remark(self, name: str) -> pl.Expr:
        """Return what is wrong with the column's figure, a `Remark`; null: nothing."""
        value = pl.col(name).cast(pl.Float64)
        never = pl.lit(False)
        is_low = never if self.low is None else (value <= self.low if self.is_above else value < self.low)
        return (
            pl.when(value.is_null())
            .then(pl.lit(None if self.may_be_null else Remark.NULL.value, pl.String))
            .when(~value.is_finite())
            .then(pl.lit(Remark.NOT_FINITE.value))
            .when(is_low)
            .then(pl.lit(Remark.TOO_LOW.value))
            .when(never if self.high is None else value > self.high)
            .then(pl.lit(Remark.TOO_HIGH.value))
        )


ANY = Fit()
COST = Fit(low=0.0)
RATE = Fit(low=0.0, high=1.0)
MAY_BE_NULL = Fit(may_be_null=True)
LIMIT = Fit(low=0.0, may_be_null=True)

FITS: Mapping[type[Contract], Mapping[str, Fit]] = {
    Accounts: {
        "cash_usd": ANY,
        "spoken_for_usd": COST,
        "target_cost_frac": COST,
        "band_cost_frac": COST,
        "dust_usd": COST,
        "turnover_budget_frac": LIMIT,
    },
    Models: {"target_frac": ANY, "lower_frac": ANY, "upper_frac": ANY},
    Securities: {
        "price_usd": Fit(low=0.0, is_above=True),
        "sell_cost_frac": RATE,
        "buy_cost_frac": RATE,
        "buy_rank": ANY,
        # Smaller steps make more of them than a whole number of the machine can count.
        "unit_step_qty": Fit(low=1e-9, may_be_null=True),
        "min_ticket_usd": LIMIT,
    },
    # A basis below 0, or that is not a number, is taken as one that is not known: a finding of its lot.
    Lots: {"held_qty": ANY, "unit_basis_usd": MAY_BE_NULL, "gain_rate_frac": RATE, "washed_qty": COST},
    CashTerms: {"at_frac": ANY, "at_usd": ANY, "below_cost_frac": COST, "above_cost_frac": COST},
    Restrictions: {"buy_cap_usd": LIMIT},
    TaxUnits: {
        "short_rate_frac": RATE,
        "long_rate_frac": RATE,
        "ordinary_rate_frac": RATE,
        "state_rate_frac": RATE,
        "deduction_limit_usd": ANY,
        "realised_short_usd": ANY,
        "realised_long_usd": ANY,
        "carry_short_usd": COST,
        "carry_long_usd": COST,
        "carry_value_frac": LIMIT,
        "gain_budget_usd": MAY_BE_NULL,
    },
}
"""The figures of each table."""

AS_BUYABLE = ("sell_cost_frac", "buy_cost_frac", "buy_rank", "unit_step_qty", "min_ticket_usd")
"""Figures of a security that stop whoever holds it, and for all others only its purchase; so does a price."""


def is_unfit(contract: type[Contract], *names: str) -> pl.Expr:
    """Return whether one of the columns' figures is not fit."""
    return pl.any_horizontal(FITS[contract][name].remark(name).is_not_null() for name in names)
