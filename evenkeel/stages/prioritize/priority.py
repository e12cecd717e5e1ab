"""The score: who comes first on an adviser's list, and why, term by term."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.episodes import Episodes
from data_contracts.looks import Looks
from data_contracts.priorities import Priorities
from data_contracts.valuations import Valuations
from data_contracts.vocab import AccountState, EpisodeStatus, TaxStatus
from evenkeel.book.model import Book
from evenkeel.stages.prioritize.due import set_clocks
from evenkeel.stages.prioritize.episodes import IS_CLOSED
from evenkeel.stages.prioritize.routing import UNASSIGNED, desks
from evenkeel.stages.prioritize.settings import SETTINGS_SCHEMA, TERMS
from evenkeel.stages.prioritize.terms import figure_columns, scaled, sentence

_OPEN = EpisodeStatus.OPEN.value
_ANSWERED = (EpisodeStatus.QUIET.value, EpisodeStatus.IN_FLIGHT.value, EpisodeStatus.FROZEN.value)


def score_episodes(
    business_date: dt.date,
    episodes: DataFrame[Episodes],
    breaches: DataFrame[Breaches],
    looks: DataFrame[Looks],
    valuations: DataFrame[Valuations],
    book: Book,
    settings: pl.DataFrame,
    yesterday: tuple[DataFrame[Episodes], DataFrame[Priorities]] | None = None,
) -> DataFrame[Priorities]:
    """Return score, place, clock and explanation of every episode that is not closed.

        score = sum over terms of floor(weight x scaled, to 0.01), 0 to 100

    What was not measured today (a portfolio that waits or is not due) keeps the drift and IPS terms of its last look, and says so. In
    an adviser's list what is open comes first, then by score, then by due time, then by id.

    Args:
        business_date: The session.
        episodes: Today's.
        breaches: Today's.
        looks: Today's.
        valuations: Of the portfolios measured today.
        book: As it holds on the date.
        settings: `SETTINGS_SCHEMA`, for the portfolios of the book.
        yesterday: Episodes and priorities of the newest session before it that was run; None on the first.
    """
    joined = _inputs(business_date, episodes.filter(~IS_CLOSED), breaches, looks, valuations, book, settings)
    figured = _figures(joined, yesterday)
    scored = _points(figured)
    clocked = set_clocks(business_date, scored, _clocked_before(yesterday))
    is_waiting = pl.col("status") != _OPEN
    ranked = clocked.sort(
        "adviser_id", is_waiting, "score", "due_at", "episode_id", descending=[False, False, True, False, False]
    ).with_columns(pl.int_range(1, pl.len() + 1).over("adviser_id").alias("adviser_rank"))
    return conform(ranked, Priorities)


def _inputs(
    business_date: dt.date,
    standing: pl.DataFrame,
    breaches: pl.DataFrame,
    looks: pl.DataFrame,
    valuations: pl.DataFrame,
    book: Book,
    settings: pl.DataFrame,
) -> pl.DataFrame:
    is_taxable = pl.col("tax_status") == TaxStatus.TAXABLE.value
    accounts = (
        book.accounts.filter(pl.col("state") != AccountState.CLOSED.value)
        .group_by("portfolio_id")
        .agg(pl.len().alias("account_count"), is_taxable.sum().alias("taxable_count"))
    )
    clients = book.portfolios.select("portfolio_id", "ips_id", pl.col("segment").alias("book_segment")).join(
        book.ips_profiles.select("ips_id", "horizon_date", "risk_score", "max_growth_frac", "objective"),
        on="ips_id",
        how="left",
    )
    return (
        standing.with_columns(pl.lit(business_date).alias("business_date"))
        .join(
            breaches.select(
                "portfolio_id",
                "rule",
                "relative_severity",
                pl.col("has_ips_breach").alias("is_outside_ips"),
                pl.col("urgency").alias("now_urgency"),
            ),
            on=["portfolio_id", "rule"],
            how="left",
        )
        .join(
            looks.select("portfolio_id", pl.col("segment"), pl.col("urgency").alias("look_urgency")),
            on="portfolio_id",
            how="left",
        )
        .join(valuations.select("portfolio_id", "value_usd", "risk_held", "risk_target"), on="portfolio_id", how="left")
        .join(clients, on="portfolio_id", how="left")
        .join(accounts, on="portfolio_id", how="left")
        .join(settings.select(list(SETTINGS_SCHEMA)), on="portfolio_id", how="left")
        .join(desks(book), on="household_id", how="left")
        .with_columns(
            pl.col("adviser_id").fill_null(UNASSIGNED),
            pl.coalesce("segment", "book_segment").alias("segment"),
            pl.coalesce("look_urgency", "policy_urgency").alias("policy_urgency"),
            pl.col("account_count").fill_null(0),
        )
    )


def _figures(joined: pl.DataFrame, yesterday: tuple[pl.DataFrame, pl.DataFrame] | None) -> pl.DataFrame:
    """Add a `figure_` column a term; where there is no breach of today, drift and IPS limit are those last known."""
    figured = joined.with_columns(pl.col("relative_severity").is_null().alias("is_from_last_look")).with_columns(
        figure.alias(f"figure_{term}") for term, figure in figure_columns().items()
    )
    absent = figured.filter("is_from_last_look").select("episode_id")
    if yesterday is None or not absent.height:
        return figured
    carried = ("drift", "ips_limit")
    known = (
        yesterday[1]
        .join(absent, on="episode_id", how="semi")
        .select(
            "episode_id",
            *(
                pl.col("terms_json")
                .str.json_path_match(f"$[{TERMS.index(term)}].figure")
                .cast(pl.Float64, strict=False)
                .alias(f"known_{term}")
                for term in carried
            ),
        )
    )
    return (
        figured.join(known, on="episode_id", how="left")
        .with_columns(pl.coalesce(f"figure_{term}", f"known_{term}").alias(f"figure_{term}") for term in carried)
        .drop(f"known_{term}" for term in carried)
    )


def _points(figured: pl.DataFrame) -> pl.DataFrame:
    """Add `score` and `terms_json`."""
    rows = figured.with_columns(scaled(term).alias(f"scaled_{term}") for term in TERMS).with_columns(
        # Down to the hundredth, so that what is shown adds up to the score and never passes 100.
        ((pl.col(f"weight_{term}") * pl.col(f"scaled_{term}") * 100 + 1e-6).floor() / 100)
        .fill_null(0.0)
        .alias(f"points_{term}")
        for term in TERMS
    )
    shown = [
        pl.struct(
            pl.lit(term).alias("term"),
            pl.when(pl.col(f"figure_{term}").is_finite()).then(pl.col(f"figure_{term}").round(6)).alias("figure"),
            pl.col(f"scaled_{term}").alias("scaled"),
            pl.col(f"weight_{term}").round(4).alias("weight"),
            pl.col(f"points_{term}").alias("points"),
            sentence(term).alias("text"),
        ).struct.json_encode()
        for term in TERMS
    ]
    joined = [part for encoded in shown for part in (pl.lit(","), encoded)][1:]
    return rows.with_columns(
        pl.sum_horizontal(f"points_{term}" for term in TERMS).round(2).alias("score"),
        pl.concat_str([pl.lit("["), *joined, pl.lit("]")]).alias("terms_json"),
    )


def _clocked_before(yesterday: tuple[pl.DataFrame, pl.DataFrame] | None) -> pl.DataFrame:
    if yesterday is None:
        empty = Priorities.empty_frame().select("episode_id", "urgency", "opened_at", "due_at")
        return empty.with_columns(pl.lit(False).alias("was_answered"))
    episodes, priorities = yesterday
    still_quiet = pl.col("quiet_until_date") >= pl.col("business_date")
    answered = episodes.select(
        "episode_id", (pl.col("status").is_in(_ANSWERED) | still_quiet.fill_null(False)).alias("was_answered")
    )
    return priorities.select("episode_id", "urgency", "opened_at", "due_at").join(answered, on="episode_id", how="left")
