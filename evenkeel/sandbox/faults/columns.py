"""Faults of a table's shape: cells one place off, columns in another order, headers with other words."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope
from evenkeel.sandbox.faults.reasons import IDENTITY, NOT_TEXT, PRODUCT, TOTALS, UNITS, UNREAD
from evenkeel.sandbox.faults.sheets import RowKind, Sheet, split_cells
from evenkeel.sandbox.faults.victims import around, pick_holding, sheet_of

Cells = Sequence[str]


def shifted_row(which: str) -> Damage:
    """Return the damage of one row whose cells stand one place to the right, behind a cell that should not be there.

    Whose a row is that cannot be read is not known, so the accounts of the rows around it are touched too.
    """

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        row = pick_holding(sheet, facts, draws)
        cells = split_cells(sheet.lines[row.line])
        at = min(int(place) for term, place in row.places.items() if term in ("quantity", "price", "value"))
        wrong = sheet.with_lines({row.line: ",".join([*cells[:at], '""', *cells[at:-1]])})
        told = f"{sheet.file.name}, line {row.line + 1}: cells stand one place to the right"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts(around(sheet, row)), told)

    return damage


def reordered(
    which: str,
    change: Callable[[Sheet, list[str]], list[str]],
    what: str,
    *,
    header: bool,
    rows: bool,
    touches: bool = True,
) -> Damage:
    """Return the damage of the cells of every header, of every row, or of both."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        lines = list(sheet.headers) if header else []
        if rows:
            lines += [row.line for row in sheet.of_kind(RowKind.HOLDING)]
        wrong = sheet.with_lines({line: ",".join(change(sheet, split_cells(sheet.lines[line]))) for line in lines})
        touched = facts.of_feed(sheet.file.feed) if touches else frozenset()
        return Damaged(files.replaced(sheet.file, wrong.data), touched, f"{sheet.file.name}: {what}")

    return damage


def renamed(which: str, term: str, name: str) -> Damage:
    """Return the damage of a header with another word for a term."""

    def change(sheet: Sheet, cells: list[str]) -> list[str]:
        place = _place(sheet, term)
        cells[place] = f'"{name}"' if cells[place].startswith('"') else name
        return cells

    return reordered(which, change, f"its {term} is headed {name}", header=True, rows=False)


def swapped(which: str, one: str, other: str, *, header: bool) -> Damage:
    """Return the damage of two columns in each other's place: their headers, or their cells."""

    def change(sheet: Sheet, cells: list[str]) -> list[str]:
        a, b = _place(sheet, one), _place(sheet, other)
        cells[a], cells[b] = cells[b], cells[a]
        return cells

    return reordered(which, change, f"{one} and {other} are swapped", header=header, rows=not header)


def without_column(which: str, term: str) -> Damage:
    """Return the damage of a column that is not there any more."""

    def change(sheet: Sheet, cells: list[str]) -> list[str]:
        del cells[_place(sheet, term)]
        return cells

    return reordered(which, change, f"it has no {term}", header=True, rows=True)


def moved_column(which: str, term: str) -> Damage:
    """Return the harmless change of a column that stands last, header and cells alike."""

    def change(sheet: Sheet, cells: list[str]) -> list[str]:
        cells.append(cells.pop(_place(sheet, term)))
        return cells

    return reordered(which, change, f"its {term} stands last", header=True, rows=True, touches=False)


def _place(sheet: Sheet, term: str) -> int:
    for row in sheet.of_kind(RowKind.HOLDING):
        place = row.places.get(term)
        if isinstance(place, int):
            return place
    raise CannotDamageError(f"{sheet.file.name} has no column for {term}")


_FILE = Scope.FILE
_COLUMNS = NOT_TEXT | UNREAD | {Check.FEED_MISSING}
_WRONG = PRODUCT | UNREAD | UNITS | TOTALS | {Check.BREAK_VALUE, Check.BREAK_PRICE, Check.PRICE_DOUBT, Check.GATE_VALUE}
_SHIFTED = _WRONG | {Check.VALUE_MISSING, Check.PRICE_MISSING}
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.shifted_row", "A stray separator moves a row's cells to the right.", Scope.ROW, _SHIFTED, shifted_row("schwab")),
    Fault("fidelity.shifted_row", "A stray separator moves a row's cells to the right.", Scope.ROW, _SHIFTED, shifted_row("fidelity")),
    Fault("plans.shifted_row", "A stray separator moves a row's cells to the right.", Scope.ROW, _SHIFTED, shifted_row("plans")),
    Fault("schwab.swapped_headers", "A new export puts cost under the header of value.", _FILE,
          _WRONG | {Check.BREAK_COST, Check.LOTS_COST}, swapped("schwab", "value", "cost", header=True)),
    Fault("fidelity.swapped_headers", "A new export puts units under the header of price.", _FILE, _WRONG,
          swapped("fidelity", "quantity", "price", header=True)),
    Fault("plans.swapped_columns", "A new export writes price where units were, under the old headers.", _FILE, _WRONG,
          swapped("plans", "quantity", "price", header=False)),
    Fault("schwab.renamed_header", "A new export has another word for units.", _FILE, _COLUMNS,
          renamed("schwab", "quantity", "Holdings")),
    Fault("plans.renamed_header", "A new export has another word for value.", _FILE, _COLUMNS,
          renamed("plans", "value", "Position Worth")),
    Fault("fidelity.missing_column", "A new export leaves the value out.", _FILE, _COLUMNS | {Check.PRICE_MISSING, Check.VALUE_MISSING},
          without_column("fidelity", "value")),
    Fault("plans.missing_column", "A new export leaves the units out.", _FILE, _COLUMNS | {Check.VALUE_MISSING} | IDENTITY,
          without_column("plans", "quantity")),
    Fault("plans.moved_column", "A new export has the same columns in another order.", _FILE, frozenset(),
          moved_column("plans", "name")),
)  # fmt: skip
