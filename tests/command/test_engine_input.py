"""`evenkeel engine solve` on bad tables: a stated outcome that says which figure; accounts it has nothing to do with are as before."""

from __future__ import annotations

from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from evenkeel.cli import run_command
from evenkeel.engine.problem import Tables
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities
from tests.unit.engine.netted_scene import netted_scene
from tests.unit.engine.problems import frame
from tests.unit.engine.scene import scene

NAN, INF = float("nan"), float("inf")
FORMS = ["--rounded", "--unrounded"]
Answer = dict[str, pl.DataFrame]


def book() -> Tables:
    """Return two accounts of one model and universe: A holds VTI and BND, B holds VXUS and BND; AGG is for sale too."""
    prices = {"VTI": ("equity", 100.0), "VXUS": ("equity", 50.0), "BND": ("bond", 50.0), "AGG": ("bond", 100.0)}
    tables = scene(lots=[{"security": "VTI", "qty": 700}, {"security": "BND", "qty": 600}], prices=prices)
    return replace(
        tables,
        accounts=pl.concat([tables.accounts, frame(Accounts, [("B", "M", "U", None, 0.0, 0.0, 0.0, 5.0, 0.01)])]),
        lots=pl.concat(
            [
                tables.lots,
                frame(
                    Lots,
                    [
                        ("B", "BND", "1", 600.0, None, 0.0, 0.0, True),
                        ("B", "VXUS", "1", 1_400.0, 40.0, 0.1, 0.0, True),
                    ],
                ),
            ]
        ),
    )


def put(table: pl.DataFrame, column: str, value: object, **where: str) -> pl.DataFrame:
    """Return the table with another value in the rows named."""
    is_it = pl.all_horizontal(pl.col(name) == key for name, key in where.items())
    kind = table.schema[column]
    return table.with_columns(pl.when(is_it).then(pl.lit(value, kind)).otherwise(column).alias(column))


