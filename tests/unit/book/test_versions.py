"""Models and IPS by date: what held, as known then and as known now; nested models."""

import datetime as dt
from decimal import Decimal

import polars as pl
import pytest
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.holdings import Holdings
from evenkeel.book.load import load_book
from evenkeel.book.model import Book
from evenkeel.book.template import template_files
from evenkeel.errors import BookError
from evenkeel.identity import AccountKeyer
from evenkeel.stages.drift import measure_drift

KEYER = AccountKeyer(b"sixteen bytes key")
HEAD = "author: committee\nreason: test\nrecorded_at: 2024-12-20T15:00:00Z\neffective_date: 2025-01-02\n"


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def load(files: dict[str, bytes], on: str = "2026-07-02", as_known_at: str | None = None) -> Book:
    known = dt.datetime.fromisoformat(as_known_at) if as_known_at else None
    return load_book(files, day(on), KEYER, known)


def targets(book: Book, model_id: str, level: str = "class") -> dict[str, float]:
    rows = book.model_targets.filter(pl.col("model_id") == model_id, pl.col("level") == level)
    return dict(rows.select("node_id", "target_frac").iter_rows())


def with_model(text: str, **more: str) -> dict[str, bytes]:
    files = template_files()
    files["models.yaml"] = f"id: trial\nversion: 1\n{HEAD}targets:\n{text}".encode()
    for name, body in more.items():
        files[f"models/{name}.yaml"] = f"id: {name}\nversion: 1\n{HEAD}targets:\n{body}".encode()
    return files


@pytest.fixture
def revised() -> dict[str, bytes]:
    """The balanced model, an IPS and the policy, each with a second version for 2026-04-01; the model's was recorded late."""
    files = template_files()
    files["models/balanced.yaml"] += b"""
---
id: balanced
version: 2
effective_date: 2026-04-01
recorded_at: 2026-05-15T12:00:00Z
author: committee
reason: more bonds
targets: [{class: us_equity, weight: 0.3}, {class: us_bond, weight: 0.7}]
"""
    files["ips.csv"] += b"IPS-ASH,2,2026-04-01,2026-03-20T00:00:00Z,avery,lower risk,,,,30,0.5,,,\n"
    files["ips_limits.csv"] += b"IPS-ASH,2,us_equity,0.10,0.40,,\n"
    policy = files["policies/house.yaml"].replace(b"version: 1", b"version: 2").replace(b"2025-01-02", b"2026-04-01")
    files["policies/house.yaml"] += b"---\n" + policy.replace(b"2024-12-20", b"2026-03-20")
    return files


def test_the_version_of_the_date_holds(revised: dict[str, bytes]) -> None:
    before, after = load(revised, "2026-03-31"), load(revised, "2026-04-01")
    assert targets(before, "balanced") == {"cash": 0.03, "intl_equity": 0.2, "us_bond": 0.37, "us_equity": 0.4}
    assert targets(after, "balanced") == {"us_bond": 0.7, "us_equity": 0.3}
    assert before.ips_profiles.filter(pl.col("ips_id") == "IPS-ASH")["risk_score"].to_list() == [45.0]
    assert after.ips_profiles.filter(pl.col("ips_id") == "IPS-ASH")["risk_score"].to_list() == [30.0]
    assert before.ips_limits.filter(pl.col("ips_id") == "IPS-ASH")["max_frac"].to_list() == [0.55]
    assert after.ips_limits.filter(pl.col("ips_id") == "IPS-ASH")["max_frac"].to_list() == [0.40]


def test_a_nested_model_follows_its_part(revised: dict[str, bytes]) -> None:
    book = load(revised, "2026-04-01")
    assert targets(book, "growth") == {"alternative": 0.08, "intl_equity": 0.14, "us_bond": 0.35, "us_equity": 0.43}
    assert book.changes == {"policy": ("house/2",), "model": (), "ips": ("IPS-ASH/2",)}
    assert load(revised, "2026-04-02").changes == {"policy": (), "model": (), "ips": ()}


def test_what_was_written_down_late_is_announced_once_it_can_be_known(revised: dict[str, bytes]) -> None:
    """Recorded at 08:00 New York time on Friday 15 May: before trading, so the list of Thursday's values is the first to know."""
    announced = {on: load(revised, on).changes["model"] for on in ("2026-05-13", "2026-05-14", "2026-05-15")}
    assert announced == {"2026-05-13": (), "2026-05-14": ("balanced/2", "growth/1"), "2026-05-15": ()}


