"""The tables of a problem, and how they become arrays."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import polars as pl

from evenkeel.engine.arrays import I8, AccountArrays, LimitArrays, LotArrays, Problem, normal
from evenkeel.engine.columns import codes_of, flags_of, floats_of, starts_of_counts
from evenkeel.engine.lots import OrderedLots, order_lots
from evenkeel.engine.numbered import NumberedLots
from evenkeel.engine.shared import Shared, account_arrays, prepare_shared
from evenkeel.engine.tables.fits import is_unfit as is_unfit_figure
from evenkeel.engine.tables.inputs import Restrictions, TaxUnits


@dataclass(frozen=True)
class Tables:
    """The tables of a problem, as `evenkeel.engine.tables.inputs` gives them, in any order of rows."""

    accounts: pl.DataFrame
    models: pl.DataFrame
    securities: pl.DataFrame
    lots: pl.DataFrame
    cash_terms: pl.DataFrame
    restrictions: pl.DataFrame
    tax_units: pl.DataFrame = field(default_factory=TaxUnits.empty_frame, kw_only=True)


@dataclass(frozen=True)
class Prepared:
    """A problem as arrays, with the rows that its places stand for.

    `accounts` and `lots` are in key order; `lots` are those of known accounts, without ids that came by number (`lots.OrderedLots`).
    `securities` are the rows of `UniverseArrays`; `security_ids` are the names of security numbers, `classes` those of class numbers, cash
    first.
    """

    arrays: Problem
    accounts: pl.DataFrame
    securities: pl.DataFrame
    lots: pl.DataFrame
    security_ids: pl.Series
    classes: pl.Series
    findings: pl.DataFrame


def prepare(tables: Tables, shared: Shared | None = None, read: NumberedLots | None = None) -> Prepared:
    """Return the problem as arrays.

    Args:
        tables: The problem.
        shared: Of the problem's models, securities and cash terms, where many problems have the same; otherwise made here.
        read: The lots by number, where they were read so, in place of `tables.lots`. They do for exact lists whose taxes are not netted.
    """
    shared = shared or prepare_shared(tables.models, tables.securities, tables.cash_terms)
    accounts = tables.accounts.sort("account_id")
    lots = order_lots(accounts, tables.lots if read is None else read, shared.security_ids)
    limits, limits_from = limits_of(accounts, tables.restrictions)
    return assemble(accounts, account_arrays(accounts, shared, lots.starts, limits_from), lots, limits, shared)


def assemble(
    accounts: pl.DataFrame, account_arrays: AccountArrays, lots: OrderedLots, limits: pl.DataFrame, shared: Shared
) -> Prepared:
    """Return the problem as arrays; accounts, lots and limits (`limits_of`) are in order already."""
    is_unfit = _has_unfit_cap(limits, account_arrays.limits_from)
    if is_unfit.any():
        # A cap that is not fit stops its account whether or not the purchase is looked at: cash that is no number does so.
        cash = np.where(is_unfit, np.nan, account_arrays.cash)
        account_arrays = account_arrays._replace(cash=normal(cash, np.float64))
    arrays = Problem(
        account_arrays,
        shared.models,
        shared.universes,
        LotArrays._make(
            [
                lots.security,
                *floats_of(lots.table, ["held_qty", "unit_basis_usd", "gain_rate_frac", "washed_qty"]),
                flags_of(lots.table["is_sellable"], False),
            ]
        ),
        shared.plans,
        LimitArrays(
            codes_of(limits["security_id"], shared.security_ids),
            flags_of(limits["is_sell_barred"], True),
            flags_of(limits["is_buy_barred"], True),
            *floats_of(limits.with_columns(pl.col("buy_cap_usd").fill_null(np.inf)), ["buy_cap_usd"]),
        ),
        len(shared.classes),
    )
    return Prepared(arrays, accounts, shared.securities, lots.table, shared.security_ids, shared.classes, lots.findings)


def _has_unfit_cap(limits: pl.DataFrame, limits_from: I8) -> np.ndarray:
    """Return which accounts have a cap of purchases that is below 0 or not finite."""
    is_unfit = np.zeros(len(limits_from) - 1, bool)
    if limits.height:
        is_odd = limits.select(is_unfit_figure(Restrictions, "buy_cap_usd")).to_series().to_numpy()
        is_unfit[np.repeat(np.arange(len(is_unfit)), np.diff(limits_from))[is_odd]] = True
    return is_unfit


def limits_of(accounts: pl.DataFrame, restrictions: pl.DataFrame) -> tuple[pl.DataFrame, I8]:
    """Return the restrictions of known accounts in key order, and where each account's begin."""
    columns = list(Restrictions.polars_schema())
    if not restrictions.height:
        return restrictions.select(columns), starts_of_counts(np.zeros(accounts.height, np.int64))
    limits = restrictions.select(columns).sort("account_id", "security_id")
    place = codes_of(limits["account_id"], accounts["account_id"])
    limits = limits.filter(pl.Series(place >= 0))
    counts = np.bincount(place[place >= 0], minlength=accounts.height)
    return limits, starts_of_counts(counts)
