"""Which kind of rebalance answers an alert, and what each kind may do."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import EpisodeStatus, HowFar, RebalanceKind, Rule

KIND_OF: dict[HowFar, RebalanceKind] = {
    HowFar.TARGET: RebalanceKind.FULL,
    HowFar.EDGE: RebalanceKind.TO_EDGE,
    HowFar.MIDPOINT: RebalanceKind.TO_MIDPOINT,
    HowFar.PARTIAL: RebalanceKind.PARTIAL,
}
_RULES = (Rule.DRIFT.value, Rule.CASH_SHORTFALL.value, Rule.HARVEST_LOOK.value)
"""A portfolio with several open alerts gets one list, for the first of these."""


@dataclass(frozen=True)
class Terms:
    """What a kind may do.

    `goes_to_target`: distance from target counts, beyond the bands. `band`: how much of the band's width is left, 1 all. `sells`,
    `buys`: which side is open. `only_losses`: nothing but lots down by the policy's share may be sold. `harvests`: losses count in
    full; elsewhere only as a preference between lots, so that a rebalance swaps nothing for its loss alone.
    """

    goes_to_target: bool = True
    band: float = 1.0
    sells: bool = True
    buys: bool = True
    only_losses: bool = False
    harvests: bool = False


TERMS: dict[RebalanceKind, Terms] = {
    RebalanceKind.FULL: Terms(),
    RebalanceKind.PARTIAL: Terms(),
    RebalanceKind.TO_EDGE: Terms(goes_to_target=False),
    RebalanceKind.TO_MIDPOINT: Terms(goes_to_target=False, band=0.5),
    RebalanceKind.INVEST_CASH: Terms(sells=False),
    RebalanceKind.BUY_ONLY: Terms(sells=False),
    RebalanceKind.RAISE_CASH: Terms(buys=False),
    RebalanceKind.SELL_ONLY: Terms(buys=False),
    RebalanceKind.HARVEST_ONLY: Terms(only_losses=True, harvests=True),
    RebalanceKind.HARVEST_AND_REBALANCE: Terms(harvests=True),
}


def wanted_proposals(episodes: pl.DataFrame, breaches: pl.DataFrame) -> pl.DataFrame:
    """Return one row a portfolio that has an open alert and was measured today.

    Returns:
        `portfolio_id`, `household_id`, `alert_id` (the main alert's), `rule`, `kind`, `is_urgent` (cash is short, or the IPS is breached).
    """
    is_open = pl.col("status") == EpisodeStatus.OPEN.value
    rows = episodes.filter(is_open).join(
        breaches.filter(pl.col("is_counted") | (pl.col("rule") != Rule.DRIFT.value)).select(
            "portfolio_id", "rule", "how_far", "has_ips_breach", "is_in_flight"
        ),
        on=["portfolio_id", "rule"],
        how="inner",
    )
    by_drift = pl.col("how_far").replace_strict(
        {far.value: kind.value for far, kind in KIND_OF.items()}, return_dtype=pl.String
    )
    kind = (
        pl.when(pl.col("rule") == Rule.CASH_SHORTFALL.value)
        .then(pl.lit(RebalanceKind.RAISE_CASH.value))
        .when(pl.col("rule") == Rule.HARVEST_LOOK.value)
        .then(pl.lit(RebalanceKind.HARVEST_ONLY.value))
        .otherwise(by_drift)
    )
    place = pl.col("rule").replace_strict({rule: i for i, rule in enumerate(_RULES)}, return_dtype=pl.Int64)
    return (
        rows.filter(~pl.col("is_in_flight"))
        .with_columns(
            kind.alias("kind"),
            place.alias("place"),
            (pl.col("has_ips_breach") | (pl.col("rule") == Rule.CASH_SHORTFALL.value))
            .any()
            .over("portfolio_id")
            .alias("is_urgent"),
        )
        .sort("portfolio_id", "place")
        .unique("portfolio_id", keep="first", maintain_order=True)
        .select("portfolio_id", "household_id", pl.col("episode_id").alias("alert_id"), "rule", "kind", "is_urgent")
    )
