"""What was done against what was approved: when all orders of a proposal are done it is filled and compared, and what differs is a row.

Lots that a custodian relieved are known with the next run's files only: the newest runs' are looked at each time. Nothing is corrected.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.proposals import Proposals
from data_contracts.realized_lots import RealizedLots
from data_contracts.vocab import AssetClass, BlockState, DifferenceKind, OrderSide, ProposalState, Step
from evenkeel import calendar
from evenkeel.approval.moving import By, move
from evenkeel.desk.execution import memoranda
from evenkeel.desk.execution.ground import WORKING, blocks_of
from evenkeel.desk.filled_message import announce_filled, parts_told
from evenkeel.desk.reading import dataset
from evenkeel.errors import UsageError
from evenkeel.orders.after_fill import (
    RelievedLot,
    gain_differences,
    lot_differences,
    unfilled,
    weight_differences,
    weights_after,
)
from evenkeel.orders.allocate import FRACTIONAL, share_out
from evenkeel.policy.model import Policy
from evenkeel.ports.approvals import Case
from evenkeel.ports.order_book import Difference, OrderChange
from evenkeel.ports.orders import AccountShare, Block, Fill
from evenkeel.run.house import House, house_policy

RELIEF_SESSIONS = 5
"""For how many sessions after its own an order's relieved lots are looked for in the custodians' files."""
_OPEN = (*WORKING, BlockState.WITHDRAWN)
Done = list[tuple[Block, list[AccountShare]]]


@dataclass(frozen=True)
class Compared:
    """Proposals that were reconciled, and what differs anew."""

    reconciled: tuple[str, ...]
    differences: tuple[Difference, ...]


def compare(house: House, by: By) -> Compared:
    """Move on the proposals all of whose orders are done, and hold fills and relieved lots against what was approved."""
    policy = house_policy(house.book(house.today()))
    reconciled: list[str] = []
    raised: list[Difference] = []
    for case in house.approvals.cases(states=[ProposalState.SENT, ProposalState.FILLED]):
        blocks = _blocks_of(house, case)
        left = _left(case, blocks)
        if any(block.state in WORKING for block in blocks) or (left and not _is_given_up(blocks, by.at.date())):
            continue
        done = _done(house, blocks, policy)
        if len(done) < len(blocks):
            continue  # filled beyond its size, a finding of its own: compared once the custodian has broken what is too much
        differences = _differences(house, case, done, left, policy)
        date = max(block.trade_date for block in blocks)
        fresh = new_differences(house, {date: differences})
        counts = Counter(one.kind.value for one in differences)
        moves = []
        current = case
        if case.state is ProposalState.SENT:
            told = announce_filled(case, done, _filled_at(house, blocks, by.at))
            # What clients are told stands in the log: where all of it is broken later, they are told of the same again.
            detail = {"fills": parts_told(case, done)}
            moves.append(move(case, Step.FILL, ProposalState.FILLED, by, told=told, detail=detail))
            current = moves[-1].after
        moves.append(move(current, Step.RECONCILE, ProposalState.RECONCILED, by, detail={"differences": dict(counts)}))
        event = memoranda.compared(moves[-1].after, date, counts, by)
        house.order_book.record(OrderChange(by.at, moves, differences=fresh, events=[event]))
        reconciled.append(case.proposal_id)
        raised += [one for each in fresh.values() for one in each]
    later = new_differences(house, _relieved_otherwise(house, policy))
    if later:
        house.order_book.record(OrderChange(by.at, differences=later))
    raised += [one for each in later.values() for one in each]
    return Compared(tuple(reconciled), tuple(raised))


def shares_of(block: Block, fills: Sequence[Fill], policy: Policy) -> list[AccountShare]:
    """Return who gets what of a block, by the policy's least value and the custodian's least unit.

    Raises:
        UsageError: More was filled than ordered.
    """
    step = FRACTIONAL if block.custodian in policy.trading.fractional else None
    return share_out(block, fills, step=step, min_usd=Decimal(str(policy.orders.min_allocation_usd)))


def new_differences(house: House, found: Mapping[dt.date, Sequence[Difference]]) -> dict[dt.date, list[Difference]]:
    """Leave out what is on record with the same figures."""
    known = {(one.business_date, one.difference) for one in house.order_book.differences()}
    fresh = {date: [one for one in each if (date, one) not in known] for date, each in found.items()}
    return {date: each for date, each in fresh.items() if each}


def _blocks_of(house: House, case: Case) -> list[Block]:
    blocks = blocks_of(house.order_book.batches(proposal_ids=[case.proposal_id]))
    return [block for block in blocks if block.state is not BlockState.WITHDRAWN]


def _left(case: Case, blocks: Sequence[Block]) -> list[Mapping[str, Any]]:
    """Return the trades that are in no order yet: purchases that wait for money."""
    taken = {
        lot.trade_no
        for block in blocks
        for part in block.allocations
        for lot in part.lots
        if lot.proposal_id == case.proposal_id
    }
    return [row for row in case.content["list"]["trades"] if row["trade_no"] not in taken]


def _is_given_up(blocks: Sequence[Block], today: dt.date) -> bool:
    """Tell whether nothing more is waited for: the session after the last settlement has passed, the money has not come by then."""
    return today > calendar.next_session(max(block.settle_date for block in blocks))


def _done(house: House, blocks: Sequence[Block], policy: Policy) -> Done:
    """Return who got what of each block; one that cannot be shared out, since more was filled than ordered, is left out."""
    fills = house.order_book.fills([block.order_id for block in blocks]) if blocks else []
    found: Done = []
    for block in blocks:
        try:
            found.append((block, shares_of(block, [one for one in fills if one.order_id == block.order_id], policy)))
        except UsageError:
            continue
    return found


def _filled_at(house: House, blocks: Sequence[Block], otherwise: dt.datetime) -> dt.datetime:
    """Return when the last execution was: the client is told within a quarter of an hour of it."""
    fills = house.order_book.fills([block.order_id for block in blocks]) if blocks else []
    return max((one.filled_at for one in fills), default=otherwise)


def _differences(
    house: House, case: Case, done: Done, left: Sequence[Mapping[str, Any]], policy: Policy
) -> list[Difference]:
    rule = policy.orders
    content = case.content["list"]
    cash = next((one["node"] for one in content["classes"] if one.get("asset_class") == AssetClass.CASH.value), "cash")
    nodes = {int(row["trade_no"]): row["node_id"] for row in content["trades"]}
    nav = _nav(house, case)
    proposed = proposed_weights(content, nav, cash)
    weights = weights_after(case.proposal_id, proposed, nav, nodes, done, cash)
    found = [
        Difference(
            DifferenceKind.NOT_FILLED,
            case.proposal_id,
            row["account_id"],
            row["security_id"],
            Decimal(row["traded_qty"]),
            Decimal(0),
            "qty",
            f"trade {row['trade_no']} of {case.proposal_id} was never ordered: its money did not come, or what it rested on has changed",
        )
        for row in left
    ]
    for block, shares in done:
        found += [one for one in unfilled(block, shares) if one.proposal_id == case.proposal_id]
        mine = [share for share in shares if share.lots and share.lots[0].lot.proposal_id == case.proposal_id]
        found += gain_differences(block, mine, [], rule)
    return found + weight_differences(case.proposal_id, proposed, weights, rule)


def proposed_weights(content: Mapping[str, Any], nav_usd: float, cash_node: str) -> dict[str, float]:
    """Return the weights that a list proposes, by node.

    A list that a person has made smaller says none: then they are the weights before and what its trades move, at their own prices.
    """
    if all(one["after_frac"] is not None for one in content["classes"]):
        return {one["node"]: float(one["after_frac"]) for one in content["classes"]}
    weights = {one["node"]: float(one["before_frac"] or 0) for one in content["classes"]}
    for row in content["trades"]:
        moved = float(row["value_usd"]) / nav_usd * (1 if row["side"] == OrderSide.BUY.value else -1)
        weights[row["node_id"]] = weights.get(row["node_id"], 0.0) + moved
        weights[cash_node] = weights.get(cash_node, 0.0) - moved
    return weights


def _nav(house: House, case: Case) -> float:
    """Return the value that the proposal's weights are shares of."""
    origin = case.modifies or case.proposal_id
    run = house.records.run(case.run_id)
    rows = dataset(house, run, Proposals).filter(pl.col("proposal_id") == origin) if run is not None else None
    value = None if rows is None or not rows.height else rows["nav_usd"][0]
    return float(value or case.value_usd)


