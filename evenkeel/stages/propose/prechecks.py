"""What a list of trades is checked for before anybody is told of it.

Everything is worked out anew from the trades, the holdings before them and the book: nothing that the solver was given, or made ready
for it, is read. So a mistake in how the problem was stated shows here.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

import polars as pl

from data_contracts.vocab import PreCheck
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.propose.checks.balance import check_balance
from evenkeel.stages.propose.checks.budgets import check_gain_budget, check_turnover_budget
from evenkeel.stages.propose.checks.cash import check_cash
from evenkeel.stages.propose.checks.concentration import check_concentration
from evenkeel.stages.propose.checks.cost import check_trading_cost
from evenkeel.stages.propose.checks.finding import RANKS
from evenkeel.stages.propose.checks.ips import check_ips_limits, check_suitability
from evenkeel.stages.propose.checks.liquidity import check_liquidity
from evenkeel.stages.propose.checks.restrictions import check_restrictions
from evenkeel.stages.propose.checks.sectors import check_sectors
from evenkeel.stages.propose.checks.situation import Situation, before_and_after, told_by_book
from evenkeel.stages.propose.checks.wash_sale import check_wash_sale

_CHECKS: Mapping[PreCheck, Callable[[Situation], pl.DataFrame]] = {
    PreCheck.WASH_SALE: check_wash_sale,
    PreCheck.CONCENTRATION: check_concentration,
    PreCheck.SECTOR_CONCENTRATION: check_sectors,
    PreCheck.LIQUIDITY: check_liquidity,
    PreCheck.SUITABILITY: check_suitability,
    PreCheck.RESTRICTIONS: check_restrictions,
    PreCheck.IPS_LIMITS: check_ips_limits,
    PreCheck.CASH: check_cash,
    PreCheck.BALANCE: check_balance,
    PreCheck.TRADING_COST: check_trading_cost,
    PreCheck.GAIN_BUDGET: check_gain_budget,
    PreCheck.TURNOVER_BUDGET: check_turnover_budget,
}


def prechecks(
    trades: pl.DataFrame,
    proposals: pl.DataFrame,
    holdings: pl.DataFrame,
    washes: pl.DataFrame,
    book: Book,
    policies: Mapping[str, Policy],
    business_date: dt.date,
    trade_date: dt.date,
    account_cash: pl.DataFrame | None = None,
    lots: pl.DataFrame | None = None,
    year: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Return the checks of each proposal and how the worst came out.

    Args:
        trades: All trades of the batch: `portfolio_id` and of `data_contracts.trades` `account_id`, `security_id`, `side`, `traded_qty`,
            `price_usd`, `value_usd`, `gain_usd`, `disallowed_usd`. More columns are passed over; none of the class or node is read.
        proposals: `portfolio_id`, `policy_version` (a policy's label): one row a proposal, with or without trades.
        holdings: `data_contracts.holdings` of the date. More portfolios than those proposed may be in it: they tell how old the price of
            a security is that a portfolio does not hold yet.
        washes: What is known of wash sales, as `wash_answers.WASHES`. A loss or a purchase that nobody asked about is not known.
        book: As it holds on the date.
        policies: Policies by label.
        business_date: Session of the holdings and prices.
        trade_date: When the trades would be done: the day that restrictions are read for.
        account_cash: What the solver says is left: `portfolio_id`, `account_id`, `cash_after_usd`. Held against the account's cash
            before with its sales and purchases; null: not compared.
        lots: Open lots of the accounts: `account_id`, `security_id`, `acquired_date` (null: not known), `held_qty`. None: whether a sale
            of a fund with a redemption fee would pay it is not known.
        year: The year of each tax unit, as `gain_budgets.with_planned` returns it. None: whether a gain budget is kept is not known.

    Returns:
        One row a row of `proposals`, in its order: `portfolio_id`, `checks_json` (array of `check`, `result`, `figures`, `text`; every
        check of `vocab.PreCheck`, in that order), `worst` (`vocab.CheckResult`: failed before not known, before warned, before passed).

    Raises:
        ValueError: A proposal names a policy that was not given.
    """
    here = holdings.join(proposals, on="portfolio_id", how="semi")
    told = told_by_book(trades.join(proposals, on="portfolio_id", how="semi"), book)
    positions = before_and_after(told, here, book)
    situation = Situation(
        proposals=proposals.select("portfolio_id", "policy_version"),
        trades=told,
        positions=positions,
        nav=positions.group_by("portfolio_id").agg(pl.col("before_cents").sum().alias("nav_cents")),
        holdings=holdings,
        washes=washes,
        account_cash=account_cash,
        lots=lots,
        year=year,
        book=book,
        policies=policies,
        business_date=business_date,
        trade_date=trade_date,
    )
    rows = proposals.select("portfolio_id")
    for check in PreCheck:
        found = _CHECKS[check](situation)
        said = pl.struct("text").struct.json_encode().str.strip_prefix("{").str.strip_suffix("}")
        element = pl.concat_str(
            [
                pl.lit(f'{{"check":"{check.value}","result":"'),
                pl.col("result"),
                pl.lit('","figures":'),
                pl.col("figures"),
                pl.lit(","),
                said,
                pl.lit("}"),
            ]
        )
        rank = pl.col("result").replace_strict(RANKS, return_dtype=pl.Int64)
        rows = rows.join(
            found.select("portfolio_id", element.alias(check.value), rank.alias(f"{check.value}_rank")),
            on="portfolio_id",
            how="left",
            maintain_order="left",
        )
    worst = pl.max_horizontal(f"{check.value}_rank" for check in PreCheck)
    return rows.select(
        "portfolio_id",
        pl.format("[{}]", pl.concat_str([check.value for check in PreCheck], separator=",")).alias("checks_json"),
        worst.replace_strict({rank: result for result, rank in RANKS.items()}, return_dtype=pl.String).alias("worst"),
    )
