"""The band of every node, and how far outside it the node is."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import NodeLevel
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.drift.nodes import CLASS_CODES, class_number
from evenkeel.stages.threshold.illiquid import illiquid_rows, left_beside
from evenkeel.stages.threshold.profiles import Profiles
from evenkeel.stages.threshold.rules import (
    ILLIQUID_SLOT,
    SECURITY_SLOT,
    SLEEVE_SLOT,
    SLOTS,
    distance,
    with_ips_bands,
)

BESIDE_ILLIQUID = "; around the target's share of what is left beside illiquid holdings"

SLICE = 500_000
"""Rows drawn at a time: the columns in between are then small enough to be used again, not mapped anew."""


@dataclass(frozen=True)
class Drawn:
    """Bands, one row a node that has one, in the order of drift.

    `rows` has the columns of `data_contracts.bands` but the date, and: `portfolio` (number in the order of the valuations), `rule`
    (place in `rules`), `centre`, `below`, `above` (distances), `is_illiquid`.
    """

    rows: pl.DataFrame
    rules: pl.DataFrame


def draw(
    drift: pl.DataFrame, holdings: pl.DataFrame, profiles: Profiles, rules: pl.DataFrame, limits: pl.DataFrame
) -> Drawn:
    """Return the band of every node that has one.

        lower = centre - below, upper = centre + above, both cut to the IPS limits and to 0 and 1
        excess = max(weight - upper, lower - weight, 0)

    Args:
        drift: In the order of its contract, of exactly the portfolios of `profiles`.
        holdings: For what is privately priced.
        profiles: What holds for each portfolio.
        rules: `rule_table` of the profiles' cases.
        limits: `data_contracts.book.ips_limits`.
    """
    portfolio = drift["portfolio_id"].rle_id()
    illiquid = illiquid_rows(drift, holdings)
    ips = _ips_limits(profiles, limits)
    parts = []
    for start, length in _slices(portfolio):
        places = portfolio.slice(start, length)
        part, rules = _draw_part(
            drift.slice(start, length), places, illiquid.slice(start, length), profiles, rules, ips
        )
        parts.append(part)
    return Drawn(pl.concat(parts), rules)


def _slices(portfolio: pl.Series) -> list[tuple[int, int]]:
    """Return start and length of slices of whole portfolios; at least one, of nothing where there is nothing."""
    starts = sorted({0, *(portfolio.search_sorted(portfolio[row]) for row in range(SLICE, portfolio.len(), SLICE))})
    ends = [*starts[1:], portfolio.len()]
    return [(start, end - start) for start, end in zip(starts, ends, strict=True)]


def _draw_part(
    drift: pl.DataFrame,
    portfolio: pl.Series,
    illiquid: pl.Series,
    profiles: Profiles,
    rules: pl.DataFrame,
    ips: tuple[pl.Series, pl.DataFrame] | None,
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the rows of a slice, and the rules with those added that its IPS bands make."""
    class_no = drift.select(class_number())["asset_class"]
    is_class = drift.select((pl.col("level") == NodeLevel.CLASS.value).alias("is_class"))["is_class"]
    slot = _slots(drift, class_no, is_class, illiquid)
    rule = profiles.portfolios["case"].gather(portfolio) * SLOTS + slot
    limit = _limits(portfolio, class_no, is_class, *ips) if ips is not None else None
    if limit is not None:
        rule, rules = _with_ips(rule, rules, limit, illiquid)
    frame = drift.select(
        "portfolio_id", "level", "node_id", "asset_class", "weight_frac", "held_frac", "target_frac", "drift_frac"
    ).with_columns(portfolio.alias("portfolio"), rule.alias("rule"), illiquid.alias("is_illiquid"), *(limit or []))
    has_band = rules["has_band"]
    if not has_band.all():
        frame = frame.filter(has_band.gather(frame["rule"]))
    frame = _centred(frame, profiles)
    value = (profiles.portfolios["proforma_cents"] / 100).gather(frame["portfolio"])
    frame = frame.with_columns(
        distance(rules, frame["rule"], side, frame["centre"], value).alias(side) for side in ("below", "above")
    )
    judged = _judged(frame, rules, has_limits=limit is not None)
    return judged.drop("below_frac", "above_frac", "is_shifted", strict=False), rules


def _slots(drift: pl.DataFrame, class_no: pl.Series, is_class: pl.Series, illiquid: pl.Series) -> pl.Series:
    if is_class.all() and not illiquid.any():
        return class_no
    sleeve = pl.col("level") == NodeLevel.SLEEVE.value
    return drift.select(
        pl.when(pl.lit(illiquid))
        .then(pl.lit(ILLIQUID_SLOT, pl.UInt32))
        .when(pl.lit(is_class))
        .then(pl.lit(class_no))
        .otherwise(pl.when(sleeve).then(pl.lit(SLEEVE_SLOT, pl.UInt32)).otherwise(pl.lit(SECURITY_SLOT, pl.UInt32)))
        .alias("slot")
    )["slot"]


def _ips_limits(profiles: Profiles, limits: pl.DataFrame) -> tuple[pl.Series, pl.DataFrame] | None:
    """Return each portfolio's IPS as a number, and the limits by IPS and class; None where no IPS limits anything."""
    names = limits.select("ips_id").unique().sort("ips_id").with_row_index("ips")
    ips = profiles.portfolios.select("ips_id").join(names, on="ips_id", how="left", maintain_order="left")["ips"]
    if ips.null_count() == ips.len():
        return None
    keyed = limits.join(names, on="ips_id", how="left").select(
        (pl.col("ips").cast(pl.UInt64) * len(CLASS_CODES) + class_number()).alias("key"),
        pl.col("min_frac").alias("ips_min_frac"),
        pl.col("max_frac").alias("ips_max_frac"),
        "below_frac",
        "above_frac",
    )
    return ips, keyed


