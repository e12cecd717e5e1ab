"""Faults of rows and accounts: sent twice, left out, under another number, in another custodian's file."""

from __future__ import annotations

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.controls import believed
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope
from evenkeel.sandbox.faults.reasons import CASH, CUT, FEWER, TOTALS, UNITS, VALUE
from evenkeel.sandbox.faults.sections import NOBODYS, lines_of_account, texts, with_numbers
from evenkeel.sandbox.faults.victims import lines_of_holding, pick_account, pick_accounts, pick_holding, sheet_of


def duplicated_row(which: str) -> Damage:
    """Return the damage of a holding that stands twice; totals and trailer count it once."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        row = pick_holding(sheet, facts, draws)
        wrong = sheet.inserted(row.line + 1, texts(sheet, [row.line]))
        told = f"{sheet.file.name}: line {row.line + 1} stands twice"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([row.account]), told)

    return damage


def dropped_row(which: str, *, consistent: bool = False) -> Damage:
    """Return the damage of a holding that is left out, with its lots; its control figures with it where `consistent`."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        row = pick_holding(sheet, facts, draws)
        wrong = sheet.without(lines_of_holding(sheet, row))
        wrong = believed(wrong) if consistent else wrong
        told = f"{sheet.file.name}: line {row.line + 1} is left out{', and out of its control figures' if consistent else ''}"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([row.account]), told)

    return damage


def dropped_account(which: str) -> Damage:
    """Return the damage of an account that is left out whole; a trailer still counts it."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        account = pick_account(sheet, facts, draws)
        wrong = sheet.without(lines_of_account(sheet, account))
        told = f"{sheet.file.name}: one account is left out"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([account]), told)

    return damage


def copied_account(which: str, number: str | None, custodian: str = "") -> Damage:
    """Return the damage of an account that stands once more under another number: `number`, else one of another custodian's."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        account = pick_account(sheet, facts, draws)
        new = number or _at(facts, custodian, draws)
        lines = lines_of_account(sheet, account)
        copied = [line.replace(account, new) for line in texts(sheet, lines)]
        wrong = believed(sheet.inserted(lines[-1] + 1, copied))
        told = f"{sheet.file.name}: one account stands once more under {'a number of ' + custodian if custodian else 'an unknown number'}"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([new]), told)

    return damage


def wrong_number(which: str) -> Damage:
    """Return the damage of an account under a number that is nobody's."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        account = pick_account(sheet, facts, draws)
        wrong = with_numbers(sheet, {account: NOBODYS[sheet.file.feed]})
        told = f"{sheet.file.name}: one account stands under an unknown number"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([account]), told)

    return damage


def swapped_accounts(which: str) -> Damage:
    """Return the damage of two accounts of different households under each other's number."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        one, other = pick_accounts(sheet, facts, draws, 2, 2)
        wrong = with_numbers(sheet, {one: other, other: one})
        told = f"{sheet.file.name}: two accounts stand under each other's number"
        return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([one, other]), told)

    return damage


