"""What a class costs a year by where it is held: why bonds go to deferred accounts first, and growth to a Roth account."""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass, TaxStatus
from evenkeel.stages.drift.growth import GROWTH_TENTHS

DRAG_FRAC: dict[str, float] = {
    AssetClass.US_BOND.value: 0.010,
    AssetClass.INTL_BOND.value: 0.010,
    AssetClass.INFLATION_BOND.value: 0.012,
    AssetClass.HIGH_YIELD_BOND.value: 0.018,
    AssetClass.REAL_ESTATE.value: 0.010,
    AssetClass.COMMODITY.value: 0.006,
    AssetClass.ALTERNATIVE.value: 0.008,
}
"""What a year's taxed income of a dollar in the class costs in a taxable account: a round yield times a round rate."""
GROWTH_PREFERENCE, MUNI_PENALTY = 0.002, 0.02
"""A dollar of growth is best where it is never taxed; a tax-free bond is wasted where nothing is taxed."""


def location_costs(aimed: pl.DataFrame) -> pl.DataFrame:
    """Return what a dollar of each node costs by how the account is taxed."""
    growth = {kind.value: tenths / 10 for kind, tenths in GROWTH_TENTHS.items()}
    nodes = aimed.select("node_id", "asset_class").unique().sort("node_id")
    share = pl.col("asset_class").replace_strict(growth, default=0.0, return_dtype=pl.Float64)
    muni = pl.when(pl.col("asset_class") == AssetClass.MUNI_BOND.value).then(MUNI_PENALTY).otherwise(0.0)
    by_status = {
        TaxStatus.TAXABLE: pl.col("asset_class").replace_strict(DRAG_FRAC, default=0.0, return_dtype=pl.Float64),
        TaxStatus.DEFERRED: muni,
        TaxStatus.EXEMPT: muni - GROWTH_PREFERENCE * share,
    }
    return pl.concat(
        [
            nodes.select(
                pl.lit(status.value).alias("location_id"),
                pl.col("node_id").alias("asset_class"),
                cost.alias("location_cost_frac"),
            )
            for status, cost in by_status.items()
        ]
    )
