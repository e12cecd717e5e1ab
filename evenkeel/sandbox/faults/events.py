"""Faults of what happened: splits half applied, lots that do not add up, transactions left out, doubled or altered."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.amounts import Change, changed_cells, tenfold, with_figures
from evenkeel.sandbox.faults.controls import believed, with_lots
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope, Session
from evenkeel.sandbox.faults.reasons import HISTORY, LOTS, NOTHING, PRICE, SPLIT, TOTALS, VALUE
from evenkeel.sandbox.faults.sections import texts
from evenkeel.sandbox.faults.sheets import Row, RowKind, Sheet
from evenkeel.sandbox.faults.victims import pick_row, sheet_of
from evenkeel.sandbox.securities import SPLIT as SPLIT_SYMBOL


def wrong_split(which: str, changes: Mapping[str, Change], *, everywhere: bool) -> Damage:
    """Return the damage of figures of the holdings in the security that splits: of one account, or of all; controls agree."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        held = [row for row in sheet.of_kind(RowKind.HOLDING) if row.cells.get("symbol") == SPLIT_SYMBOL]
        rows = held if everywhere else [pick_row(held, facts, draws)]
        if not rows:
            raise CannotDamageError(f"{sheet.file.name} holds none of the security that splits")
        sheet = sheet.with_all((row, changed_cells(row, changes)) for row in rows)
        for row in rows:
            for term in {"quantity", "value"} & set(changes):
                sheet = with_lots(sheet, row, (term,), changes[term])
        wrong = believed(sheet)
        told = f"{sheet.file.name}: {' and '.join(changes)} of {len(rows)} holdings of {SPLIT_SYMBOL} are wrong after its split"
        file = files.named(sheet.file.feed, sheet.file.name)
        return Damaged(files.replaced(file, wrong.data), facts.of_accounts(row.account for row in rows), told)

    return damage


def without_transactions(which: str, told_of: Callable[[Row], bool], what: str) -> Damage:
    """Return the damage of all transactions of a kind left out."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        rows = [row for row in sheet.of_kind(RowKind.TRANSACTION) if told_of(row)]
        if not rows:
            raise CannotDamageError(f"{sheet.file.name} tells of no {what}")
        wrong = believed(sheet.without(row.line for row in rows))
        touched = facts.of_accounts(row.account for row in rows)
        return Damaged(
            files.replaced(sheet.file, wrong.data), touched, f"{sheet.file.name}: no word of {len(rows)} {what}"
        )

    return damage


def changed_transaction(which: str, change: Callable[[Sheet, Row], Sheet], what: str, term: str = "amount") -> Damage:
    """Return the damage of one transaction of a measured household that has the figure `term`."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        row = pick_row([each for each in sheet.of_kind(RowKind.TRANSACTION) if each.figure(term)], facts, draws)
        wrong = change(sheet, row)
        told = f"{sheet.file.name}, line {row.line + 1}: a transaction {what}"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([row.account]), told)

    return damage


