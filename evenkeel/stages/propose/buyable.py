"""What each account may buy at this attempt: its model's own securities, each up to what it lacks, or what stands in for them."""

from __future__ import annotations

import polars as pl

from evenkeel.stages.propose.case import Case, is_substitute
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.limits import PLACE, held_values, portfolio_values, sector_room, weight_room
from evenkeel.stages.propose.lots import KEY

MIN_ROOM = 1.0
"""Dollars under which a limit of an issuer, a sector or a security counts as reached: what stands in for it may be bought instead."""

_ROOMS = ("issuer_room", "weight_room", "sector_room")


def buyable_shelf(
    case: Case,
    no_buys: pl.DataFrame,
    aimed: pl.DataFrame,
    totals: pl.DataFrame,
    max_issuer: float,
    max_sector: float | None,
) -> pl.DataFrame:
    """Return the shelf with what may be bought: the model's own, each up to what it lacks; a substitute where none of them may be.

    Adds `is_barred`, `is_buyable`, `buy_cap_usd` (null: none), `weight_cap_usd` (what of it is for a largest weight of the security;
    null: none), `portfolio_id`.
    """
    opens = [kind.value for kind, terms in TERMS.items() if terms.buys]
    harvests = [kind.value for kind, terms in TERMS.items() if terms.harvests]
    barred = pl.concat([case.bars.select(KEY), no_buys.select(KEY)]).unique()
    held = case.lots.group_by(KEY).agg(
        pl.col("value_usd").sum(),
        ((pl.col("unit_gain") < 0) & (pl.col("full_rate") > 0) & pl.col("kept_by").is_null() & pl.col("is_open"))
        .any()
        .alias("has_loss"),
    )
    size = case.accounts.group_by("portfolio_id").len("accounts")
    rows = (
        case.shelf.join(
            case.accounts.select("account_id", "portfolio_id", "kind", "is_alert_only"), on="account_id", how="left"
        )
        .join(barred.with_columns(pl.lit(True).alias("is_barred")), on=KEY, how="left")
        .join(held, on=KEY, how="left")
        .join(aimed.select("portfolio_id", "node_id", "aim_frac"), on=["portfolio_id", "node_id"], how="left")
        .join(totals, on="portfolio_id", how="left")
        .join(size, on="portfolio_id", how="left")
        .join(_issuer_room(case, totals, max_issuer), on=["portfolio_id", "issuer_id"], how="left")
        .pipe(_with_rooms, case, max_sector)
        .with_columns(
            pl.col("is_barred").fill_null(False)
            | pl.any_horizontal((pl.col(room) < MIN_ROOM).fill_null(False) for room in _ROOMS),
            pl.col("value_usd").fill_null(0.0),
            pl.col("has_loss").fill_null(False),
        )
    )
    place = ["account_id", "node_id"]
    is_own = pl.col("buy_rank").is_not_null() & ~is_substitute(pl.col("buy_rank"))
    is_free_own = is_own & ~pl.col("is_barred")
    sold_here = (is_free_own & pl.col("has_loss") & pl.col("kind").is_in(harvests)).any().over(place)
    needs_other = ~is_free_own.any().over(place) | sold_here
    may = (
        pl.col("buy_rank").is_not_null()
        & ~pl.col("is_barred")
        & ~pl.col("is_alert_only")
        & pl.col("kind").is_in(opens)
        & (is_own | needs_other)
    )
    in_node = pl.col("security_target").sum().over(place)
    aim_usd = pl.col("aim_frac") * pl.col("nav_usd") * pl.col("security_target") / in_node
    lacks = (aim_usd - pl.col("value_usd")).clip(lower_bound=0.0)
    is_shared = (is_free_own.sum().over(place) > 1) & (pl.col("accounts") == 1)
    return rows.with_columns(
        may.alias("is_buyable"),
        # Accounts of one portfolio share what is left for an issuer, a security or a sector; of a sector so do its securities.
        pl.min_horizontal(
            pl.when(is_own & is_shared & (in_node > 0)).then(lacks),
            pl.col("issuer_room") / pl.col("accounts"),
            pl.col("weight_room") / pl.col("accounts"),
            pl.col("sector_room") / may.sum().over("portfolio_id", "sector"),
        ).alias("buy_cap_usd"),
        (pl.col("weight_room") / pl.col("accounts")).alias("weight_cap_usd"),
    ).drop("value_usd", "nav_usd", "accounts", "aim_frac", *_ROOMS)


def _with_rooms(rows: pl.DataFrame, case: Case, max_sector: float | None) -> pl.DataFrame:
    """Return the rows with `weight_room` and `sector_room`: dollars until a security's largest weight, and until its sector's."""
    values = portfolio_values(case.lots, case.accounts, case.flying)
    held = held_values(case.lots, case.accounts, case.flying)
    sectors = rows.select(*PLACE, "sector")
    return rows.join(weight_room(case.limits, values, held), on=PLACE, how="left").join(
        sector_room(sectors, values, held, max_sector), on=["portfolio_id", "sector"], how="left"
    )


def _issuer_room(case: Case, totals: pl.DataFrame, max_issuer: float) -> pl.DataFrame:
    """Return `portfolio_id`, `issuer_id`, `issuer_room`: dollars until the policy's limit for one issuer."""
    held = case.lots.join(case.shelf.select(*KEY, "issuer_id"), on=KEY, how="left").join(
        case.accounts.select("account_id", "portfolio_id"), on="account_id", how="left"
    )
    issuers = case.shelf.filter(pl.col("issuer_id").is_not_null()).join(
        case.accounts.select("account_id", "portfolio_id"), on="account_id", how="left"
    )
    return (
        issuers.select("portfolio_id", "issuer_id")
        .unique()
        .join(
            held.group_by("portfolio_id", "issuer_id").agg(pl.col("value_usd").sum()),
            on=["portfolio_id", "issuer_id"],
            how="left",
        )
        .join(totals, on="portfolio_id", how="left")
        .select(
            "portfolio_id",
            "issuer_id",
            (max_issuer * pl.col("nav_usd") - pl.col("value_usd").fill_null(0.0))
            .clip(lower_bound=0.0)
            .alias("issuer_room"),
        )
    )
