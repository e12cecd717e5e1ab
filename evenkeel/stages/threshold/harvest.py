"""Rule `harvest_look`: outside the narrow band of a tax-sensitive segment, inside the wide one.

It asks for a look for losses, not for trades that realise gains: those wait for the wide band.
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass, NodeLevel, Rule
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.stages.threshold.banding import Drawn
from evenkeel.stages.threshold.counting import aggregate, moved_by_orders
from evenkeel.stages.threshold.profiles import Profiles
from evenkeel.stages.threshold.rules import HARVEST_SLOT, SLOTS, distance


def count_harvest(drawn: Drawn, drift: pl.DataFrame, breached: pl.DataFrame, profiles: Profiles) -> pl.DataFrame:
    """Return one row per due, taxable portfolio that calls for a look for losses (columns of `breaches` but the date).

    Classes are judged, illiquid ones and cash aside (nothing in them is sold for a loss), around the same centre as their bands.
    A portfolio with a node outside its wide band, or a breach of rule `drift`, has none: that alert says it already. Volatility does not
    widen the narrow band: a look for losses is wanted most when markets fall.

    Args:
        drawn: The wide bands.
        drift: For orders in flight.
        breached: Rows of rule `drift`.
        profiles: What holds for each portfolio.
    """
    asks = profiles.portfolios["is_due"] & profiles.of_case(
        [case.harvest_look is not None for case in profiles.cases], pl.Boolean
    )
    if not asks.any():
        return breached.clear()
    rows = drawn.rows.filter(asks.gather(drawn.rows["portfolio"])).join(
        breached.select("portfolio_id"), on="portfolio_id", how="anti"
    )
    outside = rows.filter(pl.col("excess_frac") > 0).select("portfolio").unique()
    judged = rows.join(outside, on="portfolio", how="anti").filter(
        pl.col("level") == NodeLevel.CLASS.value, pl.col("asset_class") != AssetClass.CASH.value, ~pl.col("is_illiquid")
    )
    people = profiles.portfolios.select(pl.col("case", "proforma_cents").gather(judged["portfolio"]))
    rule = people["case"] * SLOTS + HARVEST_SLOT
    value = people["proforma_cents"] / 100
    narrow = judged.with_columns(
        *(distance(drawn.rules, rule, side, judged["centre"], value).alias(side) for side in ("below", "above")),
        drawn.rules["band_source"].gather(rule),
        drawn.rules["band_text"].gather(rule),
        pl.lit(False).alias("is_far"),
        pl.lit("band").alias("trigger"),
    )
    ahead = aggregate(_outside(narrow, "weight_frac"), profiles, in_flight=False)
    rest = narrow.join(ahead.select("portfolio"), on="portfolio", how="anti").filter(
        pl.col("portfolio").is_in(moved_by_orders(drift).implode())
    )
    in_flight = aggregate(_outside(rest, "held_frac"), profiles, in_flight=True)
    return pl.concat([ahead, in_flight]).with_columns(
        pl.lit(Rule.HARVEST_LOOK.value).alias("rule"), "how_far", pl.lit("band").alias("trigger")
    )


def _outside(rows: pl.DataFrame, weight: str) -> pl.DataFrame:
    off = pl.col(weight) - pl.col("centre")
    return rows.with_columns(
        off.alias("off"), pl.max_horizontal(off - pl.col("above"), -off - pl.col("below")).alias("severity")
    ).filter(pl.col("severity") > COMPARE_TOLERANCE)
