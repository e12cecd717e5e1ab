"""`ports.OrderBook` in the records database: orders and the steps of their cases in one transaction."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

import polars as pl
from sqlalchemy import Connection, Engine, RowMapping, Select, delete, select, tuple_, update

from data_contracts.order_allocations import OrderAllocations
from data_contracts.orders import Orders
from data_contracts.vocab import (
    AssetType,
    BlockState,
    DifferenceKind,
    FillStatus,
    HandOverKind,
    Role,
    WaitReason,
)
from evenkeel.adapters.stores.approvals_writing import write_moves
from evenkeel.adapters.stores.database import AT_ONCE, in_parts, insert_once, reading, upsert, writing
from evenkeel.adapters.stores.records_orders import (
    difference_acknowledgements,
    execution_differences,
    fills,
    hand_overs,
    order_allocations,
    order_waits,
    orders,
)
from evenkeel.adapters.stores.trail import write_events
from evenkeel.errors import ActedBefore
from evenkeel.orders.differences import acknowledgement_id, difference_id
from evenkeel.orders.frames import allocations_frame, batches_of, orders_frame
from evenkeel.ports.order_book import Acknowledgement, Difference, HandOverNote, OrderChange, StoredDifference, Waiting
from evenkeel.ports.orders import Batch, Block, Fill, OrderedSecurity

_IS_STANDING = orders.c.state != BlockState.WITHDRAWN.value


class SqlOrderBook:
    """A `ports.OrderBook` on an engine whose tables are up to date."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def record(self, change: OrderChange) -> None:
        """Store what belongs together, or nothing of it.

        Raises:
            ActedBefore: A case or an order was moved meanwhile, or a trade is in another order already.
        """
        with writing(self._engine) as connection:
            write_moves(connection, change.moves)
            _write_batches(connection, change.batches, change.at)
            _write_states(connection, change.states, change.at)
            insert_once(connection, fills, [_fill_row(one, change.at) for one in change.fills])
            upsert(connection, execution_differences, _difference_rows(change))
            insert_once(
                connection, difference_acknowledgements, [_acknowledged_row(one) for one in change.acknowledged]
            )
            if change.waits is not None:
                connection.execute(delete(order_waits))
                insert_once(connection, order_waits, [_wait_row(one, change.at) for one in change.waits])
            insert_once(connection, hand_overs, [_note_row(one) for one in change.hand_overs])
            write_events(connection, change.events)

    def batches(
        self,
        *,
        states: Collection[BlockState] = (),
        proposal_ids: Collection[str] = (),
        order_ids: Collection[str] = (),
        traded_from: dt.date | None = None,
    ) -> list[Batch]:
        """Return batches with their blocks as they stand, oldest first; of each, the blocks for which every given condition holds."""
        query = select(orders)
        if states:
            query = query.where(orders.c.state.in_([state.value for state in states]))
        if traded_from is not None:
            query = query.where(orders.c.trade_date >= traded_from)
        with reading(self._engine) as connection:
            wanted: set[str] | None = set(order_ids) if order_ids else None
            if proposal_ids:
                touched = _orders_of(connection, proposal_ids)
                wanted = touched if wanted is None else wanted & touched
            rows = _orders(connection, query, wanted)
            parts = _parts(connection, [row["order_id"] for row in rows])
        securities = {row["security_id"]: _security(row["security"]) for row in rows}
        found = pl.DataFrame([_only(row, Orders.polars_schema()) for row in rows], schema=Orders.polars_schema())
        allocated = pl.DataFrame(
            [_only(row, OrderAllocations.polars_schema()) for row in parts], schema=OrderAllocations.polars_schema()
        )
        return batches_of(found, allocated, securities)  # type: ignore[arg-type]

    def taken(self, proposal_ids: Collection[str] = ()) -> frozenset[tuple[str, int]]:
        """Return the trades that are in a block, by proposal and number; of these proposals where some are named."""
        table = order_allocations
        query = select(table.c.proposal_id, table.c.trade_no).join(orders).where(_IS_STANDING)
        with reading(self._engine) as connection:
            if not proposal_ids:
                return frozenset((row[0], row[1]) for row in connection.execute(query))
            return frozenset(
                (row[0], row[1])
                for part in in_parts(proposal_ids)
                for row in connection.execute(query.where(table.c.proposal_id.in_(part)))
            )

    def fills(self, order_ids: Collection[str] = ()) -> list[Fill]:
        """Return executions as they were told, by order and id; of all orders where none is named, unknown ones too."""
        query = select(fills).order_by(fills.c.order_id, fills.c.execution_id)
        with reading(self._engine) as connection:
            if not order_ids:
                return [_fill(dict(row)) for row in connection.execute(query).mappings()]
            return [
                _fill(dict(row))
                for part in in_parts(order_ids)
                for row in connection.execute(query.where(fills.c.order_id.in_(part))).mappings()
            ]

    def waits(self) -> list[Waiting]:
        """Return what waits, by proposal and trade."""
        query = select(order_waits).order_by(order_waits.c.proposal_id, order_waits.c.trade_no)
        with reading(self._engine) as connection:
            return [
                Waiting(
                    row["proposal_id"],
                    WaitReason(row["reason"]),
                    row["text"],
                    row["trade_no"] or None,
                    row["account_id"],
                )
                for row in connection.execute(query).mappings()
            ]

    def differences(self, proposal_ids: Collection[str] = ()) -> list[StoredDifference]:
        """Return what differs, acknowledged or not, newest session first; of these proposals where some are named."""
        table = execution_differences
        query = select(table).order_by(table.c.business_date.desc(), table.c.kind, table.c.difference_id)
        with reading(self._engine) as connection:
            rows = [dict(row) for row in connection.execute(query).mappings()]
            looked_at = [
                _acknowledgement(row) for row in connection.execute(select(difference_acknowledgements)).mappings()
            ]
        seen = {(one.difference_id, one.expected, one.found): one for one in looked_at}
        return [_difference(row, seen) for row in rows if not proposal_ids or row["proposal_id"] in proposal_ids]

    def hand_overs(self) -> list[HandOverNote]:
        """Return what has left, in its order."""
        with reading(self._engine) as connection:
            return [_note(row) for row in connection.execute(_NOTES).mappings()]

    def allocations_told(self, since: dt.datetime) -> dict[str, str]:
        """Return by order the id of the allocation that was told last, of those told since."""
        query = _NOTES.where(hand_overs.c.kind == HandOverKind.ALLOCATIONS.value, hand_overs.c.at >= since)
        with reading(self._engine) as connection:
            notes = [_note(row) for row in connection.execute(query).mappings()]
        return {order_id: note.parcel_id for note in notes for order_id in note.order_ids}


