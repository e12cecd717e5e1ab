"""What is said of trades, lists and obstacles, word for word."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import pytest

from data_contracts.proposals import Proposals
from data_contracts.trades import Trades
from data_contracts.vocab import Obstacle, TradeReason
from evenkeel.stages.propose.obstacle_sentences import OBSTACLE_WORDS, obstacle_sentences
from evenkeel.stages.propose.proposal_sentences import proposal_sentences
from evenkeel.stages.propose.trade_sentences import REASON_WORDS, trade_sentences
from tests.small_practice import MONDAY, frame

SALE: dict[str, Any] = {
    "business_date": MONDAY,
    "proposal_id": "p",
    "trade_no": 1,
    "account_id": "A1",
    "security_id": "USTM",
    "side": "sell",
    "asset_class": "us_equity",
    "node_id": "us_equity",
    "traded_qty": Decimal(42),
    "price_usd": Decimal("100.24"),
    "value_usd": Decimal("4210.08"),
    "lot_id": "L1",
    "lot_instruction": "specific_lot",
    "gain_usd": Decimal("309.60"),
    "is_long_term": True,
    "disallowed_usd": Decimal(0),
    "tax_rate_frac": 0.2,
    "tax_usd": Decimal("61.92"),
    "trade_cost_usd": 0.84,
    "settle_date": MONDAY,
    "reasons_json": '["overweight"]',
    "weight_before_frac": 0.5523,
    "weight_after_frac": 0.479,
    "target_frac": 0.474,
    "margin_frac": 0.0,
}
PURCHASE = {
    **SALE,
    "trade_no": 2,
    "side": "buy",
    "security_id": "USAG",
    "asset_class": "us_bond",
    "node_id": "us_bond",
    "lot_id": None,
    "lot_instruction": "none",
    "gain_usd": None,
    "is_long_term": None,
    "disallowed_usd": None,
    "tax_rate_frac": None,
    "tax_usd": Decimal(0),
    "reasons_json": '["underweight"]',
    "weight_before_frac": 0.31,
    "weight_after_frac": 0.352,
    "target_frac": 0.35,
}


def said(row: Mapping[str, Any], **changes: Any) -> str:
    sentence = trade_sentences(frame(Trades, [{**row, **changes}]))["sentence"].item()
    assert isinstance(sentence, str)
    return sentence


def gains(**changes: Any) -> str:
    """Return what is said of a sale's gain."""
    return said(SALE, **changes).partition("after all trades 47.9 %.")[2].strip()


def why(row: Mapping[str, Any], reasons: Sequence[str], **changes: Any) -> str:
    return said(row, reasons_json=json.dumps(reasons), **changes).partition("): ")[2]


def test_sale_in_one_sentence_and_its_tax_in_another() -> None:
    assert said(SALE) == (
        "Sell 42 of USTM (about $4,210): US equity is 55.2 % of the portfolio, 7.8 points above its target; after all trades 47.9 %. "
        "Long-term gain about $310, tax about $62."
    )


def test_purchase_has_no_gain() -> None:
    assert said(PURCHASE, traded_qty=Decimal("12345.678000000000431")) == (
        "Buy 12,345.678 of USAG (about $4,210): US bonds are 31.0 % of the portfolio, 4.0 points below their target; "
        "after all trades 35.2 %."
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"gain_usd": Decimal(-500), "tax_usd": Decimal(-120), "is_long_term": False},
            "Short-term loss about $500, tax saved about $120.",
        ),
        (
            {"gain_usd": Decimal(-500), "tax_usd": Decimal(-60), "disallowed_usd": Decimal(200)},
            "Long-term loss about $500, $200 of it disallowed by a wash sale, tax saved about $60.",
        ),
        (
            {"is_long_term": False, "long_term_date": dt.date(2026, 8, 7)},
            "Short-term gain about $310 (long-term from 2026-08-07), tax about $62.",
        ),
        ({"is_long_term": None}, "Gain about $310, tax about $62."),
        ({"gain_usd": None, "tax_usd": Decimal(0)}, "Its cost is not known, so neither is its tax."),
        ({"gain_usd": Decimal(0), "tax_usd": Decimal(0)}, "No gain, no tax."),
        ({"gain_usd": Decimal(-500), "tax_usd": Decimal(0)}, "Long-term loss about $500, no tax."),
        ({"tax_rate_frac": 0.0, "tax_usd": Decimal(0)}, "No tax."),
    ],
)
def test_gain_and_tax_of_a_sale(changes: dict[str, Any], text: str) -> None:
    assert gains(**changes) == text


