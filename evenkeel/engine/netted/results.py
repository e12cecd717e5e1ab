"""What netted taxes come to: the year before and after, each trade's part of the change, the rows of `tax_results`."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from data_contracts.vocab import FilingStatus
from evenkeel.engine.arrays import F8, F8_2D
from evenkeel.engine.netted.at_rates import Lists, Part, totals
from evenkeel.engine.netted.price import Gains, NetGains
from evenkeel.engine.netted.stake import Stake
from evenkeel.engine.netted.terms import LIMITS, Terms, average_rates
from evenkeel.engine.tables.outputs import TaxResults
from evenkeel.rules.netting_many import year_tax_of_many


@dataclass(frozen=True)
class Change:
    """By pair, what its year comes to: columns of `TaxResults` but for keys and budget, and the change less the carry-over's value."""

    columns: dict[str, F8]

    @property
    def net(self) -> F8:
        """Return the change of the tax less the value of what more carries over."""
        return self.columns["tax_usd"] - self.columns["carry_value_usd"]


def change_of(terms: Terms, short: F8, long: F8, disallowed: F8, *, to_the_cent: bool) -> Change:
    """Return the change of each pair's year by net gains of `short` and `long`: as they are, or as the rule states them, to the cent."""
    before, after = (
        _stated(terms, own_short, own_long) if to_the_cent else _unrounded(terms, own_short, own_long)
        for own_short, own_long in ((np.zeros_like(short), np.zeros_like(long)), (short, long))
    )
    change = {name: after[name] - before[name] for name in before}
    of_short = (terms.short - terms.state) * change["taxed_short"]
    if to_the_cent:
        of_short = np.round(of_short, 2)
    columns = {
        "net_short_before_usd": before["net_short"],
        "net_long_before_usd": before["net_long"],
        "short_gain_usd": change["net_short"],
        "long_gain_usd": change["net_long"],
        "disallowed_usd": disallowed,
        "net_short_after_usd": after["net_short"],
        "net_long_after_usd": after["net_long"],
        "federal_short_usd": of_short,
        "federal_long_usd": change["federal_gain"] - of_short,
        "federal_saving_usd": change["federal_saving"],
        "state_usd": change["state"],
        "tax_usd": change["total"],
        "deducted_usd": after["deducted"],
        "carry_short_after_usd": after["carry_short"],
        "carry_long_after_usd": after["carry_long"],
        "carry_value_usd": terms.carry * (change["carry_short"] + change["carry_long"]),
    }
    if to_the_cent:
        columns = {name: np.round(values, 2) for name, values in columns.items()}
    return Change(columns)


def _unrounded(terms: Terms, short: F8, long: F8) -> dict[str, F8]:
    net_short, net_long = terms.start_short + short, terms.start_long + long
    total = net_short + net_long
    taxed_short, taxed_long = np.maximum(np.minimum(net_short, total), 0), np.maximum(np.minimum(net_long, total), 0)
    deducted = np.minimum(np.maximum(-total, 0), terms.limit)
    left = net_short + deducted
    gain = (terms.short - terms.state) * taxed_short + (terms.long - terms.state) * taxed_long
    saving = -(terms.ordinary - terms.state) * deducted
    state = terms.state * (taxed_short + taxed_long - deducted)
    return {
        "net_short": net_short, "net_long": net_long, "taxed_short": taxed_short, "federal_gain": gain,
        "federal_saving": saving, "state": state, "total": gain + saving + state, "deducted": deducted,
        "carry_short": np.maximum(-left - np.maximum(net_long, 0), 0),
        "carry_long": np.maximum(-net_long - np.maximum(left, 0), 0),
    }  # fmt: skip


