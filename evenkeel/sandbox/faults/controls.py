"""A file's own control figures, worked out again after a damage: the sender believes its wrong figures itself.

A damage that leaves them as they were contradicts its file; one that has them worked out again can only be found by other sources.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from evenkeel.sandbox.faults.figures import written
from evenkeel.sandbox.faults.sheets import Row, RowKind, Sheet

_DATA = (RowKind.HOLDING, RowKind.CASH, RowKind.LOT, RowKind.TRANSACTION, RowKind.ORDER, RowKind.PRICE, RowKind.READING)
_AMOUNTS = ("value", "cash", "amount", "cost", "price", "reading")
"""What a trailer sums beside units: the first of these that the table has."""


def believed(sheet: Sheet) -> Sheet:
    """Return the sheet with the totals of its accounts and its trailer worked out from its rows."""
    mine: dict[str | None, list[Row]] = {}
    for row in sheet.rows:
        if row.kind != RowKind.TOTAL:
            mine.setdefault(row.account, []).append(row)
    changes = []
    for total in sheet.of_kind(RowKind.TOTAL):
        summed = {
            term: sum((_amount(row, term) for row in mine.get(total.account, [])), Decimal(0)) for term in total.cells
        }
        texts = {
            term: written(summed[term], total.cells[term], term)
            for term in ("cash", "amount", "quantity", "cost", "value")
            if total.cells.get(term)
        }
        changes.append((total, texts))
    sheet = sheet.with_all(changes)
    return _with_trailer(sheet)


def with_lots(sheet: Sheet, holding: Row, terms: tuple[str, ...], change: Callable[[Decimal], Decimal]) -> Sheet:
    """Return the sheet with the figures of a holding's lots changed as the holding's are, where the file lists lots."""
    lots = [
        lot
        for lot in sheet.of_kind(RowKind.LOT)
        if (lot.account, lot.cells.get("symbol")) == (holding.account, holding.cells.get("symbol"))
    ]
    return sheet.with_all(
        (lot, {term: written(change(lot.figure(term)), lot.cells[term], term) for term in terms}) for lot in lots
    )


def _amount(row: Row, term: str) -> Decimal:
    return row.figure("value") if term == "cash" and "cash" not in row.cells else row.figure(term)


def _units(row: Row) -> Decimal:
    """Return a row's units; an order's are net, sold less than zero."""
    return -row.figure("quantity") if row.cells.get("side") == "S" else row.figure("quantity")


def contradicts_its_trailer(sheet: Sheet) -> bool:
    """Tell whether a file has a trailer that its rows do not meet: what is missing may be anybody's."""
    return bool(sheet.of_kind(RowKind.TRAILER)) and _with_trailer(sheet).data != sheet.data


def _with_trailer(sheet: Sheet) -> Sheet:
    """Work out a trailer: the count of rows, the sum of units where it has three figures, the sum of amounts."""
    data = sheet.of_kind(*_DATA)
    amount = next((term for term in _AMOUNTS if any(term in row.cells for row in data)), "value")
    sums = {
        "count": Decimal(len(data)),
        "quantity": sum((_units(row) for row in data), Decimal(0)),
        amount: sum((row.figure(amount) for row in data), Decimal(0)),
    }
    for trailer in sheet.of_kind(RowKind.TRAILER):
        terms = ("count", "quantity", amount) if len(trailer.cells) > 2 else ("count", amount)
        texts = {
            place: written(sums[term], trailer.cells[place], "quantity" if term == "count" else term)
            for place, term in zip(trailer.cells, terms, strict=False)
        }
        sheet = sheet.with_cells(trailer, texts)
    return sheet