def test_account_without_tax_says_so_once() -> None:
    text = why(SALE, ["overweight", "no_tax_here"], tax_rate_frac=0.0, tax_usd=Decimal(0))
    assert text.endswith("after all trades 47.9 %; nothing is taxed in this account.")


def test_main_reason_comes_before_the_weights_and_others_after() -> None:
    assert why(SALE, ["raises_cash", "overweight", "loss_first"]).startswith(
        "it raises cash that is needed; US equity is 55.2 % of the portfolio, 7.8 points above its target; "
        "after all trades 47.9 %; lots at a loss go first. "
    )


@pytest.mark.parametrize(
    ("reason", "replaced", "text"),
    [
        ("replaces_sold", "USTM", "it takes the place of USTM; "),
        ("replaces_sold", None, "it takes the place of what is sold; "),
        ("substitute", "USTMX", "it stands in for USTMX; "),
        ("substitute", None, "it stands in for what may not be bought; "),
    ],
)
def test_what_a_purchase_stands_for(reason: str, replaced: str | None, text: str) -> None:
    assert why(PURCHASE, [reason], replaces_security_id=replaced).startswith(text)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        (
            {"node_id": "us_equity/large_cap", "weight_before_frac": 0.474},
            "US equity / large cap is 47.4 % of the portfolio, on its target; after all trades 47.9 %",
        ),
        (
            {"target_frac": 0.0, "weight_before_frac": 0.03, "weight_after_frac": 0.0},
            "US equity is 3.0 % of the portfolio, which the model does not hold; after all trades 0.0 %",
        ),
    ],
)
def test_weights_in_words(changes: dict[str, Any], text: str) -> None:
    assert why(SALE, ["overweight"], **changes).startswith(text)


def test_every_reason_and_obstacle_has_words() -> None:
    by_weights = {TradeReason.OVERWEIGHT, TradeReason.UNDERWEIGHT}
    assert set(REASON_WORDS) == set(TradeReason) - by_weights
    assert set(OBSTACLE_WORDS) == set(Obstacle)


PROPOSAL: dict[str, Any] = {
    "business_date": MONDAY,
    "proposal_id": "p",
    "portfolio_id": "P1",
    "household_id": "H1",
    "kind": "full",
    "status": "drafted",
    "account_count": 1,
    "trade_count": 6,
    "sold_usd": Decimal("31204.10"),
    "bought_usd": Decimal("30911.00"),
    "cash_short_usd": 0.0,
    "net_tax_usd": Decimal("412.30"),
    "net_tax_frac": 0.0132,
    "max_drift_before_frac": 0.0783,
    "max_drift_after_frac": 0.0041,
    "band_excess_after_frac": 0.0,
    "gap_bp": 0.0182,
    "advice": "act_now",
    "obstacles_json": "[]",
    "classes_json": "[]",
    "checks_json": "[]",
    "notes_json": "[]",
    "policy_version": "house/1",
}
LIST = [
    *({**SALE, "trade_no": n + 1, "security_id": security} for n, security in enumerate(["USTM", "USTM", "USLC"])),
    {**SALE, "trade_no": 4, "account_id": "A2"},
    *({**PURCHASE, "trade_no": n + 5, "security_id": security} for n, security in enumerate(["USAG", "USST"])),
]


def summed(trades: Sequence[Mapping[str, Any]] = LIST, **changes: Any) -> str:
    told = proposal_sentences(frame(Proposals, [{**PROPOSAL, **changes}]), frame(Trades, trades))
    sentence = told["sentence"].item()
    assert isinstance(sentence, str)
    return sentence


def test_list_in_one_sentence_counts_orders_not_lots() -> None:
    assert summed() == (
        "Three sales for about $31,204 and two purchases for about $30,911 bring the largest drift from 7.8 to 0.4 points; "
        "tax about $412 (1.3 % of what is sold); within 0.02 basis points of the best possible list."
    )