def _stated(terms: Terms, short: F8, long: F8) -> dict[str, F8]:
    """Return the year by the rule of `rules.netting`, in dollars of whole cents."""
    separate, other = FilingStatus.SEPARATE.value, FilingStatus.SINGLE.value
    units = terms.rows.with_columns(
        pl.int_range(pl.len()).cast(pl.String).alias("tax_unit_id"),
        pl.col("realised_short_usd") + pl.Series(short),
        pl.col("realised_long_usd") + pl.Series(long),
        pl.when(pl.col("deduction_limit_usd") == LIMITS[0])
        .then(pl.lit(other))
        .otherwise(pl.lit(separate))
        .alias("filing_status"),
        *(
            pl.lit(None, pl.Float64).alias(name)
            for name in ("ordinary_usd", "investment_usd", "adjusted_gross_usd", "niit_threshold_usd")
        ),
    )
    stated = year_tax_of_many(units)
    names = (
        "net_short", "net_long", "taxed_short", "federal_gain", "federal_saving", "state", "total", "deducted",
        "carry_short", "carry_long",
    )  # fmt: skip
    return {name: stated[f"{name}_usd"].cast(pl.Float64).to_numpy() for name in names}


def of_pairs(stake: Stake, net: NetGains) -> tuple[F8, F8]:
    """Return the short and the long gain of each pair, of sums by group and number."""
    at = (stake.pair_group, stake.pair_no)
    return net.short[at], net.long[at]


def disallowed_of(part: Part, stake: Stake, lists: Lists, gains: Gains) -> F8:
    """Return by pair the losses that are disallowed."""
    pair = stake.pair[part.at[lists.account]]
    is_in = (pair >= 0) & (lists.lot >= 0)
    return totals(pair[is_in], np.nan_to_num(gains.disallowed[is_in]), len(stake.pair_group))


def spread(
    part: Part,
    stake: Stake,
    lists: Lists,
    gains: Gains,
    terms: Terms,
    net: NetGains,
    change: Change,
    is_long: np.ndarray,
) -> F8:
    """Return each trade's part of its pair's change, or the tax at its lot's own rate; terms are those of pairs.

    A gain's part is at the average rate of its term on the way from before to after; cents that the rule rounds are the largest gain's.
    """
    short, long = of_pairs(stake, net)
    of_short, of_long = average_rates(terms, terms.start_short + short, terms.start_long + long)
    pair = stake.pair[part.at[lists.account]]
    is_in = (pair >= 0) & (lists.lot >= 0)
    counted = np.nan_to_num(gains.gain + gains.disallowed)
    tax = gains.own_tax.copy()
    if not is_in.any():
        return tax
    of_lot = is_long[part.lot[np.maximum(lists.lot, 0)]]
    rate = np.where(of_lot, np.append(of_long, 0.0)[pair], np.append(of_short, 0.0)[pair])
    tax[is_in] = (rate * counted)[is_in]
    missing = change.net - totals(pair[is_in], tax[is_in], len(stake.pair_group))
    sale = np.nonzero(is_in)[0]
    order = sale[np.lexsort((lists.lot[sale], -np.abs(counted[sale]), pair[sale]))]
    has_sale, first = np.unique(pair[order], return_index=True)
    tax[order[first]] += missing[has_sale]
    return tax


def result_rows(stake: Stake, terms: Terms, problem_ids: pl.Series, change: Change, caps: F8_2D) -> pl.DataFrame:
    """Return the rows of `tax_results`; `problem_ids` by group, `caps`: what a dollar more of each sum's cap would save."""
    realised = terms.rows.select(pl.col("realised_short_usd") + pl.col("realised_long_usd")).to_series().to_numpy()
    used = realised + change.columns["short_gain_usd"] + change.columns["long_gain_usd"]
    binding = caps[stake.pair_group, 3 * stake.pair_no + 2] > 0
    return (
        pl.DataFrame(
            {
                "problem_id": problem_ids.gather(stake.pair_group),
                "tax_unit_id": terms.rows["tax_unit_id"],
                **change.columns,
                "gain_budget_usd": terms.rows["gain_budget_usd"],
                "budget_used_usd": used,
                "is_budget_binding": binding,
            }
        )
        .select(pl.col(name).cast(dtype) for name, dtype in TaxResults.polars_schema().items())
        .sort(TaxResults.key_columns())
    )
