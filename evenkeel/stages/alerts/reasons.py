"""What is out of line, by how much, under which rule: one sentence from the figures."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import BandSource, NodeLevel, Rule
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.wording import counted, dollars, node_name, percent

TRIGGERS = {
    "calendar look": "it counts at a calendar look",
    "override": "it is far enough out to count between calendar looks",
    "large": "large drift: all the way back",
    "small": "small drift: part of the way back",
}
"""What is said of a breach's trigger; a plain band needs no words."""

BREACH_COLUMNS = (
    "severity_frac",
    "worst_level",
    "worst_node_id",
    "outside_count",
    "has_ips_breach",
    "band_source",
    "band_text",
    "trigger",
    "is_counted",
    "is_in_flight",
)
"""Columns of `breaches` that a sentence is made from."""


def breach_reasons(breaches: pl.DataFrame, bands: pl.DataFrame, valuations: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio_id`, `rule` and `reason` for each of `breaches`.

    The figures are those of the worst node in `bands`; a breach whose node has no row there says only how far it is out.
    """
    nodes = bands.select(
        "portfolio_id",
        pl.col("level").alias("worst_level"),
        pl.col("node_id").alias("worst_node_id"),
        "asset_class",
        "weight_frac",
        "target_frac",
        "drift_frac",
        "held_frac",
        "is_outside",
        "ips_min_frac",
        "ips_max_frac",
    )
    joined = (
        breaches.select("portfolio_id", "rule", *BREACH_COLUMNS)
        .join(nodes, on=["portfolio_id", "worst_level", "worst_node_id"], how="left")
        .join(valuations.select("portfolio_id", "proforma_usd"), on="portfolio_id", how="left")
        .with_columns(
            pl.coalesce("asset_class", pl.col("worst_node_id").str.split("/").list.first()).alias("asset_class")
        )
    )
    is_cash = pl.col("rule") == Rule.CASH_SHORTFALL.value
    first = pl.when(is_cash).then(_cash()).otherwise(_drift())
    return joined.select("portfolio_id", "rule", pl.concat_str([first, *_additions(), pl.lit(".")]).alias("reason"))


def closing_reason() -> pl.Expr:
    """Return the sentence of an episode that closed today, from its own columns."""
    why = pl.col("status_reason")
    return pl.format(
        "Over after {}: {}. At most it was {} points beyond its bound.",
        counted(pl.col("age_sessions"), "session", "sessions"),
        why,
        percent(pl.col("peak_severity_frac")),
    )


def standing_reason() -> pl.Expr:
    """Return the sentence of an episode of which nothing but its own columns is known."""
    return pl.format(
        "{} points beyond its bound when it was last looked at, on {}.",
        percent(pl.col("severity_frac")),
        "last_seen_date",
    )


def _drift() -> pl.Expr:
    name = node_name(pl.col("worst_level"), pl.col("worst_node_id"), pl.col("asset_class"))
    is_plural = (pl.col("worst_level") == NodeLevel.CLASS.value) & name.str.ends_with("s")
    verb = pl.when(is_plural).then(pl.lit("are")).otherwise(pl.lit("is"))
    its = pl.when(is_plural).then(pl.lit("their")).otherwise(pl.lit("its"))
    drift = pl.col("drift_frac")
    side = pl.when(drift >= 0).then(pl.lit("above")).otherwise(pl.lit("below"))
    band = pl.when(pl.col("rule") == Rule.HARVEST_LOOK.value).then(pl.lit("narrow band")).otherwise(pl.lit("band"))
    is_beyond = pl.col("severity_frac") > COMPARE_TOLERANCE
    known = pl.format(
        "{} {} {} %, {} points {} {} target of {} % and {} ({})",
        name,
        verb,
        percent(pl.col("weight_frac")),
        percent(drift.abs()),
        side,
        its,
        percent(pl.col("target_frac")),
        pl.when(_is_past_minimum())
        .then(
            pl.format(
                "{} points past what a calendar look lets pass, inside {} {}",
                percent(pl.col("severity_frac")),
                its,
                band,
            )
        )
        .when(is_beyond)
        .then(pl.format("{} points beyond {} {}", percent(pl.col("severity_frac")), its, band))
        .otherwise(pl.format("inside {} {}", its, band)),
        "band_text",
    )
    in_flight = pl.format(
        "{} {} {} % now, {} points beyond {} {} ({}), and {} % once the orders in flight are done; the target is {} %",
        name,
        verb,
        percent(pl.col("held_frac")),
        percent(pl.col("severity_frac")),
        its,
        band,
        "band_text",
        percent(pl.col("weight_frac")),
        percent(pl.col("target_frac")),
    )
    unknown = pl.format(
        "{} {} {} points beyond {} {} ({})", name, verb, percent(pl.col("severity_frac")), its, band, "band_text"
    )
    is_known = pl.col("weight_frac").is_not_null()
    return pl.when(is_known & pl.col("is_in_flight")).then(in_flight).when(is_known).then(known).otherwise(unknown)


def _is_past_minimum() -> pl.Expr:
    """Tell whether a calendar look counts a node that is inside its band."""
    at_a_look = (pl.col("rule") == Rule.DRIFT.value) & (pl.col("trigger") == "calendar look")
    return (at_a_look & ~pl.col("is_outside") & (pl.col("severity_frac") > COMPARE_TOLERANCE)).fill_null(False)


def _cash() -> pl.Expr:
    amount = pl.col("severity_frac") * pl.col("proforma_usd").cast(pl.Float64)
    about = pl.when(amount.is_not_null()).then(pl.format(", about {}", dollars(amount))).otherwise(pl.lit(""))
    return pl.format(
        "Cash falls short by {} % of the portfolio{}, once what is in flight and spoken for is counted ({})",
        percent(pl.col("severity_frac"), 2),
        about,
        "band_text",
    )


def _additions() -> list[pl.Expr]:
    more = pl.col("outside_count") - 1
    is_drift = pl.col("rule") != Rule.CASH_SHORTFALL.value
    weight = pl.col("weight_frac")
    above = weight > pl.col("ips_max_frac") + COMPARE_TOLERANCE
    below = weight < pl.col("ips_min_frac") - COMPARE_TOLERANCE
    limit = (
        pl.when(above)
        .then(pl.format("; the IPS allows at most {} %", percent(pl.col("ips_max_frac"))))
        .when(below)
        .then(pl.format("; the IPS asks for at least {} %", percent(pl.col("ips_min_frac"))))
        .otherwise(pl.lit("; another is outside the IPS limits"))
    )
    more_cash = pl.lit("; that is also less cash than the IPS asks for")
    trigger = pl.col("trigger").replace_strict(TRIGGERS, default=None, return_dtype=pl.String)
    return [
        _where(
            is_drift & (more > 0),
            pl.when(_is_past_minimum())
            .then(pl.format("; {}", counted(more, "more counts", "more count")))
            .when(pl.col("rule") == Rule.HARVEST_LOOK.value)
            .then(
                pl.format(
                    "; {}", counted(more, "more is outside its narrow band", "more are outside their narrow bands")
                )
            )
            .otherwise(pl.format("; {}", counted(more, "more is outside its band", "more are outside their bands"))),
        ),
        _where(is_drift & pl.col("has_ips_breach"), limit),
        _where(~is_drift & pl.col("has_ips_breach") & (pl.col("band_source") != BandSource.IPS.value), more_cash),
        _where(is_drift & trigger.is_not_null() & pl.col("is_counted"), pl.format("; {}", trigger)),
        _where(~pl.col("is_counted"), pl.lit("; not looked at today, it stands from its last look")),
        _where(
            pl.col("rule") == Rule.HARVEST_LOOK.value,
            pl.lit("; look for losses to harvest: trades that realise gains wait for the wide band"),
        ),
    ]


def _where(condition: pl.Expr, text: pl.Expr) -> pl.Expr:
    return pl.when(condition).then(text).otherwise(pl.lit(""))
