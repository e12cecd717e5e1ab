"""What could be held in place of a security that is sold for its loss."""

from __future__ import annotations

import datetime as dt

import polars as pl

from data_contracts.vocab import NodeLevel, OrderSide
from evenkeel.book.model import Book
from evenkeel.rules.wash_sales import wash_groups
from evenkeel.stages.propose.checks.restrictions import barred
from evenkeel.stages.taxes.wash_inputs import wash_units_of

_PAIR = ["account_id", "security_id"]


def substitutes(
    sold: pl.DataFrame, lots: pl.DataFrame, book: Book, trade_date: dt.date, no_buys: pl.DataFrame | None = None
) -> pl.DataFrame:
    """Return the best substitute of each security sold.

    It is named by a model of the firm, of the same class, not privately priced, and in another wash group. It may be bought in the
    account, and no account of the wash unit holds its wash group at a loss: buying it would wash that loss in turn. The same sleeve
    comes first, then what most models name, then the largest target, then the code.

    Args:
        sold: `account_id`, `security_id`, each pair once.
        lots: Open lots of taxable accounts: `account_id`, `security_id`, `cost_usd`, `value_usd`.
        book: Models, securities, accounts, restrictions.
        trade_date: The day that restrictions are read for.
        no_buys: `account_id`, `security_id` of other purchases that may not be made.

    Returns:
        `account_id`, `security_id`, `substitute_id`; pairs without a substitute are left out.
    """
    known = book.securities.filter(~pl.col("is_illiquid")).select(
        "security_id", "asset_class", pl.coalesce("sleeve", "asset_class").alias("sleeve")
    )
    groups = wash_groups(book.securities)
    shelf = _shelf(book).join(known, on="security_id").join(groups, on="security_id")
    own = pl.format("account {}", "account_id")
    units = book.accounts.join(wash_units_of(book), on="tax_unit_id", how="left").select(
        "account_id", pl.coalesce("wash_unit_id", "tax_unit_id", own).alias("unit")
    )
    pairs = (
        sold.join(
            book.securities.select(
                "security_id", "asset_class", pl.coalesce("sleeve", "asset_class").alias("own_sleeve")
            ),
            on="security_id",
        )
        .join(groups.rename({"wash_group": "own_group"}), on="security_id")
        .join(shelf.rename({"security_id": "substitute_id"}), on="asset_class")
        .filter(pl.col("wash_group") != pl.col("own_group"))
        .join(units, on="account_id")
        .join(_at_a_loss(lots, groups, units), on=["unit", "wash_group"], how="anti")
    )
    wanted = pairs.select("account_id", pl.col("substitute_id").alias("security_id")).unique()
    kept_out = [barred(wanted.with_columns(pl.lit(OrderSide.BUY.value).alias("side")), book, trade_date).select(_PAIR)]
    if no_buys is not None:
        kept_out.append(no_buys.select(_PAIR))
    return (
        pairs.join(
            pl.concat(kept_out).rename({"security_id": "substitute_id"}), on=["account_id", "substitute_id"], how="anti"
        )
        .sort(*_PAIR, pl.col("sleeve") != pl.col("own_sleeve"), "rank")
        .unique(_PAIR, keep="first", maintain_order=True)
        .select(*_PAIR, "substitute_id")
    )


def _shelf(book: Book) -> pl.DataFrame:
    """Return `security_id` and `rank` of what the firm's models name, best first."""
    return (
        book.model_targets.filter(pl.col("level") == NodeLevel.SECURITY.value, pl.col("target_frac") > 0)
        .group_by(pl.col("node_id").alias("security_id"))
        .agg(pl.len().alias("models"), pl.col("target_frac").max())
        .sort("models", "target_frac", "security_id", descending=[True, True, False])
        .select("security_id")
        .with_row_index("rank")
    )


def _at_a_loss(lots: pl.DataFrame, groups: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    losing = lots.filter(pl.col("value_usd").cast(pl.Float64) < pl.col("cost_usd").cast(pl.Float64))
    return (
        losing.select(_PAIR)
        .join(groups, on="security_id")
        .join(units, on="account_id")
        .select("unit", "wash_group")
        .unique()
    )
