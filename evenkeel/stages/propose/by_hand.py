"""Lists that a person asks for, as the daily run would make them, with no alert behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.fields import MONEY_DTYPE
from data_contracts.holdings import Holdings
from data_contracts.vocab import AssetClass, RebalanceKind, Rule
from evenkeel.stages.propose.daily import Facts, make_day, policies_of
from evenkeel.stages.propose.stage import Proposed, propose


def propose_asked(
    facts: Facts,
    breaches: DataFrame[Breaches],
    portfolio_ids: Sequence[str],
    kind: RebalanceKind,
    set_aside: Mapping[str, Decimal] | None = None,
) -> Proposed:
    """Return a proposal for each of these portfolios that was measured on the date.

    Args:
        facts: What they are made from.
        breaches: Today's: what is short of cash or outside its IPS is urgent here too.
        portfolio_ids: Whose.
        kind: What the lists may do, whatever the policy says.
        set_aside: Dollars by account that must be there in cash after the trades, beyond what is spoken for already.
    """
    facts = replace(facts, holdings=_with_set_aside(facts.holdings, set_aside or {}))
    urgent = breaches.filter(pl.col("has_ips_breach") | (pl.col("rule") == Rule.CASH_SHORTFALL.value))
    book = facts.book
    asked = book.portfolios.filter(pl.col("portfolio_id").is_in(list(portfolio_ids))).select(
        "portfolio_id",
        "household_id",
        pl.lit(None, pl.String).alias("alert_id"),
        pl.lit(None, pl.String).alias("rule"),
        pl.lit(kind.value).alias("kind"),
        pl.col("portfolio_id").is_in(urgent["portfolio_id"].unique().to_list()).alias("is_urgent"),
    )
    wanted = asked.join(policies_of(facts), on="portfolio_id", how="inner")
    accounts = book.accounts.join(wanted, on="portfolio_id", how="semi").select("account_id")
    day, _, _ = make_day(facts, accounts)
    return propose(day, wanted)


def _with_set_aside(holdings: DataFrame[Holdings], set_aside: Mapping[str, Decimal]) -> DataFrame[Holdings]:
    """Return the holdings with the amounts taken off cash, as cash that is spoken for is: off an account's first row of cash."""
    if not set_aside:
        return holdings
    amounts = pl.DataFrame(
        {"account_id": list(set_aside), "set_aside_usd": list(set_aside.values())},
        schema={"account_id": pl.String, "set_aside_usd": MONEY_DTYPE},
    )
    is_cash = pl.col("asset_class") == AssetClass.CASH.value
    is_first = is_cash & (pl.col("security_id") == pl.col("security_id").filter(is_cash).min().over("account_id"))
    less = pl.when(is_first).then(pl.col("set_aside_usd")).fill_null(0).cast(MONEY_DTYPE)
    rows = holdings.join(amounts, on="account_id", how="left", maintain_order="left")
    return conform(rows.with_columns((pl.col("proforma_usd") - less).cast(MONEY_DTYPE).alias("proforma_usd")), Holdings)
