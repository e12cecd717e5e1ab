"""Which rows are damaged: drawn among households that are measured, the largest holding, so that a damage unnoticed would do harm."""

from __future__ import annotations

from collections.abc import Sequence

from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles, FeedFile
from evenkeel.sandbox.faults.fault import Facts
from evenkeel.sandbox.faults.sheets import Row, RowKind, Sheet, open_sheet

PARTS = {
    "schwab": "-Positions-", "schwab_transactions": "-Transactions-", "schwab_lots": "-Lot-Details-",
    "fidelity": "Portfolio_Positions", "fidelity_transactions": "Accounts_History",
}  # fmt: skip
"""Parts of file names, by the kinds that one feed delivers."""


def place_of(which: str) -> tuple[str, str]:
    """Return a feed and what its file's name contains."""
    return (which.partition("_")[0], PARTS[which]) if which in PARTS else (which, "")


def before_of(facts: Facts, which: str) -> FeedFile:
    """Return the same file of the session before, undamaged."""
    return facts.before.of(*place_of(which))


def sheet_of(files: DayFiles, which: str) -> Sheet:
    """Return a file as a sheet: a feed's name, or one of `PARTS`.

    Raises:
        CannotDamageError: It is not there, or holds no rows any more.
    """
    sheet = open_sheet(files.of(*place_of(which)))
    if not sheet.rows:
        raise CannotDamageError(f"{sheet.file.name} has no rows")
    return sheet


def pick_account(sheet: Sheet, facts: Facts, draws: Draws, holdings: int = 2) -> str:
    """Draw an account of a measured household with at least so many holdings (or other rows, where the file has no holdings)."""
    return pick_accounts(sheet, facts, draws, holdings, 1)[0]


def pick_accounts(sheet: Sheet, facts: Facts, draws: Draws, holdings: int, count: int) -> list[str]:
    """Draw accounts of as many households."""
    counts: dict[str, int] = {}
    has_holdings = bool(sheet.of_kind(RowKind.HOLDING))
    for row in sheet.rows:
        household = facts.household_of.get(row.account or "")
        if row.account and household in facts.measured and (row.kind == RowKind.HOLDING or not has_holdings):
            counts[row.account] = counts.get(row.account, 0) + 1
    fit = [account for account, number in counts.items() if number >= (holdings if has_holdings else 1)]
    chosen: list[str] = []
    while len(chosen) < count:
        taken = {facts.household_of[account] for account in chosen}
        left = [account for account in fit if facts.household_of[account] not in taken]
        if not left:
            raise CannotDamageError(f"{sheet.file.name} has too few accounts of measured households")
        chosen.append(left[int(draws.below(len(left), 1)[0])])
    return chosen


def largest(sheet: Sheet, account: str, count: int = 1) -> list[Row]:
    """Return the account's largest holdings that trade every day, neither bond nor private."""
    held = [
        row
        for row in sheet.of_kind(RowKind.HOLDING)
        if row.account == account and row.figure("quantity") and not _is_evaluated(row)
    ]
    if len(held) < count:
        raise CannotDamageError(f"{sheet.file.name} has too few holdings of one account")
    return sorted(held, key=lambda row: -row.figure("value"))[:count]


def pick_holding(sheet: Sheet, facts: Facts, draws: Draws) -> Row:
    """Draw an account and return its largest holding."""
    return largest(sheet, pick_account(sheet, facts, draws))[0]


def pick_row(rows: Sequence[Row], facts: Facts, draws: Draws) -> Row:
    """Draw one of these rows, of a measured household where rows are anybody's."""
    fit = [row for row in rows if row.account is None or facts.household_of.get(row.account) in facts.measured]
    if not fit:
        raise CannotDamageError("there is no such row")
    return fit[int(draws.below(len(fit), 1)[0])]


def around(sheet: Sheet, row: Row) -> list[str | None]:
    """Return whose rows stand around one, and its own: of a row that cannot be read nobody can tell whose it is."""
    place = sheet.rows.index(row)
    return [each.account for each in sheet.rows[max(0, place - 1) : place + 2]]


def lines_of_holding(sheet: Sheet, row: Row) -> list[int]:
    """Return the lines that tell of a holding: its own and, in a statement that lists them, its lots'."""
    return [
        each.line
        for each in sheet.of_kind(RowKind.HOLDING, RowKind.LOT)
        if (each.account, each.cells.get("symbol")) == (row.account, row.cells.get("symbol"))
    ]


def _is_evaluated(row: Row) -> bool:
    named = row.cells.get("symbol", "") + row.cells.get("name", "")
    return "PVCR" in named or "CASC" in named or "PRIVATE CREDIT" in named