def write(tables: Tables, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    for part in fields(tables):
        getattr(tables, part.name).write_parquet(folder / f"{part.name}.parquet")
    return folder


def solved(tables: Tables, place: Path, *words: str) -> Answer:
    """Return the command's answer."""
    place.mkdir()
    assert run_command(["engine", "solve", str(write(tables, place / "in")), str(place / "out"), *words]) == 0
    return {file.stem: pl.read_parquet(file) for file in (place / "out").glob("*.parquet")}


def refused(tables: Tables | Path, place: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """Return what the command says that refuses the tables; no answer is left."""
    folder = write(tables, place / "in") if isinstance(tables, Tables) else tables
    capsys.readouterr()
    assert run_command(["engine", "solve", str(folder), str(place / "out")]) == 2
    assert not list((place / "out").glob("*.parquet"))
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    return " ".join(said.err.split())


def outcomes(answer: Answer) -> dict[str, str]:
    return dict(answer["accounts"].select("account_id", "outcome").iter_rows())


def remarks(answer: Answer) -> list[tuple[Any, ...]]:
    return answer["remarks"].rows()


def assert_same_but(answer: Answer, other: Answer, account: str) -> None:
    """Assert that all accounts but one have what they had."""
    for name in ("accounts", "classes", "trades"):
        mine, theirs = (one[name].filter(pl.col("account_id") != account) for one in (answer, other))
        assert mine.equals(theirs), name
        assert mine.height


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


@pytest.mark.parametrize("is_sorted", [True, False])
@pytest.mark.parametrize("form", FORMS)
def test_a_lot_given_twice_is_refused_by_name(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], is_sorted: bool, form: str
) -> None:
    tables = book()
    lots = pl.concat([tables.lots, tables.lots.slice(0, 1)])
    lots = lots.sort("account_id", "security_id", "lot_id", descending=not is_sorted)
    folder = write(replace(tables, lots=lots), tmp_path / "in")
    said = refused(folder, tmp_path, capsys)
    assert "lots: 1 rows repeat a key (account_id, security_id, lot_id)" in said
    assert "A / VTI / L0" in said
    # The same lot with other figures is no better.
    other = lots.with_columns(pl.int_range(pl.len()).cast(pl.Float64).alias("held_qty"))
    assert "A / VTI / L0" in refused(replace(tables, lots=other), tmp_path, capsys)
    assert run_command(["engine", "solve", str(folder), str(tmp_path / "out"), form, "--outside-only"]) == 2


def test_repeated_keys_are_named_and_counted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = book()
    twice = {
        "accounts": "accounts: 2 rows repeat a key (account_id); give each one row: A, B",
        "models": "models: 2 rows repeat a key (model_id, asset_class); give each one row: M / equity, M / bond",
        "securities": "securities: 4 rows repeat a key (universe_id, security_id); give each one row: "
        "U / VTI, U / VXUS, U / BND and 1 more",
    }
    for name, message in twice.items():
        table = getattr(tables, name)
        assert message in refused(replace(tables, **{name: pl.concat([table, table])}), tmp_path, capsys)
    limits = frame(Restrictions, [("B", "VTI", True, False, None), ("B", "VTI", False, True, None)])
    said = refused(replace(tables, restrictions=limits), tmp_path, capsys)
    assert "restrictions: 1 rows repeat a key (account_id, security_id); give each one row: B / VTI" in said


def test_a_null_key_names_its_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tables = book()
    said = refused(replace(tables, lots=put(tables.lots, "lot_id", None, account_id="B")), tmp_path, capsys)
    assert "lots: null in lot_id" in said
    assert "2 rows (account_id, security_id, lot_id): B / BND / null, B / VXUS / null" in said
    silent = replace(tables, securities=put(tables.securities, "asset_class", None, security_id="AGG"))
    assert "securities: 1 rows without asset_class: U / AGG" in refused(silent, tmp_path, capsys)


CASTS: list[tuple[str, str, pl.Expr, str]] = [
    ("securities", "buy_rank", pl.col("buy_rank") + 0.5, "buy_rank has 4 values that are no Int64, the first 0.5"),
    ("securities", "is_buyable", pl.lit(2), "is_buyable has 4 values that are no Boolean, the first 2"),
    ("securities", "is_buyable", pl.lit("yes"), "is_buyable is String, not Boolean"),
    ("securities", "price_usd", pl.lit(True), "price_usd is Boolean, not Float64"),
    ("accounts", "cash_usd", pl.lit("a lot"), "cash_usd has 2 values that are no Float64, the first a lot"),
    ("accounts", "cash_usd", pl.lit(2**53 + 1), "cash_usd has 2 values that are no Float64, the first 9007199254740993"),
    ("accounts", "account_id", pl.int_range(pl.len()) + 0.5, "account_id is Float64, not String"),
    ("lots", "is_sellable", pl.lit(0.5), "is_sellable has 4 values that are no Boolean, the first 0.5"),
    ("lots", "held_qty", pl.lit("2026-01-01").str.to_date(), "held_qty is Date, not Float64"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "column", "made", "message"), CASTS)
def test_a_value_that_a_cast_would_change_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], table: str, column: str, made: pl.Expr, message: str
) -> None:
    tables = book()
    bad = replace(tables, **{table: getattr(tables, table).with_columns(made.alias(column))})
    assert f"{table}: {message}" in refused(bad, tmp_path, capsys)


def test_types_that_lose_nothing_are_read(tmp_path: Path) -> None:
    tables, plain = book(), solved(book(), tmp_path / "plain")
    other = replace(
        tables,
        securities=tables.securities.with_columns(
            pl.col("buy_rank").cast(pl.Float32),
            pl.col("is_buyable").cast(pl.Int8),
            pl.col("price_usd").cast(pl.Decimal(38, 15)),
            pl.col("asset_class").cast(pl.Categorical),
        ),
        lots=tables.lots.with_columns(pl.col("held_qty").cast(pl.Int32), pl.col("gain_rate_frac").cast(pl.String)),
    )
    answer = solved(other, tmp_path / "other")
    for name, table in plain.items():
        assert answer[name].equals(table), name


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
