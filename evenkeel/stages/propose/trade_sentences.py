"""What is said of each trade: one plain sentence, rendered when read from the figures stored with it."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import NodeLevel, OrderSide, TradeReason
from evenkeel.stages.wording import capitalised, dollars, node_name, percent, units

REASON_WORDS: dict[str, str] = {
    TradeReason.NOT_IN_MODEL: "it is not in the model",
    TradeReason.RAISES_CASH: "it raises cash that is needed",
    TradeReason.CASH_TO_TARGET: "it brings cash nearer to its target",
    TradeReason.INVESTS_CASH: "it invests idle cash",
    TradeReason.PAYS_FOR_PURCHASES: "it pays for purchases in the account",
    TradeReason.HARVESTS_LOSS: "it is sold for its loss",
    TradeReason.REPLACES_SOLD: "it takes the place of {}",
    TradeReason.LOSS_FIRST: "lots at a loss go first",
    TradeReason.LONG_TERM_FIRST: "long-term lots go first",
    TradeReason.NO_TAX_HERE: "nothing is taxed in this account",
    TradeReason.SUBSTITUTE: "it stands in for {}",
    TradeReason.PAST_TARGET_FOR_CASH: "that is {} points below its target, for the cash that must stay, or that its own target asks for",
    TradeReason.PAST_TARGET_FOR_STEP: "that is {} points below its target, less than a whole unit or the smallest order",
    TradeReason.PAST_TARGET_FOR_KEPT: "that is {} points below its target, because what is kept elsewhere leaves less for it",
    TradeReason.PAST_TARGET_FOR_PURCHASES: "that is {} points below its target, to pay for purchases in the account",
}
"""Why, where the weights do not say it; braces: the security replaced, or how far below its target the node comes to be."""

_SHOWS = 0.0005
"""Shares below it print as 0.0 %."""


def trade_sentences(trades: pl.DataFrame) -> pl.DataFrame:
    """Return the key of `data_contracts.trades` and `sentence` for each trade, in the order given.

    "Sell 42 of USTM (about $4,210): US equity is 55.2 % of the portfolio, 7.8 points above its target; after all trades 47.9 %.
    Long-term gain about $310, tax about $62."

    Args:
        trades: `data_contracts.trades`.
    """
    is_sale = pl.col("side") == OrderSide.SELL.value
    reasons = trades["reasons_json"].str.json_decode(pl.List(pl.String)).alias("reasons")
    head = pl.format(
        "{} {} of {} (about {})",
        pl.when(is_sale).then(pl.lit("Sell")).otherwise(pl.lit("Buy")),
        units(pl.col("traded_qty")),
        "security_id",
        dollars(pl.col("value_usd")),
    )
    first = pl.col("reasons").list.first()
    lead = [_reason(code, first == code) for code in REASON_WORDS]
    others = [_reason(code, pl.col("reasons").list.contains(code) & (first != code)) for code in REASON_WORDS]
    why = pl.concat_str([*lead, _weights(), *others], separator="; ", ignore_nulls=True)
    return trades.with_columns(reasons).select(
        "business_date",
        "proposal_id",
        "trade_no",
        pl.concat_str(
            [head, pl.lit(": "), why, pl.lit("."), pl.when(is_sale).then(_gain()).otherwise(pl.lit(""))]
        ).alias("sentence"),
    )


def _reason(code: str, condition: pl.Expr) -> pl.Expr:
    words = REASON_WORDS[code]
    text = pl.lit(words)
    if code.startswith("past_target"):
        text = pl.format(words, percent(pl.col("target_frac") - pl.col("weight_after_frac")))
    elif "{}" in words:
        other = "what is sold" if code == TradeReason.REPLACES_SOLD else "what may not be bought"
        text = pl.format(words, pl.coalesce("replaces_security_id", pl.lit(other)))
    return pl.when(condition).then(text)


def _weights() -> pl.Expr:
    is_sleeve = pl.col("node_id").str.contains("/", literal=True)
    level = pl.when(is_sleeve).then(pl.lit(NodeLevel.SLEEVE.value)).otherwise(pl.lit(NodeLevel.CLASS.value))
    name = node_name(level, pl.col("node_id"), pl.col("asset_class"))
    is_plural = ~is_sleeve & name.str.ends_with("s")
    verb = pl.when(is_plural).then(pl.lit("are")).otherwise(pl.lit("is"))
    its = pl.when(is_plural).then(pl.lit("their")).otherwise(pl.lit("its"))
    drift = pl.col("weight_before_frac") - pl.col("target_frac")
    side = pl.when(drift > 0).then(pl.lit("above")).otherwise(pl.lit("below"))
    against = (
        pl.when((pl.col("target_frac") == 0) & (pl.col("weight_before_frac") > 0))
        .then(pl.lit(", which the model does not hold"))
        .when(drift.abs() < _SHOWS)
        .then(pl.format(", on {} target", its))
        .otherwise(pl.format(", {} points {} {} target", percent(drift.abs()), side, its))
    )
    return pl.format(
        "{} {} {} % of the portfolio{}; after all trades {} %",
        name,
        verb,
        percent(pl.col("weight_before_frac")),
        against,
        percent(pl.col("weight_after_frac")),
    )


def _gain() -> pl.Expr:
    gain, tax, disallowed = pl.col("gain_usd"), pl.col("tax_usd"), pl.col("disallowed_usd")
    is_untaxed = pl.col("tax_rate_frac").fill_null(0.0) == 0
    term = (
        pl.when(pl.col("is_long_term").is_null())
        .then(pl.lit(""))
        .when("is_long_term")
        .then(pl.lit("Long-term "))
        .otherwise(pl.lit("Short-term "))
    )
    soon = pl.when(~pl.col("is_long_term") & (gain > 0)).then(pl.format(" (long-term from {})", "long_term_date"))
    washed = pl.when(disallowed > 0).then(pl.format(", {} of it disallowed by a wash sale", dollars(disallowed)))
    taxed = (
        pl.when(tax > 0)
        .then(pl.format(", tax about {}", dollars(tax)))
        .when(tax < 0)
        .then(pl.format(", tax saved about {}", dollars(-tax)))
        .otherwise(pl.lit(", no tax"))
    )
    word = pl.when(gain > 0).then(pl.lit("gain")).otherwise(pl.lit("loss"))
    known = capitalised(
        pl.concat_str([term, word, pl.lit(" about "), dollars(gain.abs()), soon, washed, taxed], ignore_nulls=True)
    )
    said = (
        pl.when(is_untaxed & pl.col("reasons").list.contains(TradeReason.NO_TAX_HERE.value))
        .then(None)
        .when(is_untaxed)
        .then(pl.lit("No tax"))
        .when(gain.is_null())
        .then(pl.lit("Its cost is not known, so neither is its tax"))
        .when(gain == 0)
        .then(pl.lit("No gain, no tax"))
        .otherwise(known)
    )
    return pl.format(" {}.", said).fill_null("")