def wrong_total(which: str) -> Damage:
    """Return the damage of an account's total, or a trailer, that is not the sum of its rows."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        account = pick_account(sheet, facts, draws)
        for row in sheet.rows:
            if row.kind == "total" and row.account == account:
                wrong = sheet.with_cells(row, {"cash": "$" + f"{row.figure('cash') + 5000:,.2f}"})
                told = f"{sheet.file.name}, line {row.line + 1}: the total is 5,000 too high"
                return Damaged(files.replaced(sheet.file, wrong.data), facts.of_accounts([account]), told)
            if row.kind == "trailer":
                wrong = sheet.with_cells(row, {"figure_1": str(row.figure("figure_1") + 1)})
                told = f"{sheet.file.name}: the trailer counts one row more"
                return Damaged(files.replaced(sheet.file, wrong.data), facts.of_feed(sheet.file.feed), told)
        raise CannotDamageError(f"{sheet.file.name} states no total")

    return damage


def _at(facts: Facts, custodian: str, draws: Draws) -> str:
    fit = [number for number, where in facts.custodian_of.items() if where == custodian]
    return fit[int(draws.below(len(fit), 1)[0])]


_ROW, _ACCOUNT = Scope.ROW, Scope.ACCOUNT
_TWICE = TOTALS | UNITS | {Check.DUPLICATE_POSITION, Check.LOTS_QUANTITY}
_LESS = FEWER | TOTALS | UNITS | {Check.FILE_TRUNCATED}
_LEFT_OUT = UNITS | TOTALS | VALUE
_SWAP = UNITS | CASH | TOTALS | VALUE
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.duplicated_row", "A join doubles a holding.", _ROW, _TWICE, duplicated_row("schwab")),
    Fault("fidelity.duplicated_row", "A join doubles a holding.", _ROW, _TWICE, duplicated_row("fidelity")),
    Fault("ibkr.duplicated_row", "A join doubles a holding.", _ROW, _TWICE, duplicated_row("ibkr")),
    Fault("plans.duplicated_row", "A join doubles a holding.", _ROW, _TWICE, duplicated_row("plans")),
    Fault("schwab.dropped_row", "A filter leaves a holding out.", _ROW, _LEFT_OUT, dropped_row("schwab")),
    Fault("schwab.dropped_row_consistent", "A filter leaves a holding out, and out of the account's total.", _ROW, _LEFT_OUT,
          dropped_row("schwab", consistent=True)),
    Fault("fidelity.dropped_row", "A filter leaves a holding out.", _ROW, _LEFT_OUT, dropped_row("fidelity")),
    Fault("ibkr.dropped_row", "A filter leaves a holding and its lots out.", _ROW, _LEFT_OUT, dropped_row("ibkr")),
    Fault("plans.dropped_row", "A filter leaves a holding out; the trailer counts it.", _ROW, _LEFT_OUT, dropped_row("plans")),
    Fault("plans.dropped_row_consistent", "A filter leaves a holding out before the trailer is worked out.", _ROW, _LEFT_OUT,
          dropped_row("plans", consistent=True)),
    Fault("schwab.dropped_account", "An account falls out of the export.", _ACCOUNT, _LESS, dropped_account("schwab")),
    Fault("fidelity.dropped_account", "An account falls out of the export.", _ACCOUNT, _LESS, dropped_account("fidelity")),
    Fault("ibkr.dropped_account", "An account falls out of the document.", _ACCOUNT, _LESS, dropped_account("ibkr")),
    Fault("plans.dropped_account", "An account falls out of the export; the trailer counts it.", _ACCOUNT, _LESS,
          dropped_account("plans")),
    Fault("plans_cash.dropped_account", "An account's cash falls out of the export.", _ACCOUNT, _LESS | CASH,
          dropped_account("plans_cash")),
    Fault("fidelity.extra_account", "An account of somebody else's client is in the file.", _ACCOUNT, frozenset({Check.ACCOUNT_UNKNOWN}),
          copied_account("fidelity", NOBODYS["fidelity"])),
    Fault("schwab.extra_account", "An account of somebody else's client is in the file.", _ACCOUNT, frozenset({Check.ACCOUNT_UNKNOWN}),
          copied_account("schwab", NOBODYS["schwab"])),
    Fault("fidelity.rows_of_schwab", "An account of another custodian is in the file.", _ACCOUNT,
          frozenset({Check.ACCOUNT_OTHER_CUSTODIAN}), copied_account("fidelity", None, "schwab")),
    Fault("plans.rows_of_ibkr", "An account of another custodian is in the file.", _ACCOUNT,
          frozenset({Check.ACCOUNT_OTHER_CUSTODIAN}), copied_account("plans", None, "ibkr")),
    Fault("schwab.wrong_number", "An account comes under a mistyped number.", _ACCOUNT, FEWER | {Check.ACCOUNT_UNKNOWN},
          wrong_number("schwab")),
    Fault("ibkr.wrong_number", "An account comes under a mistyped number.", _ACCOUNT, FEWER | {Check.ACCOUNT_UNKNOWN},
          wrong_number("ibkr")),
    Fault("schwab.swapped_accounts", "Two clients' accounts change numbers.", _ACCOUNT, _SWAP, swapped_accounts("schwab")),
    Fault("fidelity.swapped_accounts", "Two clients' accounts change numbers.", _ACCOUNT, _SWAP, swapped_accounts("fidelity")),
    Fault("ibkr.swapped_accounts", "Two clients' accounts change numbers.", _ACCOUNT, _SWAP, swapped_accounts("ibkr")),
    Fault("schwab.wrong_total", "An account's total is not that of its rows.", _ACCOUNT, TOTALS, wrong_total("schwab")),
    Fault("plans.wrong_trailer", "The trailer counts a row more than there is.", Scope.FILE, TOTALS | CUT, wrong_total("plans")),
)  # fmt: skip
