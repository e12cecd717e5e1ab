"""Why a proposal has no trades, or sells more than is short, in words: rendered from codes and figures."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import ProposalReason
from evenkeel.stages.wording import counted, dollars, percent

FIGURES = (
    "max_drift_frac",
    "band_frac",
    "largest_off_usd",
    "smallest_order_usd",
    "obstacle_count",
    "dear_usd",
    "dear_tax_frac",
    "worth_frac",
    "cash_usd",
    "needed_usd",
    "short_usd",
    "sellable_usd",
    "cash_target_usd",
    "largest_loss_frac",
    "harvest_loss_frac",
    "deep_usd",
    "free_loss_usd",
    "open_loss_usd",
    "largest_sale_usd",
    "smallest_sale_usd",
    "sold_usd",
    "more_usd",
    "cushion_usd",
    "unit_usd",
)
"""Every figure of a reason; null in those that do not have it."""
_KIND = pl.List(pl.Struct({"code": pl.String(), "figures": pl.Struct({name: pl.Float64() for name in FIGURES})}))


def reason_sentences(rows: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Return one row a reason of `reasons_json`, in its order; none where it is null.

    "No lot is down by the 10.0 % of its cost that the policy asks for; the largest loss is 4.2 %."
    "$5,200 is sold where $1,000 is short: cash counts to its target of $6,000 too."

    Args:
        rows: Columns of the key, and `reasons_json` of `data_contracts.proposals`.
        key: What a proposal is known by.

    Returns:
        The key, `reason_no` (1, 2 ... a proposal), `code`, `sentence`.
    """
    reason = pl.col("reason").struct
    told = (
        rows.filter(pl.col("reasons_json").is_not_null())
        .select(*key, pl.col("reasons_json").str.json_decode(_KIND).alias("reason"))
        .filter(pl.col("reason").list.len() > 0)
        .explode("reason")
        .select(*key, reason.field("code"), reason.field("figures"))
        .unnest("figures")
    )
    # Sentences of codes that are not there are not written: there are many, and most days have few.
    there = set(told["code"])
    said = [
        pl.when(pl.col("code") == code.value).then(text)
        for code, text in (_sentences() if there else {}).items()
        if code.value in there
    ]
    return told.select(
        *key,
        pl.int_range(1, pl.len() + 1).over(key).alias("reason_no"),
        "code",
        pl.coalesce(*said, "code").alias("sentence"),
    )


def _usd(name: str) -> pl.Expr:
    return dollars(pl.col(name))


def _percent_below(name: str) -> pl.Expr:
    """Return a share as percentage text rounded down: what falls short of a bound must not print as the bound."""
    return percent((pl.col(name) * 1000 + 1e-6).floor() / 1000)


