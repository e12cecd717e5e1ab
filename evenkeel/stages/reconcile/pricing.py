"""The price of a security from every source that has one: who agrees, who stands alone, and which could be the right one.

A custodian's price is believed when another source (a custodian, the market's feed, the portfolio system) says the same, or when it is
the only one and has not jumped. What is not believed is in doubt, with every price that it could be instead; whether that matters to
anybody is worked out in `doubting`. Privately priced holdings are not judged here: their dates differ, and that is no fault.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.fields import FACT_DTYPE
from data_contracts.vocab import (
    AssetType,
    BreakKind,
    BreakStatus,
    Check,
    Comparison,
    Explanation,
)
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.reconcile.quotes import EXCHANGE_TYPES

EVALUATED_TYPES = (AssetType.BOND.value, AssetType.ANNUITY.value, AssetType.OTHER.value)
SPLIT_SLACK = 0.05
"""How far from a split's ratio a price may have moved and still look like that split."""

HALF_A_CENT = 0.00501
"""Two prices that print the same cents are the same, however many decimals one source keeps."""

BY = ["custodian", "security_id", "currency"]


@dataclass(frozen=True)
class Priced:
    """What the prices say.

    `doubtful`: `custodian`, `security_id`, `currency`, `price`, `check`, `sources` (list of struct `source`, `price`: what it could be
    instead). `differences`: rows that become breaks, with account (where it is one row) and security instead of a place.
    """

    doubtful: pl.DataFrame
    differences: pl.DataFrame


def price_rules(book: Book, policy: Policy) -> pl.DataFrame:
    """Return `security_id`, `is_illiquid`, `is_listed`, `price_rel`: how close two prices of a security are when they are the same."""
    rule = policy.reconciliation
    return book.securities.select(
        "security_id",
        "is_illiquid",
        pl.col("asset_type").is_in(EXCHANGE_TYPES).alias("is_listed"),
        pl.col("asset_type").is_in(EVALUATED_TYPES).alias("is_evaluated"),
        pl.when(pl.col("asset_type").is_in(EVALUATED_TYPES))
        .then(rule.evaluated_price_rel_frac)
        .otherwise(rule.price_rel_frac)
        .alias("price_rel"),
    )


def judge_prices(
    quotes: pl.DataFrame, others: pl.DataFrame, last: pl.DataFrame, rules: pl.DataFrame, policy: Policy
) -> Priced:
    """Say which custodians' prices are believed.

    Args:
        quotes: The custodians' distinct prices: `custodian`, `security_id`, `currency`, `price` (Float64, > 0), `holders` (rows that have
            it), `first_account`.
        others: Other sources' prices: `source`, `security_id`, `currency`, `price`; fresh ones only, one each source.
        last: `security_id`, `currency`, `last`: the last price that was believed.
        rules: As `price_rules` returns them.
        policy: How far a price may jump.
    """
    liquid = quotes.join(rules, on="security_id", how="inner").filter(~pl.col("is_illiquid"))
    modes = (
        liquid.sort("holders", "price", descending=[True, False])
        .group_by(BY, maintain_order=True)
        .agg(pl.col("price").first().alias("mode"))
    )
    judged = (
        _with_witnesses(liquid.join(modes, on=BY, how="left"), modes, others)
        .join(last, on=["security_id", "currency"], how="left")
        .with_columns(*_verdict(policy))
    )
    doubtful = judged.filter(pl.col("check").is_not_null()).select(*BY, "price", "check", "sources")
    return Priced(doubtful, _differences(judged))


