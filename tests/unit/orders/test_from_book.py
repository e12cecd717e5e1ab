"""Approved proposals from the dataset of trades, and the situation from book and holdings."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

from data_contracts.book.accounts import Accounts
from data_contracts.book.securities import Securities
from data_contracts.holdings import Holdings
from data_contracts.trades import Trades
from data_contracts.vocab import AssetType, LotInstruction, ReliefMethod, WaitReason
from evenkeel.orders.approved import approved_proposals
from evenkeel.orders.from_book import situation_of
from tests.small_practice import frame
from tests.support.ordering import BUY, EVENING, SELL, plan

D = Decimal
DAY = dt.date(2026, 3, 3)
TRADE: dict[str, Any] = {
    "business_date": DAY,
    "asset_class": "us_equity",
    "node_id": "us_equity",
    "lot_instruction": "none",
    "tax_usd": D(0),
    "trade_cost_usd": 0.0,
    "settle_date": DAY,
    "reasons_json": "[]",
    "weight_before_frac": 0.5,
    "weight_after_frac": 0.5,
    "target_frac": 0.5,
    "margin_frac": 0.0,
}


def row(
    proposal_id: str, trade_no: int, account_id: str, side: str, security_id: str, quantity: str, **more: Any
) -> dict[str, Any]:
    what = {
        "proposal_id": proposal_id,
        "trade_no": trade_no,
        "account_id": account_id,
        "side": side,
        "security_id": security_id,
    }
    value = {"traded_qty": D(quantity), "price_usd": D(100), "value_usd": D(quantity) * 100}
    return TRADE | what | value | more


TRADES = frame(
    Trades,
    [
        row("P2", 1, "B", "buy", "VTI", "5"),
        row("P1", 2, "A", "buy", "BND", "9", commission_usd=D("4.95")),
        row(
            "P1",
            1,
            "A",
            "sell",
            "VTI",
            "10",
            lot_id="L1",
            lot_opened_date=dt.date(2020, 1, 2),
            lot_instruction="specific_lot",
            gain_usd=D(500),
            tax_usd=D(119),
            redemption_fee_usd=D("1.05"),
        ),
        row("P3", 1, "C", "buy", "VTI", "5"),
    ],
)


def test_proposals_are_read_with_their_trades_earliest_consent_first() -> None:
    found = approved_proposals(TRADES, {"P1": EVENING, "P2": EVENING - dt.timedelta(hours=1), "P9": EVENING})
    assert [one.proposal_id for one in found] == ["P2", "P1"]
    sale, purchase = found[1].trades
    assert (sale.side, sale.traded_qty, sale.lot_id, sale.instruction) == (
        SELL,
        D(10),
        "L1",
        LotInstruction.SPECIFIC_LOT,
    )
    assert (sale.gain_usd, sale.tax_usd, sale.fees_usd) == (D(500), D(119), D("1.05"))
    assert (purchase.side, purchase.gain_usd, purchase.fees_usd) == (BUY, None, D("4.95"))


def account(account_id: str, **more: Any) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "household_id": "H",
        "portfolio_id": account_id,
        "custodian": "schwab",
        "account_key": account_id,
        "account_mask": "1",
        "registration": "individual",
        "tax_status": "taxable",
        "is_discretionary": True,
        "relief_method": "highest_cost",
        "state": "open",
    } | more


def held(account_id: str, security_id: str, quantity: str, proforma: str) -> dict[str, Any]:
    return {
        "business_date": DAY,
        "portfolio_id": account_id,
        "account_id": account_id,
        "security_id": security_id,
        "household_id": "H",
        "asset_class": "cash",
        "sleeve": "cash",
        "is_illiquid": False,
        "held_qty": D(quantity),
        "value_usd": D(quantity),
        "proforma_usd": D(proforma),
    }


SECURITIES = frame(
    Securities,
    [
        {
            "security_id": one,
            "name": one,
            "asset_type": kind,
            "asset_class": "us_equity",
            "symbol": one,
            "is_illiquid": False,
        }
        | {"price_factor": D(factor), "multiplier": D(1)}
        for one, kind, factor in (("VTI", "etf", "1"), ("BND", "etf", "1"), ("T", "bond", "0.01"))
    ],
)
ACCOUNTS = frame(Accounts, [account("A"), account("B"), account("C"), account("D", state="closing")])
HOLDINGS = frame(
    Holdings,
    [
        held("A", "CASH:USD", "1000", "400"),  # 600 are spoken for
        held("A", "VTI", "10", "10"),
        held("B", "CASH:USD", "50", "900"),  # 850 are on their way
        held("D", "CASH:USD", "1000", "1000"),
    ],
)


def test_money_that_comes_is_not_counted_and_money_that_goes_is() -> None:
    situation = situation_of(ACCOUNTS, SECURITIES, HOLDINGS)
    assert {one: each.settled_cash_usd for one, each in situation.accounts.items()} == {"A": D(400), "B": D(50)}
    assert situation.accounts["A"].relief_method == ReliefMethod.HIGHEST_COST
    assert situation.held_qty == {("A", "VTI"): D(10)}
    assert (situation.securities["T"].asset_type, situation.securities["T"].price_factor) == (AssetType.BOND, D("0.01"))


def test_accounts_that_are_not_open_or_whose_holdings_are_not_trusted_wait() -> None:
    proposals = approved_proposals(TRADES, dict.fromkeys(("P1", "P2", "P3"), EVENING))
    result = plan(proposals, situation=situation_of(ACCOUNTS, SECURITIES, HOLDINGS))
    assert [(one.proposal_id, one.reason, one.trade_no) for one in result.waiting] == [
        ("P2", WaitReason.CASH_NOT_THERE, 1),
        ("P3", WaitReason.NOT_KNOWN, None),
    ]
    assert "account C is not open in the book, or its holdings are not trusted" in result.waiting[1].text
