"""Every band that a case can give, as one small table: a row per case and slot.

A slot is an asset class, or what has one band whatever its class: sleeves, securities, illiquid nodes, the harvest look. Rows of drift
point into the table by `case * SLOTS + slot`, so that text and figures exist once, not once a portfolio.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from data_contracts.vocab import AssetClass, BandSource
from evenkeel.policy.model import COMPARE_TOLERANCE, Band, Sides
from evenkeel.stages.drift.nodes import CLASS_CODES
from evenkeel.stages.threshold.precedence import Case, Found
from evenkeel.stages.threshold.widening import Widening
from evenkeel.stages.threshold.wording import in_words, rule_text

SLEEVE_SLOT = len(CLASS_CODES)
SECURITY_SLOT = SLEEVE_SLOT + 1
ILLIQUID_SLOT = SLEEVE_SLOT + 2
HARVEST_SLOT = SLEEVE_SLOT + 3
SLOTS = SLEEVE_SLOT + 4

PARTS = ("abs", "rel", "usd")
_DISTANCES = {f"{side}_{part}": pl.Float64 for side in ("below", "above") for part in PARTS}
RULE_SCHEMA = pl.Schema(
    {
        **_DISTANCES,
        "is_all": pl.Boolean,
        "has_band": pl.Boolean,
        "is_ips_first": pl.Boolean,
        "is_widened": pl.Boolean,
        "band_source": pl.String,
        "band_text": pl.String,
    }
)


def rule_table(cases: Sequence[Case], widenings: Mapping[str, Widening]) -> pl.DataFrame:
    """Return the table: `RULE_SCHEMA`, `len(cases) * SLOTS` rows in order. Distances are widened already."""
    return pl.DataFrame(
        [row for case in cases for row in _case_rows(case, widenings[case.policy.policy_id].factor)],
        schema=RULE_SCHEMA,
        orient="row",
    )


def _case_rows(case: Case, factor: float) -> list[tuple[object, ...]]:
    policy = case.policy
    rows = []
    for code in CLASS_CODES:
        found, is_ips_first = case.band(AssetClass(code))
        rows.append(_row(found, factor, is_ips_first))
    for name, band in (("sleeves", policy.sleeve_band), ("securities", policy.security_band)):
        rows.append(_row(Found(band, BandSource.DEFAULT, name), factor) if band is not None else _no_band())
    text = f"illiquid: {in_words(policy.illiquid.band)}, judged {policy.illiquid.frequency.replace('_', '-')}"
    rows.append(_row(Found(policy.illiquid.band, BandSource.DEFAULT, None), 1.0, text=text))
    harvest = case.harvest_look
    if harvest is not None and case.segment is not None:
        text = f"segment {case.segment.value.replace('_', '-')}: {in_words(harvest)}"
        rows.append(_row(Found(harvest, BandSource.SEGMENT, None), 1.0, text=text))
    else:
        rows.append(_no_band())
    return rows


def _row(found: Found, factor: float, is_ips_first: bool = False, text: str | None = None) -> tuple[object, ...]:
    band = found.band
    return (
        *_side(band, "below", factor),
        *_side(band, "above", factor),
        band.combine == "all",
        True,
        is_ips_first,
        factor > 1,
        found.source.value,
        text or rule_text(found.source, found.name, band, factor),
    )


def _side(band: Band, side: str, factor: float) -> list[float | None]:
    parts: list[Sides | None] = [band.absolute, band.relative, band.dollar_usd]
    return [None if part is None else float(getattr(part, side)) * factor for part in parts]


def _no_band() -> tuple[object, ...]:
    return (*[None] * len(_DISTANCES), False, False, False, False, None, None)


def with_ips_bands(table: pl.DataFrame, pairs: pl.DataFrame) -> pl.DataFrame:
    """Return rows of the table as an IPS's own bands change them.

    Args:
        table: `rule_table`.
        pairs: `rule` (row of the table), `below_frac`, `above_frac`: the IPS's absolute band, a side null where it states none.

    Returns:
        One row a pair, in order. A side that the IPS states is its alone and not widened; the other side stays the table's.
    """
    rules = pl.concat([pairs, table.select(pl.all().gather(pairs["rule"]))], how="horizontal")
    changed = []
    for side in ("below", "above"):
        stated = pl.col(f"{side}_frac").is_not_null()
        changed += [
            pl.when(stated)
            .then(f"{side}_frac" if part == "abs" else None)
            .otherwise(f"{side}_{part}")
            .alias(f"{side}_{part}")
            for part in PARTS
        ]
    both = pl.col("below_frac").is_not_null() & pl.col("above_frac").is_not_null()
    stated_text = (
        pl.when(pl.col("below_frac") == pl.col("above_frac"))
        .then(pl.format("IPS: {} points", _points("below_frac")))
        .when(both)
        .then(pl.format("IPS: {} points below and {} points above", _points("below_frac"), _points("above_frac")))
        .when(pl.col("below_frac").is_not_null())
        .then(pl.format("IPS: {} points below; above: {}", _points("below_frac"), "band_text"))
        .otherwise(pl.format("IPS: {} points above; below: {}", _points("above_frac"), "band_text"))
    )
    return rules.select(
        *changed,
        "is_all",
        "has_band",
        "is_ips_first",
        (pl.col("is_widened") & ~both).alias("is_widened"),
        pl.lit(BandSource.IPS.value).alias("band_source"),
        stated_text.alias("band_text"),
    ).cast(RULE_SCHEMA)


def _points(name: str) -> pl.Expr:
    """Return a fraction in percentage points, as a person writes them: no trailing zeros."""
    return (pl.col(name) * 100).round(6).cast(pl.String).str.strip_suffix(".0")


def distance(table: pl.DataFrame, rule: pl.Series, side: str, centre: pl.Series, value_usd: pl.Series) -> pl.Series:
    """Return how far from its centre each row's weight may be on one side, in weight.

        any: the least of absolute, relative * centre, dollar / value;  all: the greatest

    A relative part on a centre of zero has no width; beside another part it says nothing.

    Args:
        table: Rules.
        rule: Each row's place in the table.
        side: `below` or `above`.
        centre: Weight that the band stands around.
        value_usd: Pro-forma value of the row's portfolio, > 0.
    """
    # Most books use one or two of the parts: those that no rule has cost nothing.
    used = [part for part in PARTS if table[f"{side}_{part}"].null_count() < table.height]
    columns = {part: table[f"{side}_{part}"].gather(rule) for part in used}
    if not used:  # nothing was measured
        return pl.repeat(None, rule.len(), dtype=pl.Float64, eager=True)
    if used == ["abs"]:
        return columns["abs"]
    is_all = table["is_all"].gather(rule)
    frame = pl.DataFrame({**columns, "is_all": is_all, "centre": centre, "value_usd": value_usd})
    parts = [pl.col(part) for part in used if part == "abs"]
    if "usd" in used:
        parts.append(pl.col("usd") / pl.col("value_usd"))
    if "rel" in used:
        relative = pl.col("rel") * pl.col("centre")
        if parts:
            says_nothing = (pl.col("centre") <= COMPARE_TOLERANCE) & pl.any_horizontal(p.is_not_null() for p in parts)
            relative = pl.when(~says_nothing).then(relative)
        parts.append(relative)
    return frame.select(
        pl.when("is_all").then(pl.max_horizontal(parts)).otherwise(pl.min_horizontal(parts)).alias(side)
    ).to_series()
