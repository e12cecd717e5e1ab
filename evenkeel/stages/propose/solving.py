"""Lists solved, and solved again where one list would wash another's loss: what is sold at a loss is bought by nobody of the tax unit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from evenkeel.book.model import Book
from evenkeel.engine.codes import Side
from evenkeel.engine.households.rounding import PROGRAM_HOUSEHOLDS
from evenkeel.engine.households.solve import solve_households
from evenkeel.engine.rounding import PROGRAM_ACCOUNTS, PROGRAM_GAP
from evenkeel.engine.solve import solve
from evenkeel.policy.model import Policy
from evenkeel.rules.wash_sales import wash_groups
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.steps import POSITIONS, all_or_none, not_gone, ready_to_go_whole, sold_in_part
from evenkeel.stages.propose.tables import Problems, make_problems
from evenkeel.stages.taxes.wash_inputs import wash_members

ATTEMPTS = 6
"""Each attempt bars purchases that the last one made; lists settle after two or three. What has not settled is held back by its checks."""
PROGRAM_ATTEMPTS = 2
"""The second for what the first sells all whole steps of, so that the rest of it goes too."""

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

    def clashes(self) -> int:
        """Return how many purchases and sales are barred."""
        return self.no_buys.height + self.no_sells.height

    def size(self) -> int:
        """Return how much attempts have found; they have settled where one finds no more."""
        return self.clashes() + self.whole.height + self.split.height

    def unsplit(self) -> pl.DataFrame:
        """Return the positions whose lots are given unsplit."""
        return self.whole.join(self.split, on=KEY, how="anti")

    def all_split(self) -> Bars:
        """Return these bars with every position in whole steps for good."""
        return self.with_more(replace(NOTHING, split=self.whole))


NOTHING = Bars(pl.DataFrame(schema=NO_BUYS), pl.DataFrame(schema=NO_SELLS))


@dataclass(frozen=True)
class Lists:
    """Solved lists.

    `trades`: the engine's, with `portfolio_id`. `figures`: `portfolio_id`, `outcome`, `unsolved_account_id` and the figures of the answer,
    null where it was not solved. `bars`: what was barred on the way. `account_cash`: `portfolio_id`, `account_id`, `nav_usd`,
    `cash_after_usd` as the engine has them. `washing`: of the purchases barred those that would wash a loss of the lists: `account_id`,
    `security_id`. `gain_bound`: `account_id` of accounts whose share of the gain budget binds: a dollar more of it would make a better
    list.
    """

    trades: pl.DataFrame
    figures: pl.DataFrame
    problems: Problems
    bars: Bars
    account_cash: pl.DataFrame
    washing: pl.DataFrame
    gain_bound: pl.DataFrame


def solve_case(case: Case, nodes: pl.DataFrame, year: pl.DataFrame, book: Book, policy: Policy) -> Lists:
    """Return the lists of a case.

    Args:
        case: As `make_case` returns it.
        nodes: As `nodes_of` returns them.
        year: What each tax unit has realised and carried in, as `tax_year.year_to_date` returns it.
        book: For wash units and groups.
        policy: The house's.
    """
    units = _units(case, book)
    groups = wash_groups(book.securities.select("security_id", "wash_group"))

    def solved(bars: Bars, *, has_programs: bool = False) -> Lists:
        problems = make_problems(case, nodes, bars.no_buys, bars.no_sells, bars.unsplit(), year, book, policy)
        return _solved(case, problems, bars, has_programs=has_programs)

    def with_clashes(bars: Bars, lists: Lists) -> Bars:
        washing, sides = _washing(lists.trades, groups, units), _both_sides_of_a_node(lists.trades, case)
        return bars.with_more(washing).with_more(sides).with_more(_going_whole(lists, case))

    bars = replace(NOTHING, whole=all_or_none(case.lots))
    for _ in range(ATTEMPTS):
        lists = solved(bars)
        more = with_clashes(bars, lists)
        if more.size() == bars.size():
            break
        bars = more
    if _is_any_in_part(lists, case):
        # Not settled: no order is left that its custodian would refuse.
        bars = bars.all_split()
        lists = solved(bars)
    if (lists.figures["gap_usd"] > PROGRAM_GAP * lists.figures["nav_usd"]).any():
        # Programs are slow, so only lists that have settled are asked for; where theirs would clash anew, the search's stand.
        tried = lists.bars
        for _ in range(PROGRAM_ATTEMPTS):
            better = solved(tried, has_programs=True)
            more = with_clashes(bars, better)
            lists = _with_better(lists, better, _clashing(bars, more, better, case, units), case)
            if more.unsplit().height <= tried.unsplit().height:
                break
            tried = replace(more, no_buys=bars.no_buys, no_sells=bars.no_sells)
    return replace(lists, washing=_barred_by_losses(lists, groups, units))


def _with_better(lists: Lists, better: Lists, but: pl.Series, case: Case) -> Lists:
    """Return the better lists, and of the portfolios `but` those of `lists`: nothing that is bought or sold was barred in one alone."""
    accounts = case.accounts.filter(pl.col("portfolio_id").is_in(but.implode()))["account_id"]

    def both(column: str, kept: pl.Series, one: pl.DataFrame, other: pl.DataFrame) -> pl.DataFrame:
        is_kept = pl.col(column).is_in(kept.implode())
        return pl.concat([one.filter(is_kept), other.filter(~is_kept)])

    return replace(
        better,
        trades=both("portfolio_id", but, lists.trades, better.trades).sort("portfolio_id", "account_id", "trade_no"),
        figures=both("portfolio_id", but, lists.figures, better.figures).sort("portfolio_id"),
        account_cash=both("portfolio_id", but, lists.account_cash, better.account_cash),
        gain_bound=both("account_id", accounts, lists.gain_bound, better.gain_bound),
        bars=replace(
            better.bars,
            whole=both("account_id", accounts, lists.bars.whole, better.bars.whole),
            split=both("account_id", accounts, lists.bars.split, better.bars.split),
        ),
    )


def _clashing(bars: Bars, more: Bars, lists: Lists, case: Case, units: pl.DataFrame) -> pl.Series:
    """Return the portfolios whose lists clash anew or sell a position in part, and all that may wash what theirs sell.

    Lists of a wash unit are taken or left together: one of the search's and one of a program's could clash with each other.
    """
    accounts = pl.concat(
        [
            more.no_buys.join(bars.no_buys, on=bars.no_buys.columns, how="anti").select("account_id"),
            more.no_sells.join(bars.no_sells, on=bars.no_sells.columns, how="anti").select("account_id"),
            sold_in_part(case.lots, lists.trades, lists.bars.unsplit()).select("account_id"),
        ]
    )["account_id"].unique()
    whose = case.accounts.select("account_id", "portfolio_id").join(units, on="account_id", how="left")
    while True:
        touched = whose.filter(pl.col("account_id").is_in(accounts.implode()))
        tied = whose.filter(
            pl.col("portfolio_id").is_in(touched["portfolio_id"].implode())
            | pl.col("unit_id").is_in(touched["unit_id"].drop_nulls().implode())
        )["account_id"].unique()
        if len(tied) == len(accounts):
            return touched["portfolio_id"].unique().sort()
        accounts = tied


def _barred_by_losses(lists: Lists, groups: pl.DataFrame, units: pl.DataFrame) -> pl.DataFrame:
    """Return the purchases that were barred for a loss that the lists take."""
    lost = (
        lists.trades.filter(pl.col("side") == Side.SELL.value, pl.col("gain_usd") < 0)
        .join(units.filter(pl.col("short_rate") > 0), on="account_id", how="inner")
        .join(groups, on="security_id", how="left")
        .select("unit_id", "wash_group")
        .unique()
    )
    everywhere = lost.join(units, on="unit_id", how="inner").join(groups, on="wash_group", how="inner")
    return lists.bars.no_buys.join(everywhere.select(KEY).unique(), on=KEY, how="semi")


def _going_whole(lists: Lists, case: Case) -> Bars:
    """Return the positions that the next attempt is to have unsplit, and those that had their try."""
    return replace(
        NOTHING,
        whole=ready_to_go_whole(case.lots, lists.trades),
        split=not_gone(case.lots, lists.trades, lists.bars.unsplit()),
    )


def _is_any_in_part(lists: Lists, case: Case) -> bool:
    return not sold_in_part(case.lots, lists.trades, lists.bars.unsplit()).is_empty()


def _solved(case: Case, problems: Problems, bars: Bars, *, has_programs: bool) -> Lists:
    of_account = case.accounts.select("account_id", "portfolio_id")
    answer = solve(problems.alone, is_rounded=True, programs=PROGRAM_ACCOUNTS if has_programs else 0)
    trades = [answer.trades]
    cash = [answer.accounts.select("account_id", "nav_usd", "cash_after_usd")]
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
    tax_results = [answer.tax_results]
    if problems.together is not None:
        house = solve_households(problems.together, is_rounded=True, programs=PROGRAM_HOUSEHOLDS if has_programs else 0)
        trades.append(house.trades)
        tax_results.append(house.tax_results)
        cash.append(house.household_accounts.select("account_id", "nav_usd", "cash_after_usd"))
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
        bars,
        pl.concat(cash)
        .join(of_account, on="account_id", how="left")
        .drop_nulls()
        .with_columns(pl.col("cash_after_usd").round(2).cast(MONEY_DTYPE)),
        pl.DataFrame(schema=NO_BUYS),
        problems.netted.join(
            pl.concat(tax_results).filter("is_budget_binding").select(pl.col("tax_unit_id").alias("engine_unit_id")),
            on="engine_unit_id",
            how="semi",
        ).select("account_id"),
    )


def _units(case: Case, book: Book) -> pl.DataFrame:
    """Return `account_id`, `unit_id`: whose purchases wash whose losses; an account without a tax unit is its own."""
    return case.accounts.join(
        wash_members(book).select("account_id", "wash_unit_id"), on="account_id", how="left"
    ).select("account_id", pl.col("wash_unit_id").alias("unit_id"), "short_rate")


def _washing(trades: pl.DataFrame, groups: pl.DataFrame, units: pl.DataFrame) -> Bars:
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


def _both_sides_of_a_node(trades: pl.DataFrame, case: Case) -> Bars:
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
