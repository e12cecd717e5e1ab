"""The step of the daily run: a proposal for every portfolio with an open alert that was measured today."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.bands import Bands
from data_contracts.breaches import Breaches
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.fields import MONEY_DTYPE
from data_contracts.holdings import Holdings
from data_contracts.prices import Prices
from data_contracts.tax_lots import TaxLots
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.stages.propose.kinds import wanted_proposals
from evenkeel.stages.propose.stage import Day, Proposed, propose

WASHED: pl.Schema = pl.Schema(
    [
        ("account_id", pl.String()),
        ("security_id", pl.String()),
        ("lot_id", pl.String()),
        ("washed_qty", pl.Float64()),
        ("clear_from_date", pl.Date()),
        ("answer", pl.String()),
    ]
)
NO_BUYS = pl.Schema([("account_id", pl.String()), ("security_id", pl.String()), ("last_date", pl.Date())])
YEAR = pl.Schema(
    [
        ("tax_unit_id", pl.String()),
        ("realised_short_usd", MONEY_DTYPE),
        ("realised_long_usd", MONEY_DTYPE),
        ("carry_short_usd", MONEY_DTYPE),
        ("carry_long_usd", MONEY_DTYPE),
    ]
)


def propose_daily(
    business_date: dt.date,
    episodes: DataFrame[Episodes],
    breaches: DataFrame[Breaches],
    holdings: DataFrame[Holdings],
    drift: DataFrame[Drift],
    bands: DataFrame[Bands],
    tax_lots: DataFrame[TaxLots],
    prices: DataFrame[Prices],
    book: Book,
    policies: Mapping[str, Policy],
    asked: pl.DataFrame | None = None,
) -> Proposed:
    """Return the day's proposals and their trades.

    Args:
        business_date: The session.
        episodes: Today's.
        breaches: Today's.
        holdings: Today's, pro forma.
        drift: Today's.
        bands: Today's.
        tax_lots: Today's, of all feeds.
        prices: Today's, of market feeds.
        book: As it holds on the date.
        policies: The versions that hold, by `policy_id`.
        asked: Lists asked for by hand, as `asked_proposals` returns them; None: those that the open alerts ask for.
    """
    labels = pl.DataFrame(
        {"policy_id": list(policies), "policy_version": [policy.label for policy in policies.values()]},
        schema={"policy_id": pl.String, "policy_version": pl.String},
    )
    of_portfolio = book.portfolios.select("portfolio_id", "policy_id").join(labels, on="policy_id", how="inner")
    lists = wanted_proposals(episodes, breaches) if asked is None else asked
    wanted = lists.join(of_portfolio.drop("policy_id"), on="portfolio_id", how="inner")
    day = Day(
        business_date=business_date,
        holdings=holdings,
        drift=drift,
        bands=bands,
        tax_lots=tax_lots,
        prices=prices,
        washed=pl.DataFrame(schema=WASHED),
        no_buys=pl.DataFrame(schema=NO_BUYS),
        year=pl.DataFrame(schema=YEAR),
        book=book,
        policies={policy.label: policy for policy in policies.values()},
    )
    return propose(day, wanted)
