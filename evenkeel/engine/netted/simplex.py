"""Many small linear programs at once, each by the simplex method on a tableau of its own.

A solver called for each would spend its time on set-up, and one called for all as blocks breaks ties in one block by what stands in others.
Here nothing but element by element arithmetic is done, so a program's answer does not depend on its neighbours or on the padding.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from evenkeel.engine.arrays import F8, F8_2D, I8

SLACK, PIVOT = 1e-13, 1e-10
"""A reduced cost that is none, and an entry that is no pivot, in units of the program."""

STEPS, BLAND = 2_000, 100
"""Most steps; and after how many the first column that improves enters, not the best: then none can go round in circles."""


@dataclass
class Tableaus:
    """Programs x (rows and, last, the objective) x (columns and, last, the right side), to be minimised over columns of 0 or more.

    `basis`: programs x rows, the column that each row gives. `is_column`: programs x columns, whether the column is one.
    """

    table: np.ndarray
    basis: I8
    is_column: np.ndarray

    def pivot(self, some: I8, row: I8, column: I8) -> None:
        """Let a column enter at a row, in the programs given."""
        table = self.table[some]
        at = np.arange(len(some))
        factor = table[at, :, column]
        entering = table[at, row, :] / table[at, row, column][:, None]
        table -= factor[:, :, None] * entering[:, None, :]
        table[at, row, :] = entering
        table[at, :, column] = 0.0
        table[at, row, column] = 1.0
        self.table[some] = table
        self.basis[some, row] = column

    def solve(self) -> None:
        """Go on from a basis whose right sides are 0 or more to the best one.

        Raises:
            RuntimeError: A program is not bounded, or does not end.
        """
        active = np.arange(len(self.table))
        for step in range(STEPS):
            reduced = np.where(self.is_column[active], self.table[active, -1, :-1], np.inf)
            is_open = (reduced < -SLACK).any(axis=1)
            active, reduced = active[is_open], reduced[is_open]
            if not len(active):
                return
            column = np.argmax(reduced < -SLACK, axis=1) if step > BLAND else np.argmin(reduced, axis=1)
            at = np.arange(len(active))
            entries, right = self.table[active][at, :-1, column], self.table[active, :-1, -1]
            with np.errstate(divide="ignore", invalid="ignore"):
                ratio = np.where(entries > PIVOT, np.maximum(right, 0.0) / entries, np.inf)
            least = ratio.min(axis=1)
            if not np.isfinite(least).all():
                raise RuntimeError("netted taxes: a program of lists is not bounded")
            # Of equal rows the one of the first column: ties are broken alike everywhere.
            order = np.where(ratio == least[:, None], self.basis[active], np.iinfo(np.int64).max)
            self.pivot(active, np.argmin(order, axis=1), column)
        raise RuntimeError("netted taxes: a program of lists does not end")

    def values(self) -> F8_2D:
        """Return the value of each row's column."""
        values: F8_2D = np.maximum(self.table[:, :-1, -1], 0.0)
        return values

    def reduced(self) -> F8_2D:
        """Return the reduced cost of each column."""
        costs: F8_2D = self.table[:, -1, :-1]
        return costs

    def least(self) -> F8:
        """Return the least cost of each program."""
        cost: F8 = -self.table[:, -1, -1]
        return cost
