"""What must hold of every list of a practice, read from what the run has stored and held against the book and the files alone."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import dataclass

import polars as pl
import pytest

from data_contracts.alerts import Alerts
from data_contracts.contract import Contract
from data_contracts.decisions import Decisions
from data_contracts.harvests import Harvests
from data_contracts.holdings import Holdings
from data_contracts.proposals import Proposals
from data_contracts.tax_lots import TaxLots
from data_contracts.trades import Trades
from data_contracts.vocab import PreCheck, RebalanceKind
from evenkeel.book.model import Book
from evenkeel.pipeline import STAGES, Inputs
from evenkeel.rules.wash_sales import wash_groups, wash_units
from evenkeel.run.house import house_policy
from evenkeel.run.sequence import run_date
from evenkeel.sandbox.generate import generate
from evenkeel.wiring import open_house, read_settings
from flows.local_server import environment
from tests.flows.practice import AFTER

pytestmark = [pytest.mark.timeout(900)]

HOUSEHOLDS, DAYS, SEED = 60, 2, 5
LISTED = ("drafted", "held_back")


@dataclass(frozen=True)
class Made:
    """A day's proposals with what they were made from."""

    book: Book
    proposals: pl.DataFrame
    trades: pl.DataFrame
    harvests: pl.DataFrame
    alerts: pl.DataFrame
    holdings: pl.DataFrame
    lots: pl.DataFrame
    inputs: Inputs


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    home = tmp_path_factory.mktemp("proposals") / "home"
    plan = generate(home, HOUSEHOLDS, DAYS, SEED, faults=False)
    plan.deliver_all(home)
    with environment({"EVENKEEL_HOME": str(home), "EVENKEEL_CLOCK": AFTER.isoformat(), "EVENKEEL_SETTLE_SECONDS": "0"}):
        house = open_house(read_settings())
        for date in plan.dates:
            run_date(house, date)
        date = plan.dates[-1]
        run = house.records.manifest(date)
        assert run is not None
        stored = {one.dataset: one for one in run.datasets}

        def read(contract: type[Contract]) -> pl.DataFrame:
            return house.store.read(contract, stored[contract.dataset_name()])

        book = house.book(date)
        (stage,) = (one for one in STAGES if one.name == "propose")
        inputs = Inputs(
            business_date=date,
            book=book,
            policy=house_policy(book),
            is_past_deadline=True,
            decisions=Decisions.empty_frame(),
            today={contract: read(contract) for contract in stage.reads},
            before={},
        )
        return Made(
            book, read(Proposals), read(Trades), read(Harvests), read(Alerts), read(Holdings), read(TaxLots), inputs
        )


def test_every_open_alert_that_was_measured_has_its_proposal(made: Made) -> None:
    is_open = made.alerts.filter(status="open")
    assert is_open.height > 10
    assert is_open["proposal_id"].null_count() == 0
    assert set(is_open["proposal_id"]) == set(made.proposals["proposal_id"])
    assert made.proposals.filter(pl.col("status").is_in(LISTED)).height > 10
    assert set(made.trades["proposal_id"]) == set(made.proposals.filter(pl.col("trade_count") > 0)["proposal_id"])


def test_nothing_is_sold_beyond_a_lot_or_a_position(made: Made) -> None:
    key = ["account_id", "security_id"]
    sold = made.trades.filter(side="sell")
    by_position = sold.group_by(key).agg(pl.col("traded_qty").cast(pl.Float64).sum().alias("sold"))
    beyond = by_position.join(made.holdings, on=key, how="left").filter(
        ~(pl.col("sold") <= pl.col("held_qty").cast(pl.Float64) + 1e-6)
    )
    assert beyond.is_empty()
    by_lot = sold.filter(lot_instruction="specific_lot").join(
        made.lots.group_by(*key, "lot_id").agg(pl.col("held_qty").max().alias("lot_qty")),
        on=[*key, "lot_id"],
        how="left",
    )
    numbered = by_lot.filter(~pl.col("lot_id").str.starts_with("#"))
    assert numbered.filter(~(pl.col("traded_qty") <= pl.col("lot_qty"))).is_empty()


def test_no_account_is_on_both_sides_of_a_security_and_no_list_is_on_both_of_a_node(made: Made) -> None:
    for place in (["account_id", "security_id"], ["account_id", "node_id"]):
        kinds = made.proposals.select("proposal_id", "kind")
        sides = (
            made.trades.join(kinds, on="proposal_id")
            .filter(~pl.col("kind").str.starts_with("harvest"))
            .group_by("proposal_id", *place)
            .agg(pl.col("side").n_unique())
        )
        assert sides.filter(pl.col("side") > 1).is_empty(), place