def _limits(
    portfolio: pl.Series, class_no: pl.Series, is_class: pl.Series, ips: pl.Series, keyed: pl.DataFrame
) -> list[pl.Series]:
    """Return each row's IPS figures: `ips_min_frac`, `ips_max_frac`, `below_frac`, `above_frac`; only classes have any."""
    keys = pl.DataFrame({"ips": ips.gather(portfolio), "class": class_no, "is_class": is_class}).select(
        pl.when("is_class").then(pl.col("ips").cast(pl.UInt64) * len(CLASS_CODES) + pl.col("class")).alias("key")
    )
    return keys.join(keyed, on="key", how="left", maintain_order="left").drop("key").get_columns()


def _with_ips(
    rule: pl.Series, rules: pl.DataFrame, limit: list[pl.Series], illiquid: pl.Series
) -> tuple[pl.Series, pl.DataFrame]:
    """Return rules and rows' places in them with the IPS's own bands where those come first."""
    stated = pl.DataFrame([rule.alias("rule"), *[s for s in limit if s.name in ("below_frac", "above_frac")]])
    applies = stated.select(
        (
            (pl.col("below_frac").is_not_null() | pl.col("above_frac").is_not_null())
            & pl.lit(rules["is_ips_first"].gather(rule))
            & ~pl.lit(illiquid)
        ).alias("applies")
    )["applies"]
    if not applies.any():
        return rule, rules
    rows = applies.arg_true()
    here = stated.filter(applies)
    pairs = here.unique().sort("rule", "below_frac", "above_frac")
    place = here.join(
        pairs.with_row_index("place", offset=rules.height),
        on=["rule", "below_frac", "above_frac"],
        how="left",
        nulls_equal=True,
        maintain_order="left",
    )["place"]
    return rule.clone().scatter(rows, place), pl.concat([rules, with_ips_bands(rules, pairs)])


def _centred(frame: pl.DataFrame, profiles: Profiles) -> pl.DataFrame:
    """Add `centre`: the target, and for liquid nodes beside illiquid ones its share of what is left."""
    scale = None
    if frame["is_illiquid"].any():
        classes = frame.filter(pl.col("level") == NodeLevel.CLASS.value)
        scale = left_beside(
            classes.select("portfolio", "is_illiquid", "weight_frac", "target_frac"), profiles.portfolios.height
        )
    if scale is None:
        return frame.with_columns(pl.col("target_frac").alias("centre"), pl.lit(False).alias("is_shifted"))
    own = scale.gather(frame["portfolio"])
    return frame.with_columns(
        pl.when("is_illiquid").then("target_frac").otherwise(pl.col("target_frac") * own).alias("centre"),
        (~pl.col("is_illiquid") & ((own - 1).abs() > COMPARE_TOLERANCE)).alias("is_shifted"),
    )


def _judged(frame: pl.DataFrame, rules: pl.DataFrame, has_limits: bool) -> pl.DataFrame:
    lower, upper = pl.col("centre") - pl.col("below"), pl.col("centre") + pl.col("above")
    both = ("weight_frac", "held_frac")
    if frame.height and frame.select(pl.col(both).is_between(0.0, 1.0).all()).row(0) != (True, True):
        lower = pl.max_horizontal(lower, pl.min_horizontal(0.0, *both))
        upper = pl.min_horizontal(upper, pl.max_horizontal(1.0, *both))
    else:
        lower, upper = lower.clip(0.0, 1.0), upper.clip(0.0, 1.0)
    if has_limits:
        # A null limit compares as false.
        lower, upper = (
            pl.when(bound < pl.col("ips_min_frac"))
            .then("ips_min_frac")
            .when(bound > pl.col("ips_max_frac"))
            .then("ips_max_frac")
            .otherwise(bound)
            for bound in (lower, upper)
        )
    frame = frame.with_columns(lower.alias("lower_frac"), upper.alias("upper_frac"))
    text = rules["band_text"].gather(frame["rule"])
    if frame["is_shifted"].any():
        text = frame.select(
            pl.when("is_shifted").then(pl.lit(text) + BESIDE_ILLIQUID).otherwise(pl.lit(text)).alias("band_text")
        )["band_text"]
    outside_ips = (
        (
            (pl.col("weight_frac") < pl.col("ips_min_frac") - COMPARE_TOLERANCE)
            | (pl.col("weight_frac") > pl.col("ips_max_frac") + COMPARE_TOLERANCE)
        ).fill_null(False)
        if has_limits
        else pl.lit(False)
    )
    nothing = [] if has_limits else [pl.lit(None, pl.Float64).alias(f"ips_{end}_frac") for end in ("min", "max")]
    return frame.with_columns(
        _excess("weight_frac").alias("excess_frac"),
        _excess("held_frac").alias("held_excess_frac"),
        outside_ips.alias("is_outside_ips"),
        *nothing,
        rules["band_source"].gather(frame["rule"]),
        text.alias("band_text"),
        rules["is_widened"].gather(frame["rule"]),
    ).with_columns((pl.col("excess_frac") > 0).alias("is_outside"))


def _excess(weight: str) -> pl.Expr:
    above, below = pl.col(weight) - pl.col("upper_frac"), pl.col("lower_frac") - pl.col(weight)
    return pl.when(above > COMPARE_TOLERANCE).then(above).when(below > COMPARE_TOLERANCE).then(below).otherwise(0.0)
