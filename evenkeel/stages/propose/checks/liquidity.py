"""Whether what is traded can be traded, at the price it is valued by."""

from __future__ import annotations

import polars as pl

from evenkeel.calendar import sessions_apart_expr
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.checks.finding import chosen, findings, listed, sentences
from evenkeel.stages.propose.checks.situation import Situation
from evenkeel.stages.wording import counted


def check_liquidity(situation: Situation) -> pl.DataFrame:
    """Judge the securities that are traded.

    Failed: one is privately priced. Warned: its price is older than the security's, else the policy's, most sessions. Not known: no
    holding of it tells how old its price is. The date is that of the account's own holding, else the latest of any account.
    """
    key = ["account_id", "security_id"]
    dated = situation.holdings.filter(pl.col("price_date").is_not_null())
    own = dated.select(*key, pl.col("price_date").alias("own_date"))
    latest = dated.group_by("security_id").agg(pl.col("price_date").max().alias("any_date"))
    limit = policy_columns(
        situation.proposals, situation.policies, {"policy_sessions": lambda policy: policy.max_price_age_sessions}
    )
    age = sessions_apart_expr(pl.col("price_date"), pl.lit(situation.business_date))
    traded = (
        situation.trades.select("portfolio_id", *key, "is_illiquid", "max_price_age_sessions")
        .unique()
        .join(own, on=key, how="left")
        .join(latest, on="security_id", how="left")
        .join(limit, on="portfolio_id")
        .with_columns(pl.coalesce("own_date", "any_date").alias("price_date"), pl.col("is_illiquid").fill_null(False))
        .with_columns(age.alias("age"), pl.coalesce("max_price_age_sessions", "policy_sessions").alias("most"))
        .with_columns(
            (~pl.col("is_illiquid") & (pl.col("age") > pl.col("most"))).fill_null(False).alias("is_old"),
            (~pl.col("is_illiquid") & pl.col("age").is_null()).alias("is_undated"),
        )
    )
    said = pl.format("{} ({} old)", "security_id", counted(pl.col("age"), "session", "sessions"))
    told = traded.group_by("portfolio_id").agg(
        pl.col("security_id").filter("is_illiquid").unique().sort().alias("illiquid"),
        said.filter(pl.col("is_old")).unique().sort().alias("old"),
        pl.col("security_id").filter("is_undated").unique().sort().alias("undated"),
        pl.col("age").max().alias("oldest_sessions"),
    )
    rows = (
        situation.proposals.select("portfolio_id")
        .join(told, on="portfolio_id", how="left", maintain_order="left")
        .with_columns(pl.col("illiquid", "old", "undated").fill_null([]))
    )
    has = {name: pl.col(name).list.len() > 0 for name in ("illiquid", "old", "undated")}
    return findings(
        rows,
        chosen(has["illiquid"], has["undated"], has["old"]),
        sentences(
            (has["illiquid"], pl.format("Privately priced, yet traded: {}.", listed(pl.col("illiquid")))),
            (has["undated"], pl.format("How old the price is is not known: {}.", listed(pl.col("undated")))),
            (has["old"], pl.format("The price is older than the policy allows: {}.", listed(pl.col("old")))),
            otherwise=pl.lit("Everything traded has a daily price that is recent enough."),
        ),
        ["illiquid", "oldest_sessions", "undated"],
    )
