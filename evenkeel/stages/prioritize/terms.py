"""The terms of the priority score: from a figure as measured to a share of the term's weight, and a sentence that says so.

A term whose input is missing gives nothing and says `not known`. Scales are stated here and nowhere else; weights are policy.

    drift      relative severity x (distance beyond the bound over the band's half-width):  x / (1 + x)
    ips_limit  1 outside the IPS limits, else 0
    risk       growth share held beyond what the client tolerates:                          excess / 0.20, at most 1
    horizon    years until the money is needed:                                             1 - years / 20, at least 0
    value      portfolio value v:                                                           log10(v / 10,000) / 3, 0 to 1
    tax        share t of the portfolio's accounts that are taxable:                        1 for a harvest look; t for a
               tax-sensitive client; t / 2 otherwise
    age        sessions since the breach opened:                                            age / 20, at most 1
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import Rule, Segment
from evenkeel.stages.wording import counted, dollars, percent

RISK_EXCESS_FULL_FRAC = 0.20
HORIZON_YEARS = 20.0
VALUE_FROM_USD = 10_000.0
VALUE_DECADES = 3.0
AGE_FULL_SESSIONS = 20
NOT_KNOWN = "not known"


def figure_columns() -> dict[str, pl.Expr]:
    """Return each term's figure from the joined inputs (`priority` names them); null where an input is missing."""
    tolerated = pl.coalesce("max_growth_frac", pl.col("risk_score") / 100, "risk_target")
    taxable = pl.col("taxable_count") / pl.col("account_count")
    return {
        "drift": pl.col("relative_severity"),
        "ips_limit": pl.col("is_outside_ips").cast(pl.Float64),
        "risk": pl.col("risk_held") - tolerated,
        "horizon": (pl.col("horizon_date") - pl.col("business_date")).dt.total_days() / 365.25,
        "value": pl.col("value_usd").cast(pl.Float64),
        "tax": pl.when(pl.col("account_count") > 0).then(taxable),
        "age": pl.col("age_sessions").cast(pl.Float64),
    }


def scaled(term: str) -> pl.Expr:
    """Return the share (0 to 1) of its weight that a term gives; 0 where its figure is missing."""
    x = pl.col(f"figure_{term}")
    is_harvest = pl.col("rule") == Rule.HARVEST_LOOK.value
    is_sensitive = (pl.col("segment") == Segment.TAX_SENSITIVE.value).fill_null(False)
    scales = {
        # A band of no width makes the ratio infinite; that is as far as drift goes.
        "drift": pl.when(x.is_infinite()).then(1.0).otherwise(x / (1 + x)),
        "ips_limit": x,
        "risk": x / RISK_EXCESS_FULL_FRAC,
        "horizon": 1 - x / HORIZON_YEARS,
        "value": pl.when(x > 0).then((x / VALUE_FROM_USD).log10() / VALUE_DECADES),
        "tax": pl.when(is_harvest).then(1.0).when(is_sensitive).then(x).otherwise(x / 2),
        "age": x / AGE_FULL_SESSIONS,
    }
    return scales[term].fill_nan(None).clip(0, 1).fill_null(0.0).round(4)


def sentence(term: str) -> pl.Expr:
    """Return what a term found, in one plain sentence."""
    x = pl.col(f"figure_{term}")
    stale = (
        pl.when("is_from_last_look").then(pl.format(" (at its last look, {})", "last_seen_date")).otherwise(pl.lit(""))
    )
    tolerated_by = (
        pl.when(pl.col("max_growth_frac").is_not_null())
        .then(pl.format("{} % the IPS allows", percent(pl.col("max_growth_frac"))))
        .when(pl.col("risk_score").is_not_null())
        .then(pl.format("{} % by the client's risk score", percent(pl.col("risk_score") / 100)))
        .otherwise(pl.format("{} % of its model", percent(pl.col("risk_target"))))
    )
    share = pl.format("{} of {} accounts taxable", "taxable_count", "account_count")
    texts = {
        "drift": pl.concat_str(
            [
                pl.format("{} points beyond the bound", percent(pl.col("severity_frac"))),
                pl.when(x.is_infinite())
                .then(pl.lit("; the band has no width"))
                .otherwise(pl.format(", {} times the band's half-width", x.round(2))),
                stale,
            ]
        ),
        "ips_limit": pl.concat_str(
            [pl.when(x > 0).then(pl.lit("outside the IPS limits")).otherwise(pl.lit("inside the IPS limits")), stale]
        ),
        "risk": pl.format(
            "{} % in growth classes, {}{}",
            percent(pl.col("risk_held")),
            pl.when(x > 0)
            .then(pl.format("{} points more than the {}", percent(x), tolerated_by))
            .otherwise(pl.format("not more than the {}", tolerated_by)),
            pl.when(pl.col("objective").is_not_null())
            .then(pl.format("; the client's objective: {}", "objective"))
            .otherwise(pl.lit("")),
        ),
        "horizon": pl.when(x > 0)
        .then(pl.format("the money is needed in {} years, {}", x.round(1), "horizon_date"))
        .otherwise(pl.format("the money has been needed since {}", "horizon_date")),
        "value": pl.format("the portfolio is worth {}", dollars(pl.col("value_usd"))),
        "tax": pl.when(pl.col("rule") == Rule.HARVEST_LOOK.value)
        .then(pl.format("a look for losses, {}", share))
        .when(pl.col("segment") == Segment.TAX_SENSITIVE.value)
        .then(pl.format("a tax-sensitive client, {}", share))
        .otherwise(share),
        "age": pl.when(x > 0)
        .then(pl.format("it has stood for {}", counted(pl.col("age_sessions"), "session", "sessions")))
        .otherwise(pl.lit("it opened on this session")),
    }
    return pl.when(x.is_not_null()).then(texts[term]).otherwise(pl.lit(NOT_KNOWN))
