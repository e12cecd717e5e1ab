"""What became of each account, as columns: how the answer's table `accounts` is put together."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import polars as pl

from evenkeel.engine.arrays import F8_2D, FIGURES, I8, AnswerArrays
from evenkeel.engine.codes import OUTCOMES, WAYS, Outcome
from evenkeel.engine.columns import Columns, Texts
from evenkeel.engine.tables.outputs import AccountResults

OUTCOME_NAMES = pl.Series([outcome.value for outcome in OUTCOMES])
WAY_NAMES = pl.Series([way.value for way in WAYS])
_SOLVED = [OUTCOMES.index(outcome) for outcome in (Outcome.TRADED, Outcome.NOTHING_TO_TRADE)]


@dataclass(frozen=True)
class AccountColumns:
    """Accounts in order. `outcome` is a place in `OUTCOMES`, `found_by` one in `WAYS`, -1: none; `trades` -1 and NaN in figures: null."""

    ids: pl.Series
    outcome: I8
    found_by: I8
    trades: I8
    figures: F8_2D  # accounts x FIGURES

    @property
    def is_solved(self) -> np.ndarray:
        """Which of them have a list, be it one without trades."""
        return np.isin(self.outcome, _SOLVED)

    def ids_of(self, outcomes: Iterable[Outcome]) -> pl.Series:
        """Return the accounts with one of the outcomes."""
        is_one = np.isin(self.outcome, [OUTCOMES.index(outcome) for outcome in outcomes])
        return self.ids.filter(pl.Series(is_one))

    def figure(self, name: str) -> np.ndarray:
        """Return one of FIGURES."""
        return self.figures[:, FIGURES.index(name)]

    def columns(self) -> Columns:
        """Return the columns of `accounts` (out)."""
        figures = {name: self.figure(name) for name in FIGURES}
        gap = figures["objective_usd"] - figures["bound_usd"]
        with np.errstate(invalid="ignore", divide="ignore"):
            figures |= {"gap_usd": gap, "gap_frac": gap / figures["nav_usd"]}
        columns: dict[str, Texts | pl.Series] = {
            name: pl.Series(np.ascontiguousarray(values), nan_to_null=True) for name, values in figures.items()
        }
        trades = pl.Series(self.trades)
        columns |= {
            "account_id": self.ids,
            "outcome": Texts(OUTCOME_NAMES, self.outcome),
            "found_by": Texts(WAY_NAMES, self.found_by),
            "trade_count": trades.replace(-1, None) if (self.trades < 0).any() else trades,
        }
        return {name: columns[name] for name in AccountResults.polars_schema()}

    def with_those(self, some: AccountColumns, are_some: np.ndarray) -> AccountColumns:
        """Return these accounts, `some` in the place of those that they are."""
        whole = AccountColumns(
            self.ids, self.outcome.copy(), self.found_by.copy(), self.trades.copy(), self.figures.copy()
        )
        for mine, theirs in (
            (whole.outcome, some.outcome),
            (whole.found_by, some.found_by),
            (whole.trades, some.trades),
            (whole.figures, some.figures),
        ):
            mine[are_some] = theirs
        return whole


def account_columns(ids: pl.Series, answer: AnswerArrays, found_by: I8 | None) -> AccountColumns:
    """Return what became of each account; `found_by`: as for `AccountColumns`, all exact where it is None."""
    ways = np.zeros(len(answer.outcome), np.int64) if found_by is None else found_by
    found = AccountColumns(ids, answer.outcome, ways, np.diff(answer.trades_from), answer.figures)
    is_solved = found.is_solved
    if is_solved.all():
        return found
    return AccountColumns(
        ids,
        answer.outcome,
        np.where(is_solved, ways, -1),
        np.where(is_solved, found.trades, -1),
        np.where(is_solved[:, None], answer.figures, np.nan),
    )