def test_a_change_of_a_model_reaches_every_account_that_follows_it_in_the_next_run(revised: dict[str, bytes]) -> None:
    """Ashdown follows the model itself, Birch and Cedar one that nests it; nothing else of the book is touched."""
    before, after = load(revised, "2026-03-31"), load(revised, "2026-04-01")
    portfolios = {"ASH-1": 0.7, "P-BIR": 0.35, "CED-1": 0.35}
    for book, bonds in ((before, {"ASH-1": 0.37, "P-BIR": 0.185, "CED-1": 0.185}), (after, portfolios)):
        measured = measure_drift(book.on, holdings(book), book.portfolios, book.model_targets)
        found = measured.drift.filter(level="class", node_id="us_bond").select(
            "portfolio_id", "target_frac", "drift_frac"
        )
        assert {row[0]: row[1] for row in found.iter_rows()} == pytest.approx(bonds)
        assert {row[0]: row[2] for row in found.iter_rows()} == pytest.approx({p: 0.4 - b for p, b in bonds.items()})


def holdings(book: Book) -> DataFrame[Holdings]:
    """Every account holds 40 in bonds and 60 in shares."""
    rows = [
        {**account, "security_id": security, "asset_class": asset_class, "sleeve": asset_class, "value_usd": value}
        for account in book.accounts.select("account_id", "portfolio_id", "household_id").to_dicts()
        for security, asset_class, value in (("BND", "us_bond", Decimal(40)), ("VTI", "us_equity", Decimal(60)))
    ]
    held = pl.DataFrame(rows).with_columns(
        pl.lit(book.on).alias("business_date"),
        pl.lit(False).alias("is_illiquid"),
        pl.lit(1).alias("held_qty"),
        pl.col("value_usd").alias("proforma_usd"),
    )
    return conform(held, Holdings)


def test_as_known_then(revised: dict[str, bytes]) -> None:
    then = load(revised, "2026-04-01", "2026-05-01T00:00:00+00:00")
    assert targets(then, "balanced")["us_equity"] == 0.4
    assert then.changes["model"] == ()
    assert load(revised, "2026-05-14", "2026-05-14T00:00:00+00:00").changes["model"] == ()
    assert then.changes["ips"] == ("IPS-ASH/2",)
    assert targets(load(revised, "2026-04-01", "2026-05-15T12:00:00+00:00"), "balanced")["us_equity"] == 0.3


def test_of_two_versions_for_a_date_the_one_recorded_later_holds(revised: dict[str, bytes]) -> None:
    revised["models/balanced.yaml"] += b"""
---
{id: balanced, version: 9, effective_date: 2026-04-01, recorded_at: 2026-05-01T12:00:00Z, author: c, reason: draft,
 targets: [{class: cash, weight: 1}]}
---
{id: balanced, version: 3, effective_date: 2026-04-01, recorded_at: 2026-06-01T08:00:00-04:00, author: c, reason: slip corrected,
 targets: [{class: us_bond, weight: 1}]}
"""
    assert targets(load(revised), "balanced") == {"us_bond": 1.0}
    assert targets(load(revised, as_known_at="2026-06-01T11:59:59+00:00"), "balanced")["us_bond"] == 0.7
    assert targets(load(revised, as_known_at="2026-06-01T12:00:00+00:00"), "balanced")["us_bond"] == 1.0


def test_before_its_first_version_a_portfolio_has_no_model_or_ips(revised: dict[str, bytes]) -> None:
    revised["models/growth.yaml"] = revised["models/growth.yaml"].replace(
        b"effective_date: 2025-01-02", b"effective_date: 2026-01-02"
    )
    revised["ips.csv"] = revised["ips.csv"].replace(b"IPS-BIR,1,2025-01-02", b"IPS-BIR,1,2026-01-02")
    row = load(revised, "2025-12-31").portfolios.row(by_predicate=pl.col("portfolio_id") == "P-BIR", named=True)
    assert (row["model_id"], row["ips_id"]) == (None, None)
    row = load(revised, "2026-01-02").portfolios.row(by_predicate=pl.col("portfolio_id") == "P-BIR", named=True)
    assert (row["model_id"], row["ips_id"]) == ("growth", "IPS-BIR")


def test_depth_is_decided_class_by_class() -> None:
    book = load(
        with_model("""
  - class: us_equity
    weight: 0.6
    sleeves:
      - {sleeve: broad, weight: 0.5, securities: [{security: VTI, weight: 0.4}, {security: BRK.B, weight: 0.1}]}
      - {sleeve: small, weight: 0.1, securities: [{security: VBR, weight: 0.1}]}
  - {class: us_bond, weight: 0.3, securities: [{security: BND, weight: 0.3}]}
  - {class: cash, weight: 0.1}
""")
    )
    assert targets(book, "trial") == {"us_equity": 0.6, "us_bond": 0.3, "cash": 0.1}
    assert targets(book, "trial", "sleeve") == {"us_equity/broad": 0.5, "us_equity/small": 0.1}
    assert targets(book, "trial", "security") == {"VTI": 0.4, "BRK.B": 0.1, "VBR": 0.1, "BND": 0.3}


