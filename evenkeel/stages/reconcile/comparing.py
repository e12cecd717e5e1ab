"""The custodians against the portfolio system, account by account: accounts, quantity, value, cost, cash, in the order of causes.

A difference whose cause is told already is not told again: an account that one side lacks has no differences of its own, units that
differ have no value or cost to compare, and cash that the units explain is theirs. Prices are compared source by source in `pricing`.
Every frame is placed; both sides' figures stand side by side, the portfolio system's named `..._theirs`.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import BreakKind, BreakStatus, Comparison, Explanation
from evenkeel.policy.model import ReconciliationRule
from evenkeel.stages.reconcile.explaining import explain_by_transactions, split_ratio
from evenkeel.stages.reconcile.places import PLACE, account_number, instrument_number
from evenkeel.stages.reconcile.pricing import HALF_A_CENT
from evenkeel.stages.reconcile.rolling import SAME_CAUSE_SLACK
from evenkeel.stages.reconcile.wording import plain_fact

NO_IDS = pl.lit(None, dtype=pl.List(pl.String))


def compare_units(
    both: pl.DataFrame,
    groups: pl.DataFrame,
    fills: pl.DataFrame,
    split: pl.DataFrame,
    feed: str,
    rule: ReconciliationRule,
) -> pl.DataFrame:
    """Return the differences in units.

    Args:
        both: Holdings side by side.
        groups: Transactions as `by_group` returns them.
        fills: Our own orders filled since the session before: `qty`.
        split: Places whose units the roll-forward has seen split tonight.
        feed: The portfolio system's feed.
        rule: Tolerances.
    """
    right, left = pl.col("qty").fill_null(0), pl.col("qty_theirs").fill_null(0)
    differing = (
        both.filter(right != left)
        .with_columns((right - left).cast(FACT_DTYPE).alias("difference"), pl.lit(rule.quantity_abs).alias("tolerance"))
        .filter(pl.col("difference").cast(pl.Float64).abs() > rule.quantity_abs)
        .sort(PLACE)
    )
    explained = (
        explain_by_transactions(differing, groups)
        .join(fills.select(PLACE, pl.col("qty").alias("filled")), on=PLACE, how="left", maintain_order="left")
        .join(split.select(PLACE, pl.lit(True).alias("is_split")), on=PLACE, how="left", maintain_order="left")
        .with_columns(pl.col("is_split").fill_null(False))
    )
    filled, off_by = pl.col("filled").cast(pl.Float64), pl.col("difference").cast(pl.Float64)
    ratio = split_ratio(right.cast(pl.Float64), left.cast(pl.Float64))
    price, price_theirs = pl.col("price").cast(pl.Float64), pl.col("price_theirs").cast(pl.Float64)
    why = (
        pl.when(pl.col("explanation").is_not_null())
        .then("explanation")
        .when((off_by.abs() - filled.abs()).abs() <= rule.quantity_abs)
        .then(pl.lit(Explanation.OWN_ORDER.value))
        .when(
            ratio.is_not_null()
            & (pl.col("is_split") | ((price * ratio / price_theirs - 1).abs() <= 0.001).fill_null(False))
        )
        .then(pl.lit(Explanation.SPLIT.value))
    )
    return _told(explained.with_columns(why.alias("explanation")), BreakKind.QUANTITY, feed, "qty", "units")


def compare_values(
    both: pl.DataFrame, differing_units: pl.DataFrame, rules: pl.DataFrame, feed: str, rule: ReconciliationRule
) -> pl.DataFrame:
    """Return the differences in value where units agree and prices do.

    Args:
        both: Holdings side by side.
        differing_units: Places whose units differ.
        rules: `instrument_number`, `is_illiquid`, `price_rel` (up to which two prices are the same).
        feed: The portfolio system's feed.
        rule: Tolerances.
    """
    off_by = pl.col("difference").cast(pl.Float64)
    differing = (
        both.filter(pl.col("value") != pl.col("value_theirs"))
        .with_columns(
            (pl.col("value") - pl.col("value_theirs")).cast(FACT_DTYPE).alias("difference"),
            pl.max_horizontal(
                pl.lit(rule.value_abs), pl.col("value").cast(pl.Float64).abs() * rule.value_rel_frac
            ).alias("tolerance"),
            instrument_number().alias("instrument_number"),
        )
        .filter(off_by.abs() > pl.col("tolerance"))
        .join(differing_units.select(PLACE), on=PLACE, how="anti")
        .join(rules, on="instrument_number", how="left")
        .sort(PLACE)
    )
    accrued = pl.col("accrued").cast(pl.Float64)
    price, price_theirs = pl.col("price").cast(pl.Float64), pl.col("price_theirs").cast(pl.Float64)
    explanation = (
        pl.when(((off_by + accrued).abs() <= pl.col("tolerance")).fill_null(False) & (accrued != 0))
        .then(pl.lit(Explanation.ACCRUED_INTEREST.value))
        .when(pl.col("is_illiquid").fill_null(False) & (price != price_theirs).fill_null(False))
        .then(pl.lit(Explanation.PRIVATE_PRICE.value))
        # Different prices are told, once a security, where prices are compared.
        .when(((price / price_theirs - 1).abs() > pl.col("price_rel")).fill_null(False))
        .then(pl.lit(Explanation.SAME_CAUSE.value))
    )
    explained = differing.with_columns(explanation.alias("explanation"), NO_IDS.alias("transaction_ids"))
    return _told(explained, BreakKind.VALUE, feed, "value", "value").filter(
        pl.col("explanation").ne_missing(Explanation.SAME_CAUSE.value)
    )


def compare_prices(both: pl.DataFrame, differing_units: pl.DataFrame, rules: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Return the differences in price of single rows of the portfolio system: where it says another price itself for other accounts.

    A price that it has for everybody is compared source by source (`pricing`). Units that differ for a known reason say nothing of the
    price, unless the reason is a split, or the difference has none.

    Args:
        both: Holdings side by side.
        differing_units: The differences in units, as `compare_units` returns them.
        rules: As `compare_values`, and `usual`, the price that most of the portfolio system's rows have.
        feed: The portfolio system's feed.
    """
    of_the_units = differing_units.filter(
        pl.col("explanation").is_null() | (pl.col("explanation") == Explanation.SPLIT.value)
    )
    theirs, usual = pl.col("price_theirs").cast(pl.Float64), pl.col("usual")
    off_by = pl.col("difference").cast(pl.Float64)
    differing = (
        both.filter(pl.col("price") != pl.col("price_theirs"))
        .with_columns(
            (pl.col("price") - pl.col("price_theirs")).cast(FACT_DTYPE).alias("difference"),
            instrument_number().alias("instrument_number"),
        )
        .join(of_the_units.select(PLACE), on=PLACE, how="anti")
        .join(rules, on="instrument_number", how="left")
        .with_columns(
            (pl.col("price").cast(pl.Float64) * pl.col("price_rel")).clip(lower_bound=HALF_A_CENT).alias("tolerance"),
            pl.lit(None, dtype=pl.String).alias("explanation"),
            NO_IDS.alias("transaction_ids"),
        )
        .filter(
            ~(pl.col("is_evaluated") & _is_per_hundred(pl.col("price").cast(pl.Float64), theirs)),
            ~pl.col("is_illiquid"),
            off_by.abs() > pl.col("tolerance"),
            (theirs - usual).abs() > pl.col("tolerance"),
        )
        .sort(PLACE)
    )
    return _told(differing, BreakKind.PRICE, feed, "price", "price")