def wrong_lot(which: str, term: str, change: Change) -> Damage:
    """Return the damage of one figure of one lot."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        row = pick_row(sheet.of_kind(RowKind.LOT), facts, draws)
        wrong = with_figures(sheet, row, {term: change})
        told = f"{sheet.file.name}, line {row.line + 1}: {term} of a lot is wrong"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([row.account]), told)

    return damage


def _dropped(sheet: Sheet, row: Row) -> Sheet:
    return sheet.without([row.line])


def _dropped_consistent(sheet: Sheet, row: Row) -> Sheet:
    return believed(sheet.without([row.line]))


def _doubled(sheet: Sheet, row: Row) -> Sheet:
    return sheet.inserted(row.line + 1, texts(sheet, [row.line]))


def _tenfold(term: str) -> Callable[[Sheet, Row], Sheet]:
    return lambda sheet, row: believed(with_figures(sheet, row, {term: tenfold}))


def _double(value: Decimal) -> Decimal:
    return value * 2


def _half(value: Decimal) -> Decimal:
    return value / 2


def _is_split(row: Row) -> bool:
    return row.cells.get("type", "").upper().startswith(("STOCK SPLIT", "SPLIT", "FS"))


_ROW, _SECURITY = Scope.ROW, Scope.SECURITY
_ON_SPLIT = Session.SPLIT
_HELD = HISTORY | TOTALS
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.split_not_applied", "One account keeps its old units at the new price.", _ROW, SPLIT | VALUE,
          wrong_split("schwab", {"quantity": _half, "value": _half}, everywhere=False), _ON_SPLIT),
    Fault("fidelity.split_not_applied", "Every account keeps its old units at the new price.", _SECURITY, SPLIT | VALUE,
          wrong_split("fidelity", {"quantity": _half, "value": _half}, everywhere=True), _ON_SPLIT),
    Fault("ibkr.split_twice", "The split is applied twice to every account's units.", _SECURITY, SPLIT | VALUE,
          wrong_split("ibkr", {"quantity": _double, "value": _double}, everywhere=True), _ON_SPLIT),
    Fault("schwab.split_price", "Units are new, the price is still the old one.", _SECURITY, SPLIT | PRICE | VALUE,
          wrong_split("schwab", {"price": _double, "value": _double}, everywhere=True), _ON_SPLIT),
    Fault("fidelity.split_untold", "The split is applied and no transaction says so: its shape does.", _SECURITY, NOTHING,
          without_transactions("fidelity_transactions", _is_split, "splits"), _ON_SPLIT),
    Fault("ibkr.split_untold", "The split is applied and no corporate action says so: its shape does.", _SECURITY, NOTHING,
          without_transactions("ibkr", _is_split, "splits"), _ON_SPLIT),
    Fault("ibkr.lot_quantity", "A lot has other units than it should.", _ROW, LOTS, wrong_lot("ibkr", "quantity", _half)),
    Fault("ibkr.lot_cost", "A lot has another cost than it should.", _ROW, LOTS | {Check.BREAK_COST},
          wrong_lot("ibkr", "cost", _half)),
    Fault("schwab.lot_quantity", "A lot has other units than it should.", _ROW, LOTS | TOTALS,
          wrong_lot("schwab_lots", "quantity", _half)),
    Fault("portfolio_system_lots.lot_quantity", "A lot has other units than it should.", _ROW, LOTS | TOTALS | {Check.BREAK_QUANTITY},
          wrong_lot("portfolio_system_lots", "quantity", _half)),
    Fault("schwab.transaction_dropped", "A transaction is left out.", _ROW, _HELD,
          changed_transaction("schwab_transactions", _dropped, "is left out")),
    Fault("fidelity.transaction_dropped", "A transaction is left out.", _ROW, _HELD,
          changed_transaction("fidelity_transactions", _dropped, "is left out")),
    Fault("ibkr.transaction_dropped", "A transaction is left out.", _ROW, _HELD, changed_transaction("ibkr", _dropped, "is left out")),
    Fault("plans_transactions.dropped", "A transaction is left out; the trailer counts it.", _ROW, _HELD,
          changed_transaction("plans_transactions", _dropped, "is left out")),
    Fault("plans_transactions.dropped_consistent", "A transaction is left out before the trailer is worked out.", _ROW, _HELD,
          changed_transaction("plans_transactions", _dropped_consistent, "is left out, and out of the trailer")),
    Fault("schwab.transaction_doubled", "A transaction stands twice.", _ROW, _HELD,
          changed_transaction("schwab_transactions", _doubled, "stands twice")),
    Fault("plans_transactions.doubled", "A transaction stands twice; the trailer counts it once.", _ROW, _HELD,
          changed_transaction("plans_transactions", _doubled, "stands twice")),
    Fault("fidelity.transaction_altered", "A transaction's amount has its point one place off.", _ROW, _HELD,
          changed_transaction("fidelity_transactions", _tenfold("amount"), "has ten times its amount")),
    Fault("ibkr.transaction_altered", "A transaction's amount has its point one place off.", _ROW, _HELD,
          changed_transaction("ibkr", _tenfold("amount"), "has ten times its amount")),
    Fault("plans_transactions.altered", "A transaction's units have their point one place off; the trailer agrees.", _ROW, _HELD,
          changed_transaction("plans_transactions", _tenfold("quantity"), "has ten times its units", "quantity")),
)  # fmt: skip
