"""What kept a trade out of a list, in words: rendered when read."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import Obstacle, OrderSide
from evenkeel.stages.wording import percent, units

OBSTACLE_WORDS: dict[str, str] = {
    Obstacle.NO_SELL: "restricted",
    Obstacle.NO_BUY: "restricted",
    Obstacle.HOLD_UNTIL: "to be held",
    Obstacle.LEGACY_KEEP: "legacy position",
    Obstacle.UNSUPERVISED: "not supervised",
    Obstacle.EXCLUDE: "excluded",
    Obstacle.NOT_TRADED: "not traded by its custodian",
    Obstacle.MAX_WEIGHT: "at its largest weight",
    Obstacle.MIN_WEIGHT: "a least weight of it stays",
    Obstacle.ILLIQUID: "privately priced",
    Obstacle.ORDER_IN_FLIGHT: "an order for it is in flight",
    Obstacle.BASIS_MISSING: "its cost is not known",
    Obstacle.LOTS_DIFFER: "its lots do not add up to what is held",
    Obstacle.WASH_SALE_IF_BOUGHT: "buying it would wash a loss",
    Obstacle.WASH_SALE_IF_SOLD: "its loss would be washed",
    Obstacle.SOLD_AT_LOSS_TODAY: "the same tax unit, or one linked to it, sells it at a loss in a list of the day",
    Obstacle.SHORT_POSITION: "it is held short",
    Obstacle.REDEMPTION_PERIOD: "the fund's redemption period",
    Obstacle.WHOLE_STEPS: "of a lot whole steps go, or the position as a whole",
    Obstacle.GAIN_BUDGET: "the gains that the year's budget leaves this account are taken, and losses beside them make no room",
    Obstacle.TURNOVER_BUDGET: "the account's turnover budget is used up",
}
"""Why a security may not be traded."""

_TEXTS = ("account_id", "security_id", "side", "rule", "until_date", "restriction_id", "custodian")
_FIGURES = ("weight_frac", "kept_qty", "fee_frac")
_KIND = pl.List(pl.Struct(dict.fromkeys(_TEXTS, pl.String()) | dict.fromkeys(_FIGURES, pl.Float64())))
"""From the custodian on null where they do not matter, and in proposals of days when they were not told."""


def obstacle_sentences(proposals: pl.DataFrame) -> pl.DataFrame:
    """Return one row an obstacle of `obstacles_json`, in its order.

    "PLMR may not be sold: legacy position (restriction R-17)." "PLMR may not be bought: not traded by its custodian schwab."
    "120 units of FUND are kept: redeemed before 2026-04-01 they would cost the fund's redemption fee of 1.5 %."
    "0.93 units of PLMR are kept: of a lot whole steps go, or the position as a whole."

    Args:
        proposals: `business_date`, `proposal_id`, `obstacles_json` of `data_contracts.proposals`.

    Returns:
        `business_date`, `proposal_id`, `obstacle_no` (1, 2 ... a proposal), `account_id`, `security_id`, `sentence`.
    """
    key = ["business_date", "proposal_id"]
    obstacle = pl.col("obstacle").struct
    rows = (
        proposals.select(*key, pl.col("obstacles_json").str.json_decode(_KIND).alias("obstacle"))
        .filter(pl.col("obstacle").list.len() > 0)
        .explode("obstacle")
        .select(*key, *(obstacle.field(name) for name in (*_TEXTS, *_FIGURES)))
    )
    verb = pl.when(pl.col("side") == OrderSide.SELL.value).then(pl.lit("sold")).otherwise(pl.lit("bought"))
    why = pl.col("rule").replace_strict(OBSTACLE_WORDS, default=pl.col("rule"), return_dtype=pl.String)
    custodian = pl.when(pl.col("custodian").is_not_null()).then(pl.format(" {}", "custodian"))
    weight = pl.when(pl.col("weight_frac").is_not_null()).then(pl.format(" ({} %)", percent(pl.col("weight_frac"))))
    comma = pl.when(pl.col("rule") == Obstacle.HOLD_UNTIL.value).then(pl.lit("")).otherwise(pl.lit(","))
    until = pl.when(pl.col("until_date").is_not_null()).then(pl.format("{} until {}", comma, "until_date"))
    by = pl.when(pl.col("restriction_id").is_not_null()).then(pl.format(" (restriction {})", "restriction_id"))
    is_budget = pl.col("rule").is_in([Obstacle.GAIN_BUDGET.value, Obstacle.TURNOVER_BUDGET.value])
    subject = (
        pl.when(is_budget)
        .then(pl.format("Less of {} is {} than of use", "security_id", verb))
        .otherwise(pl.format("{} may not be {}", "security_id", verb))
    )
    plain = pl.concat_str([subject, pl.lit(": "), why, custodian, weight, until, by, pl.lit(".")], ignore_nulls=True)
    return rows.select(
        *key,
        pl.int_range(1, pl.len() + 1).over(key).alias("obstacle_no"),
        "account_id",
        "security_id",
        pl.coalesce(_redemption(), _crumb(), plain).alias("sentence"),
    )


def _redemption() -> pl.Expr:
    """Return what is said of units within a redemption period; null of any other obstacle."""
    when = (
        pl.when(pl.col("until_date").is_not_null())
        .then(pl.format("redeemed before {}", "until_date"))
        .otherwise(pl.lit("redeemed within the fund's period (when they were bought is not known)"))
    )
    said = pl.format(
        "{} units of {} are kept: {} they would cost the fund's redemption fee of {} %.",
        units(pl.col("kept_qty")),
        "security_id",
        when,
        percent(pl.col("fee_frac"), 2),
    )
    return pl.when(pl.col("kept_qty").is_not_null() & pl.col("fee_frac").is_not_null()).then(said)


def _crumb() -> pl.Expr:
    """Return what is said of units that are less than a step; null of any other obstacle."""
    said = pl.format(
        "{} units of {} are kept: {}.",
        units(pl.col("kept_qty")),
        "security_id",
        pl.lit(OBSTACLE_WORDS[Obstacle.WHOLE_STEPS]),
    )
    return pl.when((pl.col("rule") == Obstacle.WHOLE_STEPS.value) & pl.col("kept_qty").is_not_null()).then(said)
