"""Orders as a person reads them, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from data_contracts.vocab import BlockState
from evenkeel.audit.canonical import plain
from evenkeel.decimals import digits
from evenkeel.desk.execution.answers import Taken
from evenkeel.desk.execution.handing_over import Sent
from evenkeel.desk.execution.planning import Planned
from evenkeel.desk.words import counted, eastern
from evenkeel.errors import UsageError
from evenkeel.orders.fills import done
from evenkeel.ports.order_book import StoredDifference
from evenkeel.ports.orders import Block, Fill
from evenkeel.run.house import House


def planned_lines(planned: Planned) -> Iterable[str]:
    """Return what planning did, a line each."""
    if planned.next_at is not None:
        yield f"No batch is due; the next one goes {eastern(planned.next_at)}."
        return
    blocks = sum(len(batch.blocks) for batch in planned.batches)
    yield (
        f"{counted(len(planned.staged), 'proposal')} staged: {counted(blocks, 'order')} for "
        f"{counted(len(planned.batches), 'custodian')}; {len(planned.waiting)} waiting, {len(planned.expired)} expired."
    )
    for proposal_id, said in planned.expired:
        yield f"  {proposal_id} was approved and is stale: {said}"
    for one in planned.waiting:
        yield f"  {one.proposal_id}{'' if one.trade_no is None else f', trade {one.trade_no},'} waits: {one.text}"


def sent_lines(sent: Sent) -> Iterable[str]:
    """Return what was handed over, a line each."""
    orders = sum(len(batch.blocks) for batch, _ in sent.handed)
    yield f"{counted(orders, 'order')} handed over to {counted(len(sent.handed), 'custodian')}."
    for batch, files in sent.handed:
        yield f"  {batch.blocks[0].custodian}: {', '.join(one.name for one in files)} of {batch.batch_id}"
    for batch in sent.held:
        yield f"  {batch.blocks[0].custodian}: {batch.batch_id} is held back, execution is paused or in pilot mode"
    for proposal_id, said in sent.stale:
        yield f"  {proposal_id} was staged and is stale: its orders were taken back ({said}); others in them are planned again"
    for batch in sent.missed:
        yield f"  {batch.blocks[0].custodian}: {batch.batch_id} was missed, its session has closed; its orders are cancelled"


def taken_lines(taken: Taken) -> Iterable[str]:
    """Return what answers brought, a line each."""
    differences = [*taken.differences, *taken.compared.differences]
    yield (
        f"{counted(len(taken.fills), 'execution')} taken, {counted(len(taken.final), 'order')} done, "
        f"{counted(len(taken.compared.reconciled), 'proposal')} reconciled, {counted(len(differences), 'difference')}."
    )
    for one in differences:
        yield f"  {one.kind.value.replace('_', ' ')}: {one.text}"


def orders_as_json(house: House, states: Collection[BlockState] = ()) -> dict[str, Any]:
    """Return orders in these states (none: in all), what waits, and what differs, acknowledged or not."""
    batches = house.order_book.batches(states=states)
    fills = house.order_book.fills()
    return {
        "orders": [{"batch_id": batch.batch_id, **_order(block, fills)} for batch in batches for block in batch.blocks],
        "waiting": [asdict(one) for one in house.order_book.waits()],
        "differences": [_difference(one) for one in house.order_book.differences()],
    }


def order_as_json(house: House, named: str) -> dict[str, Any]:
    """Return one order whole.

    Raises:
        UsageError: None or several begin so.
    """
    typed = named.strip()
    batches = house.order_book.batches()
    found = [
        (batch, block) for batch in batches for block in batch.blocks if typed and block.order_id.startswith(typed)
    ]
    if len(found) != 1:
        raise UsageError(
            f"no order {typed!r}; `evenkeel orders list` lists them"
            if not found
            else f"{typed!r} is the beginning of {len(found)} orders; give more of the id"
        )
    [(batch, block)] = found
    fills = house.order_book.fills([block.order_id])
    return {
        "batch_id": batch.batch_id,
        **_order(block, fills),
        "allocations": [asdict(part) for part in block.allocations],
        "fills": [asdict(one) for one in fills],
        "hand_overs": [asdict(one) for one in house.order_book.hand_overs() if block.order_id in one.order_ids],
        "differences": [
            _difference(one) for one in house.order_book.differences() if one.difference.order_id == block.order_id
        ],
    }


def to_json(value: Any) -> str:
    """Return a value as indented JSON: figures as text, as exact as they are."""
    return json.dumps(plain(value), indent=2) + "\n"


def print_orders(found: Mapping[str, Any], console: Console) -> None:
    """Print orders as a table, then what waits and the differences that are open."""
    table = Table("order", "custodian", "side", "security", "size", "limit", "state", "filled", "average", box=None)
    for one in found["orders"]:
        table.add_row(
            one["order_id"],
            one["custodian"],
            one["side"],
            one["security"]["security_id"],
            _size(one),
            _figure(one["limit_price_usd"]),
            one["state"],
            _figure(one["filled_qty"]),
            _figure(one["average_price_usd"]),
        )
    console.print(table)
    console.print(f"{counted(len(found['orders']), 'order')}.")
    for one in found["waiting"]:
        console.print(f"waits: {one['proposal_id']}: {one['text']}", markup=False)
    still_open = [one for one in found["differences"] if one["acknowledged"] is None]
    for one in still_open:
        console.print(
            f"differs: {one['business_date']} {one['kind'].replace('_', ' ')}: {one['text']} ({one['difference_id']})",
            markup=False,
        )
    if acknowledged := len(found["differences"]) - len(still_open):
        console.print(
            f"{counted(acknowledged, 'difference')} acknowledged: `--format json` and `orders show` have them."
        )


def print_order(one: Mapping[str, Any], console: Console) -> None:
    """Print one order, its parts and what became of it."""
    limit = "" if one["limit_price_usd"] is None else f" at {_figure(one['limit_price_usd'])} or better"
    console.print(
        f"{one['order_id']}: {one['side']} {_size(one)} of {one['security']['security_id']}{limit} at {one['custodian']}, "
        f"{one['order_type']}, {one['hand_over']}; {one['state']}, {_figure(one['filled_qty'])} filled",
        markup=False,
    )
    for part in one["allocations"]:
        proposals = ", ".join(sorted({lot["proposal_id"] for lot in part["lots"]}))
        console.print(f"  {part['account_id']}: {_figure(part['order_qty'])} of {proposals}", markup=False)
    for fill in one["fills"]:
        console.print(
            f"  {eastern(fill['filled_at'])}: {_figure(fill['filled_qty'])} at {_figure(fill['price_usd'])} ({fill['status']})",
            markup=False,
        )
    for note in one["hand_overs"]:
        console.print(
            f"  {eastern(note['at'])}: {note['kind']} in {note['name']}, SHA-256 {note['digest']}", markup=False
        )
    for each in one["differences"]:
        console.print(f"  differs: {each['text']} ({each['difference_id']})", markup=False)
        if (by := each["acknowledged"]) is not None:
            console.print(f"    acknowledged by {by['actor']}, {eastern(by['at'])}: {by['reason']}", markup=False)


def _order(block: Block, fills: Collection[Fill]) -> dict[str, Any]:
    told = asdict(block)
    told.pop("allocations")
    filled = done(block, [one for one in fills if one.order_id == block.order_id])
    return {**told, "filled_qty": filled.filled_qty, "average_price_usd": filled.average_price_usd}


def _difference(one: StoredDifference) -> dict[str, Any]:
    by = one.acknowledged
    return {
        "difference_id": one.difference_id,
        "business_date": one.business_date,
        **asdict(one.difference),
        "acknowledged": None if by is None else asdict(by),
    }


def _size(one: Mapping[str, Any]) -> str:
    return _figure(one["order_qty"]) if one["order_qty"] is not None else f"${_figure(one['order_value_usd'])}"


def _figure(value: Decimal | None) -> str:
    return "" if value is None else digits(value)
