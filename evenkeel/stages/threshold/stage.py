"""The order of the judgement."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.bands import Bands
from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.coverage import Coverage
from data_contracts.holdings import Holdings
from data_contracts.indicators import Indicators
from data_contracts.looks import Looks
from evenkeel.stages.drift import Measured
from evenkeel.stages.threshold.banding import draw
from evenkeel.stages.threshold.cash import count_cash
from evenkeel.stages.threshold.counting import count_drift
from evenkeel.stages.threshold.harvest import count_harvest
from evenkeel.stages.threshold.looking import measured_looks, unmeasured_looks
from evenkeel.stages.threshold.profiles import profile
from evenkeel.stages.threshold.rulebook import Rulebook
from evenkeel.stages.threshold.rules import rule_table
from evenkeel.stages.threshold.widening import Widening, widening_of


@dataclass(frozen=True)
class Judged:
    """Who was looked at, every band, and who is outside.

    `standing` has the shape of `breaches` (rule `drift`): portfolios that are outside a band without that counting today, because
    they, or their illiquid holdings, are judged at other looks. It opens no episode; one that is open is not over while its
    portfolio stands there. `widenings` has one entry a policy, with the text of a notice where there is something to say.
    """

    looks: DataFrame[Looks]
    bands: DataFrame[Bands]
    breaches: DataFrame[Breaches]
    standing: DataFrame[Breaches]
    widenings: Sequence[Widening]


def judge(
    business_date: dt.date,
    measured: Measured,
    holdings: DataFrame[Holdings],
    coverage: DataFrame[Coverage],
    indicators: DataFrame[Indicators],
    rulebook: Rulebook,
) -> Judged:
    """Return the look of every portfolio, the band of every node and the breaches of the day.

    What counts is written in `evenkeel.policy.model` and, where that leaves a choice, in this package's docstring.

    Args:
        business_date: The session.
        measured: What `measure_drift` returned for it.
        holdings: What was measured: for illiquid holdings and each account's cash.
        coverage: Every enabled account; portfolios in it and not in `measured` are unmeasured.
        indicators: Readings of any dates up to the session.
        rulebook: Portfolios, accounts, IPS and the policies that hold.

    Raises:
        ContractBreach: A defect of ours: what was computed does not keep its contract.
        ValueError: `measured` speaks of different portfolios in its valuations and its drift.
    """
    valuations = measured.valuations.sort("portfolio_id")
    drift = _in_order(measured.drift, valuations)
    widenings = {
        name: widening_of(business_date, policy, indicators) for name, policy in sorted(rulebook.policies.items())
    }
    profiles = profile(business_date, valuations, rulebook)
    drawn = draw(drift, holdings, profiles, rule_table(profiles.cases, widenings), rulebook.ips_limits)
    counted = count_drift(drawn, drift, profiles)
    harvest = count_harvest(drawn, drift, counted.breaches, profiles)
    cash = count_cash(drawn, holdings, rulebook.accounts, profiles)
    breaches = pl.concat([counted.breaches, harvest, cash], how="diagonal")
    looks = pl.concat(
        [
            measured_looks(business_date, profiles, widenings),
            unmeasured_looks(valuations, measured.unmeasurable, coverage, rulebook, widenings),
        ],
        how="diagonal",
    )
    return Judged(
        looks=conform(_dated(looks, business_date), Looks),
        bands=conform(_dated(drawn.rows, business_date), Bands, is_sorted=True),
        breaches=_as_breaches(breaches, business_date, is_counted=True),
        standing=_as_breaches(counted.standing, business_date, is_counted=False),
        widenings=tuple(widenings.values()),
    )


def _as_breaches(rows: pl.DataFrame, business_date: dt.date, *, is_counted: bool) -> DataFrame[Breaches]:
    return conform(_dated(rows, business_date).with_columns(pl.lit(is_counted).alias("is_counted")), Breaches)


def _dated(frame: pl.DataFrame, business_date: dt.date) -> pl.DataFrame:
    return frame.with_columns(pl.lit(business_date).alias("business_date"))


def _in_order(drift: pl.DataFrame, valuations: pl.DataFrame) -> pl.DataFrame:
    """Return drift in the order of its contract, where the n-th portfolio is the n-th of the valuations."""
    portfolio, level, node = pl.col("portfolio_id"), pl.col("level"), pl.col("node_id")
    same = portfolio == portfolio.shift()
    follows = ~same | (level > level.shift()) | ((level == level.shift()) & (node > node.shift()))
    if not drift.select(follows.fill_null(True).all()).item():
        drift = drift.sort("portfolio_id", "level", "node_id")
    is_new = drift.select((portfolio != portfolio.shift()).fill_null(True)).to_series()
    if drift["portfolio_id"].filter(is_new).equals(valuations["portfolio_id"]):
        return drift
    raise ValueError(
        "threshold: drift and valuations are of different portfolios; give both as measure_drift returned them"
    )
