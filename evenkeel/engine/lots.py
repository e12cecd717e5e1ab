"""Lots in order of account, security and lot, and where each account's begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from evenkeel.engine.arrays import I4, I8
from evenkeel.engine.codes import Finding
from evenkeel.engine.columns import codes_of, starts_of_counts
from evenkeel.engine.tables.outputs import Findings

KEY = ["account_id", "security_id", "lot_id"]


@dataclass(frozen=True)
class OrderedLots:
    """Lots of known accounts in key order, their securities' numbers, where each account's begin, and what was found at all lots."""

    table: pl.DataFrame
    security: I4
    starts: I8
    findings: pl.DataFrame

    def of(self, accounts: pl.Series, is_wanted: np.ndarray) -> OrderedLots:
        """Return the lots of the accounts that are wanted; what was found stays. `accounts` are the ids of all, in order."""
        sizes = np.diff(self.starts)
        is_theirs, sizes = np.repeat(is_wanted, sizes), sizes[is_wanted]
        # A text in each of many rows: it is cheaper to write it again than to pick it out.
        names = accounts.filter(pl.Series(is_wanted)).gather(np.repeat(np.arange(len(sizes)), sizes))
        table = self.table.drop("account_id").filter(pl.Series(is_theirs))
        table = table.insert_column(0, names.alias("account_id"))
        return OrderedLots(table, self.security[is_theirs], starts_of_counts(sizes), self.findings)


def order_lots(accounts: pl.DataFrame, lots: pl.DataFrame, security_ids: pl.Series) -> OrderedLots:
    """Return the lots in order; those in key order already are only looked at.

    Args:
        accounts: In order of `account_id`.
        lots: In any order. `security_id` may be categorical.
        security_ids: The names of security numbers, in order.
    """
    security = codes_of(lots["security_id"], security_ids)
    runs = _runs(lots)
    if not _is_in_order(lots, runs, security):
        lots = lots.with_columns(pl.col("security_id").cast(pl.String)).sort(KEY)
        security = codes_of(lots["security_id"], security_ids)
        runs = _runs(lots)
    place = _places(runs.names, accounts["account_id"])
    is_known = place >= 0
    sizes = runs.sizes
    findings: list[pl.DataFrame] = [Findings.empty_frame()]
    if not is_known.all():
        is_kept = np.repeat(is_known, sizes)
        findings.append(_found(lots.filter(pl.Series(~is_kept)), Finding.ACCOUNT_UNKNOWN))
        lots, security = lots.filter(pl.Series(is_kept)), security[is_kept]
    if lots["unit_basis_usd"].null_count():
        is_unknown = pl.col("unit_basis_usd").is_null() & (pl.col("gain_rate_frac") > 0)
        findings.append(_found(lots.filter(is_unknown), Finding.BASIS_MISSING))
    if (lots["held_qty"] <= 0).any():
        findings.append(_found(lots.filter(pl.col("held_qty") <= 0), Finding.NOT_LONG))
    counts = np.zeros(accounts.height, np.int64)
    counts[place[is_known]] = sizes[is_known]
    return OrderedLots(lots, security, starts_of_counts(counts), pl.concat(findings))


@dataclass(frozen=True)
class _Runs:
    """Rows of one account beside each other: whose they are, where each run begins, and how many rows it has."""

    names: pl.Series
    begin: I8
    sizes: I8


def _runs(lots: pl.DataFrame) -> _Runs:
    """Return the runs of rows of one account."""
    names = lots["account_id"]
    is_new = names.slice(1) != names.slice(0, max(len(names) - 1, 0))
    begin = np.concatenate([np.zeros(min(len(names), 1), np.int64), np.flatnonzero(is_new.to_numpy()) + 1])
    return _Runs(names.gather(begin), begin, np.diff(begin, append=len(names)))


def _places(names: pl.Series, known: pl.Series) -> I4:
    """Return each name's place in `known`, as `codes_of`. Mostly every account has lots, and the two are the same."""
    if len(names) == len(known) and (names == known).all():
        return np.arange(len(names), dtype=np.int32)
    return codes_of(names, known)


def _is_in_order(lots: pl.DataFrame, runs: _Runs, security: I4) -> bool:
    """Tell whether the lots are in key order; numbers are compared where they say the same as texts."""
    if lots.height < 2:
        return True
    names = runs.names
    if not (names.slice(1) > names.slice(0, len(names) - 1)).all():
        return False
    if (security < 0).any():
        ids = lots["security_id"].cast(pl.String)
        is_later = (ids.slice(1) > ids.slice(0, len(ids) - 1)).to_numpy()
        is_same = (ids.slice(1) == ids.slice(0, len(ids) - 1)).to_numpy()
    else:
        is_later, is_same = security[1:] > security[:-1], security[1:] == security[:-1]
    lot = lots["lot_id"]
    is_fine = is_same & (lot.slice(1) >= lot.slice(0, len(lot) - 1)).to_numpy()
    is_fine |= is_later
    is_fine[runs.begin[1:] - 1] = True
    return bool(is_fine.all())


def _found(lots: pl.DataFrame, finding: Finding) -> pl.DataFrame:
    return lots.select(
        "account_id", pl.col("security_id").cast(pl.String), "lot_id", pl.lit(finding.value).alias("finding")
    )
