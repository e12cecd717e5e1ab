"""`evenkeel engine solve` on bad tables: a stated outcome that says which figure; accounts it has nothing to do with are as before."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest

from evenkeel.engine.problem import Tables
from evenkeel.engine.tables.inputs import CashTerms, Lots, Models, Restrictions, Securities
from tests.command.engine_folder import (
    FORMS,
    INF,
    NAN,
    assert_same_but,
    book,
    outcomes,
    put,
    remarks,
    solved,
)
from tests.unit.engine.netted_scene import netted_scene
from tests.unit.engine.problems import frame

LOTS: list[tuple[str, object, str, str | None]] = [
    ("held_qty", NAN, "not_finite", "NaN"),
    ("held_qty", INF, "not_finite", "inf"),
    ("held_qty", None, "null", None),
    ("unit_basis_usd", INF, "not_finite", "inf"),
    ("gain_rate_frac", 2.0, "too_high", "2.0"),
    ("gain_rate_frac", -0.1, "too_low", "-0.1"),
    ("gain_rate_frac", NAN, "not_finite", "NaN"),
    ("gain_rate_frac", None, "null", None),
    ("washed_qty", -1.0, "too_low", "-1.0"),
    ("washed_qty", INF, "not_finite", "inf"),
]


@pytest.mark.parametrize(("column", "value", "remark", "told"), LOTS)
def test_a_lot_stops_its_account_alone(
    tmp_path: Path, column: str, value: object, remark: str, told: str | None
) -> None:
    tables, plain = book(), solved(book(), tmp_path / "plain")
    bad = replace(tables, lots=put(tables.lots, column, value, account_id="B", security_id="VXUS"))
    answer = solved(bad, tmp_path / "bad")
    assert outcomes(answer) == {"A": "traded", "B": "figure_invalid"}
    assert remarks(answer) == [("B", "lots", "VXUS / 1", column, remark, "unsolved", told)]
    assert_same_but(answer, plain, "B")


ACCOUNTS: list[tuple[str, object, str]] = [
    ("cash_usd", INF, "not_finite"),
    ("cash_usd", None, "null"),
    ("spoken_for_usd", -5.0, "too_low"),
    ("target_cost_frac", NAN, "not_finite"),
    ("band_cost_frac", -0.1, "too_low"),
    ("dust_usd", -0.01, "too_low"),
    ("turnover_budget_frac", -0.1, "too_low"),
    ("turnover_budget_frac", INF, "not_finite"),
    ("turnover_budget_frac", NAN, "not_finite"),
]


@pytest.mark.parametrize(("column", "value", "remark"), ACCOUNTS)
def test_an_account_s_own_figure(tmp_path: Path, column: str, value: object, remark: str) -> None:
    tables, plain = book(), solved(book(), tmp_path / "plain")
    answer = solved(replace(tables, accounts=put(tables.accounts, column, value, account_id="B")), tmp_path / "bad")
    assert outcomes(answer) == {"A": "traded", "B": "figure_invalid"}
    assert [row[:-1] for row in remarks(answer)] == [("B", "accounts", "B", column, remark, "unsolved")]
    assert_same_but(answer, plain, "B")


SECURITIES: list[tuple[str, object, str]] = [
    ("unit_step_qty", 0.0, "too_low"),
    ("unit_step_qty", INF, "not_finite"),
    ("min_ticket_usd", -1.0, "too_low"),
    ("min_ticket_usd", NAN, "not_finite"),
    ("sell_cost_frac", -0.1, "too_low"),
    ("sell_cost_frac", 5.0, "too_high"),
    ("sell_cost_frac", None, "null"),
    ("buy_cost_frac", NAN, "not_finite"),
    ("buy_cost_frac", -0.1, "too_low"),
    ("buy_cost_frac", 5.0, "too_high"),
    ("buy_rank", None, "null"),
    ("price_usd", 0.0, "too_low"),
    ("price_usd", INF, "not_finite"),
    ("price_usd", None, "null"),
]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("column", "value", "remark"), SECURITIES)
def test_a_security_stops_who_holds_it_and_is_not_bought_by_others(
    tmp_path: Path, column: str, value: object, remark: str, form: str
) -> None:
    tables = book()
    # A would buy AGG, the first of its class; B holds it.
    tables = replace(
        tables,
        securities=put(tables.securities, "buy_rank", -1, security_id="AGG"),
        lots=put(tables.lots, "security_id", "AGG", account_id="B", security_id="BND"),
    )
    plain = solved(tables, tmp_path / "plain", form)
    bought = plain["trades"].filter(pl.col("side") == "buy", pl.col("account_id") == "A")
    assert bought["security_id"].to_list() == ["AGG"]
    bad = replace(tables, securities=put(tables.securities, column, value, security_id="AGG"))
    answer = solved(bad, tmp_path / "bad", form)
    outcome = "security_unpriced" if column == "price_usd" else "figure_invalid"
    assert outcomes(answer) == {"A": "traded", "B": outcome}
    assert [row[:-1] for row in remarks(answer)] == [
        ("", "securities", "U / AGG", column, remark, "not_bought"),
        ("B", "securities", "U / AGG", column, remark, "unsolved"),
    ]
    # The others are solved as if the security were not for sale, and is said to be so once.
    without = replace(tables, securities=put(tables.securities, "is_buyable", False, security_id="AGG"))
    assert_same_but(answer, solved(without, tmp_path / "without", form), "B")


def test_a_security_that_the_universe_does_not_list_is_named(tmp_path: Path) -> None:
    tables = book()
    bad = replace(tables, lots=put(tables.lots, "security_id", "GHOST", account_id="B", security_id="VXUS"))
    answer = solved(bad, tmp_path / "bad")
    assert outcomes(answer) == {"A": "traded", "B": "security_unpriced"}
    assert remarks(answer) == [("B", "securities", "U / GHOST", "security_id", "not_listed", "unsolved", "GHOST")]


@pytest.mark.parametrize("form", [*FORMS, "--outside-only"])
@pytest.mark.parametrize("security", ["GHOST", "DEAD", "ODD", "VTI"])
def test_a_lot_of_nothing_does_not_matter(tmp_path: Path, security: str, form: str) -> None:
    tables = book()
    listed = frame(
        Securities,
        [("U", "DEAD", "equity", None, 0.0, 0.0, False, 9), ("U", "ODD", "equity", 1.0, NAN, 0.0, False, 9)],
    )
    tables = replace(tables, securities=pl.concat([tables.securities, listed]))
    plain = solved(tables, tmp_path / "plain", form)
    nothing = frame(Lots, [("A", security, "0", 0.0, -INF, NAN, -1.0, True)])
    answer = solved(replace(tables, lots=pl.concat([nothing, tables.lots])), tmp_path / "with", form)
    for name in ("accounts", "classes", "trades", "remarks"):
        assert answer[name].equals(plain[name]), name
    assert answer["findings"].rows() == [("A", security, "0", "not_long")]


def test_several_faults_of_an_account_are_told_at_once(tmp_path: Path) -> None:
    tables = book()
    lots = put(tables.lots, "held_qty", NAN, account_id="B", security_id="BND")
    lots = put(lots, "security_id", "GHOST", account_id="B", security_id="VXUS")
    accounts = put(tables.accounts, "dust_usd", -1.0, account_id="B")
    answer = solved(replace(tables, lots=lots, accounts=accounts), tmp_path / "bad")
    assert [row[1:5] for row in remarks(answer)] == [
        ("accounts", "B", "dust_usd", "too_low"),
        ("lots", "BND / 1", "held_qty", "not_finite"),
        ("securities", "U / GHOST", "security_id", "not_listed"),
    ]


def own_model(rows: list[tuple[object, ...]]) -> Tables:
    """Return the book, B with a model of its own."""
    tables = book()
    models = pl.concat([tables.models, frame(Models, [("N", *row) for row in rows])])
    return replace(tables, models=models, accounts=put(tables.accounts, "model_id", "N", account_id="B"))


MODELS: list[tuple[list[tuple[object, ...]], str, tuple[str, str, str, str | None]]] = [
    (
        [("equity", 0.6, 0.5, 0.7), ("bond", 0.3, 0.2, 0.5)],
        "targets_not_one",
        ("N", "target_frac", "not_one", "0.8999999999999999"),
    ),
    (
        [("equity", 0.6, 0.7, 0.5), ("bond", 0.4, 0.3, 0.5)],
        "bands_contradictory",
        ("N / equity", "lower_frac", "ends_crossed", "0.7"),
    ),
    (
        [("equity", 1.2, 0.5, 1.3), ("bond", -0.2, 0.0, 0.5)],
        "figure_invalid",
        ("N / bond", "target_frac", "too_low", "-0.2"),
    ),
    (
        [("equity", 0.6, 0.5, INF), ("bond", 0.4, 0.3, 0.5)],
        "figure_invalid",
        ("N / equity", "upper_frac", "not_finite", "inf"),
    ),
    (
        [("equity", 0.6, None, 0.7), ("bond", 0.4, 0.3, 0.5)],
        "figure_invalid",
        ("N / equity", "lower_frac", "null", None),
    ),
]


@pytest.mark.parametrize(("rows", "outcome", "told"), MODELS)
def test_a_model_that_cannot_be(
    tmp_path: Path, rows: list[tuple[object, ...]], outcome: str, told: tuple[str, ...]
) -> None:
    plain, answer = solved(book(), tmp_path / "plain"), solved(own_model(rows), tmp_path / "bad")
    assert outcomes(answer) == {"A": "traded", "B": outcome}
    row, column, remark, value = told
    mine = answer["remarks"].filter(pl.col("account_id") == "B")
    assert mine.rows() == [("B", "models", row, column, remark, "unsolved", value)]
    assert_same_but(answer, plain, "B")


ODD_MODELS: list[tuple[list[tuple[object, ...]], tuple[str, str, str]]] = [
    ([("equity", 0.6, 0.1, 0.2), ("bond", 0.4, 0.3, 0.9)], ("N / equity", "target_frac", "outside_band")),
    ([("equity", 0.6, 0.6, 0.7), ("bond", 0.4, 0.4, 0.5), ("cash", 0.0, 0.0, 0.1)], ()),  # type: ignore[list-item]
    ([("equity", 0.6, 0.6, 0.7), ("bond", 0.4, 0.4, 0.5), ("cash", 0.0, 0.1, 0.1)], ("N", "lower_frac", "lower_above_one")),
    ([("equity", 0.6, 0.5, 0.5), ("bond", 0.4, 0.4, 0.4)], ("N", "upper_frac", "upper_below_one")),
]  # fmt: skip


@pytest.mark.parametrize(("rows", "told"), ODD_MODELS)
def test_a_model_that_is_odd_is_solved_and_said_so_once(
    tmp_path: Path, rows: list[tuple[object, ...]], told: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    answer = solved(own_model(rows), tmp_path / "odd")
    assert outcomes(answer) == {"A": "traded", "B": "traded"}
    assert set(answer["remarks"]["effect"]) <= {"taken"}
    assert set(answer["remarks"]["account_id"]) <= {""}
    assert (told in [row[2:5] for row in remarks(answer)]) if told else not remarks(answer)
    assert ("Remarks on the tables given: taken" in capsys.readouterr().out) == bool(told)


@pytest.mark.parametrize(("cap", "remark"), [(-1.0, "too_low"), (NAN, "not_finite"), (INF, "not_finite")])
@pytest.mark.parametrize("security", ["AGG", "VTI"])
def test_a_cap_stops_its_account_whether_or_not_it_is_reached(
    tmp_path: Path, cap: float, remark: str, security: str
) -> None:
    tables, plain = book(), solved(book(), tmp_path / "plain")
    limits = frame(Restrictions, [("B", security, False, False, cap)])
    answer = solved(replace(tables, restrictions=limits), tmp_path / "bad")
    assert outcomes(answer) == {"A": "traded", "B": "figure_invalid"}
    assert [row[1:5] for row in remarks(answer)] == [("restrictions", security, "buy_cap_usd", remark)]
    assert_same_but(answer, plain, "B")


TERMS: list[tuple[str, object, str]] = [
    ("at_frac", NAN, "not_finite"),
    ("at_usd", None, "null"),
    ("below_cost_frac", -1.0, "too_low"),
    ("above_cost_frac", INF, "not_finite"),
]


@pytest.mark.parametrize(("column", "value", "remark"), TERMS)
def test_a_term_of_a_cash_plan_is_named(tmp_path: Path, column: str, value: object, remark: str) -> None:
    terms = frame(CashTerms, [("P", "minimum", 0.01, 0.0, 1.0, 0.0), ("P", "maximum", 0.1, 0.0, 0.0, 0.1)])
    tables = replace(book(), cash_terms=terms)
    tables = replace(tables, accounts=put(tables.accounts, "cash_plan_id", "P", account_id="B"))
    plain = solved(tables, tmp_path / "plain")
    answer = solved(replace(tables, cash_terms=put(terms, column, value, term="maximum")), tmp_path / "bad")
    assert outcomes(answer) == {"A": "traded", "B": "figure_invalid"}
    assert [row[1:5] for row in remarks(answer)] == [("cash_terms", "P / maximum", column, remark)]
    assert_same_but(answer, plain, "B")


def test_a_basis_below_nothing_is_one_that_is_not_known(tmp_path: Path) -> None:
    tables = book()
    bad = replace(tables, lots=put(tables.lots, "unit_basis_usd", -40.0, account_id="B", security_id="VXUS"))
    answer = solved(bad, tmp_path / "bad")
    assert answer["findings"].rows() == [("B", "VXUS", "1", "basis_negative")]
    sold = answer["trades"].filter(pl.col("account_id") == "B", pl.col("side") == "sell")
    assert "VXUS" not in sold["security_id"].to_list()


def test_more_washed_than_held_is_all_of_the_lot(tmp_path: Path) -> None:
    tables = book()
    whole = solved(
        replace(tables, lots=put(tables.lots, "washed_qty", 1_400.0, account_id="B", security_id="VXUS")),
        tmp_path / "whole",
    )
    more = solved(
        replace(tables, lots=put(tables.lots, "washed_qty", 9_000.0, account_id="B", security_id="VXUS")),
        tmp_path / "more",
    )
    assert whole["findings"].is_empty()
    assert more["findings"].rows() == [("B", "VXUS", "1", "washed_over_held")]
    assert more["trades"].equals(whole["trades"])


UNITS: list[tuple[str, object, str]] = [
    ("short_rate_frac", 2.0, "too_high"),
    ("state_rate_frac", -0.1, "too_low"),
    ("carry_short_usd", -1.0, "too_low"),
    ("carry_value_frac", 0.9, "out_of_order"),
    ("long_rate_frac", 0.5, "out_of_order"),
    ("deduction_limit_usd", 2_000.0, "not_allowed"),
    ("realised_long_usd", NAN, "not_finite"),
    ("gain_budget_usd", INF, "not_finite"),
]


@pytest.mark.parametrize(("column", "value", "remark"), UNITS)
def test_a_tax_unit_names_the_figure(tmp_path: Path, column: str, value: object, remark: str) -> None:
    tables = netted_scene([{"security": "VTI", "qty": 100, "basis": 50.0, "long": True}], {})
    unit = str(tables.tax_units["tax_unit_id"][0])
    bad = replace(tables, tax_units=put(tables.tax_units, column, value, tax_unit_id=unit))
    answer = solved(bad, tmp_path / "bad")
    assert outcomes(answer) == {"A": "tax_terms_invalid"}
    assert [row[1:6] for row in remarks(answer)] == [("tax_units", unit, column, remark, "unsolved")]


@pytest.mark.parametrize("form", [*FORMS, "--outside-only"])
def test_nothing_is_not_less_than_nothing(tmp_path: Path, form: str) -> None:
    tables = book()
    sold_out = frame(Models, [("M", "bond", 1.0, 1.0, 1.0)])
    answer = solved(replace(tables, models=sold_out), tmp_path / "sold", form)
    after = answer["classes"].filter(pl.col("asset_class") == "equity")["value_after_usd"].to_list()
    assert after == [0.0, 0.0]
    for name, table in answer.items():
        for column, kind in table.schema.items():
            if kind == pl.Float64:
                assert "-0.0" not in table[column].cast(pl.String).to_list(), (name, column)
