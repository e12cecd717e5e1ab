"""A synthetic practice for the stages' benchmark: one portfolio an account, eight classes, fifty models, tiers and IPS limits."""

from __future__ import annotations

import datetime as dt
from types import SimpleNamespace
from typing import cast

import numpy as np
import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.book.accounts import Accounts
from data_contracts.book.ips_limits import IpsLimits
from data_contracts.book.ips_profiles import IpsProfiles
from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.portfolios import Portfolios
from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.holdings import Holdings
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy
from evenkeel.policy.versions import PolicySet
from evenkeel.stages.threshold import Rulebook

CLASSES = ("us_equity", "intl_equity", "emerging_equity", "us_bond", "muni_bond", "real_estate", "private", "cash")
WEIGHTS = (0.32, 0.16, 0.06, 0.22, 0.10, 0.06, 0.03, 0.05)
POSITIONS = 15
CLASS_OF_POSITION = (0, 0, 0, 0, 1, 1, 1, 2, 3, 3, 3, 4, 5, 6, 7)
MODELS = 50
IPS = 200


def ids(prefix: str, numbers: pl.Series) -> pl.Series:
    """Return identifiers of eight digits."""
    return (
        numbers.to_frame("n").select(pl.format(f"{prefix}-{{}}", pl.col("n").cast(pl.String).str.zfill(8))).to_series()
    )


