"""Known reasons for differences: transactions that one side has and the other has not, shapes of corporate actions, sweeps.

A difference is explained only by what is on record: a transaction of the account, an order of ours, an exact ratio with its inverse in
the price. What cannot be explained so stays open.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import polars as pl

from data_contracts.vocab import Explanation, TransactionType
from evenkeel.stages.reconcile.legs import RANK, TRADES
from evenkeel.stages.reconcile.places import PLACE

GROUPS = ("unsettled", "reinvested", "flows", "others", "earlier")
"""What may be on one side's books and not on the other's: trades that have not settled, reinvestments, money and units from or to the
outside, everything else of tonight, and what is of the session before. Each leg is in one of them."""

_FLOWS = [
    kind.value
    for kind in (
        TransactionType.DEPOSIT,
        TransactionType.WITHDRAWAL,
        TransactionType.TRANSFER_IN,
        TransactionType.TRANSFER_OUT,
        TransactionType.JOURNAL,
    )
]
_SUBSETS: tuple[tuple[str, ...], ...] = tuple(
    subset for size in range(1, len(GROUPS) + 1) for subset in combinations(GROUPS, size)
)
SPLIT_RATIOS = tuple(
    sorted(
        {
            *(float(n) for n in range(2, 51)),
            *(1 / n for n in range(2, 51)),
            1.5,
            2 / 3,
            1.25,
            0.8,
            4 / 3,
            0.75,
            2.5,
            0.4,
        }
    )
)
"""Units after over units before, of the splits and reverse splits that happen."""
SPLIT_PRICE_SLACK = 0.15
"""How far the price may have moved beside the split."""


def by_group(legs: pl.DataFrame) -> pl.DataFrame:
    """Return one row a place: for each group its sum, its transaction ids and the explanation that names it. `legs`: placed."""
    trades = [kind.value for kind in TRADES]
    group = (
        pl.when(pl.col("is_unsettled") & pl.col("transaction_type").is_in(trades))
        .then(pl.lit("unsettled"))
        .when(~pl.col("is_new"))
        .then(pl.lit("earlier"))
        .when(pl.col("transaction_type") == TransactionType.REINVEST.value)
        .then(pl.lit("reinvested"))
        .when(pl.col("transaction_type").is_in(_FLOWS))
        .then(pl.lit("flows"))
        .otherwise(pl.lit("others"))
    )
    ranked = legs.with_columns(
        group.alias("group"), pl.col("explanation").replace_strict(RANK, return_dtype=pl.Int64).alias("rank")
    ).sort("rank", "transaction_id")
    mine = {name: pl.col("group") == name for name in GROUPS}
    return ranked.group_by(PLACE, maintain_order=True).agg(
        *(pl.col("amount").filter(mine[name]).sum().alias(name) for name in GROUPS),
        *(pl.col("transaction_id").filter(mine[name]).alias(f"{name}_ids") for name in GROUPS),
        *(pl.col("explanation").filter(mine[name]).first().alias(f"{name}_reason") for name in GROUPS),
    )


def explain_by_transactions(differences: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Add `explanation` and `transaction_ids` where some groups of transactions add up to the difference.

    The smallest set of groups that does so counts. Trades that have not settled explain by settlement; others by what they are.

    Args:
        differences: `place`, `difference`, `tolerance`.
        groups: As `by_group` returns them.
    """
    joined = differences.join(groups, on=PLACE, how="left", maintain_order="left")
    chosen = pl.coalesce(pl.when(_adds_up(subset)).then(pl.lit(place)) for place, subset in enumerate(_SUBSETS)).alias(
        "subset"
    )
    reasons, ids = [], []
    for place, subset in enumerate(_SUBSETS):
        is_it = pl.col("subset") == place
        first = next((name for name in subset if name != "unsettled"), None)
        reason = pl.lit(Explanation.SETTLEMENT.value) if first is None else pl.col(f"{first}_reason")
        reasons.append(pl.when(is_it).then(reason))
        ids.append(pl.when(is_it).then(pl.concat_list([f"{name}_ids" for name in subset])))
    return (
        joined.with_columns(chosen)
        .with_columns(pl.coalesce(reasons).alias("explanation"), pl.coalesce(ids).alias("transaction_ids"))
        .select(*differences.columns, "explanation", "transaction_ids")
    )


def _adds_up(subset: Sequence[str]) -> pl.Expr:
    total = pl.sum_horizontal(pl.col(name) for name in subset)
    has_all = pl.all_horizontal((pl.col(name) != 0).fill_null(False) for name in subset)
    return has_all & ((pl.col("difference") - total).cast(pl.Float64).abs() <= pl.col("tolerance"))


def split_ratio(after: pl.Expr, before: pl.Expr) -> pl.Expr:
    """Return the ratio of a split by which `after` units come from `before`, null where they do not.

    Fractions may have been paid out in cash: less than one unit may be missing.
    """
    matches = [
        pl.when(
            ((before * ratio - after) >= -1e-6) & ((before * ratio - after) < 1.0) & (after > 0) & (before > 0)
        ).then(pl.lit(ratio))
        for ratio in SPLIT_RATIOS
    ]
    # With few units a ratio fits by chance, so whole positions of less than ten units must fit exactly.
    exact = [
        pl.when(((before * ratio - after).abs() <= 1e-6) & (after > 0) & (before > 0)).then(pl.lit(ratio))
        for ratio in SPLIT_RATIOS
    ]
    return pl.coalesce(*exact, pl.when(before >= 10).then(pl.coalesce(matches)))


def moved_inversely(ratio: pl.Expr, price: pl.Expr, price_before: pl.Expr) -> pl.Expr:
    """Tell whether a price moved as a split of that ratio makes it, up to what a market moves in a session."""
    return ((price * ratio / price_before - 1).abs() <= SPLIT_PRICE_SLACK).fill_null(False)