def _sentences() -> dict[ProposalReason, pl.Expr]:
    reason = ProposalReason
    drift = percent(pl.col("max_drift_frac"))
    must_stay = (
        pl.when(pl.col("needed_usd") < 0.5)
        .then(pl.lit("nothing must stay"))
        .otherwise(pl.format("{} must stay", _usd("needed_usd")))
    )
    no_loss = pl.format(
        "No lot is at a loss; the policy asks for {} % of its cost.", percent(pl.col("harvest_loss_frac"))
    )
    small_loss = pl.format(
        "No lot is down by the {} % of its cost that the policy asks for; the largest loss is {} %.",
        percent(pl.col("harvest_loss_frac")),
        _percent_below("largest_loss_frac"),
    )
    sold = (
        pl.when(pl.col("short_usd") < 0.5)
        .then(pl.format("No cash is short; {} is sold", _usd("sold_usd")))
        .otherwise(pl.format("{} is sold where {} is short", _usd("sold_usd"), _usd("short_usd")))
    )
    return {
        reason.ON_TARGET: pl.lit("Every class is on its target."),
        reason.INSIDE_BANDS: pl.format(
            "Every class is inside {}its band; the largest drift is {} points.",
            pl.when(pl.col("band_frac") < 1).then(pl.lit("the middle half of ")).otherwise(pl.lit("")),
            drift,
        ),
        reason.UNDER_SMALLEST_ORDER: pl.format(
            "What could be mended is off by {} at most, and the smallest order is {}.",
            _usd("largest_off_usd"),
            _usd("smallest_order_usd"),
        ),
        reason.KEPT_BY_RULES: pl.format(
            "What is out of line may not be traded: {} stood in the way.",
            counted(pl.col("obstacle_count").cast(pl.Int64), "obstacle", "obstacles"),
        ),
        reason.TAX_TOO_DEAR: pl.format(
            "Of what is above its target {} would cost {} % of its value in tax or more; moving a dollar is worth {} %.",
            _usd("dear_usd"),
            percent(pl.col("dear_tax_frac")),
            percent(pl.col("worth_frac")),
        ),
        reason.NO_BETTER_LIST: pl.format(
            "No list of trades is better than none: each would cost more than it mends of the largest drift, {} points.",
            drift,
        ),
        reason.NOTHING_ABOVE_TARGET: pl.lit("Nothing that could be sold is above its target."),
        reason.NO_CASH_SHORT: pl.format("No cash is short: {} is there, {}.", _usd("cash_usd"), must_stay),
        reason.CASH_NOT_RAISED: pl.when(pl.col("sellable_usd") < 1)
        .then(pl.format("Cash is short by {}, and nothing may be sold.", _usd("short_usd")))
        .otherwise(
            pl.format(
                "Cash is short by {}; of the {} that may be sold no order raises it.",
                _usd("short_usd"),
                _usd("sellable_usd"),
            )
        ),
        reason.NO_CASH_TO_INVEST: pl.format(
            "There is no cash to invest: {} is there, {}.", _usd("cash_usd"), must_stay
        ),
        reason.CASH_ON_TARGET: pl.format(
            "There is no cash to invest: {} is there, and cash is aimed at {}{}.",
            _usd("cash_usd"),
            _usd("cash_target_usd"),
            pl.when(pl.col("cash_usd") > pl.col("cash_target_usd") + 0.5)
            .then(pl.format("; the smallest order is {}", _usd("smallest_order_usd")))
            .otherwise(pl.lit("")),
        ),
        reason.NOTHING_TAXED: pl.lit("Nothing is taxed in these accounts, so a loss saves nothing."),
        reason.LOSS_TOO_SMALL: pl.when(pl.col("largest_loss_frac") > 0).then(small_loss).otherwise(no_loss),
        reason.LOSSES_KEPT: pl.format(
            "Losses of {} are deep enough and may not be taken: what stood in the way says why.", _usd("deep_usd")
        ),
        reason.LOSSES_GIVE_WAY: pl.format(
            "Losses of {} are not taken: the same tax unit, or one linked to it, buys more of it in a list of the day.",
            _usd("free_loss_usd"),
        ),
        reason.NO_SUBSTITUTE: pl.format(
            "Losses of {} could be taken, but nothing may be bought in place of what would be sold.",
            _usd("open_loss_usd"),
        ),
        reason.LOSS_UNDER_SMALLEST_ORDER: pl.format(
            "What is down far enough is worth {} at most, and the smallest order is {}.",
            _usd("largest_sale_usd"),
            _usd("smallest_sale_usd"),
        ),
        reason.LOSS_NOT_WORTH_IT: pl.format(
            "Losses of {} could be taken, but selling and replacing them costs more than they save.",
            _usd("open_loss_usd"),
        ),
        reason.MORE_FOR_CUSHION: pl.format("{}: a dollar stays above the least cash of each account.", sold),
        reason.MORE_FOR_WHOLE_UNITS: pl.format("{}: a unit of what is sold is worth up to {}.", sold, _usd("unit_usd")),
        reason.MORE_FOR_SMALLEST_ORDER: pl.format("{}: the smallest order is {}.", sold, _usd("smallest_order_usd")),
        reason.MORE_FOR_CASH_TARGET: pl.format(
            "{}: cash counts to its target too, and is aimed at {}.", sold, _usd("cash_target_usd")
        ),
        reason.MORE_FOR_DRIFT: pl.format("{}: the rest mends drift.", sold),
    }
