"""Drift of every account, and who is outside its bands: what is known before anything is solved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evenkeel.engine.answer import Answer
from evenkeel.engine.arrays import I8, DriftArrays, normal
from evenkeel.engine.codes import OUTCOMES, Outcome
from evenkeel.engine.columns import floats_of
from evenkeel.engine.compiled import measure_book_kernel
from evenkeel.engine.lots import order_lots
from evenkeel.engine.problem import Tables
from evenkeel.engine.scratch import make_scratch
from evenkeel.engine.shared import Shared, account_arrays, policy_of, prepare_shared
from evenkeel.engine.tables.outputs import AccountResults, Drift, Findings

OUTSIDE = OUTCOMES.index(Outcome.TRADED)


@dataclass(frozen=True)
class Measured:
    """What was measured.

    `drift` is the table of all measured accounts; `outside` the problem of those to be solved; `rest` their rows of `accounts` (out) for
    all others: within their bands, or not fit to be measured. `findings` are those at all lots.
    """

    drift: pl.DataFrame
    outside: Tables
    rest: pl.DataFrame
    findings: pl.DataFrame


def measure(tables: Tables, shared: Shared | None = None) -> Measured:
    """Measure every account against its bands.

    An account is outside where its classes and cash are outside their bands by more than `dust_usd` together, or where its cash is under a
    floor of its plan by more than that.

    Args:
        tables: Tables that keep their contracts.
        shared: As for `evenkeel.engine.problem.prepare`.
    """
    shared = shared or prepare_shared(tables.models, tables.securities, tables.cash_terms)
    accounts = tables.accounts.sort("account_id")
    lots, security, lots_from, findings = order_lots(accounts, tables.lots, shared.security_ids)
    count, classes = accounts.height, len(shared.classes)
    none = normal(np.zeros(count + 1), np.int64)
    parts = [np.zeros(count, np.int64), *(np.full(count, np.nan) for _ in range(4)), np.full((count, classes), np.nan)]
    found = DriftArrays._make(parts)
    arrays = account_arrays(accounts, shared, lots_from, none)
    measure_book_kernel()(
        arrays,
        shared.models,
        shared.universes,
        shared.plans,
        security,
        floats_of(lots, ["held_qty"])[0],
        found,
        make_scratch(0, classes, 0, 0),
    )
    is_outside = found.outcome == OUTSIDE
    of_lots = np.repeat(is_outside, np.diff(lots_from))
    return Measured(
        drift=_drift_rows(accounts, arrays.model, shared, found),
        outside=replace(tables, accounts=accounts.filter(pl.Series(is_outside)), lots=lots.filter(pl.Series(of_lots))),
        rest=_rest_rows(accounts, found, ~is_outside),
        findings=findings,
    )


def with_rest(answer: Answer, measured: Measured) -> Answer:
    """Return the answer of the accounts outside their bands with the rows of all others."""
    return replace(
        answer,
        accounts=pl.concat([answer.accounts, measured.rest]).sort("account_id"),
        findings=measured.findings.sort(Findings.key_columns()),
    )


def _drift_rows(accounts: pl.DataFrame, models: I8, shared: Shared, found: DriftArrays) -> pl.DataFrame:
    """Return the rows by account and class name."""
    order = shared.classes.arg_sort().to_numpy()
    account, place = np.nonzero(~np.isnan(found.held[:, order]))
    klass = order[place]
    model = models[account]
    policy = policy_of(shared.models, len(order))
    value = found.held[account, klass]
    weight = value / found.nav[account]
    above = weight - np.clip(weight, policy[1, model, klass], policy[2, model, klass])
    return pl.DataFrame(
        {
            "account_id": accounts["account_id"].gather(account),
            "asset_class": shared.classes.gather(klass),
            "value_usd": value,
            "weight_frac": weight,
            "drift_frac": weight - policy[0, model, klass],
            "outside_frac": above,
        },
        schema=Drift.polars_schema(),
    )


def _rest_rows(accounts: pl.DataFrame, found: DriftArrays, is_rest: np.ndarray) -> pl.DataFrame:
    """Return the accounts that are not solved as rows of `accounts` (out): value, cash and excess where they were measured."""
    known = pl.DataFrame(
        {
            "account_id": accounts["account_id"],
            "outcome": pl.Series([outcome.value for outcome in OUTCOMES]).gather(found.outcome),
            "nav_usd": found.nav,
            "cash_before_usd": np.where(np.isnan(found.nav), np.nan, found.cash),
            "cash_short_usd": found.short,
            "band_excess_before_usd": found.excess,
        }
    ).filter(pl.Series(is_rest))
    schema = AccountResults.polars_schema()
    return known.with_columns(pl.col(pl.Float64).fill_nan(None)).select(
        pl.col(name) if name in known.columns else pl.lit(None, dtype).alias(name) for name, dtype in schema.items()
    )
