"""Why an approved proposal goes into no block yet: it waits whole, so that it is never done by halves."""

from __future__ import annotations

from collections.abc import Sequence

from data_contracts.vocab import WaitReason
from evenkeel.orders.approved import ApprovedProposal, ApprovedTrade, Situation, touched
from evenkeel.orders.kinds import order_type_of
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.order_book import Waiting


def why_it_waits(
    proposal: ApprovedProposal, trades: Sequence[ApprovedTrade], situation: Situation, rule: OrderRule, busy: set[str]
) -> Waiting | None:
    """Return why a proposal waits whole; None where it goes.

    Args:
        proposal: The proposal.
        trades: Those of its trades that are in no block yet, at least one.
        situation: Accounts, securities, pauses, and what is on its way.
        rule: The policy's.
        busy: Accounts that an earlier proposal trades.
    """

    def waits(reason: WaitReason, text: str, account_id: str | None = None) -> Waiting:
        return Waiting(proposal.proposal_id, reason, text, account_id=account_id)

    sides = {(trade.account_id, trade.security_id, trade.side) for trade in trades}
    for account_id, security_id in sorted(touched(trades)):
        account, security = situation.accounts.get(account_id), situation.securities.get(security_id)
        if account is None or security is None:
            text = (
                f"account {account_id} is not open in the book, or its holdings are not trusted"
                if account is None
                else f"security {security_id} is not in the book; add it"
            )
            return waits(WaitReason.NOT_KNOWN, text, account_id)
        pause = next((one for one in situation.pauses if one.touches(account.custodian, security_id)), None)
        if pause is not None:
            what = "" if pause.subject is None else f" {pause.subject}"
            return waits(WaitReason.PAUSED, f"execution is paused: {pause.scope}{what}", account_id)
        if order_type_of(security, rule) is None:
            text = f"{security_id} is of a kind ({security.asset_type}) that the policy has no order type for"
            return waits(WaitReason.NOT_TRADABLE, text, account_id)
        if account_id in busy:
            text = f"an earlier proposal trades in account {account_id}; this one was computed without it"
            return waits(WaitReason.ACCOUNT_TAKEN, text, account_id)
        if (account_id, security_id) in situation.working:
            text = f"an order for {security_id} in account {account_id} is not done yet"
            return waits(WaitReason.ORDER_WORKING, text, account_id)
        if len({side for one, other, side in sides if (one, other) == (account_id, security_id)}) > 1:
            text = f"it both sells and buys {security_id} in account {account_id}"
            return waits(WaitReason.BOTH_SIDES, text, account_id)
    return None
