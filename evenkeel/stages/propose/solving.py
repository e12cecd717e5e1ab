"""Lists solved, and solved again where one list would wash another's loss: what is sold at a loss is bought by nobody of the tax unit."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from data_contracts.vocab import Obstacle
from evenkeel.book.model import Book
from evenkeel.engine.codes import Side
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.solve import solve
from evenkeel.policy.model import Policy
from evenkeel.rules.wash_sales import wash_groups, wash_units
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.tables import Problems, make_problems

ATTEMPTS = 6
"""Each attempt bars purchases that the last one made; lists settle after two or three. What has not settled is held back by its checks."""

FIGURES = (
    "nav_usd",
    "objective_before_usd",
    "objective_usd",
    "tax_usd",
    "target_penalty_usd",
    "band_penalty_usd",
    "cash_penalty_usd",
    "bound_usd",
    "gap_usd",
)


@dataclass(frozen=True)
class Lists:
    """Solved lists.

    `trades`: the engine's, with `portfolio_id`. `figures`: `portfolio_id`, `outcome`, `unsolved_account_id` and the figures of the answer,
    null where it was not solved. `bars`: purchases barred on the way: `account_id`, `security_id`, `rule`.
    """

    trades: pl.DataFrame
    figures: pl.DataFrame
    problems: Problems
    bars: pl.DataFrame


def solve_case(case: Case, nodes: pl.DataFrame, book: Book, policy: Policy) -> Lists:
    """Return the lists of a case.

    Args:
        case: As `make_case` returns it.
        nodes: As `nodes_of` returns them.
        book: For wash units and groups.
        policy: The house's.
    """
    bars = pl.DataFrame(schema={"account_id": pl.String, "security_id": pl.String})
    units = _units(case, book)
    groups = wash_groups(book.securities.select("security_id", "wash_group"))
    for _ in range(ATTEMPTS):
        problems = make_problems(case, nodes, bars, book, policy)
        lists = _solved(case, problems, bars)
        more = _washing(lists.trades, groups, units).join(bars, on=KEY, how="anti")
        if not more.height:
            break
        bars = pl.concat([bars, more])
    return lists


def _solved(case: Case, problems: Problems, bars: pl.DataFrame) -> Lists:
    of_account = case.accounts.select("account_id", "portfolio_id")
    answer = solve(problems.alone, is_rounded=True)
    trades = [answer.trades]
    figures = [
        answer.accounts.join(of_account, on="account_id", how="left").select(
            "portfolio_id",
            "outcome",
            pl.col("account_id").alias("unsolved_account_id"),
            *FIGURES,
            "trade_cost_usd",
            pl.lit(0.0).alias("location_cost_usd"),
            "cash_price_frac",
        )
    ]
    if problems.together is not None:
        house = solve_households(problems.together)
        trades.append(house.trades)
        figures.append(
            house.households.select(
                pl.col("household_id").alias("portfolio_id"),
                "outcome",
                "unsolved_account_id",
                *FIGURES,
                "trade_cost_usd",
                "location_cost_usd",
                pl.lit(None, pl.Float64).alias("cash_price_frac"),
            )
        )
    return Lists(
        pl.concat(trades).join(of_account, on="account_id", how="left").sort("portfolio_id", "account_id", "trade_no"),
        pl.concat(figures).sort("portfolio_id"),
        problems,
        bars.with_columns(pl.lit(Obstacle.SOLD_AT_LOSS_TODAY.value).alias("rule")),
    )


def _units(case: Case, book: Book) -> pl.DataFrame:
    """Return `account_id`, `unit_id`: whose purchases wash whose losses; an account without a tax unit is its own."""
    units = wash_units(book.tax_units.select("tax_unit_id"))
    return case.accounts.join(units, on="tax_unit_id", how="left").select(
        "account_id", pl.coalesce("wash_unit_id", pl.format("account {}", "account_id")).alias("unit_id"), "short_rate"
    )


def _washing(trades: pl.DataFrame, groups: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Return the purchases that would wash a loss that a list takes: all accounts of the unit, all securities of the group."""
    placed = trades.join(units, on="account_id", how="left").join(groups, on="security_id", how="left")
    losses = (
        placed.filter(pl.col("side") == Side.SELL.value, pl.col("gain_usd") < 0, pl.col("short_rate") > 0)
        .select("unit_id", "wash_group")
        .unique()
    )
    washing = placed.filter(pl.col("side") == Side.BUY.value).join(losses, on=["unit_id", "wash_group"], how="semi")
    # All of the unit, not the buyer alone: barred in one account it would be bought in another.
    members = washing.select("unit_id", "wash_group").unique().join(units, on="unit_id", how="inner")
    return members.join(groups, on="wash_group", how="inner").select(KEY).unique().sort(KEY)
