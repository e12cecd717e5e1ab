"""The task list: one alert for each episode, updated while it stands."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.looks import Looks
from data_contracts.priorities import Priorities
from data_contracts.proposals import Proposals
from data_contracts.valuations import Valuations
from data_contracts.vocab import AccountState, BandSource, EpisodeStatus
from evenkeel.book.model import Book
from evenkeel.stages.alerts.classes import classes_by_portfolio
from evenkeel.stages.alerts.reasons import breach_reasons, closing_reason, standing_reason
from evenkeel.stages.prioritize.episodes import IS_CLOSED
from evenkeel.stages.prioritize.escalation import escalated_to
from evenkeel.stages.prioritize.routing import UNASSIGNED, desks

_CARRIED = (
    "reason",
    "classes_json",
    "value_usd",
    "how_far",
    "precedence",
    "tier",
    "tier_by",
    "tier_value_usd",
    "segment",
    "ips_id",
    "policy_version",
)
"""What an alert keeps from the session before where today's run could not measure it."""


def raise_alerts(
    business_date: dt.date,
    episodes: DataFrame[Episodes],
    priorities: DataFrame[Priorities],
    breaches: DataFrame[Breaches],
    looks: DataFrame[Looks],
    drift: DataFrame[Drift],
    bands: DataFrame[Bands],
    valuations: DataFrame[Valuations],
    proposals: DataFrame[Proposals],
    book: Book,
    yesterday: DataFrame[Alerts] | None = None,
) -> DataFrame[Alerts]:
    """Return one alert for each episode that stands today or closed today.

    A portfolio that could not be measured keeps the sentence, weights and value of its last alert; its status says why it stands
    still. Episodes that are only remembered for their quiet (closed before today) raise nothing. The desk is the one of the
    household's adviser of record, or `unassigned`; what is overdue has escalated along that adviser's path too.

    Args:
        business_date: The session.
        episodes: Today's.
        priorities: Today's.
        breaches: Today's.
        looks: Today's.
        drift: Today's.
        bands: Today's.
        valuations: Today's.
        proposals: Today's: the list of a portfolio answers all its open alerts.
        book: As it holds on the date.
        yesterday: Alerts of the newest session before it that was run; None on the first.

    Raises:
        ContractBreach: An episode that was not measured today has no alert of yesterday to go on from.
    """
    shown = episodes.filter(~IS_CLOSED | (pl.col("closed_date") == business_date))
    measured = shown.select("portfolio_id").unique()
    raised = breaches.join(shown.filter(~IS_CLOSED), on=["portfolio_id", "rule"], how="semi")
    today = (
        shown.rename({"episode_id": "alert_id"})
        .join(breach_reasons(raised, bands, valuations), on=["portfolio_id", "rule"], how="left")
        .join(raised.select("portfolio_id", "rule", "how_far"), on=["portfolio_id", "rule"], how="left")
        .join(classes_by_portfolio(measured, drift, bands), on="portfolio_id", how="left")
        .join(valuations.select("portfolio_id", "value_usd", "household_value_usd"), on="portfolio_id", how="left")
        .join(looks.select("portfolio_id", "tier", "segment", "policy_version"), on="portfolio_id", how="left")
        .join(book.portfolios.select("portfolio_id", "ips_id", "policy_id"), on="portfolio_id", how="left")
        .join(_policies(book), on="policy_id", how="left")
        .with_columns(pl.when(pl.col("tier").is_not_null()).then("tier_by").alias("tier_by"))
        .with_columns(
            pl.when(pl.col("tier_by") == "household_value")
            .then("household_value_usd")
            .when(pl.col("tier_by") == "portfolio_value")
            .then("value_usd")
            .alias("tier_value_usd")
        )
    )
    before = Alerts.empty_frame() if yesterday is None else yesterday
    carried = today.join(
        before.select("alert_id", *_CARRIED), on="alert_id", how="left", suffix="_before"
    ).with_columns(pl.coalesce(name, f"{name}_before").alias(name) for name in _CARRIED)
    routed = (
        carried.join(
            book.households.select(
                "household_id", pl.col("name").alias("household_name"), pl.col("note").alias("household_note")
            ),
            on="household_id",
            how="left",
        )
        .join(desks(book), on="household_id", how="left")
        .join(_accounts(book), on="portfolio_id", how="left")
        .join(priorities.drop("business_date", "adviser_id"), left_on="alert_id", right_on="episode_id", how="left")
        .join(proposals.select("portfolio_id", "proposal_id"), on="portfolio_id", how="left")
    )
    alerts = routed.with_columns(
        pl.when(IS_CLOSED).then(closing_reason()).otherwise(pl.coalesce("reason", standing_reason())).alias("reason"),
        pl.col("adviser_id").fill_null(UNASSIGNED),
        pl.coalesce("household_name", "household_id").alias("household_name"),
        pl.when(pl.col("status") == EpisodeStatus.OPEN.value).then("proposal_id").alias("proposal_id"),
        pl.col("account_ids_json").fill_null("[]"),
        pl.col("classes_json").fill_null("[]"),
        pl.col("terms_json").fill_null("[]"),
        pl.col("is_overdue").fill_null(False),
    )
    return conform(alerts.with_columns(escalated_to(business_date, alerts, book)), Alerts)


def _policies(book: Book) -> pl.DataFrame:
    """Return what each policy says of its order of precedence and of the valuation that sets the tier."""
    ids = book.portfolios["policy_id"].unique().sort().to_list()
    held = [book.policies.held_on(policy_id, book.on, book.as_known_at) for policy_id in ids]
    return pl.DataFrame(
        {
            "policy_id": ids,
            "precedence": [",".join((*policy.precedence, BandSource.DEFAULT)) for policy in held],
            "tier_by": [policy.tier_by for policy in held],
        },
        schema={"policy_id": pl.String, "precedence": pl.String, "tier_by": pl.String},
    )


def _accounts(book: Book) -> pl.DataFrame:
    return (
        book.accounts.filter(pl.col("state") != AccountState.CLOSED.value)
        .sort("portfolio_id", "account_id")
        .group_by("portfolio_id", maintain_order=True)
        .agg(
            pl.struct("account_id")
            .struct.json_encode()
            .str.strip_prefix('{"account_id":')
            .str.strip_suffix("}")
            .str.join(",")
        )
        .select("portfolio_id", pl.concat_str([pl.lit("["), "account_id", pl.lit("]")]).alias("account_ids_json"))
    )
