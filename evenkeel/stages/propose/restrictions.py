"""What clients' restrictions bar, account by account and security by security."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import RestrictionKind
from evenkeel.book.model import Book
from evenkeel.book.screens import SEPARATOR, is_marked

_NO_SELL = (
    RestrictionKind.NO_SELL.value,
    RestrictionKind.HOLD_UNTIL.value,
    RestrictionKind.LEGACY_KEEP.value,
    RestrictionKind.UNSUPERVISED.value,
    RestrictionKind.NOT_TRADED.value,
)
_NO_BUY = (
    RestrictionKind.NO_BUY.value,
    RestrictionKind.UNSUPERVISED.value,
    RestrictionKind.EXCLUDE.value,
    RestrictionKind.NOT_TRADED.value,
)


def barred(accounts: pl.DataFrame, book: Book, trade_date: dt.date) -> pl.DataFrame:
    """Return what the book bars on the trade date.

    A restriction holds from its first date to its last, both included; it means what every column it fills says: its
    security, issuer, class, sector, screen; one that fills none is about everything. A security whose sector or screens are not known is
    not barred by them: that is told by the checks. Least and largest weights are not here but in `limits`.

    Args:
        accounts: `account_id`, `portfolio_id`, `household_id`, `custodian`.
        book: Restrictions and securities.
        trade_date: When the trades are done.

    Returns:
        `account_id`, `security_id`, `side` (`buy` or `sell`), `rule` (the restriction's kind), `until_date`, `restriction_id`; one row a
        side, the longest bar of several.
    """
    holds = book.restrictions.filter(
        pl.col("from_date").fill_null(trade_date) <= trade_date,
        pl.col("until_date").fill_null(trade_date) >= trade_date,
    )
    scopes = pl.concat(
        [
            accounts.select(
                "account_id", pl.lit(scope).alias("scope"), pl.col(column).cast(pl.String).alias("scope_id")
            )
            for scope, column in (
                ("account", "account_id"),
                ("portfolio", "portfolio_id"),
                ("household", "household_id"),
                ("custodian", "custodian"),
            )
        ]
    )
    firm = holds.filter(pl.col("scope") == "firm").join(accounts.select("account_id"), how="cross")
    own = holds.filter(pl.col("scope") != "firm").join(scopes, on=["scope", "scope_id"], how="inner")
    columns = ["account_id", "kind", *_NAMED_BY, "until_date", "restriction_id"]
    rows = pl.concat([firm.select(columns), own.select(columns)]).filter(pl.col("kind").is_in([*_NO_SELL, *_NO_BUY]))
    meant = _securities_of(rows, book.securities.select("security_id", "issuer_id", "asset_class", "sector", "screens"))
    sides = pl.concat(
        [
            meant.filter(pl.col("kind").is_in(kinds)).with_columns(pl.lit(side).alias("side"))
            for side, kinds in (("sell", _NO_SELL), ("buy", _NO_BUY))
        ]
    )
    return (
        sides.select("account_id", "security_id", "side", pl.col("kind").alias("rule"), "until_date", "restriction_id")
        # A bar without an end is longer than any with one.
        .sort(
            "account_id",
            "security_id",
            "side",
            pl.col("until_date").fill_null(dt.date.max),
            "restriction_id",
            descending=[False, False, False, True, False],
        )
        .unique(["account_id", "security_id", "side"], keep="first", maintain_order=True)
    )


_NAMED_BY = ("security_id", "issuer_id", "asset_class", "sector", "screen")


def _securities_of(rows: pl.DataFrame, securities: pl.DataFrame) -> pl.DataFrame:
    """Return the rows once for each security that they mean: of a security, an issuer, a class, a sector, a screen, or of all."""
    told = rows.rename({name: f"{name}_told" for name in _NAMED_BY})
    by_screen = securities.with_columns(pl.col("screens").str.split(SEPARATOR).alias("screen")).explode("screen")
    parts, rest = [], told
    for name in _NAMED_BY:
        named = rest.filter(pl.col(f"{name}_told").is_not_null())
        known = by_screen if name == "screen" else securities
        parts.append(named.join(known.with_columns(pl.col(name).alias(f"{name}_told")), on=f"{name}_told", how="inner"))
        rest = rest.filter(pl.col(f"{name}_told").is_null())
    parts.append(rest.join(securities, how="cross"))
    columns = [*told.columns, *securities.columns]
    return pl.concat([part.select(columns) for part in parts]).filter(
        *(
            pl.col(f"{name}_told").is_null() | (pl.col(f"{name}_told") == pl.col(name)).fill_null(False)
            for name in _NAMED_BY
            if name != "screen"
        ),
        pl.col("screen_told").is_null() | is_marked(pl.col("screens"), pl.col("screen_told")).fill_null(False),
    )