def test_a_class_goes_as_deep_as_its_shallowest_part() -> None:
    deep = "  - {class: us_bond, weight: 1, securities: [{security: BND, weight: 1}]}\n"
    alone = with_model("  - {model: deep, weight: 0.5}\n  - {class: cash, weight: 0.5}\n", deep=deep)
    assert targets(load(alone), "trial", "security") == {"BND": 0.5}
    mixed = with_model("  - {model: deep, weight: 0.5}\n  - {class: us_bond, weight: 0.5}\n", deep=deep)
    assert targets(load(mixed), "trial") == {"us_bond": 1.0}
    assert targets(load(mixed), "trial", "security") == {}


def test_exact_sums() -> None:
    thirds = "  - {class: us_equity, weight: 0.1}\n  - {class: us_bond, weight: 0.2}\n  - {class: cash, weight: 0.7}\n"
    assert targets(load(with_model(thirds)), "trial") == {"us_equity": 0.1, "us_bond": 0.2, "cash": 0.7}
    near = "  - {class: us_equity, weight: 0.333333333}\n  - {class: us_bond, weight: 0.666666667}\n"
    load(with_model(near))
    off = "  - {class: us_equity, weight: 0.33333333}\n  - {class: us_bond, weight: 0.66666666}\n"
    with pytest.raises(BookError, match=r"models.yaml:7: model 'trial/1': the targets sum to 0.99999999, 1E-8 below 1"):
        load(with_model(off))


@pytest.mark.parametrize(
    ("trial", "more", "expected"),
    [
        (
            "  - {model: second, weight: 1}\n",
            {"second": "  - {model: third, weight: 1}\n", "third": "  - {model: trial, weight: 1}\n"},
            r"models.yaml:7: from 2026-07-02: models are nested in a circle \(trial > second > third > trial\)",
        ),
        (
            "  - {class: us_equity, weight: 1, sleeves: [{sleeve: small, weight: 1, securities: [{security: VTI, weight: 1}]}]}\n",
            {},
            "security 'VTI' has sleeve 'broad' in securities.csv, not 'small'",
        ),
        (
            "  - class: us_equity\n    weight: 1\n    sleeves:\n"
            "      - {sleeve: broad, weight: 0.6}\n      - {sleeve: small, weight: 0.3}\n",
            {},
            r"models.yaml:10: model 'trial/1': the sleeves of class us_equity sum to 0.9, 0.1 below 1",
        ),
        ("  - {class: cash, weight: 0.5}\n  - {class: cash, weight: 0.5}\n", {}, "class cash stands twice"),
        ("  - {class: cash, model: balanced, weight: 1}\n", {}, "a target needs either class or model"),
        (
            "  - {class: cash, weight: -0.5}\n  - {class: us_bond, weight: 1.5}\n",
            {},
            "targets.0.weight '-0.5' is not valid",
        ),
        (
            "  - {model: balanced, weight: 0.5, securities: [{security: VTI, weight: 0.5}]}\n",
            {},
            "brings its own sleeves",
        ),
    ],
)
def test_wrong_models(trial: str, more: dict[str, str], expected: str) -> None:
    with pytest.raises(BookError, match=expected):
        load(with_model(trial, **more))


def test_a_circle_that_a_later_version_will_close_is_found_today() -> None:
    files = with_model("  - {model: balanced, weight: 1}\n")
    files["models/balanced.yaml"] += b"""
---
{id: balanced, version: 2, effective_date: 2027-01-04, recorded_at: 2026-06-01T08:00:00Z, author: c, reason: r,
 targets: [{model: trial, weight: 1}]}
"""
    with pytest.raises(BookError, match="from 2027-01-04: models are nested in a circle"):
        load(files)


def test_models_of_advisers_name_one() -> None:
    files = with_model("  - {class: cash, weight: 1}\n")
    own = files["models.yaml"].replace(b"version: 1", b"version: 1\nlevel: adviser\nadviser_id: avery")
    load(files | {"models.yaml": own})
    with pytest.raises(BookError, match=r"adviser_id 'avry' is not in advisers.csv, did you mean 'avery'"):
        load(files | {"models.yaml": own.replace(b"avery", b"avry")})
    with pytest.raises(BookError, match="level adviser needs adviser_id"):
        load(files | {"models.yaml": own.replace(b"adviser_id: avery\n", b"")})


def test_a_version_number_stands_once() -> None:
    files = with_model("  - {class: cash, weight: 1}\n")
    files["models.yaml"] += b"---\n" + files["models.yaml"]
    with pytest.raises(BookError, match=r"models.yaml:10: model 'trial' version 1 stands in models.yaml:1 too"):
        load(files)