def holdings_of(business_date: dt.date, accounts: int, rng: np.random.Generator) -> pl.DataFrame:
    """Return `accounts` portfolios of fifteen positions, near their model.

    One in twenty has drifted, one in twenty lacks a class of its model, one in fifty has an order in flight.
    """
    rows = accounts * POSITIONS
    account = pl.Series(np.repeat(np.arange(accounts, dtype=np.uint32), POSITIONS))
    position = np.tile(np.arange(POSITIONS), accounts)
    classes = np.array(CLASS_OF_POSITION)[position]
    # Every twentieth portfolio holds more intl_equity and no emerging_equity.
    classes = np.where((classes == 2) & np.repeat(np.arange(accounts) % 20 == 0, POSITIONS), 1, classes)
    per_class = np.bincount(CLASS_OF_POSITION, minlength=len(CLASSES))
    size = np.repeat(np.exp(rng.normal(12.5, 1.2, accounts)), POSITIONS)
    spread = np.repeat(np.where(rng.random(accounts) < 0.05, 0.25, 0.03), POSITIONS)
    value = size * np.array(WEIGHTS)[classes] / per_class[classes] * np.exp(rng.normal(0, 1, rows) * spread)
    cents = pl.Series(np.round(value * 100).astype(np.int64))
    change = np.where(
        np.repeat(rng.random(accounts) < 0.02, POSITIONS) & (position == 0), np.round(value * 5), 0
    ).astype(np.int64)
    # What is bought with the order leaves the cash, fifteenth of each portfolio.
    change[POSITIONS - 1 :: POSITIONS] = -change[::POSITIONS]
    security = [f"{CLASSES[c].upper()}-{n:02}" for n, c in enumerate(CLASS_OF_POSITION)]
    security[-1] = "CASH:USD"
    order = pl.Series(position.astype(np.uint32))
    names, numbers = ids("P", pl.Series(np.arange(accounts))), ids("A", pl.Series(np.arange(accounts)))
    household = ids("H", pl.Series(np.arange(accounts) // 2))
    price = pl.Series(np.round(rng.uniform(10, 400, rows), 2))
    money = pl.lit("0.01").cast(MONEY_DTYPE)
    frame = pl.DataFrame(
        {
            "portfolio_id": names.gather(account),
            "account_id": numbers.gather(account),
            "security_id": pl.Series(security).gather(order),
            "household_id": household.gather(account),
            "asset_class": pl.Series(CLASSES).gather(pl.Series(classes.astype(np.uint32))),
            "sleeve": pl.Series(CLASSES).gather(pl.Series(classes.astype(np.uint32))),
            "is_illiquid": pl.Series([CLASSES[c] == "private" for c in CLASS_OF_POSITION]).gather(order),
            "price": price,
            "cents": cents,
            "proforma": cents + pl.Series(change),
        }
    )
    return (
        frame.with_columns(
            pl.lit(business_date).alias("business_date"),
            (pl.col("cents") / 100 / pl.col("price")).round(6).cast(FACT_DTYPE).alias("held_qty"),
            pl.col("price").cast(FACT_DTYPE).alias("price_usd"),
            pl.lit(business_date).alias("price_date"),
            (pl.col("cents") / 120).round(2).cast(FACT_DTYPE).alias("cost_usd"),
            (pl.col("cents").cast(MONEY_DTYPE) * money).alias("value_usd"),
            (pl.col("proforma").cast(MONEY_DTYPE) * money).alias("proforma_usd"),
        )
        .select(Holdings.polars_schema().names())
        .sort(Holdings.key_columns())
    )


def targets_of() -> DataFrame[ModelTargets]:
    """Return fifty models of eight classes, a point apart from each other."""
    rows = []
    for model in range(MODELS):
        shift = (model % 5 - 2) / 100
        weights = [WEIGHTS[0] + shift, *WEIGHTS[1:3], WEIGHTS[3] - shift, *WEIGHTS[4:]]
        rows += [
            (f"M-{model:02}", "class", name, name, w, 1, dt.date(2026, 1, 1))
            for name, w in zip(CLASSES, weights, strict=True)
        ]
    frame = pl.DataFrame(rows, schema=ModelTargets.polars_schema(), orient="row")
    return cast("DataFrame[ModelTargets]", frame.sort(ModelTargets.key_columns()))


def rulebook_of(accounts: int) -> tuple[pl.DataFrame, Rulebook]:
    """Return the portfolios, and the rulebook with tiers, segments and IPS limits on some classes."""
    number = pl.Series("n", np.arange(accounts))
    segments = ["conservative", "balanced", "growth", "tax_sensitive"]
    base = number.to_frame().select(
        ids("P", number).alias("portfolio_id"),
        ids("A", number).alias("account_id"),
        ids("H", number // 2).alias("household_id"),
        pl.format("M-{}", (pl.col("n") % MODELS).cast(pl.String).str.zfill(2)).alias("model_id"),
        pl.format("I-{}", (pl.col("n") % IPS).cast(pl.String).str.zfill(3)).alias("ips_id"),
        pl.Series("segment", segments).gather(number % 4),
        pl.lit("house").alias("policy_id"),
        pl.when(pl.col("n") % 3 == 0).then(pl.lit("taxable")).otherwise(pl.lit("deferred")).alias("tax_status"),
        pl.lit("open").alias("state"),
        pl.lit(None, pl.String).alias("cadence"),
        pl.lit(None, FACT_DTYPE).alias("min_cash_usd"),
    )
    limits = pl.DataFrame(
        [(f"I-{ips:03}", name, 0.0, 0.6, None, None) for ips in range(IPS) for name in ("us_equity", "us_bond")],
        schema=IpsLimits.polars_schema(),
        orient="row",
    )
    profiles = pl.DataFrame({"ips_id": [f"I-{ips:03}" for ips in range(IPS)]}).with_columns(
        pl.lit(None, pl.String).alias("cadence"), pl.lit(None, pl.Float64).alias("min_cash_frac")
    )
    policy = Policy.model_validate(
        {
            "policy_id": "house",
            "version": 1,
            "effective_date": dt.date(2026, 1, 1),
            "recorded_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
            "author": "benchmark",
            "reason": "benchmark",
            "tiers": [
                {"tier": "premium", "from_usd": 500_000, "bands": {"band": 0.03}, "urgency": "same_day"},
                {"tier": "standard", "from_usd": 100_000, "bands": {"band": 0.05}, "urgency": "48_hours"},
                {
                    "tier": "base",
                    "from_usd": 0,
                    "bands": {"band": {"absolute": 0.07, "relative": 0.25}},
                    "urgency": "weekly_batch",
                },
            ],
            "segments": {
                "conservative": {"bands": {"band": 0.05}},
                "tax_sensitive": {"harvest_look": 0.02},
            },
        }
    )
    return base, Rulebook(
        portfolios=cast("DataFrame[Portfolios]", base),
        accounts=cast("DataFrame[Accounts]", base),
        ips_profiles=cast("DataFrame[IpsProfiles]", profiles),
        ips_limits=cast("DataFrame[IpsLimits]", limits),
        policies={"house": policy},
    )


def book_of(rulebook: Rulebook, business_date: dt.date) -> Book:
    """Return as much of a book as prioritize reads: portfolios, accounts, IPS, households with their advisers, policies."""
    households = rulebook.portfolios.select("household_id").unique().sort("household_id")
    desk = pl.col("household_id").str.slice(-2).alias("adviser_id")
    profiles = rulebook.ips_profiles.with_columns(
        pl.lit(dt.date(2045, 1, 1)).alias("horizon_date"),
        pl.lit(50.0).alias("risk_score"),
        pl.lit(0.7).alias("max_growth_frac"),
        pl.lit(None, pl.String).alias("objective"),
    )
    advisers = households.select(desk).unique().with_columns(pl.lit(None, pl.String).alias("escalates_to"))
    part = SimpleNamespace(
        on=business_date,
        as_known_at=None,
        portfolios=rulebook.portfolios,
        accounts=rulebook.accounts,
        ips_profiles=profiles,
        households=households.with_columns(desk),
        advisers=advisers,
        policies=PolicySet(rulebook.policies.values()),
    )
    return cast("Book", part)
