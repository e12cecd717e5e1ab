"""Faults of figures: a decimal point in another place, a lost sign, a stale, a missing or a zero price."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.controls import believed, with_lots
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope
from evenkeel.sandbox.faults.figures import written
from evenkeel.sandbox.faults.reasons import CASH, LOTS, PRICE, PRODUCT, TOTALS, UNITS, UNREAD, VALUE
from evenkeel.sandbox.faults.sheets import Row, RowKind, Sheet, open_sheet
from evenkeel.sandbox.faults.victims import around, before_of, pick_account, pick_holding, pick_row, sheet_of

Change = Callable[[Decimal], Decimal]


def tenfold(value: Decimal) -> Decimal:
    """Move the point one place to the right."""
    return value * 10


def tenth(value: Decimal) -> Decimal:
    """Move the point one place to the left."""
    return value / 10


def negative(value: Decimal) -> Decimal:
    """Lose the sign, or find one."""
    return -value


def nought(value: Decimal) -> Decimal:
    """Read as nothing."""
    return Decimal(0)


def changed_figures(which: str, changes: Mapping[str, Change], *, consistent: bool = False) -> Damage:
    """Return the damage of figures of one holding, or of an account's cash where `changes` names `cash`.

    Args:
        which: The file.
        changes: By term.
        consistent: The file's own totals, trailer and lots are worked out from the wrong figures.
    """

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        row = _cash_row(sheet, facts, draws) if "cash" in changes else pick_holding(sheet, facts, draws)
        if not any(row.figure(term) for term in changes):
            raise CannotDamageError(f"line {row.line + 1} of {sheet.file.name} has no such figure")
        wrong = with_figures(sheet, row, changes)
        if consistent:
            for term in {"quantity", "value"} & set(changes):
                wrong = with_lots(wrong, row, (term,), changes[term])
            wrong = believed(wrong)
        what = " and ".join(
            f"{term} {row.cells[term]} as {_cell(wrong, row, term)}" for term in changes if term in row.cells
        )
        told = f"{sheet.file.name}, line {row.line + 1}: {what}{', its control figures with it' if consistent else ''}"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([row.account]), told)

    return damage


def with_figures(sheet: Sheet, row: Row, changes: Mapping[str, Change]) -> Sheet:
    """Return the sheet with figures of a row changed, written as its sender writes them."""
    return sheet.with_cells(row, changed_cells(row, changes))


def changed_cells(row: Row, changes: Mapping[str, Change]) -> dict[str, str]:
    """Return the cells of a row with its figures changed, written as its sender writes them."""
    settled = {"settled": changes["cash"]} if "cash" in changes else {}
    return {
        term: written(change(row.figure(term)), row.cells[term], term)
        for term, change in {**changes, **settled}.items()
        if row.cells.get(term)
    }


def retyped(which: str, change: Callable[[str], str], *terms: str) -> Damage:
    """Return the damage of the text of cells rather than their figures, in a row that has something to damage.

    It may not be readable then, so the accounts of the rows around it are touched too.
    """

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        kind = RowKind.CASH if terms == ("cash",) else RowKind.HOLDING
        rows = [row for row in sheet.of_kind(kind) if all(change(row.cells[term]) != row.cells[term] for term in terms)]
        row = pick_row(rows, facts, draws)
        texts = {term: change(row.cells[term]) for term in terms}
        wrong = sheet.with_cells(row, texts)
        what = " and ".join(f"{term} {row.cells[term]} as {text or 'nothing'}" for term, text in texts.items())
        told = f"{sheet.file.name}, line {row.line + 1}: {what}"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts(around(sheet, row)), told)

    return damage


def stale_prices(which: str, count: int | None) -> Damage:
    """Return the damage of prices of the day before, values and control figures worked out with them; None: of all holdings."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        before = {
            row.cells["symbol"]: row.figure("price")
            for row in open_sheet(before_of(facts, which)).of_kind(RowKind.HOLDING)
        }
        rows = sheet.of_kind(RowKind.HOLDING)
        rows = [row for row in rows if before.get(row.cells["symbol"], row.figure("price")) != row.figure("price")]
        if count is not None:
            account = pick_account(sheet, facts, draws)
            rows = sorted((row for row in rows if row.account == account), key=lambda row: -row.figure("value"))[:count]
        if not rows:
            raise CannotDamageError(f"no price in {sheet.file.name} has moved")
        moved = {row.line: before[row.cells["symbol"]] for row in rows}
        changes = [
            (
                row,
                changed_cells(
                    row, {"price": _to(moved[row.line]), "value": _by(moved[row.line] / row.figure("price"))}
                ),
            )
            for row in rows
        ]
        sheet = sheet.with_all(changes)
        sheet = believed(sheet)
        what = (
            f"{sheet.file.name}: {len(rows)} holding{'s' if len(rows) > 1 else ''} at the prices of {facts.before_date}"
        )
        file = files.named(sheet.file.feed, sheet.file.name)
        touched = facts.of_accounts(row.account for row in rows)
        return Damaged(files.replaced(file, sheet.data), touched, what)

    return damage