def _is_per_hundred(one: pl.Expr, other: pl.Expr) -> pl.Expr:
    """Tell whether one of two prices is quoted per hundred and the other per one."""
    return ((one / other - 100).abs() <= 1).fill_null(False) | ((other / one - 100).abs() <= 1).fill_null(False)


def compare_costs(
    both: pl.DataFrame, differing_units: pl.DataFrame, feed: str, rule: ReconciliationRule
) -> pl.DataFrame:
    """Return the differences in cost basis where units agree and both sides state it. Arguments as `compare_values`."""
    differing = (
        both.filter(pl.col("cost") != pl.col("cost_theirs"))
        .with_columns(
            (pl.col("cost") - pl.col("cost_theirs")).cast(FACT_DTYPE).alias("difference"),
            pl.max_horizontal(pl.lit(rule.cost_abs), pl.col("cost").cast(pl.Float64).abs() * rule.cost_rel_frac).alias(
                "tolerance"
            ),
            pl.lit(None, dtype=pl.String).alias("explanation"),
            NO_IDS.alias("transaction_ids"),
        )
        .filter(pl.col("difference").cast(pl.Float64).abs() > pl.col("tolerance"))
        .join(differing_units.select(PLACE), on=PLACE, how="anti")
        .sort(PLACE)
    )
    return _told(differing, BreakKind.COST, feed, "cost", "cost")


