"""Lists solved, and solved again where one list would wash another's loss: what is sold at a loss is bought by nobody of the tax unit."""

from __future__ import annotations

from dataclasses import dataclass, replace

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
from evenkeel.stages.propose.clashes import (
    NO_BUYS,
    NOTHING,
    Bars,
    both_sides_of_a_node,
    ties_of,
    wash_units_of_case,
    washing,
)
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.problems import Problems
from evenkeel.stages.propose.steps import all_or_none, not_gone, ready_to_go_whole, sold_in_part
from evenkeel.stages.propose.tables import make_problems

ATTEMPTS = 6
"""Each attempt bars purchases that the last one made; lists settle after two or three. What has not settled is held back by its checks."""
PROGRAM_ATTEMPTS = 4
"""The first asks for all lists, others only for ties that the one before found something about."""
NO_WORSE = 1e-6
"""Share of a portfolio's value up to which a list is no worse than another: a hundredth of a basis point."""

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
    units = wash_units_of_case(case, book)
    groups = wash_groups(book.securities.select("security_id", "wash_group"))
    attempts = _Attempts(case, nodes, year, book, policy, units, groups)
    lists = attempts.settled()
    if (lists.figures["gap_usd"] > PROGRAM_GAP * lists.figures["nav_usd"]).any():
        lists = attempts.with_programs(lists)
    return replace(lists, washing=_barred_by_losses(lists, groups, units))


@dataclass(frozen=True)
class _Attempts:
    """What is the same at every attempt. `units`: as `wash_units_of_case` returns them. `groups`: `security_id`, `wash_group`."""

    case: Case
    nodes: pl.DataFrame
    year: pl.DataFrame
    book: Book
    policy: Policy
    units: pl.DataFrame
    groups: pl.DataFrame

    def settled(self) -> Lists:
        """Return the search's lists, solved anew until none clashes with another."""
        bars = replace(NOTHING, whole=all_or_none(self.case.lots))
        for _ in range(ATTEMPTS):
            lists = self._solved(bars)
            found = self._found(lists)
            if found.size() == bars.size():
                return lists
            bars = found
        return self._in_whole_steps(lists, bars)

    def with_programs(self, searched: Lists) -> Lists:
        """Return the lists, those of exact programs in place of the search's where they are better.

        Programs are slow. All lists are asked for once; then, alone, ties whose lists clash, with what clashed barred, and those that sell
        all whole steps of a position, so that the rest of it goes too. Lists of a tie are taken together, where none clashes and they
        cost no more than those they replace; the last that were taken stand.
        """
        ties = ties_of(self.case, self.units)
        lists, asked = searched, self.case.wanted["portfolio_id"]
        bars = known = searched.bars
        for _ in range(PROGRAM_ATTEMPTS):
            better = _with_lists_of(lists, asked, self._solved(bars, asked, has_programs=True), self.case)
            refused = pl.concat([self._clashes(better).accounts(), self._sold_in_part(better)["account_id"]])
            # A list that clashes is no measure: one that does not may cost more.
            unsettled = _tied(self._clashes(lists).accounts(), ties)
            dearer = _dearer(better, lists, ties.filter(~pl.col("tie_id").is_in(unsettled.implode())))
            left = _portfolios_of(pl.concat([_tied(refused, ties), dearer]), ties)
            bars = self._found(better)
            lists = _with_lists_of(better, left, lists, self.case)
            again = _tied(bars.without(known).accounts(), ties)
            if again.is_empty():
                break
            asked = _portfolios_of(again, ties)
            known = known.with_more(bars)
        return replace(lists, problems=self._problems(lists.bars))

    def _in_whole_steps(self, lists: Lists, bars: Bars) -> Lists:
        """Return lists that have not settled, solved a last time: in whole steps, so that there is no order that a custodian would refuse.

        So are their ties, with all that is known to clash barred. What clashes even then is held back by its checks. Other lists stay.

        Args:
            lists: Those of the last attempt.
            bars: What was found in them, on top of their own bars.
        """
        ties = ties_of(self.case, self.units)
        unsettled = _tied(pl.concat([self._clashes(lists).accounts(), self._sold_in_part(lists)["account_id"]]), ties)
        if unsettled.is_empty():
            return lists
        of_ties = ties.filter(pl.col("tie_id").is_in(unsettled.implode())).select("account_id")
        split = bars.whole.join(of_ties, on="account_id", how="semi")
        bars = bars.with_more(replace(NOTHING, split=split))
        asked = _portfolios_of(unsettled, ties)
        settled = _with_lists_of(lists, asked, self._solved(bars, asked), self.case)
        return replace(settled, problems=self._problems(settled.bars))

    def _found(self, lists: Lists) -> Bars:
        """Return the lists' bars, what to bar of what clashes in them, and which positions are to go whole or had their try."""
        going_whole = replace(
            NOTHING,
            whole=ready_to_go_whole(self.case.lots, lists.trades),
            split=not_gone(self.case.lots, lists.trades, lists.bars.unsplit()),
        )
        return lists.bars.with_more(self._clashes(lists)).with_more(going_whole)

    def _clashes(self, lists: Lists) -> Bars:
        """Return what to bar of what clashes in the lists."""
        sides = both_sides_of_a_node(lists.trades, self.case)
        return washing(lists.trades, self.groups, self.units).with_more(sides)

    def _sold_in_part(self, lists: Lists) -> pl.DataFrame:
        return sold_in_part(self.case.lots, lists.trades, lists.bars.unsplit())

    def _problems(self, bars: Bars) -> Problems:
        return make_problems(
            self.case, self.nodes, bars.no_buys, bars.no_sells, bars.unsplit(), self.year, self.book, self.policy
        )

    def _solved(self, bars: Bars, portfolios: pl.Series | None = None, *, has_programs: bool = False) -> Lists:
        problems = self._problems(bars)
        chosen = problems if portfolios is None else problems.of(portfolios)
        return _solved(self.case, chosen, bars, has_programs=has_programs)


