"""Drift of every account, and who is outside its bands: what is known before anything is solved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import numpy as np
import polars as pl
import pyarrow as pa

from evenkeel.engine.account_columns import AccountColumns
from evenkeel.engine.arrays import FIGURES, DriftArrays, normal
from evenkeel.engine.codes import OUTCOMES, Outcome
from evenkeel.engine.columns import Texts, floats_of, frame_of, told_of
from evenkeel.engine.compiled import measure_book_kernel
from evenkeel.engine.lots import order_lots
from evenkeel.engine.numbered import NumberedLots
from evenkeel.engine.problem import Prepared, Tables, assemble, limits_of
from evenkeel.engine.scratch import make_scratch
from evenkeel.engine.shared import Shared, account_arrays, prepare_shared, some_accounts
from evenkeel.engine.tables.outputs import AccountResults, Drift

OUTSIDE = OUTCOMES.index(Outcome.TRADED)


@dataclass(frozen=True)
class Measured:
    """What was measured.

    `told` is the table `drift` of all measured accounts, each text kept once and told by number; `outside` the problem of those to be
    solved, its findings those at all lots. `accounts` has all accounts in order, those outside without figures; all others are within
    their bands, or not fit to be measured. `is_outside` tells the two apart.
    """

    told: pa.Table
    outside: Prepared
    accounts: AccountColumns
    is_outside: np.ndarray

    @property
    def drift(self) -> pl.DataFrame:
        """The table `drift`."""
        return cast("pl.DataFrame", pl.from_arrow(self.told)).cast(Drift.polars_schema())

    @property
    def rest(self) -> pl.DataFrame:
        """What is known of the accounts that are not to be solved, as rows of `accounts` (out)."""
        return frame_of(self.accounts.columns(), AccountResults).filter(pl.Series(~self.is_outside))


def measure(tables: Tables, shared: Shared | None = None, read: NumberedLots | None = None) -> Measured:
    """Measure every account against its bands.

    An account is outside where its classes and cash are outside their bands by more than `dust_usd` together, or where its cash is under a
    floor of its plan by more than that.

    Args:
        tables: Tables that keep their contracts.
        shared: As for `evenkeel.engine.problem.prepare`.
        read: As there.
    """
    shared = shared or prepare_shared(tables.models, tables.securities, tables.cash_terms)
    accounts = tables.accounts.sort("account_id")
    lots = order_lots(accounts, tables.lots if read is None else read, shared.security_ids)
    count, classes = accounts.height, len(shared.classes)
    found = _empty(count, classes)
    arrays = account_arrays(accounts, shared, lots.starts, normal(np.zeros(count + 1), np.int64))
    measure_book_kernel()(
        arrays,
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
    outside, their_lots = accounts.filter(pl.Series(is_outside)), lots.of(is_outside)
    limits, limits_from = limits_of(outside, tables.restrictions)
    outside_arrays = some_accounts(arrays, is_outside, their_lots.starts, limits_from)
    return Measured(
        told=_drift_rows(accounts, shared, found),
        outside=assemble(outside, outside_arrays, their_lots, limits, shared),
        accounts=_accounts(accounts["account_id"], found),
        is_outside=is_outside,
    )


def _empty(accounts: int, classes: int) -> DriftArrays:
    """Return arrays for so many accounts and classes."""
    rows = accounts * classes
    parts: list[object] = [np.zeros(accounts, np.int64), *(np.full(accounts, np.nan) for _ in range(4))]
    parts += [np.zeros(accounts + 1, np.int64), np.zeros(rows, np.int32), *(np.empty(rows) for _ in range(4))]
    return DriftArrays._make(parts)


def _drift_rows(accounts: pl.DataFrame, shared: Shared, found: DriftArrays) -> pa.Table:
    """Return the rows by account and class name. There are many: each name is kept once, and its number in every row."""
    count = found.rows_from[-1]
    account = np.repeat(np.arange(accounts.height, dtype=np.int32), np.diff(found.rows_from))
    columns = (
        Texts(accounts["account_id"], account),
        Texts(shared.classes, found.klass[:count]),
        found.value[:count],
        found.weight[:count],
        found.from_target[:count],
        found.outside[:count],
    )
    return told_of(dict(zip(Drift.polars_schema(), columns, strict=True)))


def _accounts(ids: pl.Series, found: DriftArrays) -> AccountColumns:
    """Return all accounts, with value, cash and excess of those that were measured and are not outside."""
    count = len(ids)
    figures = np.full((count, len(FIGURES)), np.nan)
    is_known = (found.outcome != OUTSIDE) & ~np.isnan(found.nav)
    for name, values in (
        ("nav_usd", found.nav),
        ("cash_before_usd", found.cash),
        ("cash_short_usd", found.short),
        ("band_excess_before_usd", found.excess),
    ):
        figures[is_known, FIGURES.index(name)] = values[is_known]
    none = np.full(count, -1)
    return AccountColumns(ids, found.outcome, none, none, figures)
