"""What was done against what was approved: what is not filled, weights, realised gain and tax, and lots relieved other than asked.

Each difference is a row: what, of which proposal, expected, found. Nothing is corrected here; a person looks at the rows.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from data_contracts.vocab import DifferenceKind, LotInstruction, OrderSide
from evenkeel.decimals import digits
from evenkeel.policy.model import COMPARE_TOLERANCE
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.order_book import Difference
from evenkeel.ports.orders import AccountShare, Block, OrderedLot

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class RelievedLot:
    """A lot that the custodian says a sale closed. `lot_opened_date` tells lots apart where the custodian has no ids."""

    account_id: str
    security_id: str
    closed_qty: Decimal
    gain_usd: Decimal | None
    lot_id: str | None = None
    lot_opened_date: dt.date | None = None


def weights_after(
    proposal_id: str,
    proposed: Mapping[str, float],
    nav_usd: float,
    node_of: Mapping[int, str],
    done: Iterable[tuple[Block, Iterable[AccountShare]]],
    cash_node: str = "cash",
) -> dict[str, float]:
    """Return the weights that the fills lead to, at the proposal's own prices; what was not bought lies in cash.

        weight[n] = proposed[n] + sum over trades of n (filled value - approved value, signed) / nav
        weight[cash] = proposed[cash] - the sum of all of these

    At the proposal's prices a weight differs by what was done, not by what the market did since; the next session's `drift` has both.
    Of an order in dollars the dollars filled count.

    Args:
        proposal_id: The proposal.
        proposed: `after_frac` of its `classes_json` by node.
        nav_usd: Its `nav_usd`.
        node_of: By trade number, the node that the trade counts to.
        done: All blocks with trades of the proposal, with their accounts' shares (none: nothing was filled).
        cash_node: Where money that was not spent lies.
    """
    weights = dict(proposed)
    for block, shares in done:
        got = {(one.lot.proposal_id, one.lot.trade_no): (one, share) for share in shares for one in share.lots}
        sign = 1 if block.side == OrderSide.BUY else -1
        for lot in (lot for part in block.allocations for lot in part.lots if lot.proposal_id == proposal_id):
            found = got.get((proposal_id, lot.trade_no))
            if found is None:
                filled_usd = Decimal(0)
            elif block.order_value_usd is not None:
                filled_usd = found[1].value_usd
            else:
                filled_usd = lot.order_value_usd * found[0].filled_qty / lot.order_qty
            moved = sign * float(filled_usd - lot.order_value_usd) / nav_usd
            weights[node_of[lot.trade_no]] = weights.get(node_of[lot.trade_no], 0.0) + moved
            weights[cash_node] = weights.get(cash_node, 0.0) - moved
    return weights


def unfilled(block: Block, shares: Iterable[AccountShare]) -> list[Difference]:
    """Return what of a block's units was not done, a row a proposal and account; of an order in dollars nothing is told."""
    if block.order_qty is None:
        return []
    got = {share.account_id: share.filled_qty for share in shares}
    return [
        Difference(
            DifferenceKind.NOT_FILLED,
            part.lots[0].proposal_id,
            part.account_id,
            block.security.security_id,
            part.order_qty,
            got.get(part.account_id, Decimal(0)),
            "qty",
            f"order {block.order_id}: {digits(got.get(part.account_id, Decimal(0)))} of {digits(part.order_qty)} units were filled",
            block.order_id,
        )
        for part in block.allocations
        if got.get(part.account_id, Decimal(0)) < part.order_qty
    ]


def weight_differences(
    proposal_id: str, proposed: Mapping[str, float], found: Mapping[str, float], rule: OrderRule
) -> list[Difference]:
    """Return nodes whose weight is further from the proposed one than the policy allows (half a point by default).

    Args:
        proposal_id: The proposal.
        proposed: `after_frac` of its `classes_json` by node.
        found: Weights after the fills by node; one that is missing is 0.
        rule: The policy's.
    """
    return [
        Difference(
            DifferenceKind.WEIGHT,
            proposal_id,
            None,
            node,
            Decimal(str(round(proposed.get(node, 0.0), 6))),
            Decimal(str(round(found.get(node, 0.0), 6))),
            "frac",
            f"{node} weighs {found.get(node, 0.0):.2%}, proposed were {proposed.get(node, 0.0):.2%}",
        )
        for node in sorted({*proposed, *found})
        if abs(found.get(node, 0.0) - proposed.get(node, 0.0)) > rule.weight_tolerance_frac + COMPARE_TOLERANCE
    ]