def _tied(accounts: pl.Series, ties: pl.DataFrame) -> pl.Series:
    """Return the ties of accounts."""
    return ties.filter(pl.col("account_id").is_in(accounts.implode()))["tie_id"].unique()


def _portfolios_of(tie_ids: pl.Series, ties: pl.DataFrame) -> pl.Series:
    """Return the portfolios of ties."""
    return ties.filter(pl.col("tie_id").is_in(tie_ids.implode()))["portfolio_id"].unique().sort()


def _dearer(better: Lists, lists: Lists, ties: pl.DataFrame) -> pl.Series:
    """Return the ties whose lists together cost more in `better` than in `lists`, or are not solved there.

    What had to be barred can cost more than a program gains. Where something was barred they must cost less: else the same list would stand
    with a bound of less freedom, and look nearer to it than it is.
    """
    stricter = better.bars.without(lists.bars)
    barred = pl.concat([stricter.no_buys["account_id"], stricter.no_sells["account_id"]])
    most = pl.when(pl.col("tie_id").is_in(_tied(barred, ties).implode())).then(-NO_WORSE).otherwise(NO_WORSE)
    sums = (
        better.figures.join(lists.figures, on="portfolio_id", suffix="_before")
        .join(ties.select("portfolio_id", "tie_id").unique(), on="portfolio_id", how="inner")
        .filter(pl.col("objective_usd_before").is_not_null())
        .group_by("tie_id")
        .agg(
            (pl.col("objective_usd") - pl.col("objective_usd_before")).sum().alias("more"),
            pl.col("nav_usd_before").sum().alias("nav"),
            pl.col("objective_usd").is_null().any().alias("is_unsolved"),
        )
    )
    return sums.filter(pl.col("is_unsolved") | (pl.col("more") > most * pl.col("nav")))["tie_id"]


def _with_lists_of(lists: Lists, portfolios: pl.Series, other: Lists, case: Case) -> Lists:
    """Return the lists, those of some portfolios as `other` has them. The problems are not put together: they follow from the bars."""
    accounts = case.accounts.filter(pl.col("portfolio_id").is_in(portfolios.implode()))["account_id"]

    def both(column: str, of: pl.Series, own: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
        is_other = pl.col(column).is_in(of.implode())
        return pl.concat([own.filter(~is_other), others.filter(is_other)])

    def by_account(own: pl.DataFrame, others: pl.DataFrame) -> pl.DataFrame:
        return both("account_id", accounts, own, others)

    return replace(
        lists,
        trades=both("portfolio_id", portfolios, lists.trades, other.trades).sort(
            "portfolio_id", "account_id", "trade_no"
        ),
        figures=both("portfolio_id", portfolios, lists.figures, other.figures).sort("portfolio_id"),
        account_cash=by_account(lists.account_cash, other.account_cash),
        gain_bound=by_account(lists.gain_bound, other.gain_bound),
        bars=Bars(
            by_account(lists.bars.no_buys, other.bars.no_buys),
            by_account(lists.bars.no_sells, other.bars.no_sells),
            by_account(lists.bars.whole, other.bars.whole),
            by_account(lists.bars.split, other.bars.split),
        ),
    )


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
