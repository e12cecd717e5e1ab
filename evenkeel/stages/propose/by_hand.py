"""Lists that a person asks for, as the daily run would make them, with no alert behind them."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.breaches import Breaches
from data_contracts.vocab import RebalanceKind, Rule
from evenkeel.stages.propose.daily import Facts, make_day, policies_of
from evenkeel.stages.propose.stage import Proposed, propose


def propose_asked(
    facts: Facts, breaches: DataFrame[Breaches], portfolio_ids: Sequence[str], kind: RebalanceKind
) -> Proposed:
    """Return a proposal for each of these portfolios that was measured on the date.

    Args:
        facts: What they are made from.
        breaches: Today's: what is short of cash or outside its IPS is urgent here too.
        portfolio_ids: Whose.
        kind: What the lists may do, whatever the policy says.
    """
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