def _with_witnesses(distinct: pl.DataFrame, modes: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
    """Add `agreeing` (other sources that say the same) and `sources` (what others say) to each price of each custodian."""
    said = pl.concat(
        [
            modes.select(pl.col("custodian").alias("source"), "security_id", "currency", pl.col("mode").alias("said")),
            others.select("source", "security_id", "currency", pl.col("price").alias("said")),
        ]
    )
    pairs = distinct.join(said, on=["security_id", "currency"], how="left").filter(
        # Its own usual price is a witness only against a row that differs from it.
        (pl.col("source") != pl.col("custodian")) | (pl.col("said") != pl.col("price"))
    )
    quoted, own = pl.col("said"), pl.col("price")
    scaled = (
        pl.when((quoted * 100 / own - 1).abs() <= 0.01)
        .then(quoted * 100)
        .when((quoted / 100 / own - 1).abs() <= 0.01)
        .then(quoted / 100)
    )
    pairs = pairs.with_columns(
        # Bonds are quoted per hundred by some sources and per one by others.
        pl.when("is_evaluated").then(pl.coalesce(scaled.otherwise(None), quoted)).otherwise("said").alias("as_quoted")
    ).with_columns(
        (
            (pl.col("as_quoted") - pl.col("price")).abs()
            <= pl.max_horizontal(pl.col("price") * pl.col("price_rel"), pl.lit(HALF_A_CENT))
        ).alias("agrees"),
        (pl.col("source") == pl.col("custodian")).alias("is_own"),
    )
    witnesses = (
        pairs.sort("source")
        .group_by(*BY, "price", maintain_order=True)
        .agg(
            (pl.col("agrees") & ~pl.col("is_own")).sum().alias("agreeing"),
            (~pl.col("agrees")).sum().alias("differing"),
            pl.col("source").filter(pl.col("agrees") & (pl.col("as_quoted") != pl.col("said"))).alias("scaled_by"),
            pl.struct("source", pl.col("as_quoted").alias("price")).filter(~pl.col("agrees")).alias("sources"),
        )
    )
    return distinct.join(witnesses, on=[*BY, "price"], how="left").with_columns(
        pl.col("agreeing").fill_null(0), pl.col("differing").fill_null(0)
    )


def _verdict(policy: Policy) -> list[pl.Expr]:
    """Return `check` (null: believed) and `sources`, the last believed price among them where the price has jumped."""
    jump = (pl.col("price") / pl.col("last") - 1).abs()
    has_jumped = (pl.col("is_listed") & (jump > policy.reconciliation.price_jump_frac)).fill_null(False)
    ratio = pl.col("last") / pl.col("price")
    nearest = pl.coalesce(
        pl.when((ratio / known - 1).abs() <= SPLIT_SLACK).then(pl.lit(known)) for known in _common_first()
    )
    is_split = has_jumped & nearest.is_not_null()
    is_off_mode = (pl.col("price") - pl.col("mode")).abs() > pl.max_horizontal(
        pl.col("price") * pl.col("price_rel"), pl.lit(HALF_A_CENT)
    )
    # One that stands out, by its custodian's other rows or by its move, needs as many for it as there are against it: two mistakes
    # can agree.
    stands_out = (is_off_mode | has_jumped) & (pl.col("differing") > pl.col("agreeing"))
    check = (
        pl.when(is_split & ~is_off_mode & ((pl.col("agreeing") > 0) | (pl.col("differing") == 0)))
        .then(pl.lit(Check.SPLIT_DOUBT.value))
        .when(((pl.col("agreeing") == 0) & ((pl.col("differing") > 0) | has_jumped)) | stands_out)
        .then(pl.lit(Check.PRICE_DOUBT.value))
    )
    as_last = pl.struct(pl.lit("the session before").alias("source"), pl.col("last").alias("price"))
    as_split = pl.struct(
        pl.lit("units not adjusted for a split").alias("source"), (pl.col("price") * nearest).alias("price")
    )
    others = pl.col("sources")
    empty = others.list.head(0)
    sources = (
        pl.when(is_split & ((pl.col("agreeing") > 0) | (pl.col("differing") == 0)))
        .then(pl.concat_list(as_split))
        .when(has_jumped & (pl.col("differing") == 0))
        .then(pl.concat_list(as_last))
        .when(has_jumped)
        .then(pl.concat_list(others, as_last))
        .otherwise(pl.coalesce(others, empty))
    )
    return [check.alias("check"), sources.alias("sources")]


def _common_first() -> list[float]:
    """Return the ratios of splits that a price alone can be taken for; odd ones would be found in any large move."""
    whole = (2.0, 3.0, 4.0, 5.0, 10.0, 20.0)
    return [*whole, 1.5, *(1 / ratio for ratio in whole)]


def _differences(judged: pl.DataFrame) -> pl.DataFrame:
    """Return one difference for each custodian's price that other sources contradict, however many accounts hold it."""
    told = (
        judged.filter(pl.col("differing") > 0)
        .with_columns(pl.col("sources").list.first().alias("first"))
        .sort(*BY, "price")
    )
    is_confirmed = pl.col("agreeing") > 0
    names = pl.col("sources").list.eval(pl.element().struct.field("source")).list.join(", ")
    is_row = pl.col("price") != pl.col("mode")
    differing = told.select(
        pl.lit(Comparison.PRICES.value).alias("comparison"),
        pl.lit(BreakKind.PRICE.value).alias("kind"),
        "custodian",
        pl.when(is_row & (pl.col("holders") == 1)).then("first_account").alias("account_id"),
        "security_id",
        pl.col("first").struct.field("source").alias("left_source"),
        pl.col("first").struct.field("price").cast(FACT_DTYPE, strict=False).alias("left"),
        pl.col("price").cast(FACT_DTYPE, strict=False).alias("right"),
        (pl.col("price") - pl.col("first").struct.field("price")).cast(FACT_DTYPE, strict=False).alias("difference"),
        (pl.col("price") * pl.col("price_rel")).alias("tolerance"),
        pl.when(is_confirmed)
        .then(pl.lit(BreakStatus.EXPLAINED.value))
        .otherwise(pl.lit(BreakStatus.OPEN.value))
        .alias("status"),
        pl.when(is_confirmed).then(pl.lit(Explanation.CONFIRMED_ELSEWHERE.value)).alias("explanation"),
        pl.lit(None, dtype=pl.List(pl.String)).alias("transaction_ids"),
        pl.when(is_confirmed)
        .then(pl.format("price {}: another source agrees; {} differ", "price", names))
        .otherwise(
            pl.format(
                "price {} for {} holders: no other source agrees ({} differ); ask which is right",
                "price",
                "holders",
                names,
            )
        )
        .alias("reason"),
    ).filter(pl.col("left").is_not_null())
    return pl.concat([differing, _per_hundred(judged).select(differing.columns)])


def _per_hundred(judged: pl.DataFrame) -> pl.DataFrame:
    """Return, as explained, the prices that a source states per one and the custodian per hundred, or the other way round."""
    nothing = pl.lit(None, dtype=FACT_DTYPE)
    return (
        judged.filter(pl.col("scaled_by").list.len() > 0)
        .sort(*BY, "price")
        .select(
            pl.lit(Comparison.PRICES.value).alias("comparison"),
            pl.lit(BreakKind.PRICE.value).alias("kind"),
            "custodian",
            pl.lit(None, dtype=pl.String).alias("account_id"),
            "security_id",
            pl.col("scaled_by").list.first().alias("left_source"),
            nothing.alias("left"),
            pl.col("price").cast(FACT_DTYPE, strict=False).alias("right"),
            nothing.alias("difference"),
            (pl.col("price") * pl.col("price_rel")).alias("tolerance"),
            pl.lit(BreakStatus.EXPLAINED.value).alias("status"),
            pl.lit(Explanation.PER_HUNDRED.value).alias("explanation"),
            pl.lit(None, dtype=pl.List(pl.String)).alias("transaction_ids"),
            pl.format(
                "price {}: one of the two is quoted per hundred, the other per one, and they agree", "price"
            ).alias("reason"),
        )
    )