def _relieved_otherwise(house: House, policy: Policy) -> dict[dt.date, list[Difference]]:
    """Return what the newest runs' files say of lots and gains that differs from what was asked and approved."""
    found: dict[dt.date, list[Difference]] = {}
    dates = relief_dates(house)
    if not dates:
        return found
    sales = [
        block
        for block in blocks_of(house.order_book.batches(traded_from=dates[0]))
        if block.side is OrderSide.SELL and block.state not in _OPEN and block.trade_date <= dates[-1]
    ]
    if not sales:
        return found
    relieved = _relieved(house, dates)
    for block, shares in _done(house, sales, policy):
        told = relieved.get(block.trade_date, [])
        pairs = {(one.account_id, one.security_id) for one in told}
        mine = [share for share in shares if (share.account_id, block.security.security_id) in pairs]
        differences = lot_differences(block, mine, told) + gain_differences(block, mine, told, policy.orders)
        if differences:
            found.setdefault(block.trade_date, []).extend(differences)
    return found


def relief_dates(house: House) -> list[dt.date]:
    """Return the dates whose files are looked at for relieved lots, oldest first."""
    return house.records.committed_dates()[-RELIEF_SESSIONS:]


def _relieved(house: House, dates: Sequence[dt.date]) -> dict[dt.date, list[RelievedLot]]:
    """Return the lots that custodians say were closed, by the session they were closed on.

    Custodians repeat what they have said: of an account and session the first run that tells of it counts.
    """
    found: dict[dt.date, list[RelievedLot]] = {}
    told: set[tuple[dt.date, str]] = set()
    for date in dates:
        run = house.records.manifest(date)
        if run is None:
            continue
        rows = dataset(house, run, RealizedLots).drop_nulls(["account_id", "security_id", "closed_qty"])
        rows = rows.filter(pl.col("closed_date") >= dates[0])
        new: set[tuple[dt.date, str]] = set()
        for row in rows.iter_rows(named=True):
            place = (row["closed_date"], row["account_id"])
            if place in told:
                continue
            new.add(place)
            gains = [row["short_term_gain_ccy"], row["long_term_gain_ccy"]]
            gain = None if gains == [None, None] else sum((one for one in gains if one is not None), Decimal(0))
            lot = RelievedLot(row["account_id"], row["security_id"], row["closed_qty"], gain, None, row["opened_date"])
            found.setdefault(row["closed_date"], []).append(lot)
        told |= new
    return found
