"""What is said of a list of trades as a whole: one plain sentence, rendered when read from the figures stored with it."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import Advice, OrderSide, ProposalStatus
from evenkeel.stages.propose.reason_sentences import reason_sentences
from evenkeel.stages.wording import capitalised, dollars, percent

_SHOWS = 0.0005
"""Shares below it print as 0.0 %."""
_NUMBERS = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
_STATUS_WORDS: dict[str, str] = {
    ProposalStatus.DRAFTED: "No trades.",
    ProposalStatus.NOTHING_TO_TRADE: "Nothing to trade.",
    ProposalStatus.NOT_SOLVED: "Not solved.",
    ProposalStatus.NO_TRADES_BY_RULE: "No trades, by rule.",
    ProposalStatus.HELD_BACK: "Held back until a person has looked.",
}


def proposal_sentences(proposals: pl.DataFrame, trades: pl.DataFrame) -> pl.DataFrame:
    """Return the key of `data_contracts.proposals` and `sentence` for each proposal, in the order given.

    "Three sales for about $31,200 and two purchases for about $30,900 bring the largest drift from 7.8 to 0.4 points; tax about $412
    (1.3 % of what is sold); within 0.02 basis points of the best possible list." One that sells more than is short of cash says why. A
    proposal without trades says why it has none.

    Args:
        proposals: `data_contracts.proposals`.
        trades: Their trades, `data_contracts.trades`: lots of one security in one account count as one sale.
    """
    key = ["business_date", "proposal_id"]
    counts = (
        trades.select(*key, "account_id", "security_id", "side")
        .unique()
        .group_by(key)
        .agg(
            (pl.col("side") == side.value).sum().cast(pl.Int64).alias(name)
            for side, name in ((OrderSide.SELL, "sales"), (OrderSide.BUY, "purchases"))
        )
    )
    more = reason_sentences(proposals, key).group_by(key).agg(pl.format(" {}", "sentence").str.join("").alias("more"))
    rows = (
        proposals.join(counts, on=key, how="left", maintain_order="left")
        .join(more, on=key, how="left", maintain_order="left")
        .with_columns(pl.col("sales", "purchases").fill_null(0), pl.col("more").fill_null(""))
    )
    orders = pl.col("sales") + pl.col("purchases")
    is_one = orders == 1
    done = pl.concat_str(
        [
            pl.when(pl.col("sales") > 0).then(_group("sales", "sale", "sold_usd")),
            pl.when(pl.col("purchases") > 0).then(_group("purchases", "purchase", "bought_usd")),
        ],
        separator=" and ",
        ignore_nulls=True,
    )
    parts = [_drift(done, is_one), _short(), _outside(), _tax(), _gap()]
    what = pl.concat_str(parts, separator="; ", ignore_nulls=True)
    without = pl.coalesce("status_reason", pl.col("status").replace_strict(_STATUS_WORDS, return_dtype=pl.String))
    return rows.select(
        *key,
        pl.when(orders > 0)
        .then(pl.concat_str([capitalised(what), pl.lit("."), pl.col("more"), _held_back(), _wait()]))
        .otherwise(without)
        .alias("sentence"),
    )


def _group(count: str, word: str, usd: str) -> pl.Expr:
    number = (
        pl.when(pl.col(count) <= len(_NUMBERS))
        .then(pl.col(count).replace_strict(dict(enumerate(_NUMBERS, 1)), default=None, return_dtype=pl.String))
        .otherwise(pl.col(count).cast(pl.String))
    )
    plural = pl.when(pl.col(count) == 1).then(pl.lit(word)).otherwise(pl.lit(word + "s"))
    return pl.format("{} {} for about {}", number, plural, dollars(pl.col(usd)))


def _drift(done: pl.Expr, is_one: pl.Expr) -> pl.Expr:
    before, after = percent(pl.col("max_drift_before_frac")), percent(pl.col("max_drift_after_frac"))
    s = pl.when(is_one).then(pl.lit("s")).otherwise(pl.lit(""))
    verb = (
        pl.when(pl.col("max_drift_after_frac") < pl.col("max_drift_before_frac"))
        .then(pl.lit("bring"))
        .otherwise(pl.lit("take"))
    )
    return (
        pl.when(before.is_null() | after.is_null())
        .then(done)
        .when(before == after)
        .then(pl.format("{} leave{} the largest drift at {} points", done, s, after))
        .otherwise(pl.format("{} {}{} the largest drift from {} to {} points", done, verb, s, before, after))
    )


def _short() -> pl.Expr:
    short = pl.col("cash_short_usd")
    return pl.when(short >= 0.5).then(pl.format("cash stays short by about {}", dollars(short)))


def _outside() -> pl.Expr:
    excess = pl.col("band_excess_after_frac")
    return pl.when(excess >= _SHOWS).then(pl.format("{} % of the portfolio stays outside its bands", percent(excess)))


def _tax() -> pl.Expr:
    tax = pl.col("net_tax_usd")
    share = pl.when(pl.col("net_tax_frac").is_not_null()).then(
        pl.format(" ({} % of what is sold)", percent(pl.col("net_tax_frac")))
    )
    said = (
        pl.when(pl.col("sales") == 0)
        .then(None)
        .when(tax.is_null())
        .then(pl.lit("its tax is not known"))
        .when(tax > 0)
        .then(pl.concat_str([pl.lit("tax about "), dollars(tax), share], ignore_nulls=True))
        .when(tax < 0)
        .then(pl.format("tax saved about {}", dollars(-tax)))
        .otherwise(pl.lit("no tax"))
    )
    # Gains and losses of the year net: what nobody knows of may change it either way.
    is_partly_known = tax.is_not_null() & ~pl.col("is_tax_year_known").fill_null(True)
    return pl.when(is_partly_known).then(pl.format("{} by what is known of the year", said)).otherwise(said)


def _gap() -> pl.Expr:
    # Rounded up: what is said must hold. A gap of nothing is dust of sums, not a proof of a hundredth less.
    hundredths = pl.max_horizontal((pl.col("gap_bp") * 100).ceil(), 1.0)
    within = pl.format("within {} basis points of the best possible list", (hundredths / 100).round(2).cast(pl.String))
    return pl.when(pl.col("gap_bp").is_not_null()).then(within)


def _held_back() -> pl.Expr:
    why = pl.when(pl.col("status") == ProposalStatus.HELD_BACK.value).then(pl.format(" Held back: {}", "status_reason"))
    return why.otherwise(None).fill_null("")


def _wait() -> pl.Expr:
    said = (pl.col("wait_until_date"), dollars(pl.col("wait_saves_usd")))
    return (
        pl.when(pl.col("wait_saves_usd").is_null() | pl.col("wait_until_date").is_null())
        .then(pl.lit(""))
        .when(pl.col("advice") == Advice.WAIT.value)
        .then(pl.format(" Better wait until {}: that saves about {} of tax.", *said))
        .otherwise(pl.format(" Act now, although waiting until {} would save about {} of tax.", *said))
    )
