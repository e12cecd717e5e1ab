"""Which restrictions mean which securities of which accounts, and what is not known of them."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import AssetClass, OrderSide, RestrictionKind, Sector
from evenkeel.book.model import Book
from evenkeel.book.screens import NO_SCREEN, is_marked
from evenkeel.stages.propose.checks.concentration import is_treasury
from evenkeel.stages.propose.checks.situation import Situation

BARRED_SIDES: dict[str, tuple[str, ...]] = {
    RestrictionKind.NO_BUY: (OrderSide.BUY.value,),
    RestrictionKind.NO_SELL: (OrderSide.SELL.value,),
    RestrictionKind.HOLD_UNTIL: (OrderSide.SELL.value,),
    RestrictionKind.LEGACY_KEEP: (OrderSide.SELL.value,),
    RestrictionKind.UNSUPERVISED: (OrderSide.BUY.value, OrderSide.SELL.value),
    RestrictionKind.EXCLUDE: (OrderSide.BUY.value,),
    RestrictionKind.NOT_TRADED: (OrderSide.BUY.value, OrderSide.SELL.value),
}
"""What each kind forbids; a least or largest weight forbids no side as such."""

SIDES = pl.DataFrame(
    [{"kind": str(kind), "side": side} for kind, barred_sides in BARRED_SIDES.items() for side in barred_sides],
    schema={"kind": pl.String, "side": pl.String},
)
_SCOPES = {
    "account": "account_id",
    "portfolio": "portfolio_id",
    "household": "household_id",
    "custodian": "custodian",
}
_KEY = ["account_id", "security_id"]
_NAMED_BY = ("security_id", "issuer_id", "asset_class", "sector", "screen")
_TOLD = [f"the_{name}" for name in _NAMED_BY]


def restricted(pairs: pl.DataFrame, book: Book, on: dt.date) -> pl.DataFrame:
    """Return the restrictions that mean accounts' securities on a day: those that bar a side of trading.

    A restriction holds from `from_date` to `until_date`, both included. It means what every column it fills says: its security, its
    issuer's securities, its class, its sector, its screen; one that fills none means all securities of its scope.

    Args:
        pairs: `account_id`, `security_id`, each pair once.
        book: For restrictions, and what it says of accounts and securities; a pair it does not know is left out.
        on: The day.

    Returns:
        `account_id`, `security_id`, `kind`, `restriction_id`, `is_known`: false where the restriction is by sector or screen and what
        decides it is not known of the security, so that nobody can say whether it means it.
    """
    held = in_force(book, on).filter(pl.col("kind").is_in(list(BARRED_SIDES)))
    targets = _targets(held, book.securities.join(pairs, on="security_id", how="semi"))
    placed = pairs.join(
        book.accounts.select("account_id", "portfolio_id", "household_id", "custodian"), on="account_id"
    )
    columns = [*_KEY, "kind", "restriction_id", "is_known"]
    by_scope = [
        placed.join(
            targets.filter(pl.col("scope") == scope),
            left_on=[column, "security_id"],
            right_on=["scope_id", "security_id"],
        ).select(columns)
        for scope, column in _SCOPES.items()
    ]
    of_firm = placed.join(targets.filter(pl.col("scope") == "firm"), on="security_id").select(columns)
    return pl.concat([*by_scope, of_firm])


def in_force(book: Book, on: dt.date) -> pl.DataFrame:
    """Return the restrictions that hold on a day."""
    return book.restrictions.filter(
        pl.col("from_date").fill_null(dt.date.min) <= on, pl.col("until_date").fill_null(dt.date.max) >= on
    )


def excluded_and_held(situation: Situation) -> pl.DataFrame:
    """Return `portfolio_id`, `said`: what is excluded and still held after the trades."""
    pairs = _held_after(situation)
    excluded = restricted(pairs.select(_KEY).unique(), situation.book, situation.trade_date).filter(
        "is_known", pl.col("kind") == RestrictionKind.EXCLUDE.value
    )
    return pairs.join(excluded, on=_KEY).select(
        "portfolio_id", pl.format("{} (restriction {})", "security_id", "restriction_id").alias("said")
    )


def not_known(situation: Situation) -> pl.DataFrame:
    """Return the securities of which the sector or the screens that a restriction asks for are not known.

    Returns:
        `portfolio_id`, `unknown_traded` (traded on a side that the restriction would bar), `unknown_held` (of the others those held after
        the trades): lists of `security_id`.
    """
    traded = situation.trades.select("portfolio_id", *_KEY, "side").unique()
    pairs = pl.concat([_held_after(situation), traded.select("portfolio_id", *_KEY)]).unique()
    unknown = (
        restricted(pairs.select(_KEY).unique(), situation.book, situation.trade_date)
        .filter(~pl.col("is_known"))
        .select(*_KEY, "kind")
        .unique()
    )
    barred = traded.join(unknown.join(SIDES, on="kind"), on=[*_KEY, "side"]).select("portfolio_id", "security_id")
    rest = (
        _held_after(situation)
        .join(unknown, on=_KEY, how="semi")
        .select("portfolio_id", "security_id")
        .join(barred, on=["portfolio_id", "security_id"], how="anti")
    )
    return (
        pl.concat(
            [
                barred.select("portfolio_id", "security_id", pl.lit(True).alias("is_traded")),
                rest.select("portfolio_id", "security_id", pl.lit(False).alias("is_traded")),
            ]
        )
        .group_by("portfolio_id")
        .agg(
            pl.col("security_id").filter("is_traded").unique().sort().alias("unknown_traded"),
            pl.col("security_id").filter(~pl.col("is_traded")).unique().sort().alias("unknown_held"),
        )
    )


def _held_after(situation: Situation) -> pl.DataFrame:
    """Return `portfolio_id`, `account_id`, `security_id` of what is held after the trades."""
    return situation.positions.filter(pl.col("after_cents") > 0).select("portfolio_id", *_KEY)


def _targets(held: pl.DataFrame, securities: pl.DataFrame) -> pl.DataFrame:
    """Return `restriction_id`, `scope`, `scope_id`, `kind`, `security_id`, `is_known`: what each restriction means, or may mean.

    Cash has neither sector nor screens, and the Treasury no sector: nothing is asked of them.
    """
    wanted = held.select(
        "restriction_id", "scope", "scope_id", "kind", *(pl.col(name).alias(f"the_{name}") for name in _NAMED_BY)
    )
    is_cash = pl.col("asset_class") == AssetClass.CASH.value
    known = securities.select(
        "security_id",
        "issuer_id",
        "asset_class",
        pl.coalesce("sector", pl.when(is_cash | is_treasury()).then(pl.lit(Sector.NONE.value))).alias("sector"),
        pl.coalesce("screens", pl.when(is_cash).then(pl.lit(NO_SCREEN))).alias("screens"),
    )
    # Many clients ask for the same: what is asked is looked up once.
    asked = wanted.select(_TOLD).unique()
    found, rest = [], asked
    # The narrowest column finds the securities; the others are then asked as well. What is not known may be of any sector or screen.
    for name in ("security_id", "issuer_id", "asset_class"):
        has = pl.col(f"the_{name}").is_not_null()
        found.append(rest.filter(has).join(known.with_columns(pl.col(name).alias(f"the_{name}")), on=f"the_{name}"))
        rest = rest.filter(~has)
    found.append(rest.join(known, how="cross"))
    sector = pl.col("the_sector").is_null() | (pl.col("sector") == pl.col("the_sector"))
    screen = pl.col("the_screen").is_null() | is_marked(pl.col("screens"), pl.col("the_screen"))
    meant = (
        pl.concat([part.select(*_TOLD, *known.columns) for part in found])
        .filter(
            *(
                pl.col(f"the_{name}").is_null() | (pl.col(name) == pl.col(f"the_{name}")).fill_null(False)
                for name in ("issuer_id", "asset_class")
            ),
            sector.fill_null(True),
            screen.fill_null(True),
        )
        .select(*_TOLD, "security_id", (sector.is_not_null() & screen.is_not_null()).alias("is_known"))
    )
    return wanted.join(meant, on=_TOLD, nulls_equal=True).select(
        "restriction_id", "scope", "scope_id", "kind", "security_id", "is_known"
    )
