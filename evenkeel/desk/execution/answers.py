"""What custodians say of orders: fills are taken in, doubts told, what is final shared out and told on, proposals moved on.

All of a custodian's answers may come again: an execution that is on record changes nothing. What an order's accounts get is told once it is
final, under the time of its last fill, so that telling it again after a kill writes the same file.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from data_contracts.vocab import BlockState, HandOverKind, UseCase
from evenkeel.approval.moving import By
from evenkeel.audit.event import Event
from evenkeel.desk.consent.deciding import Asking
from evenkeel.desk.execution import memoranda
from evenkeel.desk.execution.comparing import Compared, compare, new_differences, shares_of
from evenkeel.desk.execution.ground import WORKING, blocks_of
from evenkeel.desk.execution.in_flight import tell_the_run
from evenkeel.desk.execution.planning import AUTOMATIC, LEASE, require_execution
from evenkeel.desk.execution.taking_back import Voided, take_back
from evenkeel.errors import TransientError, UsageError
from evenkeel.orders.allocate import allocation_id, is_void, nothing_each
from evenkeel.orders.fill_doubts import fill_doubts
from evenkeel.orders.fills import broken_qty, is_final, state_of
from evenkeel.policy.model import Policy
from evenkeel.ports.order_book import Difference, HandOverNote, OrderChange
from evenkeel.ports.orders import AccountShare, Allocated, Block, Fill, OrderNews
from evenkeel.run.house import House, house_policy

_ENDED = (BlockState.CANCELLED, BlockState.REJECTED)


@dataclass(frozen=True)
class Taken:
    """What taking answers did: new executions, orders that are final now, what differs anew, what could not be taken, in words."""

    fills: tuple[Fill, ...]
    final: tuple[str, ...]
    differences: tuple[Difference, ...]
    problems: tuple[str, ...]
    compared: Compared


@dataclass
class _Found:
    """What is gathered for one transaction."""

    states: dict[str, tuple[BlockState, BlockState]] = field(default_factory=dict)
    notes: list[HandOverNote] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    final: list[str] = field(default_factory=list)
    voided: list[Voided] = field(default_factory=list)


def take_answers(house: House, asking: Asking = AUTOMATIC) -> Taken:
    """Take in all that custodians have said, and move on what is done.

    Raises:
        UsageError: The role may not, or the settings of orders are wrong.
        TransientError: The answers cannot be read now.
        LeaseHeld: Orders are being worked on elsewhere.
    """
    require_execution(house, asking, UseCase.RECONCILE)
    with house.records.lease(LEASE, LEASE, house.lease_seconds):
        by = By(asking.actor, asking.role, house.clock.now(), asking.reason)
        policy = house_policy(house.book(house.today()))
        # What custodians speak of, and what may still move: not what has ever been ordered.
        answers = house.order_desk().answers()
        news = list(answers.news)
        named = {one.order_id for one in news}
        spoken_of = house.order_book.batches(order_ids=named) if named else []
        still_open = house.order_book.batches(states=WORKING)
        blocks = {block.order_id: block for block in blocks_of([*still_open, *spoken_of])}
        known = house.order_book.fills(named | set(blocks)) if named or blocks else []
        fills, contradicted = new_fills(news, known)
        found = _Found(problems=[*answers.problems, *contradicted])
        found.events += [memoranda.fill_taken(one, _broker(blocks, one), by) for one in fills]
        told = _last_states(news)
        all_fills = _by_order([*known, *fills])
        first = min((batch.send_at for batch in [*still_open, *spoken_of]), default=by.at)
        earlier = house.order_book.allocations_told(first)
        touched = {one.order_id for one in fills}
        for order_id, block in sorted(blocks.items()):
            if block.state in WORKING or order_id in touched:
                _judge(house, block, earlier.get(order_id), all_fills[order_id], told.get(order_id), policy, by, found)
        back = take_back(house, found.voided, by)
        odd = [*fill_doubts(blocks.values(), news), *back.differences]
        doubts = new_differences(house, _by_session(odd, blocks, fills))
        house.order_book.record(
            OrderChange(
                by.at,
                back.moves,
                states=found.states,
                fills=fills,
                differences=doubts,
                hand_overs=found.notes,
                events=found.events,
            )
        )
        compared = compare(house, by)
        tell_the_run(house)
    house.records.checkpoint(house.clock.now())
    return Taken(
        tuple(fills),
        tuple(found.final),
        tuple(one for each in doubts.values() for one in each),
        tuple(found.problems),
        compared,
    )


def new_fills(news: Iterable[OrderNews], known: Iterable[Fill]) -> tuple[list[Fill], list[str]]:
    """Return executions that are not on record, and a sentence for each that is told with other figures than it was before."""
    seen = {(one.order_id, one.execution_id): one for one in known}
    fills: list[Fill] = []
    problems: list[str] = []
    for one in (each.fill for each in news if each.fill is not None):
        earlier = seen.setdefault((one.order_id, one.execution_id), one)
        if earlier is one:
            fills.append(one)
        elif earlier != one:
            text = f"order {one.order_id}: execution {one.execution_id} was told before with other figures; ask the custodian which holds"
            if text not in problems:
                problems.append(text)
    return fills, problems


def _judge(
    house: House,
    block: Block,
    earlier: str | None,
    fills: Sequence[Fill],
    told: tuple[BlockState, str] | None,
    policy: Policy,
    by: By,
    found: _Found,
) -> None:
    """Find where a block stands now; of one that is final, tell who gets what, where that is not what was told before (`earlier`)."""
    if block.state in (BlockState.PLANNED, BlockState.WITHDRAWN) and not fills:
        return  # has not left
    state = state_of(block, fills)
    has_ended = told is not None and told[0] in _ENDED
    is_done = state is BlockState.FILLED or has_ended or is_final(block, fills, by.at)
    if is_done and state is not BlockState.FILLED:
        state = told[0] if told is not None and has_ended else BlockState.CANCELLED
    try:
        shares = shares_of(block, fills, policy)
        is_broken = is_done and not shares and broken_qty(block, fills) > 0
        if is_broken and not is_void(earlier):
            is_told = _tell_on(house, block, nothing_each(block), earlier, fills, by, found)
            found.voided.append(Voided(block, broken_qty(block, fills), earlier, is_told))
        if is_done and shares and allocation_id(block, shares) != earlier:
            _tell_on(house, block, shares, earlier, fills, by, found)
    except (UsageError, TransientError) as error:
        # The order stays open until somebody has seen to it.
        found.problems.append(str(error))
        return
    if state is not block.state:
        found.states[block.order_id] = (block.state, state)
        if state in _ENDED:
            text = told[1] if told is not None and has_ended else "its day has ended"
            text = "every execution was broken" if is_broken else text
            found.events.append(memoranda.answered(block, state, text, by))
    if is_done and block.state in WORKING:
        found.final.append(block.order_id)


def _tell_on(
    house: House,
    block: Block,
    shares: Sequence[AccountShare],
    replaces: str | None,
    fills: Sequence[Fill],
    by: By,
    found: _Found,
) -> bool:
    """Tell the custodian who gets what, and the trail; tell whether the custodian was told."""
    last = max(one.filled_at for one in fills)
    gets = tuple(shares) if any(share.filled_qty for share in shares) else ()
    after, before = (replaces, None) if is_void(replaces) else (None, replaces)
    named = allocation_id(block, gets, after or before)
    told = [Allocated(block, gets, before, after)] if gets or before is not None else []
    files = house.order_desk().hand_over_allocations(told, house.account_numbers(), last) if told else []
    found.notes += [
        HandOverNote(named, HandOverKind.ALLOCATIONS, one.name, one.digest, (block.order_id,), by.at) for one in files
    ]
    found.events.append(memoranda.allocated(block, shares, named, replaces, by))
    return bool(files)


def _last_states(news: Iterable[OrderNews]) -> dict[str, tuple[BlockState, str]]:
    """Return the newest state that custodians tell of each order; of several of one moment the last one told."""
    last: dict[str, tuple[dt.datetime | None, BlockState, str]] = {}
    for one in news:
        if one.state is None:
            continue
        earlier = last.get(one.order_id)
        if earlier is None or one.said_at is None or earlier[0] is None or one.said_at >= earlier[0]:
            last[one.order_id] = (one.said_at, one.state, one.text)
    return {order_id: (state, text) for order_id, (_, state, text) in last.items()}


def _by_order(fills: Iterable[Fill]) -> defaultdict[str, list[Fill]]:
    found: defaultdict[str, list[Fill]] = defaultdict(list)
    for one in fills:
        found[one.order_id].append(one)
    return found


def _broker(blocks: Mapping[str, Block], fill: Fill) -> str | None:
    return blocks[fill.order_id].custodian if fill.order_id in blocks else None


def _by_session(
    differences: Iterable[Difference], blocks: Mapping[str, Block], fills: Iterable[Fill]
) -> dict[dt.date, list[Difference]]:
    """Return differences by the session of their order; one of no order of ours by that of its execution."""
    dates = {one.order_id: one.trade_date for one in fills}
    found: dict[dt.date, list[Difference]] = {}
    for one in differences:
        known = blocks.get(one.order_id or "")
        date = known.trade_date if known is not None else dates.get(one.order_id or "")
        if date is not None:
            found.setdefault(date, []).append(one)
    return found