def test_one_purchase_has_no_tax() -> None:
    assert summed([PURCHASE], gap_bp=None) == (
        "One purchase for about $30,911 brings the largest drift from 7.8 to 0.4 points."
    )


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"net_tax_usd": Decimal(-90)}, "; tax saved about $90; "),
        ({"net_tax_usd": Decimal(0)}, "; no tax; "),
        ({"net_tax_usd": None}, "; its tax is not known; "),
        ({"cash_short_usd": 1250.4}, "; cash stays short by about $1,250; "),
        ({"band_excess_after_frac": 0.012}, "; 1.2 % of the portfolio stays outside its bands; "),
        ({"gap_bp": 0.0}, "; within 0.01 basis points of the best possible list."),
        ({"gap_bp": 1.231}, "; within 1.24 basis points of the best possible list."),
        ({"max_drift_after_frac": 0.0783}, " leave the largest drift at 7.8 points; "),
        ({"max_drift_after_frac": 0.09}, " take the largest drift from 7.8 to 9.0 points; "),
        (
            {"advice": "wait", "wait_until_date": dt.date(2026, 8, 7), "wait_saves_usd": Decimal(510)},
            "list. Better wait until 2026-08-07: that saves about $510 of tax.",
        ),
        (
            {"wait_until_date": dt.date(2026, 8, 7), "wait_saves_usd": Decimal(340)},
            "list. Act now, although waiting until 2026-08-07 would save about $340 of tax.",
        ),
        ({"status": "held_back", "status_reason": "A check failed."}, "list. Held back: A check failed."),
    ],
)
def test_what_else_is_said_of_a_list(changes: dict[str, Any], text: str) -> None:
    assert text in summed(**changes)


def test_many_orders_are_counted_in_figures() -> None:
    many = [{**PURCHASE, "trade_no": n, "security_id": f"S{n}"} for n in range(13)]
    assert summed(many).startswith("13 purchases for about $30,911 bring ")


@pytest.mark.parametrize(
    ("status", "reason", "text"),
    [
        ("nothing_to_trade", None, "Nothing to trade."),
        ("no_trades_by_rule", "The plan's sponsor decides.", "The plan's sponsor decides."),
    ],
)
def test_list_without_trades_says_why(status: str, reason: str | None, text: str) -> None:
    none = {name: None for name in ("sold_usd", "bought_usd", "net_tax_usd", "gap_bp", "max_drift_before_frac")}
    assert summed([], status=status, status_reason=reason, **none) == text


@pytest.mark.parametrize(
    ("obstacle", "text"),
    [
        (
            {"security_id": "PLMR", "side": "sell", "rule": "legacy_keep", "restriction_id": "R-17"},
            "PLMR may not be sold: legacy position (restriction R-17).",
        ),
        (
            {"security_id": "PLMR", "side": "sell", "rule": "hold_until", "until_date": "2026-12-01", "restriction_id": "R-2"},
            "PLMR may not be sold: to be held until 2026-12-01 (restriction R-2).",
        ),
        (
            {"security_id": "USTM", "side": "buy", "rule": "wash_sale_if_bought", "until_date": "2026-08-07"},
            "USTM may not be bought: buying it would wash a loss, until 2026-08-07.",
        ),
        (
            {"security_id": "USTM", "side": "buy", "rule": "sold_at_loss_today"},
            "USTM may not be bought: the same tax unit, or one linked to it, sells it at a loss in a list of the day.",
        ),
    ],
)  # fmt: skip
def test_obstacle_in_words(obstacle: dict[str, str], text: str) -> None:
    told = obstacle_sentences(frame(Proposals, [{**PROPOSAL, "obstacles_json": json.dumps([obstacle])}]))
    assert told["sentence"].to_list() == [text]


def test_obstacles_are_numbered_by_proposal() -> None:
    one = {"account_id": "A1", "security_id": "PLMR", "side": "sell", "rule": "no_sell"}
    listed = [[one, {**one, "security_id": "USTM"}], [], [one]]
    rows = [{**PROPOSAL, "proposal_id": f"p{n}", "obstacles_json": json.dumps(o)} for n, o in enumerate(listed)]
    told = obstacle_sentences(frame(Proposals, rows))
    assert told.select("proposal_id", "obstacle_no", "security_id").rows() == [
        ("p0", 1, "PLMR"),
        ("p0", 2, "USTM"),
        ("p2", 1, "PLMR"),
    ]
