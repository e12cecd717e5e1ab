"""Losses that may be harvested: alerts of their own, apart from drift."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Fact, Money, code, column, frac, key


class Harvests(Contract):
    """One row per taxable account and security with lots that are down by the policy's share.

    Produced by `evenkeel.stages.propose`; read by the task list. Harvest and hold the substitute, or hold: `advice` says which the figures
    speak for, a person decides.
    """

    business_date: dt.date = key("Exchange session.")
    account_id: str = key("The account.")
    security_id: str = key("The security.")
    portfolio_id: str = column("Its portfolio.")
    household_id: str = column("Its household.")
    adviser_id: str = column("Whose desk it is on.")
    loss_qty: Fact = column("Units of the lots that are down.")
    value_usd: Money = column("Their value.")
    loss_usd: Money = column("Their loss, > 0.")
    loss_frac: float = frac("Loss as a share of their cost.")
    short_term_loss_usd: Money = column("Part of it that is short-term.")
    washed_qty: Fact = column("Units whose loss would be disallowed if sold today.")
    wash_answer: str = column("What is known of wash sales; a code of `evenkeel.rules.wash_sales.WashAnswer`.")
    clear_from_date: dt.date = column("From when on nothing would be disallowed, as far as is known.", null=True)
    benefit_usd: Money = column("Tax saved by selling what is not washed, less the cost of the swap.")
    substitute_id: str = column(
        "What could be held instead: same node, another wash group; null: the book has none.", null=True
    )
    free_from_date: dt.date = column("First day on which the security may be bought again.")
    advice: str = code(vocab.Advice, "Act now, or wait.")
    reason: str = column("In one sentence.")
