"""Bad input: a stated outcome for each, and the other accounts untouched."""

from __future__ import annotations

from dataclasses import replace

import polars as pl
import pytest

from evenkeel.engine.problem import Tables
from evenkeel.engine.remarks import OF_FIGURES
from evenkeel.engine.solve import solve
from evenkeel.engine.tables.inputs import Accounts, Lots, Models, Securities
from tests.unit.engine.problems import frame
from tests.unit.engine.scene import scene

NAN = float("nan")


def good() -> Tables:
    return scene(lots=[{"security": "VTI", "qty": 700, "basis": 50.0, "rate": 0.2}, {"security": "BND", "qty": 600}])


def with_account(account: tuple[object, ...], lots: list[tuple[object, ...]] = ()) -> Tables:  # type: ignore[assignment]
    tables = good()
    return replace(
        tables,
        accounts=pl.concat([tables.accounts, frame(Accounts, [account])]),
        lots=pl.concat([tables.lots, frame(Lots, lots)]),
        models=pl.concat(
            [
                tables.models,
                frame(
                    Models,
                    [
                        ("SHORT", "equity", 0.6, 0.5, 0.7),
                        ("SHORT", "bond", 0.39, 0.3, 0.5),
                        ("CROSSED", "equity", 1.0, 0.9, 0.8),
                        ("EMPTY", "equity", NAN, 0.9, 0.8),
                    ],
                ),
            ]
        ),
        securities=pl.concat(
            [
                tables.securities,
                frame(
                    Securities,
                    [
                        ("U", "DEAD", "equity", None, 0.0, 0.0, False, 9),
                        ("U", "ZERO", "equity", 0.0, 0.0, 0.0, False, 9),
                        ("BAD", "VTI", "equity", 100.0, 0.0, -0.1, True, 9),
                    ],
                ),
            ]
        ),
    )


LOT = ("B", "VTI", "1", 10.0, 50.0, 0.2, 0.0, True)
FINE = ("B", "M", "U", None, 0.0, 0.0, 0.0, 5.0, 0.01)
CASES = [
    ("model_unknown", ("B", "NONE", "U", None, 0.0, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("universe_unknown", ("B", "M", "NONE", None, 0.0, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("cash_plan_unknown", ("B", "M", "U", "NONE", 0.0, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("targets_not_one", ("B", "SHORT", "U", None, 0.0, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("bands_contradictory", ("B", "CROSSED", "U", None, 0.0, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("figure_invalid", ("B", "EMPTY", "U", None, 0.0, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("figure_invalid", ("B", "M", "U", None, None, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("figure_invalid", ("B", "M", "U", None, 0.0, -1.0, 0.0, 5.0, 0.01), [LOT]),
    ("figure_invalid", ("B", "M", "U", None, 0.0, 0.0, -0.1, 5.0, 0.01), [LOT]),
    ("figure_invalid", ("B", "M", "U", None, 0.0, 0.0, 0.0, float("inf"), 0.01), [LOT]),
    ("figure_invalid", ("B", "M", "BAD", None, 0.0, 0.0, 0.0, 5.0, 0.01), [LOT]),
    ("figure_invalid", FINE, [("B", "VTI", "1", NAN, 50.0, 0.2, 0.0, True)]),
    ("figure_invalid", FINE, [("B", "VTI", "1", 10.0, 50.0, -0.2, 0.0, True)]),
    ("figure_invalid", FINE, [("B", "VTI", "1", 10.0, 50.0, None, 0.0, True)]),
    ("security_unpriced", FINE, [("B", "DEAD", "1", 10.0, 50.0, 0.2, 0.0, True)]),
    ("security_unpriced", FINE, [("B", "ZERO", "1", 10.0, 50.0, 0.2, 0.0, True)]),
    ("security_unpriced", FINE, [("B", "UNKNOWN", "1", 10.0, 50.0, 0.2, 0.0, True)]),
    ("no_value", FINE, []),
    ("no_value", ("B", "M", "U", None, 0.0, 2_000.0, 0.0, 5.0, 0.01), [LOT]),
]


@pytest.mark.parametrize(("outcome", "account", "lots"), CASES)
def test_an_account_that_cannot_be_solved_says_why(
    outcome: str, account: tuple[object, ...], lots: list[tuple[object, ...]]
) -> None:
    alone = solve(good())
    both = solve(with_account(account, lots))
    assert both.accounts.filter(pl.col("account_id") == "B")["outcome"].to_list() == [outcome]
    figures = both.accounts.filter(pl.col("account_id") == "B").drop("account_id", "outcome").row(0)
    assert set(figures) == {None}
    assert both.accounts.filter(pl.col("account_id") == "A").equals(alone.accounts)
    assert both.trades.equals(alone.trades)
    assert both.classes.equals(alone.classes)
    told = both.remarks.filter(pl.col("account_id") == "B")
    assert bool(told.height) == (outcome in OF_FIGURES)
    assert set(told["effect"]) <= {"unsolved"}


def test_a_lot_without_basis_is_kept_where_tax_would_apply() -> None:
    taxed = solve(scene(lots=[{"security": "VTI", "qty": 700, "rate": 0.2}, {"security": "BND", "qty": 600}]))
    assert taxed.findings["finding"].to_list() == ["basis_missing"]
    assert taxed.trades.filter(pl.col("side") == "sell").is_empty()
    untaxed = solve(scene(lots=[{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}]))
    assert untaxed.findings.is_empty()
    assert not untaxed.trades.is_empty()


def test_a_short_lot_is_counted_and_never_traded() -> None:
    answer = solve(scene(lots=[{"security": "VTI", "qty": -100}, {"security": "BND", "qty": 2_000}], cash=10_000.0))
    assert answer.findings["finding"].to_list() == ["not_long"]
    assert answer.accounts["nav_usd"][0] == pytest.approx(100_000)
    assert answer.trades.filter(pl.col("side") == "sell", pl.col("security_id") == "VTI").is_empty()


def test_a_basis_that_is_not_a_number_is_one_that_is_not_known() -> None:
    tables = scene(lots=[{"security": "VTI", "qty": 1000, "basis": float("nan"), "rate": 0.2}])
    assert solve(tables).findings["finding"].to_list() == ["basis_missing"]


def test_lots_of_an_unknown_account_are_told() -> None:
    tables = good()
    stray = frame(Lots, [("Z", "VTI", "1", 10.0, 50.0, 0.2, 0.0, True)])
    answer = solve(replace(tables, lots=pl.concat([stray, tables.lots])))
    assert answer.findings.rows() == [("Z", "VTI", "1", "account_unknown")]
    assert answer.trades.equals(solve(tables).trades)


def test_no_accounts_give_no_answer() -> None:
    tables = good()
    answer = solve(replace(tables, accounts=tables.accounts.clear()))
    assert (answer.accounts.height, answer.trades.height, answer.classes.height) == (0, 0, 0)
