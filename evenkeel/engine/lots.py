"""Lots in order of account, security and lot, and where each account's begin."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import polars as pl

from evenkeel.engine.arrays import I4, I8
from evenkeel.engine.codes import Finding
from evenkeel.engine.columns import Texts, codes_of, starts_of_counts
from evenkeel.engine.numbered import NumberedLots
from evenkeel.engine.tables.keys import named, repeated
from evenkeel.engine.tables.outputs import Findings
from evenkeel.errors import UsageError

KEY = ["account_id", "security_id", "lot_id"]
FIGURES = ("held_qty", "unit_basis_usd", "gain_rate_frac", "washed_qty")


@dataclass(frozen=True)
class OrderedLots:
    """Lots of known accounts in key order, their securities' numbers, where each account's begin, and what was found at all lots.

    None is of 0 units. `table` is without the ids of accounts and securities where lots came by number: `starts` and `security` tell them.
    """

    table: pl.DataFrame
    security: I4
    starts: I8
    findings: pl.DataFrame

    def of(self, is_wanted: np.ndarray) -> OrderedLots:
        """Return the lots of the accounts that are wanted; what was found stays."""
        sizes = np.diff(self.starts)
        is_theirs = np.repeat(is_wanted, sizes)
        table = self.table.filter(pl.Series(is_theirs))
        return OrderedLots(table, self.security[is_theirs], starts_of_counts(sizes[is_wanted]), self.findings)


def order_lots(accounts: pl.DataFrame, lots: pl.DataFrame | NumberedLots, security_ids: pl.Series) -> OrderedLots:
    """Return the lots in order, without those of nothing; those in key order already are only looked at.

    Args:
        accounts: In order of `account_id`.
        lots: In any order.
        security_ids: The names of security numbers, in order.

    Raises:
        UsageError: Lots repeat a key; names the first ones, and how many there are.
    """
    if isinstance(lots, NumberedLots):
        return _order_numbered(accounts, lots, security_ids)
    security = codes_of(lots["security_id"], security_ids)
    runs = _runs(lots["account_id"])
    if not _is_in_order(lots, runs, security):
        lots = lots.sort(KEY)
        security = codes_of(lots["security_id"], security_ids)
        runs = _runs(lots["account_id"])
        _refuse_repeated(lots, accounts)
    place = _places(runs.names, accounts["account_id"])
    is_known = place >= 0
    unknown: list[pl.DataFrame] = []
    if not is_known.all():
        is_kept = np.repeat(is_known, runs.sizes)
        unknown = [_found(lots.filter(pl.Series(~is_kept)), Finding.ACCOUNT_UNKNOWN)]
        lots, security = lots.filter(pl.Series(is_kept)), security[is_kept]
    return _fit(lots, lots, security, _starts(accounts, place, runs.sizes), unknown)


def _order_numbered(accounts: pl.DataFrame, lots: NumberedLots, security_ids: pl.Series) -> OrderedLots:
    """Return lots by number in order; where they are not so, or what they name is not known, they are spelled out."""
    security = codes_of(lots.security.names, security_ids)[lots.security.places]
    runs = _numbered_runs(lots.account)
    place = _places(runs.names, accounts["account_id"])
    if (security < 0).any() or (place < 0).any() or not _is_in_order(lots.rest, runs, security):
        return order_lots(accounts, lots.spelled(), security_ids)
    return _fit(lots, lots.rest, security, _starts(accounts, place, runs.sizes), [])


def _refuse_repeated(lots: pl.DataFrame, accounts: pl.DataFrame) -> None:
    """Refuse lots that repeat a key. They are in order, so that neighbours tell; one given twice would double a position."""
    again = repeated(lots, KEY)
    if not again.height:
        return
    ids = accounts["account_id"]
    where = f", those of accounts {ids[0]} to {ids[-1]} counted" if len(ids) else ""
    raise UsageError(
        f"lots: {again.height:,} rows repeat a key ({', '.join(KEY)}){where}; give each lot one row: {named(again, KEY)}"
    )


def _fit(
    rows: pl.DataFrame | NumberedLots, table: pl.DataFrame, security: I4, starts: I8, found: list[pl.DataFrame]
) -> OrderedLots:
    """Return lots of known accounts without what is not fit in them, and what was found.

    A lot of nothing is left out, whatever else is said of it. A basis below 0 is one that is not known. A rate above 1 becomes none at all,
    which makes its account `figure_invalid`. Sums and extremes are looked at first, so that a book without such lots pays next to nothing.

    Args:
        rows: The lots with their ids.
        table: The same without ids that came by number.
        security: Their securities' numbers.
        starts: Where each account's lots begin.
        found: What was found before.
    """
    odd: list[tuple[Finding, pl.Series]] = []
    held, basis, rate, washed = (table[name] for name in FIGURES)
    is_lot: pl.Series | None = None
    if (held <= 0).any():
        odd.append((Finding.NOT_LONG, held <= 0))
        is_lot = (held != 0).fill_null(True)
    if basis.null_count() or basis.is_nan().any():
        odd.append((Finding.BASIS_MISSING, basis.fill_nan(None).is_null() & (rate > 0)))
    if _least(basis) < 0:
        is_below = (basis < 0) & basis.is_finite()
        odd.append((Finding.BASIS_NEGATIVE, is_below))
        table = table.with_columns(basis.set(is_below.fill_null(False), None))
    if _most(washed) > 0:
        odd.append((Finding.WASHED_OVER_HELD, (washed > held) & (held > 0) & washed.is_finite()))
    if _most(rate) > 1:
        table = table.with_columns(rate.set((rate > 1).fill_null(False), None))
    for finding, is_odd in odd:
        is_told = is_odd.fill_null(False)
        if is_lot is not None and finding is not Finding.NOT_LONG:
            is_told &= is_lot
        if is_told.any():
            found = [*found, _found_at(rows, is_told, finding)]
    if is_lot is not None and not is_lot.all():
        is_kept = is_lot.to_numpy()
        table, security = table.filter(is_lot), security[is_kept]
        starts = starts_of_counts(np.diff(np.concatenate([[0], np.cumsum(is_kept)])[starts]))
    return OrderedLots(table, security, starts, pl.concat([Findings.empty_frame(), *found]))


def _least(values: pl.Series) -> float:
    """Return the least of figures that are known; infinite where none is."""
    least = cast("float | None", values.min())
    return math.inf if least is None or math.isnan(least) else least


def _most(values: pl.Series) -> float:
    """Return the largest of figures that are known; infinite below 0 where none is."""
    most = cast("float | None", values.max())
    return -math.inf if most is None or math.isnan(most) else most


def _starts(accounts: pl.DataFrame, place: I4, sizes: I8) -> I8:
    """Return where each account's lots begin; `place`: the account of each run, -1 where it is not known."""
    counts = np.zeros(accounts.height, np.int64)
    counts[place[place >= 0]] = sizes[place >= 0]
    return starts_of_counts(counts)


