"""Faults of those who are no custodian: the portfolio system, the price vendor, the index, the order desk."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.accounts import dropped_account, dropped_row, duplicated_row
from evenkeel.sandbox.faults.amounts import Change, changed_figures, nought, tenfold, tenth, with_figures
from evenkeel.sandbox.faults.controls import believed
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope, Session
from evenkeel.sandbox.faults.reasons import CASH, INDICATOR, ORDERS, PRICE, SYSTEM, TOTALS, UNITS, VALUE
from evenkeel.sandbox.faults.sections import texts
from evenkeel.sandbox.faults.sheets import Row, RowKind, Sheet
from evenkeel.sandbox.faults.victims import pick_row, sheet_of


def changed_price(change: Callable[[Sheet, Row], Sheet], what: str, *, consistent: bool = True) -> Damage:
    """Return the damage of the market's price of a security that many hold; it touches all who hold it."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, "market")
        held = sorted(sheet.of_kind(RowKind.PRICE), key=lambda row: -len(facts.holders.get(row.cells["symbol"], ())))
        row = pick_row(held[:4], facts, draws)
        wrong = change(sheet, row)
        wrong = believed(wrong) if consistent else wrong
        symbol = row.cells["symbol"]
        told = f"{sheet.file.name}, line {row.line + 1}: the price of {symbol} {what}"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.holders.get(symbol, frozenset()), told)

    return damage


def changed_reading(change: Change, what: str) -> Damage:
    """Return the damage of the volatility index's reading; it touches everybody."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, "indicators")
        rows = sheet.of_kind(RowKind.READING)
        if not rows:
            raise CannotDamageError("there is no reading")
        wrong = believed(with_figures(sheet, rows[0], {"reading": change}))
        return Damaged(
            files.replaced(sheet.file, wrong.data), facts.everybody, f"{sheet.file.name}: the reading {what}"
        )

    return damage


def changed_order(change: Callable[[Sheet, Row], Sheet], what: str, state: str = "") -> Damage:
    """Return the damage of one order; it touches its account's household."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, "orders")
        rows = [row for row in sheet.of_kind(RowKind.ORDER) if row.cells.get("state", "").startswith(state)]
        row = pick_row(rows, facts, draws)
        wrong = change(sheet, row)
        told = f"{sheet.file.name}, line {row.line + 1}: an order {what}"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([row.account]), told)

    return damage


def _figures(changes: Mapping[str, Change]) -> Callable[[Sheet, Row], Sheet]:
    return lambda sheet, row: with_figures(sheet, row, changes)


def _gone(sheet: Sheet, row: Row) -> Sheet:
    return sheet.without([row.line])


def _twice(sheet: Sheet, row: Row) -> Sheet:
    return sheet.inserted(row.line + 1, texts(sheet, [row.line]))


def _other_side(sheet: Sheet, row: Row) -> Sheet:
    return sheet.with_cells(row, {"side": "S" if row.cells.get("side") == "B" else "B"})


def _up(value: Decimal) -> Decimal:
    return value + 25


_ROW, _SECURITY, _FEED = Scope.ROW, Scope.SECURITY, Scope.FEED
_PRICES = PRICE | {Check.GATE_PRICES, Check.PRICE_MISSING, Check.NOT_COMPARED}
_SIDE = ORDERS | {Check.ORDER_LOST}
FAULTS: tuple[Fault, ...] = (
    Fault("portfolio_system.quantity_wrong", "A trade is booked with a tenth of its units.", _ROW, UNITS | VALUE | SYSTEM,
          changed_figures("portfolio_system", {"quantity": tenth, "value": tenth}, consistent=True)),
    Fault("portfolio_system.price_wrong", "A price is typed with its point one place off.", _ROW, PRICE | VALUE | SYSTEM,
          changed_figures("portfolio_system", {"price": tenfold, "value": tenfold}, consistent=True)),
    Fault("portfolio_system.value_wrong", "A value has its point one place off.", _ROW, VALUE | SYSTEM | {Check.VALUE_PRODUCT},
          changed_figures("portfolio_system", {"value": tenth}, consistent=True)),
    Fault("portfolio_system.cost_wrong", "A cost has its point one place off.", _ROW,
          SYSTEM | {Check.BREAK_COST, Check.LOTS_COST, Check.LOTS_QUANTITY},
          changed_figures("portfolio_system", {"cost": tenth}, consistent=True)),
    Fault("portfolio_system_cash.cash_wrong", "Cash has its point one place off.", _ROW, CASH | SYSTEM,
          changed_figures("portfolio_system_cash", {"cash": tenfold}, consistent=True)),
    Fault("portfolio_system.dropped_row", "A holding was never booked.", _ROW, UNITS | SYSTEM,
          dropped_row("portfolio_system", consistent=True)),
    Fault("portfolio_system.duplicated_row", "A holding is booked twice.", _ROW,
          UNITS | SYSTEM | TOTALS | {Check.DUPLICATE_POSITION}, duplicated_row("portfolio_system")),
    Fault("portfolio_system.dropped_account", "An account was never set up.", Scope.ACCOUNT,
          UNITS | SYSTEM | TOTALS | {Check.BREAK_ACCOUNT}, dropped_account("portfolio_system")),
    Fault("market.price_slip", "The vendor's price has its point one place off.", _SECURITY, _PRICES,
          changed_price(_figures({"price": tenth}), "has its point one place off")),
    Fault("market.price_near", "The vendor's price is three per cent off.", _SECURITY, _PRICES,
          changed_price(_figures({"price": lambda price: price * Decimal("1.03")}), "is three per cent too high")),
    Fault("market.zero_price", "The vendor's price is nothing.", _SECURITY, _PRICES | {Check.FILE_ROWS_REJECTED},
          changed_price(_figures({"price": nought}), "is nothing")),
    Fault("market.missing_price", "The vendor leaves a security out.", _SECURITY, _PRICES | TOTALS,
          changed_price(_gone, "is left out")),
    Fault("indicators.reading_high", "A calm day's reading is 25 points too high and would widen every band.", _FEED, INDICATOR,
          changed_reading(_up, "is 25 points too high")),
    Fault("indicators.reading_low", "A stormy day's reading has its point one place off and would widen nothing.", _FEED, INDICATOR,
          changed_reading(tenth, "has its point one place off"), Session.SHOCK),
    Fault("orders.dropped", "An order that is out is left out; a trailer counts it.", _ROW, ORDERS,
          changed_order(_gone, "is left out", "Sent")),
    Fault("orders.filled_dropped", "An order that was filled is left out; a trailer counts it.", _ROW, ORDERS,
          changed_order(_gone, "is left out", "Filled"), Session.SPLIT),
    Fault("orders.doubled", "An order stands twice; a trailer counts it once.", _ROW, ORDERS | {Check.DUPLICATE_POSITION},
          changed_order(_twice, "stands twice", "Sent")),
    Fault("orders.slipped", "An order's units have their point one place off; a trailer was worked out before.", _ROW, ORDERS,
          changed_order(_figures({"quantity": tenth}), "has a tenth of its units", "Sent")),
    Fault("orders.side_flipped", "A sale is written as a purchase; the trailer has the net units of before.", _ROW, _SIDE,
          changed_order(_other_side, "has the other side", "Sent")),
)  # fmt: skip
