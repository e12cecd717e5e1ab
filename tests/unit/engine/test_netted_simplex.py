"""Many small programs at once: each equal to HiGHS, and not touched by its neighbours."""

from __future__ import annotations

import highspy
import numpy as np
import pytest

from evenkeel.engine.checks.program import Program, quiet_solver
from evenkeel.engine.netted.simplex import Tableaus


def random_programs(seed: int, count: int, rows: int, columns: int, *, ties: bool) -> Tableaus:
    """Return programs of rows a x + slack = b that begin at their slacks; `ties`: whole numbers, many equal and many rights of 0."""
    rng = np.random.default_rng(seed)
    table = np.zeros((count, rows + 1, columns + rows + 1))
    table[:, :-1, :columns] = rng.uniform(0.1, 2.0, (count, rows, columns))
    table[:, -1, :columns] = rng.normal(size=(count, columns))
    table[:, :-1, -1] = rng.uniform(0, 5, (count, rows))
    if ties:
        table = np.round(table)
        table[:, 0, :columns] = 1.0
        table[:, :-1, -1] = np.round(table[:, :-1, -1] / 3)
    table[:, np.arange(rows), columns + np.arange(rows)] = 1.0
    basis = np.tile(columns + np.arange(rows), (count, 1))
    return Tableaus(table, basis, np.ones((count, columns + rows), bool))


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("rows", [1, 3, 7])
def test_each_is_as_low_as_highs(rows: int, ties: bool) -> None:
    programs, columns, solver = random_programs(rows, 60, rows, 12, ties=ties), 12, quiet_solver()
    tables = programs.table.copy()
    programs.solve()
    for table, least in zip(tables, programs.least(), strict=True):
        exact = Program()
        for cost in table[-1, :columns]:
            exact.variable(float(cost))
        for row in table[:-1]:
            entries = [(i, float(row[i])) for i in range(columns) if row[i]]
            exact.row(-highspy.kHighsInf, float(row[-1]), entries)
        assert least == pytest.approx(exact.minimum(solver), abs=1e-9)
    assert (programs.least() < -0.1).sum() > 5


def test_a_program_does_not_see_its_neighbours() -> None:
    together, alone = (random_programs(5, 40, 4, 15, ties=True) for _ in range(2))
    together.solve()
    for i in range(40):
        one = Tableaus(alone.table[i : i + 1], alone.basis[i : i + 1], alone.is_column[i : i + 1])
        one.solve()
        assert (one.basis[0] == together.basis[i]).all()
        assert (one.table[0] == together.table[i]).all()


def test_one_without_an_end_is_an_error() -> None:
    table = np.array([[[0.0, 1.0, 1.0], [-1.0, 0.0, 0.0]]])
    with pytest.raises(RuntimeError, match="not bounded"):
        Tableaus(table, np.array([[1]]), np.ones((1, 2), bool)).solve()