@dataclass(frozen=True)
class _Runs:
    """Rows of one account beside each other: whose they are, where each run begins, and how many rows it has."""

    names: pl.Series
    begin: I8
    sizes: I8


def _runs(names: pl.Series) -> _Runs:
    """Return the runs of rows of one account."""
    begin = _begins((names.slice(1) != names.slice(0, max(len(names) - 1, 0))).to_numpy(), len(names))
    return _Runs(names.gather(begin), begin, np.diff(begin, append=len(names)))


def _numbered_runs(accounts: Texts) -> _Runs:
    """Return the runs of rows of one account, which may have two numbers: one of each row group that it stands in."""
    places = accounts.places
    begin = _begins(places[1:] != places[:-1], len(places))
    names = accounts.names.gather(places[begin])
    again = _runs(names).begin
    begin = begin[again]
    return _Runs(names.gather(again), begin, np.diff(begin, append=len(places)))


def _begins(is_new: np.ndarray, rows: int) -> I8:
    """Return where runs begin; `is_new` of all rows but the first."""
    return np.concatenate([np.zeros(min(rows, 1), np.int64), np.flatnonzero(is_new) + 1])


def _places(names: pl.Series, known: pl.Series) -> I4:
    """Return each name's place in `known`, as `codes_of`. Mostly every account has lots, and the two are the same."""
    if len(names) == len(known) and (names == known).all():
        return np.arange(len(names), dtype=np.int32)
    return codes_of(names, known)


def _is_in_order(lots: pl.DataFrame, runs: _Runs, security: I4) -> bool:
    """Tell whether the lots are in key order, none of them twice; numbers are compared where they say the same as texts."""
    if lots.height < 2:
        return True
    names = runs.names
    if not (names.slice(1) > names.slice(0, len(names) - 1)).all():
        return False
    if (security < 0).any():
        ids = lots["security_id"]
        is_later = (ids.slice(1) > ids.slice(0, len(ids) - 1)).to_numpy()
        is_same = (ids.slice(1) == ids.slice(0, len(ids) - 1)).to_numpy()
    else:
        is_later, is_same = security[1:] > security[:-1], security[1:] == security[:-1]
    is_fine = is_same & _is_above(lots["lot_id"])
    is_fine |= is_later
    is_fine[runs.begin[1:] - 1] = True
    return bool(is_fine.all())


def _is_above(values: pl.Series) -> np.ndarray:
    """Return for all values but the first whether each is above the one before. Chunk by chunk, nothing is copied."""
    chunks = [chunk for chunk in values.get_chunks() if len(chunk)]
    told = [(chunk.slice(1) > chunk.slice(0, len(chunk) - 1)).to_numpy() for chunk in chunks]
    for place, (one, other) in enumerate(pairwise(chunks)):
        told[place] = np.append(told[place], other[0] > one[-1])
    return np.concatenate(told)


def _found_at(rows: pl.DataFrame | NumberedLots, is_told: pl.Series, finding: Finding) -> pl.DataFrame:
    if isinstance(rows, NumberedLots):
        return _found(rows.filter(is_told.to_numpy()).spelled(), finding)
    return _found(rows.filter(is_told), finding)


def _found(lots: pl.DataFrame, finding: Finding) -> pl.DataFrame:
    return lots.select("account_id", "security_id", "lot_id", pl.lit(finding.value).alias("finding"))