def gain_differences(
    block: Block, shares: Iterable[AccountShare], relieved: Sequence[RelievedLot], rule: OrderRule
) -> list[Difference]:
    """Return accounts whose realised gain is further from what was approved, for what was filled, than the policy allows.

    Realised is what the custodian says, or, where it has said nothing yet, proceeds less the basis of the lots as approved. The tax that
    was approved is scaled likewise; the tax expected now is the approved rate on the realised gain, where the approved gain was not 0.
    """
    if block.side != OrderSide.SELL:
        return []
    found = []
    for share in shares:
        approved = [_scaled(one.lot.gain_usd, one.filled_qty, one.lot) for one in share.lots]
        if not share.lots or any(gain is None for gain in approved):
            continue
        expected = sum((gain for gain in approved if gain is not None), Decimal(0)).quantize(_CENT, ROUND_HALF_EVEN)
        realised = _realised(block, share, relieved, expected)
        if realised is None:
            continue
        allowed = max(Decimal(str(rule.gain_tolerance_usd)), share.value_usd * Decimal(str(rule.gain_tolerance_frac)))
        proposal_id = share.lots[0].lot.proposal_id
        security_id = block.security.security_id
        if abs(realised - expected) > allowed:
            found.append(
                Difference(
                    DifferenceKind.REALISED_GAIN, proposal_id, share.account_id, security_id, expected, realised, "usd",
                    f"order {block.order_id}: realised gain {realised:,.2f} dollars, approved were {expected:,.2f}",
                    block.order_id,
                )
            )  # fmt: skip
        taxes = [_scaled(one.lot.tax_usd, one.filled_qty, one.lot) for one in share.lots]
        tax = sum((one for one in taxes if one is not None), Decimal(0)).quantize(_CENT, ROUND_HALF_EVEN)
        now = (tax * realised / expected).quantize(_CENT, ROUND_HALF_EVEN) if expected else tax
        if abs(now - tax) > allowed:
            found.append(
                Difference(
                    DifferenceKind.TAX, proposal_id, share.account_id, security_id, tax, now, "usd",
                    f"order {block.order_id}: tax of {now:,.2f} dollars, approved were {tax:,.2f}",
                    block.order_id,
                )
            )  # fmt: skip
    return found


def lot_differences(block: Block, shares: Iterable[AccountShare], relieved: Sequence[RelievedLot]) -> list[Difference]:
    """Return lots of which the custodian relieved another quantity than was asked, also lots nobody asked for.

    Only accounts whose lots were named, and of which the custodian has said something, are looked at. Lots are compared by id where the
    custodian gives ids that we know, else by the date they were opened.
    """
    if block.side != OrderSide.SELL:
        return []
    found = []
    for share in shares:
        if not share.lots or any(one.lot.instruction != LotInstruction.SPECIFIC_LOT for one in share.lots):
            continue
        told = _told(block, share, relieved)
        if not told:
            continue
        ours = {one.lot.lot_id for one in share.lots}
        by_id = all(one.lot_id in ours for one in told) or all(one.lot_opened_date is None for one in told)
        asked = _summed(
            (_name(one.lot.lot_id, one.lot.lot_opened_date, by_id=by_id), one.filled_qty) for one in share.lots
        )
        got = _summed((_name(one.lot_id, one.lot_opened_date, by_id=by_id), one.closed_qty) for one in told)
        for name in sorted({*asked, *got}):
            expected, closed = asked.get(name, Decimal(0)), got.get(name, Decimal(0))
            if expected != closed:
                found.append(
                    Difference(
                        DifferenceKind.LOT, share.lots[0].lot.proposal_id, share.account_id, name, expected, closed, "qty",
                        f"order {block.order_id}: {digits(closed)} units of lot {name} were relieved, asked were "
                        f"{digits(expected)}; until settlement "
                        f"({block.settle_date}) the custodian can still be told",
                        block.order_id,
                    )
                )  # fmt: skip
    return found


def _scaled(amount: Decimal | None, filled: Decimal, lot: OrderedLot) -> Decimal | None:
    return None if amount is None else amount * filled / lot.order_qty


def _told(block: Block, share: AccountShare, relieved: Sequence[RelievedLot]) -> list[RelievedLot]:
    place = (share.account_id, block.security.security_id)
    return [one for one in relieved if (one.account_id, one.security_id) == place]


def _realised(block: Block, share: AccountShare, relieved: Sequence[RelievedLot], expected: Decimal) -> Decimal | None:
    """Return the realised gain: the custodian's word, else what the fills make of the approved basis; null where a lot's is not told."""
    told = _told(block, share, relieved)
    if told:
        gains = [one.gain_usd for one in told]
        return None if None in gains else sum((gain for gain in gains if gain is not None), Decimal(0))
    approved_value = sum(
        (_scaled(one.lot.order_value_usd, one.filled_qty, one.lot) or Decimal(0) for one in share.lots), Decimal(0)
    )
    return (expected + share.value_usd - approved_value).quantize(_CENT, ROUND_HALF_EVEN)


def _name(lot_id: str | None, opened: dt.date | None, *, by_id: bool) -> str:
    return (lot_id if by_id else None) or (opened.isoformat() if opened else lot_id or "not named")


def _summed(parts: Iterable[tuple[str, Decimal]]) -> dict[str, Decimal]:
    total: dict[str, Decimal] = {}
    for name, quantity in parts:
        total[name] = total.get(name, Decimal(0)) + quantity
    return total