def compare_cash(
    both: pl.DataFrame,
    groups: pl.DataFrame,
    units: pl.DataFrame,
    worth: pl.DataFrame,
    feed: str,
    rule: ReconciliationRule,
) -> pl.DataFrame:
    """Return the differences in trade-date cash.

    Args:
        both: Cash side by side.
        groups: Transactions as `by_group` returns them.
        units: The differences in units, as `compare_units` returns them.
        worth: `place`, `unit_value`: what a unit is worth, to tell cash that the units explain.
        feed: The portfolio system's feed.
        rule: Tolerances.
    """
    tolerance = rule.cash_abs
    right, left = pl.col("qty").fill_null(0), pl.col("qty_theirs").fill_null(0)
    differing = (
        both.filter(right != left)
        .with_columns((right - left).cast(FACT_DTYPE).alias("difference"), pl.lit(tolerance).alias("tolerance"))
        .filter(pl.col("difference").cast(pl.Float64).abs() > tolerance)
        .with_columns(account_number().alias("number"))
        .sort(PLACE)
    )
    of_units = (
        units.filter(pl.col("transaction_ids").is_null())
        .join(worth, on=PLACE, how="left")
        .group_by(account_number().alias("number"))
        .agg((pl.col("difference").cast(pl.Float64) * pl.col("unit_value")).sum().alias("units_worth"))
    )
    explained = explain_by_transactions(differing, groups).join(
        of_units, on="number", how="left", maintain_order="left"
    )
    off_by = pl.col("difference").cast(pl.Float64)
    slack = pl.col("units_worth").abs() * SAME_CAUSE_SLACK + tolerance
    is_theirs = ((pl.col("units_worth") != 0) & ((off_by + pl.col("units_worth")).abs() <= slack)).fill_null(False)
    lacks_pending = (
        (pl.col("pending") != 0) & ((off_by - pl.col("pending").cast(pl.Float64)).abs() <= tolerance)
    ).fill_null(False)
    why = (
        pl.when(pl.col("explanation").is_not_null())
        .then("explanation")
        .when(lacks_pending)
        .then(pl.lit(Explanation.PENDING.value))
        .when(is_theirs)
        .then(pl.lit(Explanation.SAME_CAUSE.value))
    )
    return _told(explained.with_columns(why.alias("explanation")), BreakKind.CASH, feed, "qty", "cash")


def swept_differences(both: pl.DataFrame, funds: list[int], feed: str) -> pl.DataFrame:
    """Return, as explained, the sweep funds that one side holds as a fund and the other as cash; they are compared as cash.

    `both`: holdings side by side; `funds`: numbers of the sweep funds.
    """
    rows = (
        both.filter(instrument_number().is_in(funds), pl.col("qty").is_null() | pl.col("qty_theirs").is_null())
        .with_columns(
            (pl.col("qty").fill_null(0) - pl.col("qty_theirs").fill_null(0)).cast(FACT_DTYPE).alias("difference"),
            pl.lit(0.0).alias("tolerance"),
            pl.lit(Explanation.SWEEP.value).alias("explanation"),
            NO_IDS.alias("transaction_ids"),
        )
        .filter(pl.col("difference") != 0)
        .sort(PLACE)
    )
    return _told(rows, BreakKind.QUANTITY, feed, "qty", "units")