def test_cash_balances_to_the_cent_and_nobody_is_overdrawn_by_a_list(made: Made) -> None:
    row = pl.col("cash_before_usd") + pl.col("sold_usd") - pl.col("bought_usd")
    solved = made.proposals.filter(pl.col("status").is_in(LISTED))
    assert solved.filter(pl.col("cash_after_usd") != row).is_empty()
    cash = (
        made.holdings.filter(asset_class="cash").group_by("account_id").agg(pl.col("proforma_usd").sum().alias("cash"))
    )
    signed = pl.when(pl.col("side") == "sell").then("value_usd").otherwise(-pl.col("value_usd"))
    moved = made.trades.group_by("account_id").agg(signed.sum().alias("moved"))
    after = moved.join(cash, on="account_id", how="left").with_columns(
        (pl.col("cash") + pl.col("moved")).alias("after")
    )
    assert after.filter((pl.col("after") < 0) & (pl.col("after") < pl.col("cash"))).is_empty()
    # Both sides settle together, so no day between is overdrawn.
    assert made.trades["settle_date"].n_unique() == 1


def test_no_loss_of_a_tax_unit_is_washed_by_a_purchase_of_the_day(made: Made) -> None:
    units = made.book.accounts.join(wash_units(made.book.tax_units.select("tax_unit_id")), on="tax_unit_id", how="left")
    placed = made.trades.join(
        units.select("account_id", "tax_status", pl.coalesce("wash_unit_id", "account_id").alias("unit")),
        on="account_id",
    ).join(wash_groups(made.book.securities.select("security_id", "wash_group")), on="security_id")
    lost = placed.filter(pl.col("gain_usd") < 0, pl.col("tax_status") == "taxable").select("unit", "wash_group")
    assert placed.filter(side="buy").join(lost, on=["unit", "wash_group"], how="semi").is_empty()


def test_drift_is_not_worse_but_where_cash_is_raised(made: Made) -> None:
    solved = made.proposals.filter(pl.col("status") == "drafted", pl.col("kind") != RebalanceKind.RAISE_CASH.value)
    assert solved.filter(pl.col("max_drift_after_frac") > pl.col("max_drift_before_frac") + 1e-6).is_empty()
    raised = made.proposals.filter(kind=RebalanceKind.RAISE_CASH.value, status="drafted")
    assert raised.filter(pl.col("cash_after_usd") <= pl.col("cash_before_usd")).is_empty()


def test_every_list_has_its_proof_and_its_checks(made: Made) -> None:
    solved = made.proposals.filter(pl.col("status").is_in(LISTED))
    assert solved.filter(pl.col("objective_usd") < pl.col("bound_usd") - 1e-6 * pl.col("nav_usd")).is_empty()
    parts = (
        "choosing_tax_usd",
        "trade_cost_usd",
        "location_cost_usd",
        "target_penalty_usd",
        "band_penalty_usd",
        "cash_penalty_usd",
    )
    off = pl.sum_horizontal(parts) - pl.col("objective_usd")
    assert solved.filter(off.abs() > 1e-6 * pl.col("nav_usd")).is_empty()
    for row in solved.iter_rows(named=True):
        checks = {check["check"]: check["result"] for check in json.loads(row["checks_json"])}
        assert set(checks) == {check.value for check in PreCheck}
        assert (row["status"] == "held_back") == ("failed" in checks.values())
        assert sum(node["after_frac"] for node in json.loads(row["classes_json"])) == pytest.approx(1.0, abs=1e-6)


def test_few_are_held_back(made: Made) -> None:
    """What the independent checks refuse, the lists should not have in them: a list held back is the exception."""
    held = made.proposals.filter(status="held_back")
    assert held.height <= 0.05 * made.proposals.height, held.select("portfolio_id", "kind", "checks_json").rows()


def test_the_same_day_in_another_order_gives_the_same_lists(made: Made) -> None:
    (stage,) = (one for one in STAGES if one.name == "propose")
    shuffled = {
        contract: frame.sample(fraction=1.0, shuffle=True, seed=place)
        for place, (contract, frame) in enumerate(made.inputs.today.items())
    }
    other = stage.compute(Inputs(**{**vars(made.inputs), "today": shuffled}))
    assert other[Proposals].equals(made.proposals)
    assert other[Trades].equals(made.trades)
    assert other[Harvests].equals(made.harvests)


def test_harvests_are_losses_of_taxable_accounts(made: Made) -> None:
    taxable = made.book.accounts.filter(tax_status="taxable")
    assert made.harvests.join(taxable, on="account_id", how="anti").is_empty()
    assert made.harvests.filter(pl.col("loss_frac") < 0.10 - 1e-9).is_empty()
    assert made.harvests.filter(pl.col("substitute_id") == pl.col("security_id")).is_empty()
    assert dt.date(2026, 3, 1) < made.proposals["business_date"][0]
