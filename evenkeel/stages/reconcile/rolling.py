"""The roll-forward: what an account held the session before, and its transactions, give what it holds tonight.

A figure is held against the ledger, which contains only what was believed, so that a wrong figure does not become right by standing
still. What cannot be explained stops its account. How the ledger moves on stands in `ledger`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import BreakKind, BreakStatus, Comparison, Explanation
from evenkeel import calendar
from evenkeel.book.feeds import FeedSpec
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.reconcile.explaining import moved_inversely, split_ratio
from evenkeel.stages.reconcile.figures import accounts_of, of_accounts
from evenkeel.stages.reconcile.legs import summed
from evenkeel.stages.reconcile.places import PLACE, account_number
from evenkeel.stages.reconcile.wording import plain_fact

LEDGER = "ledger"
SAME_CAUSE_SLACK = 0.02
"""How far the price of a trade may be from the closing price when cash and units are seen to have one cause."""


@dataclass(frozen=True)
class Rolled:
    """What the roll-forward found.

    `state`: one row a place that is in the ledger or was found: the ledger's columns, `expected` (with tonight's transactions), `found`
    (null where the account was not judged or holds none), `price`, and `is_taken`: the ledger takes what was found.
    `differences`: the rows that become breaks, with their place. `split`: places whose units have the shape of a split.
    """

    state: pl.DataFrame
    differences: pl.DataFrame
    split: pl.DataFrame


def rolling_custodians(book: Book) -> list[str]:
    """Return the custodians held against the session before: those whose feeds say so, else those that expect transactions."""
    by_custodian: dict[str, list[FeedSpec]] = {}
    for feed in book.feeds:
        by_custodian.setdefault(feed.delivers_for, []).append(feed)
    return [custodian for custodian, feeds in by_custodian.items() if _rolls(feeds)]


def _rolls(feeds: list[FeedSpec]) -> bool:
    said = [feed.roll_forward for feed in feeds if feed.roll_forward is not None]
    return any(said) if said else any("transactions" in feed.expects for feed in feeds)


def is_next(ledger: pl.DataFrame | None, business_date: dt.date) -> bool:
    """Tell whether the ledger is that of the session right before; with sessions left out, their transactions may be missing."""
    if ledger is None or not ledger.height:
        return False
    return bool(ledger.item(0, "business_date") == calendar.previous_session(business_date))


def roll_forward(
    ledger: pl.DataFrame,
    legs: pl.DataFrame,
    found: pl.DataFrame,
    judged: pl.DataFrame,
    fills: pl.DataFrame,
    unit_factor: pl.Expr,
    is_cash: pl.Expr,
    policy: Policy,
) -> Rolled:
    """Hold what was found against the ledger and the transactions. Every frame is placed.

    Args:
        ledger: Of the session before: `ledger_qty`, `price_ccy`, `currency`, `price_date`, `agreed_date`.
        legs: As `legs_of` returns them.
        found: `qty`, `price`, `price_currency`, `pending` (of cash): what the custodians sent.
        judged: `number` of the accounts to judge: delivered tonight, in the ledger, at a custodian that rolls.
        fills: Our own orders filled since the session before and not booked yet: `qty` (bought > 0).
        unit_factor: Value of a unit of a place's security at price 1.
        is_cash: Whether a place's instrument is cash.
        policy: Tolerances.
    """
    # An account that is opened tonight has its transactions in what was found; one that the ledger does not know has none to roll.
    known = of_accounts(legs, accounts_of(ledger))
    moved = summed(known.filter("is_new")).rename({"amount": "moved"})
    both = ledger.join(found.rename({"qty": "found"}), on=PLACE, how="full", coalesce=True)
    elsewhere = moved.join(both, on=PLACE, how="anti").select(PLACE)
    if elsewhere.height:
        # Bought and sold since, or moved in an account that has not come.
        both = pl.concat([both, elsewhere], how="diagonal")
    state = (
        both.join(moved, on=PLACE, how="left")
        .with_columns(account_number().alias("number"))
        .join(judged.select("number", pl.lit(True).alias("is_judged")), on="number", how="left")
        .with_columns(
            pl.col("is_judged").fill_null(False),
            (pl.col("ledger_qty").fill_null(0) + pl.col("moved").fill_null(0)).cast(FACT_DTYPE).alias("expected"),
        )
        .with_columns(pl.when("is_judged").then(pl.col("found").fill_null(0)).otherwise("found").alias("found"))
        .drop("number")
    )
    differs = pl.col("is_judged") & (pl.col("found") != pl.col("expected"))
    off = (
        _toleranced(state.filter(differs.fill_null(False)), is_cash, policy)
        .with_columns((pl.col("found") - pl.col("expected")).cast(FACT_DTYPE).alias("remainder"))
        .filter(pl.col("remainder").cast(pl.Float64).abs() > pl.col("tolerance"))
        .sort(PLACE)
    )
    explained = _explain(off, legs, fills, unit_factor)
    takes = explained.select(PLACE, (pl.col("why") == Explanation.SPLIT.value).fill_null(False).alias("takes_found"))
    state = state.join(takes, on=PLACE, how="left").with_columns(
        (pl.col("is_judged") & pl.col("takes_found").fill_null(True)).alias("is_taken")
    )
    quiet = state.filter("is_judged", (pl.col("moved") != 0).fill_null(False), pl.col("takes_found").is_null())
    told = [_told_by_transactions(_toleranced(quiet, is_cash, policy)), _told_otherwise(explained)]
    return Rolled(state, pl.concat(told), explained.filter(pl.col("why") == Explanation.SPLIT.value).select(PLACE))


def _toleranced(rows: pl.DataFrame, is_cash: pl.Expr, policy: Policy) -> pl.DataFrame:
    rule = policy.reconciliation
    return rows.with_columns(is_cash.alias("is_cash")).with_columns(
        pl.when("is_cash").then(rule.cash_abs).otherwise(rule.quantity_abs).alias("tolerance")
    )


def _explain(off: pl.DataFrame, legs: pl.DataFrame, fills: pl.DataFrame, unit_factor: pl.Expr) -> pl.DataFrame:
    """Add `why` (an explanation) and `why_ids` where the remainder has a known reason."""
    unsettled = summed(legs.filter("is_unsettled")).select(
        PLACE, pl.col("amount").alias("unsettled"), pl.col("transaction_ids").alias("unsettled_ids")
    )
    rows = (
        off.join(unsettled, on=PLACE, how="left")
        .join(fills.select(PLACE, pl.col("qty").alias("filled")), on=PLACE, how="left")
        .with_columns(unit_factor.alias("unit_factor"))
    )
    off_by = pl.col("remainder").cast(pl.Float64)

    def is_by(amount: pl.Expr) -> pl.Expr:
        return ((amount != 0) & ((off_by - amount.cast(pl.Float64)).abs() <= pl.col("tolerance"))).fill_null(False)

    ratio = split_ratio(pl.col("found").cast(pl.Float64), pl.col("expected").cast(pl.Float64))
    is_split = moved_inversely(ratio, pl.col("price").cast(pl.Float64), pl.col("price_ccy").cast(pl.Float64))
    why = (
        pl.when(is_by(-pl.col("unsettled")))
        .then(pl.lit(Explanation.SETTLEMENT.value))
        .when(is_by(pl.col("filled")))
        .then(pl.lit(Explanation.OWN_ORDER.value))
        # Units that a split's transaction has moved already are not split once more by their shape.
        .when(~pl.col("is_cash") & is_split & pl.col("explanation").ne_missing(Explanation.SPLIT.value))
        .then(pl.lit(Explanation.SPLIT.value))
        .when(is_by(pl.col("pending")))
        .then(pl.lit(Explanation.PENDING.value))
    )
    rows = _with_same_cause(rows.with_columns(why.alias("why")))
    by_settlement = (pl.col("why") == Explanation.SETTLEMENT.value).fill_null(False)
    return rows.with_columns(pl.when(by_settlement).then("unsettled_ids").otherwise("transaction_ids").alias("why_ids"))


def _with_same_cause(rows: pl.DataFrame) -> pl.DataFrame:
    """Name cash that is off by what the account's units are off by: one cause, told once, at the units."""
    worth = pl.col("remainder").cast(pl.Float64) * pl.col("price").cast(pl.Float64) * pl.col("unit_factor")
    numbered = rows.with_columns(account_number().alias("number"))
    of_units = (
        numbered.filter(~pl.col("is_cash"))
        .group_by("number")
        .agg(
            worth.filter(pl.col("why").is_null()).sum().alias("open_worth"),
            worth.filter(pl.col("why") == Explanation.OWN_ORDER.value).sum().alias("order_worth"),
        )
    )
    off_by = pl.col("remainder").cast(pl.Float64)

    def pays(name: str) -> pl.Expr:
        slack = pl.col(name).abs() * SAME_CAUSE_SLACK + pl.col("tolerance")
        return (pl.col("is_cash") & (pl.col(name) != 0) & ((off_by + pl.col(name)).abs() <= slack)).fill_null(False)

    why = (
        pl.when(pl.col("why").is_not_null())
        .then("why")
        .when(pays("order_worth"))
        .then(pl.lit(Explanation.OWN_ORDER.value))
        .when(pays("open_worth"))
        .then(pl.lit(Explanation.SAME_CAUSE.value))
    )
    joined = numbered.join(of_units, on="number", how="left", maintain_order="left")
    return joined.with_columns(why.alias("why")).drop("open_worth", "order_worth", "number")