def _to(value: Decimal) -> Change:
    return lambda _: value


def _by(factor: Decimal) -> Change:
    return lambda value: value * factor


def _cell(sheet: Sheet, row: Row, term: str) -> str:
    return next((each.cells.get(term, "") for each in sheet.rows if each.line == row.line), "")


def _cash_row(sheet: Sheet, facts: Facts, draws: Draws) -> Row:
    account = pick_account(sheet, facts, draws)
    for row in sheet.of_kind(RowKind.CASH):
        if row.account == account and row.figure("cash"):
            return row
    raise CannotDamageError(f"{sheet.file.name} has no cash of the account")


def _cut_at_comma(text: str) -> str:
    return text.partition(",")[0]


def _comma(text: str) -> str:
    return text.replace(",", "").replace(".", ",")


def _silent(text: str) -> str:
    return "--"


def _empty(text: str) -> str:
    return ""


_ROW = Scope.ROW
_POINT = "A decimal point stands one place off"
_BELIEVED = "; the sender's own totals agree"
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.quantity_slip", f"{_POINT} in units.", _ROW, UNITS | PRODUCT, changed_figures("schwab", {"quantity": tenth})),
    Fault("ibkr.quantity_slip", f"{_POINT} in units.", _ROW, UNITS | PRODUCT | LOTS, changed_figures("ibkr", {"quantity": tenfold})),
    Fault("fidelity.price_slip", f"{_POINT} in a price.", _ROW, PRICE | PRODUCT, changed_figures("fidelity", {"price": tenth})),
    Fault("plans.value_slip", f"{_POINT} in a value.", _ROW, PRODUCT | VALUE | TOTALS, changed_figures("plans", {"value": tenfold})),
    Fault("schwab.value_slip", f"{_POINT} in a value{_BELIEVED}.", _ROW, PRODUCT | VALUE,
          changed_figures("schwab", {"value": tenth}, consistent=True)),
    Fault("fidelity.price_and_value_slip", f"{_POINT} in a price, and the value was worked out with it.", _ROW, PRICE | VALUE,
          changed_figures("fidelity", {"price": tenfold, "value": tenfold})),
    Fault("schwab.price_and_value_slip", f"{_POINT} in a price, and the value was worked out with it{_BELIEVED}.", _ROW,
          PRICE | VALUE, changed_figures("schwab", {"price": tenth, "value": tenth}, consistent=True)),
    Fault("ibkr.price_and_value_slip", f"{_POINT} in a price, and the value was worked out with it.", _ROW, PRICE | VALUE,
          changed_figures("ibkr", {"price": tenth, "value": tenth}, consistent=True)),
    Fault("plans.price_and_value_slip", f"{_POINT} in a price, and the value was worked out with it; the trailer was not.", _ROW,
          PRICE | VALUE | TOTALS, changed_figures("plans", {"price": tenth, "value": tenth})),
    Fault("plans.price_and_value_slip_consistent", f"{_POINT} in a price, and the value was worked out with it{_BELIEVED}.", _ROW,
          PRICE | VALUE, changed_figures("plans", {"price": tenth, "value": tenth}, consistent=True)),
    Fault("fidelity.quantity_and_value_slip", f"{_POINT} in units, and the value was worked out with it.", _ROW, UNITS | VALUE,
          changed_figures("fidelity", {"quantity": tenth, "value": tenth})),
    Fault("schwab.quantity_and_value_slip", f"{_POINT} in units, and the value was worked out with it{_BELIEVED}.", _ROW,
          UNITS | VALUE | LOTS, changed_figures("schwab", {"quantity": tenfold, "value": tenfold}, consistent=True)),
    Fault("ibkr.quantity_and_value_slip", f"{_POINT} in units, lots and value alike.", _ROW, UNITS | VALUE,
          changed_figures("ibkr", {"quantity": tenth, "value": tenth}, consistent=True)),
    Fault("plans.quantity_and_value_slip", f"{_POINT} in units, and the value was worked out with it; the trailer was not.", _ROW,
          UNITS | VALUE | TOTALS, changed_figures("plans", {"quantity": tenth, "value": tenth})),
    Fault("plans.quantity_and_value_slip_consistent", f"{_POINT} in units, and the value was worked out with it{_BELIEVED}.", _ROW,
          UNITS | VALUE, changed_figures("plans", {"quantity": tenth, "value": tenth}, consistent=True)),
    Fault("schwab.cash_slip", f"{_POINT} in an account's cash.", _ROW, CASH | TOTALS, changed_figures("schwab", {"cash": tenfold})),
    Fault("schwab.cash_slip_consistent", f"{_POINT} in an account's cash{_BELIEVED}.", _ROW, CASH,
          changed_figures("schwab", {"cash": tenfold}, consistent=True)),
    Fault("fidelity.cash_slip", f"{_POINT} in an account's cash.", _ROW, CASH, changed_figures("fidelity", {"cash": tenfold})),
    Fault("ibkr.cash_slip", f"{_POINT} in an account's cash.", _ROW, CASH, changed_figures("ibkr", {"cash": tenfold})),
    Fault("plans_cash.cash_slip", f"{_POINT} in an account's cash; the trailer was worked out before.", _ROW, CASH | TOTALS,
          changed_figures("plans_cash", {"cash": tenfold})),
    Fault("plans_cash.cash_slip_consistent", f"{_POINT} in an account's cash{_BELIEVED}.", _ROW, CASH,
          changed_figures("plans_cash", {"cash": tenfold}, consistent=True)),
    Fault("schwab.lost_thousands", "A value is cut at its comma.", _ROW, PRODUCT | VALUE | TOTALS,
          retyped("schwab", _cut_at_comma, "value")),
    Fault("fidelity.lost_thousands", "Cash is cut at its comma.", _ROW, CASH, retyped("fidelity", _cut_at_comma, "cash")),
    Fault("fidelity.decimal_comma", "A price comes with a comma for its point.", _ROW, PRICE | PRODUCT | UNREAD,
          retyped("fidelity", _comma, "price")),
    Fault("plans.decimal_comma", "Units come with a comma for their point.", _ROW, UNITS | PRODUCT | UNREAD | TOTALS,
          retyped("plans", _comma, "quantity")),
    Fault("ibkr.decimal_comma", "A value comes with a comma for its point.", _ROW, PRODUCT | VALUE | UNREAD,
          retyped("ibkr", _comma, "value")),
    Fault("fidelity.quantity_sign", "Units lose their sign.", _ROW, UNITS | PRODUCT, changed_figures("fidelity", {"quantity": negative})),
    Fault("schwab.value_sign", "A value loses its sign.", _ROW, PRODUCT | VALUE | TOTALS,
          changed_figures("schwab", {"value": negative})),
    Fault("ibkr.short_for_long", "A holding is shown as sold short, value and lots alike.", _ROW, UNITS | VALUE,
          changed_figures("ibkr", {"quantity": negative, "value": negative}, consistent=True)),
    Fault("ibkr.cash_sign", "Cash loses its sign.", _ROW, CASH, changed_figures("ibkr", {"cash": negative})),
    Fault("plans_cash.cash_sign", f"Cash loses its sign{_BELIEVED}.", _ROW, CASH,
          changed_figures("plans_cash", {"cash": negative}, consistent=True)),
    Fault("fidelity.stale_price", "One price is that of the day before.", _ROW, PRICE | VALUE | {Check.PRICE_STALE},
          stale_prices("fidelity", 1)),
    Fault("schwab.stale_prices", "Every price is that of the day before, and every total with it.", Scope.FILE,
          PRICE | VALUE | {Check.PRICE_STALE, Check.GATE_UNCHANGED, Check.GATE_BREAKS}, stale_prices("schwab", None)),
    Fault("fidelity.zero_price", "A holding is priced and valued at nothing.", _ROW, PRICE | VALUE | {Check.PRICE_MISSING},
          changed_figures("fidelity", {"price": nought, "value": nought})),
    Fault("plans.zero_price", f"A holding is priced and valued at nothing{_BELIEVED}.", _ROW, PRICE | VALUE | {Check.PRICE_MISSING},
          changed_figures("plans", {"price": nought, "value": nought}, consistent=True)),
    Fault("schwab.missing_price", "A holding comes without price and value.", _ROW, TOTALS | UNREAD | {Check.PRICE_MISSING},
          retyped("schwab", _silent, "price", "value")),
    Fault("plans.missing_price", "A holding comes without price and value.", _ROW, TOTALS | UNREAD | {Check.PRICE_MISSING},
          retyped("plans", _empty, "price", "value")),
)  # fmt: skip