def lacking_accounts(ours: pl.DataFrame, theirs: pl.DataFrame, feed: str) -> pl.DataFrame:
    """Return a difference for each account that the custodian sent with holdings and the portfolio system lacks.

    Args:
        ours: `account_id`, `number` of the accounts that came from a complete custodian and hold something.
        theirs: `number` of the accounts that the portfolio system sent.
        feed: The portfolio system's feed, for the record.

    Returns:
        Rows with `account_id` and `security_id` (null) instead of a place.
    """
    nothing = pl.lit(None, dtype=FACT_DTYPE)
    return (
        ours.join(theirs, on="number", how="anti")
        .sort("account_id")
        .select(
            "account_id",
            pl.lit(None, dtype=pl.String).alias("security_id"),
            pl.lit(Comparison.PORTFOLIO_SYSTEM.value).alias("comparison"),
            pl.lit(BreakKind.ACCOUNT.value).alias("kind"),
            pl.lit(feed).alias("left_source"),
            nothing.alias("left"),
            nothing.alias("right"),
            nothing.alias("difference"),
            pl.lit(0.0).alias("tolerance"),
            pl.lit(BreakStatus.OPEN.value).alias("status"),
            pl.lit(None, dtype=pl.String).alias("explanation"),
            NO_IDS.alias("transaction_ids"),
            pl.lit(
                "the custodian holds it and the portfolio system does not have it; add it there, or close it in accounts.csv"
            ).alias("reason"),
        )
    )


def _told(rows: pl.DataFrame, kind: BreakKind, feed: str, figure: str, what: str) -> pl.DataFrame:
    left, right = pl.col(f"{figure}_theirs"), pl.col(figure)
    is_open = pl.col("explanation").is_null()
    said = (plain_fact(left.fill_null(0)), plain_fact(right.fill_null(0)))
    return rows.select(
        PLACE,
        pl.lit(Comparison.PORTFOLIO_SYSTEM.value).alias("comparison"),
        pl.lit(kind.value).alias("kind"),
        pl.lit(feed).alias("left_source"),
        left.cast(FACT_DTYPE).alias("left"),
        right.cast(FACT_DTYPE).alias("right"),
        "difference",
        "tolerance",
        pl.when(is_open)
        .then(pl.lit(BreakStatus.OPEN.value))
        .otherwise(pl.lit(BreakStatus.EXPLAINED.value))
        .alias("status"),
        "explanation",
        "transaction_ids",
        pl.when(is_open)
        .then(
            pl.format(
                f"{what}: the portfolio system has {{}}, the custodian {{}}, and no transaction on record explains it; correct the "
                "one that is wrong",
                *said,
            )
        )
        .otherwise(
            pl.format(
                f"{what}: the portfolio system has {{}}, the custodian {{}}: {{}}",
                *said,
                pl.col("explanation").replace(_WORDS),
            )
        )
        .alias("reason"),
    )


_WORDS: Mapping[str, str] = {
    Explanation.SETTLEMENT.value: "it books trades when they settle",
    Explanation.REINVESTMENT.value: "it has not booked the reinvestment yet",
    Explanation.TRADE.value: "it has not booked the trade yet",
    Explanation.INCOME.value: "it has not booked the income yet",
    Explanation.DEPOSIT.value: "it has not booked the deposit yet",
    Explanation.WITHDRAWAL.value: "it has not booked the withdrawal yet",
    Explanation.TRANSFER.value: "it has not booked the transfer yet",
    Explanation.FEE.value: "it has not booked the fee yet",
    Explanation.SPLIT.value: "it has not booked the split yet",
    Explanation.MERGER.value: "it has not booked the merger yet",
    Explanation.SYMBOL_CHANGE.value: "it has not booked the new symbol yet",
    Explanation.OTHER_TRANSACTION.value: "it has not booked the transaction yet",
    Explanation.OWN_ORDER.value: "one of the two has booked the fill of our order and the other has not",
    Explanation.ACCRUED_INTEREST.value: "it counts accrued interest as value",
    Explanation.PRIVATE_PRICE.value: "a private price of another date, which is fresh enough",
    Explanation.SAME_CAUSE.value: "it is the money of the units that differ",
    Explanation.PENDING.value: "it does not count what is on its way",
    Explanation.SWEEP.value: "one of the two calls the sweep fund cash",
}
