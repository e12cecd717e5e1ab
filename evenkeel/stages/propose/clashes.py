"""Where lists of one attempt clash, and what to bar at the next: a loss that another list would wash, both sides of one node."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from evenkeel.book.model import Book
from evenkeel.engine.codes import Side
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.steps import POSITIONS
from evenkeel.stages.taxes.wash_inputs import wash_members

NO_BUYS = pl.Schema([("account_id", pl.String()), ("security_id", pl.String())])
NO_SELLS = pl.Schema([("account_id", pl.String()), ("security_id", pl.String()), ("is_of_losses", pl.Boolean())])


@dataclass(frozen=True)
class Bars:
    """What attempts have barred: purchases, and sales (of lots at a loss alone, or of all).

    `whole`: positions that were tried unsplit, so that all of them may go. `split`: those of them that did not go: in whole steps for good.
    """

    no_buys: pl.DataFrame
    no_sells: pl.DataFrame
    whole: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=POSITIONS))
    split: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=POSITIONS))

    def with_more(self, more: Bars) -> Bars:
        """Return these bars and more."""
        return Bars(
            pl.concat([self.no_buys, more.no_buys]).unique(maintain_order=True),
            pl.concat([self.no_sells, more.no_sells]).unique(maintain_order=True),
            pl.concat([self.whole, more.whole]).unique(maintain_order=True),
            pl.concat([self.split, more.split]).unique(maintain_order=True),
        )

    def size(self) -> int:
        """Return how much attempts have found; they have settled where one finds no more."""
        return self.no_buys.height + self.no_sells.height + self.whole.height + self.split.height

    def unsplit(self) -> pl.DataFrame:
        """Return the positions whose lots are given unsplit."""
        return self.whole.join(self.split, on=KEY, how="anti")

    def without(self, known: Bars) -> Bars:
        """Return what is barred or tried here and not in `known`."""
        return Bars(
            *(
                own.join(other, on=own.columns, how="anti", maintain_order="left")
                for own, other in (
                    (self.no_buys, known.no_buys),
                    (self.no_sells, known.no_sells),
                    (self.whole, known.whole),
                    (self.split, known.split),
                )
            )
        )

    def accounts(self) -> pl.Series:
        """Return the accounts that anything is said of."""
        return pl.concat(
            [each["account_id"] for each in (self.no_buys, self.no_sells, self.whole, self.split)]
        ).unique()


NOTHING = Bars(pl.DataFrame(schema=NO_BUYS), pl.DataFrame(schema=NO_SELLS))


def wash_units_of_case(case: Case, book: Book) -> pl.DataFrame:
    """Return `account_id`, `unit_id`: whose purchases wash whose losses; an account without a tax unit is its own."""
    return case.accounts.join(
        wash_members(book).select("account_id", "wash_unit_id"), on="account_id", how="left"
    ).select("account_id", pl.col("wash_unit_id").alias("unit_id"), "short_rate")


def ties_of(case: Case, units: pl.DataFrame) -> pl.DataFrame:
    """Return `account_id`, `portfolio_id`, `tie_id`: portfolios whose trades may wash each other's, through others too, are one tie.

    Lists of a tie are taken or left together: one made beside another list than the one that stays could clash with it.

    Args:
        case: As `make_case` returns it.
        units: As `wash_units_of_case` returns them.
    """
    ties = case.accounts.select("account_id", "portfolio_id", pl.col("portfolio_id").alias("tie_id")).join(
        units.select("account_id", "unit_id"), on="account_id", how="left"
    )
    while True:
        least = pl.col("tie_id").min()
        nearer = ties.with_columns(least.over("portfolio_id")).with_columns(least.over("unit_id"))
        if nearer["tie_id"].equals(ties["tie_id"]):
            return ties.drop("unit_id")
        ties = nearer


def washing(trades: pl.DataFrame, groups: pl.DataFrame, units: pl.DataFrame) -> Bars:
    """Return what to bar so that no list washes a loss that another takes: all accounts of the unit, all securities of the group.

    The side with fewer dollars gives way: a small sale at a loss is left out where more of the same is bought.
    """
    placed = trades.join(units, on="account_id", how="left").join(groups, on="security_id", how="left")
    place = ["unit_id", "wash_group"]
    is_loss = (pl.col("side") == Side.SELL.value) & (pl.col("gain_usd") < 0) & (pl.col("short_rate") > 0)
    sums = placed.group_by(place).agg(
        pl.col("value_usd").filter(is_loss.fill_null(False)).sum().alias("lost"),
        pl.col("value_usd").filter(pl.col("side") == Side.BUY.value).sum().alias("bought"),
    )
    clash = sums.filter(pl.col("lost") > 0, pl.col("bought") > 0)
    # All of the unit, not the one account alone: barred in one it would be traded in another.
    everywhere = clash.join(units, on="unit_id", how="inner").join(groups, on="wash_group", how="inner")
    return Bars(
        everywhere.filter(pl.col("lost") >= pl.col("bought")).select(KEY).unique().sort(KEY),
        everywhere.filter(pl.col("lost") < pl.col("bought"))
        .select(*KEY, pl.lit(True).alias("is_of_losses"))
        .unique()
        .sort(KEY),
    )


def both_sides_of_a_node(trades: pl.DataFrame, case: Case) -> Bars:
    """Return what to bar so that no account sells and buys in one node, where it is not for a loss: whole steps tempt to such swaps."""
    harvests = [kind.value for kind, terms in TERMS.items() if terms.harvests]
    plain = case.accounts.filter(~pl.col("kind").is_in(harvests)).select("account_id")
    place = ["account_id", "node_id"]
    sums = (
        trades.join(plain, on="account_id", how="semi")
        .rename({"asset_class": "node_id"})
        .group_by(place)
        .agg(
            pl.col("value_usd").filter(pl.col("side") == Side.SELL.value).sum().alias("sold"),
            pl.col("value_usd").filter(pl.col("side") == Side.BUY.value).sum().alias("bought"),
        )
        .filter(pl.col("sold") > 0, pl.col("bought") > 0)
    )
    both = case.shelf.select(*KEY, "node_id").join(sums, on=place, how="inner").sort(KEY)
    return Bars(
        both.filter(pl.col("sold") >= pl.col("bought")).select(KEY),
        both.filter(pl.col("sold") < pl.col("bought")).select(*KEY, pl.lit(False).alias("is_of_losses")),
    )
