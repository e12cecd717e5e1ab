"""Lots in order of account, security and lot, and where each account's begin."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import polars as pl

from evenkeel.engine.arrays import I4, I8
from evenkeel.engine.codes import Finding
from evenkeel.engine.columns import codes_of, starts_of_counts

KEY = ["account_id", "security_id", "lot_id"]


@dataclass(frozen=True)
class OrderedLots:
    """Lots of known accounts in key order, their securities' numbers, where each account's begin, and what was found at all lots."""

    table: pl.DataFrame
    security: I4
    starts: I8
    findings: pl.DataFrame

    def of(self, is_wanted: np.ndarray) -> OrderedLots:
        """Return the lots of the accounts that are wanted; what was found stays."""
        sizes = np.diff(self.starts)
        mask = np.repeat(is_wanted, sizes)
        return OrderedLots(
            self.table.filter(pl.Series(mask)), self.security[mask], starts_of_counts(sizes[is_wanted]), self.findings
        )


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
    place = codes_of(runs["account_id"], accounts["account_id"])
    is_known = place >= 0
    sizes = runs["len"].to_numpy()
    findings = []
    if not is_known.all():
        is_kept = np.repeat(is_known, sizes)
        findings.append(_found(lots.filter(pl.Series(~is_kept)), Finding.ACCOUNT_UNKNOWN))
        lots, security = lots.filter(pl.Series(is_kept)), security[is_kept]
    findings += [
        _found(lots.filter(pl.col("unit_basis_usd").is_null() & (pl.col("gain_rate_frac") > 0)), Finding.BASIS_MISSING),
        _found(lots.filter(pl.col("held_qty") <= 0), Finding.NOT_LONG),
    ]
    counts = np.zeros(accounts.height, np.int64)
    counts[place[is_known]] = sizes[is_known]
    return OrderedLots(lots, security, starts_of_counts(counts), pl.concat(findings))


def _runs(lots: pl.DataFrame) -> pl.DataFrame:
    """Return each run of rows of one account: `account_id` and `len`."""
    return lots["account_id"].rle().struct.unnest().rename({"value": "account_id"})


def _is_in_order(lots: pl.DataFrame, runs: pl.DataFrame, security: I4) -> bool:
    """Tell whether the lots are in key order; numbers are compared where they say the same as texts."""
    names = runs["account_id"]
    if lots.height < 2:
        return True
    if not (names.slice(1) > names.slice(0, len(names) - 1)).all():
        return False
    is_new = np.zeros(lots.height, np.bool_)
    is_new[np.cumsum(runs["len"].to_numpy())[:-1]] = True
    is_new = is_new[1:]
    if (security < 0).any():
        ids = lots["security_id"].cast(pl.String)
        later, same = ids.slice(1) > ids.slice(0, len(ids) - 1), ids.slice(1) == ids.slice(0, len(ids) - 1)
        is_later, is_same = later.to_numpy(), same.to_numpy()
    else:
        is_later, is_same = security[1:] > security[:-1], security[1:] == security[:-1]
    lot = lots["lot_id"]
    is_next = (lot.slice(1) >= lot.slice(0, len(lot) - 1)).to_numpy()
    return bool((is_new | is_later | (is_same & is_next)).all())


def _found(lots: pl.DataFrame, finding: Finding) -> pl.DataFrame:
    return lots.select(
        "account_id", pl.col("security_id").cast(pl.String), "lot_id", pl.lit(finding.value).alias("finding")
    )
