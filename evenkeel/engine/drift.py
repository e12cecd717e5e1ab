"""Drift of every account, and who is outside its bands: what is known before anything is solved."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from evenkeel.engine.answer import Answer
from evenkeel.engine.arrays import DriftArrays, normal
from evenkeel.engine.codes import OUTCOMES, Outcome
from evenkeel.engine.columns import floats_of
from evenkeel.engine.compiled import measure_book_kernel
from evenkeel.engine.lots import order_lots
from evenkeel.engine.problem import Prepared, Tables, assemble
from evenkeel.engine.scratch import make_scratch
from evenkeel.engine.shared import Shared, account_arrays, prepare_shared
from evenkeel.engine.tables.outputs import Drift

OUTCOME_NAMES = pl.Series("outcome", [outcome.value for outcome in OUTCOMES])
OUTSIDE = OUTCOMES.index(Outcome.TRADED)


@dataclass(frozen=True)
class Measured:
    """What was measured.

    `drift` is the table of all measured accounts; `outside` the problem of those to be solved, its findings those at all lots; `rest`
    what is known of all others, columns of `accounts` (out): they are within their bands, or not fit to be measured.
    """

    drift: pl.DataFrame
    outside: Prepared
    rest: pl.DataFrame


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
    lots = order_lots(accounts, tables.lots, shared.security_ids)
    count, classes = accounts.height, len(shared.classes)
    found = _empty(count, classes)
    measure_book_kernel()(
        account_arrays(accounts, shared, lots.starts, normal(np.zeros(count + 1), np.int64)),
        shared.models,
        shared.universes,
        shared.plans,
        lots.security,
        floats_of(lots.table, ["held_qty"])[0],
        normal(shared.classes.arg_sort().to_numpy(), np.int64),
        found,
        make_scratch(0, classes, 0, 0),
    )
    is_outside = found.outcome == OUTSIDE
    outside = accounts.filter(pl.Series(is_outside))
    return Measured(
        drift=_drift_rows(accounts, shared, found),
        outside=assemble(outside, lots.of(is_outside), tables.restrictions, shared),
        rest=_rest_rows(accounts, found, ~is_outside),
    )


def with_rest(answer: Answer, measured: Measured) -> Answer:
    """Return the answer of the accounts outside their bands with the rows of all others."""
    accounts = pl.concat([answer.accounts, measured.rest], how="diagonal")
    return replace(answer, accounts=accounts.sort("account_id"))


def _empty(accounts: int, classes: int) -> DriftArrays:
    """Return arrays for so many accounts and classes."""
    rows = accounts * classes
    parts: list[object] = [np.zeros(accounts, np.int64), *(np.full(accounts, np.nan) for _ in range(4))]
    parts += [np.zeros(accounts + 1, np.int64), np.zeros(rows, np.int32), *(np.empty(rows) for _ in range(4))]
    return DriftArrays._make(parts)


def _drift_rows(accounts: pl.DataFrame, shared: Shared, found: DriftArrays) -> pl.DataFrame:
    """Return the rows by account and class name."""
    count = found.rows_from[-1]
    account = np.repeat(np.arange(accounts.height), np.diff(found.rows_from))
    return pl.DataFrame(
        {
            "account_id": accounts["account_id"].gather(account),
            "asset_class": shared.classes.gather(found.klass[:count]),
            "value_usd": found.value[:count],
            "weight_frac": found.weight[:count],
            "drift_frac": found.from_target[:count],
            "outside_frac": found.outside[:count],
        },
        schema=Drift.polars_schema(),
    )


def _rest_rows(accounts: pl.DataFrame, found: DriftArrays, is_rest: np.ndarray) -> pl.DataFrame:
    """Return the accounts that are not solved as rows of `accounts` (out): value, cash and excess where they were measured."""
    which = np.flatnonzero(is_rest)
    nav = found.nav[which]
    figures = {
        "nav_usd": nav,
        "cash_before_usd": np.where(np.isnan(nav), np.nan, found.cash[which]),
        "cash_short_usd": found.short[which],
        "band_excess_before_usd": found.excess[which],
    }
    return pl.DataFrame(
        {
            "account_id": accounts["account_id"].gather(which),
            "outcome": OUTCOME_NAMES.gather(found.outcome[which]),
            **{name: pl.Series(values, nan_to_null=True) for name, values in figures.items()},
        }
    )
