"""The trades of proposals."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, Instant, Money, code, column, frac, key


class Trades(Contract):
    """One row per lot sold and per security bought; no account both sells and buys a security in one proposal.

    Produced by `evenkeel.stages.propose`; read by the desk and by orders. `value_usd = round(traded_qty * price_usd, 2)`.
    """

    business_date: dt.date = key("Exchange session whose prices it is computed from.")
    proposal_id: str = key("The proposal.")
    trade_no: int = key("1, 2, 3 ...: sales first, then purchases, by account and security.")
    account_id: str = column("The account.")
    security_id: str = column("The security.")
    side: str = code(vocab.OrderSide, "Which way.")
    asset_class: str = code(vocab.AssetClass, "Class of the security.")
    node_id: str = column("What it counts to: class, or `class/sleeve` where the model goes that deep.")
    traded_qty: Fact = column("Units, > 0.")
    price_usd: Fact = column("Estimated price of one unit.")
    value_usd: Money = column("Estimated value, > 0.")
    lot_id: str = column("The lot sold; null for a purchase.", null=True)
    lot_opened_date: dt.date = column("When the lot was acquired.", null=True)
    lot_instruction: str = code(vocab.LotInstruction, "How the custodian is told.")
    basis_usd: Money = column("Cost of what is sold; null: not known, or a purchase.", null=True)
    gain_usd: Money = column("Gain realised; a loss is negative.", null=True)
    is_long_term: bool = column("Held more than a year on the trade date; null: not known, or a purchase.", null=True)
    long_term_date: dt.date = column("From when on a sale is long-term.", null=True)
    disallowed_usd: Money = column("Part of a loss that a wash sale disallows, 0 or more.", null=True)
    tax_rate_frac: float = frac(
        "Rate of its term, federal and state; 0 where nothing is taxed; null for a purchase.", null=True
    )
    tax_usd: Money = column(
        "Gain at that rate, the disallowed part left out; what nets with other gains is in the proposal."
    )
    trade_cost_usd: float = column("What the list was chosen by: half-spread and fees as a share of value.")
    commission_usd: Money = column("Its share of the order's commission, by value; null: not known.", null=True)
    half_spread_usd: Money = column("Its share of half the spread of the order.", null=True)
    redemption_fee_usd: Money = column("Its share of the fund's fee on the order's early units; 0: none.", null=True)
    order_by_at: Instant = column(
        "When an order for a fund must be in to get the next session's net asset value; null: not a fund.", null=True
    )
    settle_date: dt.date = column("When it settles, if traded on the next session.")
    reasons_json: str = column("JSON array of codes of `vocab.TradeReason`, the main one first.")
    weight_before_frac: float = frac("The node's weight before, of the portfolio.")
    weight_after_frac: float = frac("The same after all trades.")
    target_frac: float = frac("The node's target.")
    replaces_security_id: str = column("The security it stands in for.", null=True)
    margin_frac: float = frac("What a dollar of this trade saves at the list's own prices; the last dollar saves 0.")