def _told_by_transactions(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what moved since the session before and its transactions explain."""
    before = pl.col("ledger_qty").fill_null(0)
    return rows.sort(PLACE).select(
        *_figures(before),
        pl.lit(BreakStatus.EXPLAINED.value).alias("status"),
        "explanation",
        "transaction_ids",
        pl.format("{} then, {} now: its transactions say so", plain_fact(before), plain_fact(pl.col("found"))).alias(
            "reason"
        ),
    )


def _told_otherwise(rows: pl.DataFrame) -> pl.DataFrame:
    """Return what its transactions do not explain: something else does, or it is open."""
    before, moved = pl.col("ledger_qty").fill_null(0), pl.col("moved").fill_null(0)
    is_open = pl.col("why").is_null()
    said = (plain_fact(before), plain_fact(moved), plain_fact(pl.col("found")))
    return rows.select(
        *_figures(before),
        pl.when(is_open)
        .then(pl.lit(BreakStatus.OPEN.value))
        .otherwise(pl.lit(BreakStatus.EXPLAINED.value))
        .alias("status"),
        pl.col("why").alias("explanation"),
        pl.col("why_ids").alias("transaction_ids"),
        pl.when(is_open)
        .then(
            pl.format(
                "{} on the session before, transactions of {}, and {} now: {} cannot be explained; ask for the missing transaction "
                "or a corrected file",
                *said,
                plain_fact(pl.col("remainder")),
            )
        )
        .otherwise(pl.format("{} then, transactions of {}, {} now: {}", *said, pl.col("why").replace(_WORDS)))
        .alias("reason"),
    )


def _figures(before: pl.Expr) -> list[pl.Expr]:
    return [
        pl.col(PLACE),
        pl.lit(Comparison.ROLL_FORWARD.value).alias("comparison"),
        pl.when("is_cash").then(pl.lit(BreakKind.CASH.value)).otherwise(pl.lit(BreakKind.QUANTITY.value)).alias("kind"),
        pl.lit(LEDGER).alias("left_source"),
        pl.col("ledger_qty").alias("left"),
        pl.col("found").alias("right"),
        (pl.col("found") - before).cast(FACT_DTYPE).alias("difference"),
        pl.col("tolerance"),
    ]


_WORDS: Mapping[str, str] = {
    Explanation.SETTLEMENT.value: "the custodian books trades when they settle",
    Explanation.OWN_ORDER.value: "an order of ours was filled, its transaction has not come yet",
    Explanation.SPLIT.value: "the units moved by a split's ratio and the price the other way",
    Explanation.PENDING.value: "the custodian shows it as on its way, its transaction has not come yet",
    Explanation.SAME_CAUSE.value: "it is the money of the units that are off",
}