_NOTES = select(hand_overs).order_by(hand_overs.c.at, hand_overs.c.parcel_id, hand_overs.c.name)


def _note(row: RowMapping) -> HandOverNote:
    return HandOverNote(
        row["parcel_id"],
        HandOverKind(row["kind"]),
        row["name"],
        row["digest"],
        tuple(row["order_ids"]),
        row["at"],
    )


def _orders(connection: Connection, query: Select[Any], order_ids: Collection[str] | None) -> list[dict[str, Any]]:
    """Return orders that a query finds, of these ids where some are given."""
    asked = [query] if order_ids is None else [query.where(orders.c.order_id.in_(part)) for part in in_parts(order_ids)]
    return [dict(row) for each in asked for row in connection.execute(each).mappings()]


def _write_batches(connection: Connection, batches: Sequence[Batch], at: dt.datetime) -> None:
    """Write new blocks with their parts; those of an order that is there already are left as they are.

    Raises:
        ActedBefore: A trade is in another order already.
    """
    known = _known_orders(connection, [block.order_id for batch in batches for block in batch.blocks])
    for batch in batches:
        blocks = {block.order_id: block for block in batch.blocks if block.order_id not in known}
        if not blocks:
            continue
        parts = [row for row in allocations_frame(batch).iter_rows(named=True) if row["order_id"] in blocks]
        attempts = _attempts(connection, parts)
        rows = [
            {**row, "security": _security_json(blocks[row["order_id"]]), "planned_at": at, "changed_at": at}
            for row in orders_frame(batch).iter_rows(named=True)
            if row["order_id"] in blocks
        ]
        connection.execute(orders.insert(), rows)
        connection.execute(
            order_allocations.insert(),
            [{**row, "attempt_no": attempts.get((row["proposal_id"], row["trade_no"]), 0)} for row in parts],
        )


