"""Faults of identity: the right figures under another security, or under none that the book knows."""

from __future__ import annotations

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.day_files import DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope
from evenkeel.sandbox.faults.reasons import IDENTITY, LOTS, PRICE, SPLIT, UNITS
from evenkeel.sandbox.faults.sheets import Row, RowKind, Sheet
from evenkeel.sandbox.faults.victims import largest, pick_account, pick_holding, sheet_of

_NAMED_BY = ("symbol", "name", "cusip", "isin", "native_id", "stated_id")
_STRANGER = {
    "symbol": "ZQXW", "name": "QUIXOTE WINDMILLS HOLDINGS", "cusip": "999999AA7", "isin": "US999999AA77", "native_id": "799999999",
    "stated_id": "US999999AA77",
}  # fmt: skip


def swapped_identifiers(which: str) -> Damage:
    """Return the damage of two holdings of one account under each other's identifiers, their lots with them."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        one, other = largest(sheet, pick_account(sheet, facts, draws), 2)
        lines = {
            row.line: _under(sheet, row, other if row.cells.get("symbol") == one.cells["symbol"] else one)
            for row in sheet.of_kind(RowKind.HOLDING, RowKind.LOT)
            if row.account == one.account and row.cells.get("symbol") in (one.cells["symbol"], other.cells["symbol"])
        }
        told = f"{sheet.file.name}, lines {one.line + 1} and {other.line + 1}: identifiers swapped"
        changed = files.replaced(sheet.file, sheet.with_lines(lines).data)
        return Damaged(changed, facts.of_accounts([one.account]), told)

    return damage


def unknown_security(which: str) -> Damage:
    """Return the damage of a holding under identifiers that the book does not have."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        row = pick_holding(sheet, facts, draws)
        wrong = sheet.with_cells(row, _STRANGER)
        told = f"{sheet.file.name}, line {row.line + 1}: a security that the book does not know"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([row.account]), told)

    return damage


def wrong_identifier(which: str, term: str) -> Damage:
    """Return the damage of one identifier of a holding that is another security's, beside others that are right."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        one, other = largest(sheet, pick_account(sheet, facts, draws), 2)
        wrong = sheet.with_cells(one, {term: other.cells[term]})
        told = f"{sheet.file.name}, line {one.line + 1}: the {term} of another security"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([one.account]), told)

    return damage


def _under(sheet: Sheet, row: Row, other: Row) -> str:
    cells = {term: other.cells[term] for term in _NAMED_BY if term in other.cells}
    return sheet.with_cells(row, cells).lines[row.line]


_ROW = Scope.ROW
_SWAPPED = UNITS | PRICE | LOTS | SPLIT | {Check.BREAK_VALUE}
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.swapped_identifiers", "Two holdings change their symbols.", _ROW, _SWAPPED, swapped_identifiers("schwab")),
    Fault("fidelity.swapped_identifiers", "Two holdings change their symbols.", _ROW, _SWAPPED, swapped_identifiers("fidelity")),
    Fault("ibkr.swapped_identifiers", "Two holdings and their lots change all identifiers.", _ROW, _SWAPPED,
          swapped_identifiers("ibkr")),
    Fault("plans.swapped_identifiers", "Two holdings change all identifiers.", _ROW, _SWAPPED, swapped_identifiers("plans")),
    Fault("schwab.unknown_security", "A holding is in a security that nobody has set up.", _ROW, IDENTITY, unknown_security("schwab")),
    Fault("ibkr.unknown_security", "A holding is in a security that nobody has set up.", _ROW, IDENTITY, unknown_security("ibkr")),
    Fault("plans.wrong_cusip", "A holding has its own ticker and another's CUSIP.", _ROW, IDENTITY, wrong_identifier("plans", "cusip")),
    Fault("ibkr.wrong_isin", "A holding has its own symbol and another's ISIN.", _ROW, IDENTITY, wrong_identifier("ibkr", "isin")),
)  # fmt: skip
