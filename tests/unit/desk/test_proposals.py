"""Proposals in their documented shape, and what is said of them in short."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from data_contracts import vocab
from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from evenkeel.desk import proposal_words
from evenkeel.desk.orders import orders_of
from evenkeel.desk.proposal_words import advice_words, checks_to_see, gap_words, proof_line, short_line
from evenkeel.desk.proposals import proposals_by_id
from tests.small_practice import frame
from tests.unit.desk.proposed import (
    CHECKS,
    ID,
    NAMES,
    OBSTACLE,
    PROPOSAL,
    PURCHASE,
    SALE,
    SECOND_LOT,
    proposed,
    without_trades,
)

SCHEMA = json.loads((Path(__file__).resolve().parents[3] / "docs" / "alerts.schema.json").read_text("utf-8"))
OF_PROPOSAL = jsonschema.Draft202012Validator(SCHEMA["items"]["properties"]["proposal"])


@pytest.mark.parametrize(
    "proposal",
    [
        proposed(obstacles_json=json.dumps([OBSTACLE]), notes_json='["Account P1-1: orders in USTM are in flight."]'),
        proposed(advice="wait", wait_until_date=SALE["long_term_date"], wait_saves_usd=Decimal(90)),
        without_trades("not_solved", "Account P1-1: it has no price.", nav_usd=None, sold_usd=None, net_tax_usd=None),
        proposed([{**SALE, "basis_usd": None, "gain_usd": None, "is_long_term": None}, PURCHASE]),
    ],
    ids=["whole", "wait", "not solved", "cost not known"],
)
def test_shape_is_the_documented_one(proposal: dict[str, Any]) -> None:
    said = json.loads(json.dumps(proposal, allow_nan=False))
    assert [f"{error.json_path}: {error.message}" for error in OF_PROPOSAL.iter_errors(said)] == []


def test_amounts_are_text_to_the_cent_and_nothing_is_lost() -> None:
    proposal = proposed()
    assert proposal["sold_usd"] == "42000.00"
    assert proposal["nav_usd"] == "1000000.00"
    assert proposal["cost_usd"] == "12.60"
    assert proposal["cash"] == {"before_usd": "50000.00", "after_usd": "51000.00", "short_usd": "0.00"}
    assert proposal["taxes"]["net_usd"] == "2412.50"
    assert proposal["proof"]["gap_bp"] == 0.0101
    assert [trade["traded_qty"] for trade in proposal["trades"]] == ["400", "20", "820.5"]
    assert str(proposal["trades"][0]["margin_frac"]) == "0.0"


def test_sentences_and_names_are_rendered_when_read() -> None:
    proposal = proposed(obstacles_json=json.dumps([OBSTACLE]))
    assert proposal["sentence"].startswith("One sale for about $42,000 and one purchase for about $41,000 bring")
    assert proposal["trades"][0]["sentence"].startswith("Sell 400 of USTM (about $40,000): ")
    assert proposal["trades"][0]["security"] == {"id": "USTM", "name": "US total market <ETF>"}
    assert proposal["trades"][0]["account"] == {"id": "P1-1", "mask": "…1234"}
    [obstacle] = proposal["obstacles"]
    assert obstacle["sentence"] == "PLMR may not be sold: legacy position (restriction R-17)."
    assert obstacle["account_mask"] == "…1234"


def test_each_proposal_has_its_own_trades_whatever_their_order() -> None:
    other = {"proposal_id": "pro-other"}
    trades = frame(Trades, [PURCHASE, SECOND_LOT, SALE, {**SALE, **other}]).reverse()
    both = proposals_by_id(frame(Proposals, [{**PROPOSAL, **other}, PROPOSAL]), trades, NAMES)
    assert both[ID] == proposed()
    assert [trade["trade_no"] for trade in both["pro-other"]["trades"]] == [1]
    assert without_trades("nothing_to_trade")["trades"] == []


def test_lots_of_one_security_in_one_account_are_one_order() -> None:
    sale, purchase = orders_of(proposed())
    assert (sale.side, sale.units, sale.value_usd, sale.gain_usd, sale.tax_usd) == (
        "sell",
        "420",
        Decimal("42000.00"),
        Decimal("11500.00"),
        Decimal("2255.00"),
    )
    assert sale.lots == "2 lots: 1 long-term, 1 short-term"
    assert (purchase.side, purchase.units, purchase.lots, purchase.gain_usd) == ("buy", "820.5", "", None)


@pytest.mark.parametrize(
    ("changes", "lots"),
    [
        ({}, "lot of 2019-03-04, long-term"),
        ({"lot_opened_date": None, "is_long_term": None}, "one lot, age not known"),
        ({"lot_instruction": "account_method"}, "by the account's own method"),
    ],
)
def test_lots_in_words(changes: dict[str, Any], lots: str) -> None:
    assert orders_of(proposed([{**SALE, **changes}]))[0].lots == lots


def test_a_gain_with_a_cost_unknown_is_not_known() -> None:
    assert orders_of(proposed([SALE, {**SECOND_LOT, "gain_usd": None}]))[0].gain_usd is None


def test_units_are_shown_to_four_digits_and_grouped() -> None:
    assert orders_of(proposed([{**PURCHASE, "traded_qty": Decimal("12345.678912345")}]))[0].units == "12,345.6789"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({}, "Proposal: sell $42,000, buy $41,000; drift 4.2 to 0.1 points; tax $2,413."),
        (
            {"net_tax_usd": Decimal(-300)},
            "Proposal: sell $42,000, buy $41,000; drift 4.2 to 0.1 points; tax saved $300.",
        ),
        (
            {"net_tax_usd": None, "bought_usd": Decimal(0)},
            "Proposal: sell $42,000; drift 4.2 to 0.1 points; tax not known.",
        ),
        ({"sold_usd": Decimal(0)}, "Proposal: buy $41,000; drift 4.2 to 0.1 points."),
        (
            {"status": "held_back", "max_drift_after_frac": 0.0421, "net_tax_usd": Decimal(0)},
            "Proposal held back: sell $42,000, buy $41,000; drift stays 4.2 points; no tax.",
        ),
        (
            {"advice": "wait", "wait_until_date": SALE["long_term_date"], "max_drift_before_frac": None},
            "Proposal: sell $42,000, buy $41,000; tax $2,413; better wait until 2020-03-05.",
        ),
    ],
)
def test_short_line(changes: dict[str, Any], line: str) -> None:
    assert short_line(proposed(**changes)) == line


def test_short_line_without_trades_says_why() -> None:
    assert short_line(without_trades("no_trades_by_rule", "It is a plan.")) == "No trades, by rule: It is a plan."
    assert short_line(without_trades("nothing_to_trade", "No cash.")) == "Nothing to trade: No cash."
    assert short_line(without_trades("not_solved", None)) == "No proposal."


SHORT = {"sold_usd": 300.0, "short_usd": 299.0, "more_usd": 1.0, "cushion_usd": 1.0}
NO_CASH = {"code": "no_cash_short", "figures": {"cash_usd": 5000.0, "needed_usd": 1000.0}}
NO_CASH_SAID = "No cash is short: $5,000 is there, $1,000 must stay."


def test_reasons_have_codes_figures_and_words() -> None:
    nothing = without_trades("nothing_to_trade", NO_CASH_SAID, reasons_json=json.dumps([NO_CASH]))
    assert nothing["reasons"] == [{**NO_CASH, "sentence": NO_CASH_SAID}]
    assert nothing["sentence"] == NO_CASH_SAID
    assert short_line(nothing) == f"Nothing to trade: {NO_CASH_SAID}"
    more = proposed(reasons_json=json.dumps([{"code": "more_for_cushion", "figures": SHORT}]))
    assert more["reasons"][0]["figures"] == SHORT
    assert more["sentence"].endswith(
        "list. $300 is sold where $299 is short: a dollar stays above the least cash of each account."
    )
    assert proposed()["reasons"] == []
    for proposal in (nothing, more):
        assert list(OF_PROPOSAL.iter_errors(json.loads(json.dumps(proposal)))) == []


def test_a_figure_of_nothing_has_no_sign() -> None:
    node = {"node": "cash", "asset_class": "cash", "target_frac": 0.0, "lower_frac": None, "upper_frac": None,
            "before_frac": 0.1, "after_frac": -0.0}  # fmt: skip
    proposal = proposed(
        [{**SALE, "weight_after_frac": -0.0}], classes_json=json.dumps([node]), growth_after_frac=-0.0, gap_usd=-0.0
    )
    assert "-0.0" not in json.dumps(proposal)


def test_proof_says_what_holds() -> None:
    assert proof_line(proposed()) == (
        "Proof: no list of trades costs less than $2,425.00 (taxes, costs and distances, as the policy weighs them); this one costs "
        "$2,425.10, doing nothing $12,840.25. It is within 0.02 basis points of the best possible list."
    )
    nothing = proof_line(without_trades("nothing_to_trade", objective_usd=12840.25))
    assert nothing is not None
    assert "; doing nothing costs $12,840.25, which is within 0.02 basis points" in nothing
    assert proof_line(without_trades("not_solved", bound_usd=None)) is None
    assert proof_line(without_trades("no_trades_by_rule")) is None


@pytest.mark.parametrize(
    ("gap_bp", "said"), [(0.0, "0.01"), (0.01, "0.01"), (0.0101, "0.02"), (3.285, "3.29"), (-1e-9, "0.01")]
)
def test_gap_is_rounded_up(gap_bp: float, said: str) -> None:
    assert gap_words(gap_bp) == f"{said} basis points"


def test_only_what_did_not_pass_is_shown_worst_first() -> None:
    failed = {"check": "restrictions", "result": "failed", "figures": {}, "text": "A trade is against a restriction."}
    shown = checks_to_see(proposed(checks_json=json.dumps([*CHECKS, failed])))
    assert [check["check"] for check in shown] == ["restrictions", "cash"]


def test_a_list_held_back_is_not_advised() -> None:
    assert advice_words(proposed()) == ("Act now", "now")
    assert advice_words(proposed(status="held_back")) is None
    assert advice_words(proposed(advice="wait", wait_until_date=SALE["long_term_date"])) == (
        "Better wait until 2020-03-05",
        "wait",
    )


def test_every_code_has_a_name() -> None:
    assert set(proposal_words.KIND_NAMES) == set(vocab.RebalanceKind)
    assert set(proposal_words.STATUS_NAMES) == set(vocab.ProposalStatus)
    assert set(proposal_words.CHECK_NAMES) == set(vocab.PreCheck)
    assert set(proposal_words.RESULT_NAMES) == set(vocab.CheckResult)