def _attempts(connection: Connection, parts: Sequence[Mapping[str, Any]]) -> Counter[tuple[str, int]]:
    """Return how often each trade was in an order that was taken back before it left.

    Two that plan at once count alike, and the second one's rows are refused by the table's key.

    Raises:
        ActedBefore: A trade is in another order already.
    """
    table = order_allocations
    found: Counter[tuple[str, int]] = Counter()
    for start in range(0, len(parts), AT_ONCE):
        pairs = [(row["proposal_id"], row["trade_no"]) for row in parts[start : start + AT_ONCE]]
        query = select(table.c.proposal_id, table.c.trade_no, table.c.order_id, orders.c.state).join(orders)
        for row in connection.execute(query.where(tuple_(table.c.proposal_id, table.c.trade_no).in_(pairs))):
            if row[3] != BlockState.WITHDRAWN.value:
                raise ActedBefore(f"trade {row[1]} of {row[0]} is in order {row[2]} already; plan again")
            found[row[0], row[1]] += 1
    return found


def _write_states(connection: Connection, states: Mapping[str, tuple[BlockState, BlockState]], at: dt.datetime) -> None:
    for order_id, (was, now) in sorted(states.items()):
        is_it = (orders.c.order_id == order_id) & (orders.c.state == was.value)
        done = connection.execute(update(orders).where(is_it).values(state=now.value, changed_at=at))
        if not done.rowcount:
            raise ActedBefore(f"order {order_id} is not {was.value} any more; look again")


def _known_orders(connection: Connection, order_ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in in_parts(order_ids):
        found |= set(connection.execute(select(orders.c.order_id).where(orders.c.order_id.in_(part))).scalars())
    return found


def _orders_of(connection: Connection, proposal_ids: Collection[str]) -> set[str]:
    found: set[str] = set()
    for part in in_parts(proposal_ids):
        query = select(order_allocations.c.order_id).where(order_allocations.c.proposal_id.in_(part))
        found |= set(connection.execute(query).scalars())
    return found


def _parts(connection: Connection, order_ids: Collection[str]) -> list[dict[str, Any]]:
    return [
        dict(row)
        for part in in_parts(order_ids)
        for row in connection.execute(
            select(order_allocations).where(order_allocations.c.order_id.in_(part))
        ).mappings()
    ]


def _only(row: Mapping[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in schema}


def _security_json(block: Block) -> dict[str, Any]:
    security = block.security
    return {**asdict(security), "asset_type": security.asset_type.value, "price_factor": f"{security.price_factor:f}"}


def _security(stored: Mapping[str, Any]) -> OrderedSecurity:
    return OrderedSecurity(
        **{
            **stored,
            "asset_type": AssetType(stored["asset_type"]),
            "price_factor": Decimal(stored["price_factor"]),
        }
    )


def _fill_row(fill: Fill, at: dt.datetime) -> dict[str, Any]:
    return {**asdict(fill), "status": fill.status.value, "taken_at": at}


def _fill(row: Mapping[str, Any]) -> Fill:
    return Fill(**{**{each.name: row[each.name] for each in fields(Fill)}, "status": FillStatus(row["status"])})


def _wait_row(one: Waiting, at: dt.datetime) -> dict[str, Any]:
    return {**asdict(one), "reason": one.reason.value, "trade_no": one.trade_no or 0, "waits_at": at}


def _difference_rows(change: OrderChange) -> list[dict[str, Any]]:
    rows = {
        difference_id(date, one): {
            **asdict(one),
            "difference_id": difference_id(date, one),
            "business_date": date,
            "kind": one.kind.value,
            "found_at": change.at,
        }
        for date, found in change.differences.items()
        for one in found
    }
    return list(rows.values())


def _difference(
    row: Mapping[str, Any], seen: Mapping[tuple[str, Decimal, Decimal], Acknowledgement]
) -> StoredDifference:
    values = {each.name: row[each.name] for each in fields(Difference)}
    one = Difference(**{**values, "kind": DifferenceKind(row["kind"])})
    by = seen.get((row["difference_id"], one.expected, one.found))
    return StoredDifference(row["difference_id"], row["business_date"], row["found_at"], one, by)


def _acknowledged_row(one: Acknowledgement) -> dict[str, Any]:
    named = acknowledgement_id(one.difference_id, one.expected, one.found)
    return {**asdict(one), "acknowledgement_id": named, "role": one.role.value}


def _acknowledgement(row: RowMapping) -> Acknowledgement:
    values = {each.name: row[each.name] for each in fields(Acknowledgement)}
    return Acknowledgement(**{**values, "role": Role(row["role"])})


def _note_row(note: HandOverNote) -> dict[str, Any]:
    return {**asdict(note), "kind": note.kind.value, "order_ids": list(note.order_ids)}
