"""Faults of a file as a whole: nothing in it, half of it, other bytes, or no file at all."""

from __future__ import annotations

from collections.abc import Callable

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.fault import Damage, Damaged, Facts, Fault, Scope, Session
from evenkeel.sandbox.faults.reasons import (
    CUT,
    FEWER,
    HISTORY,
    INDICATOR,
    MISSING,
    NOT_TEXT,
    NOTHING,
    ORDERS,
    PRICE,
    SYSTEM,
    UNITS,
)
from evenkeel.sandbox.faults.victims import PARTS, place_of, sheet_of
from evenkeel.sandbox.plan import HALF_WRITTEN

_PAGE = b"<!DOCTYPE html>\n<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1></body></html>\n"


def rewritten(which: str, change: Callable[[bytes], bytes], what: str, *, touches: bool = True) -> Damage:
    """Return the damage of a file's bytes as a whole."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        feed, part = place_of(which)
        file = files.of(feed, part)
        touched = facts.of_feed(feed) if touches else frozenset()
        return Damaged(files.replaced(file, change(file.data)), touched, f"{file.name}: {what}")

    return damage


def missing(which: str) -> Damage:
    """Return the damage of a file that does not come."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        feed, part = place_of(which)
        file = files.of(feed, part)
        return Damaged(files.without(file), facts.of_feed(feed), f"{file.name} does not come")

    return damage


def header_only(which: str) -> Damage:
    """Return the damage of a file without rows."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        bare = sheet.without(row.line for row in sheet.rows)
        touched = facts.of_feed(sheet.file.feed)
        return Damaged(files.replaced(sheet.file, bare.data), touched, f"{sheet.file.name}: no row but its header")

    return damage


def cut(which: str, *, in_row: bool) -> Damage:
    """Return the damage of a file that ends at three fifths of its rows, in the middle of one or behind it."""

    def damage(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
        sheet = sheet_of(files, which)
        last = sheet.rows[max(0, len(sheet.rows) * 3 // 5 - 1)].line
        kept, row = list(sheet.lines[:last]), sheet.lines[last]
        text = "\n".join([*kept, row[: len(row) // 2]] if in_row else [*kept, row, ""])
        where = "in the middle of" if in_row else "behind"
        changed = files.replaced(sheet.file, text.encode())
        return Damaged(changed, facts.of_feed(sheet.file.feed), f"{sheet.file.name}: ends {where} line {last + 1}")

    return damage


def _half_written(files: DayFiles, facts: Facts, draws: Draws) -> Damaged:
    file = files.of("schwab", PARTS["schwab"])
    half = files.replaced(file, file.data[: len(file.data) // 2])
    name = file.name + HALF_WRITTEN
    changed = half.renamed(half.named(file.feed, file.name), name)
    return Damaged(changed, facts.of_feed("schwab"), f"{name} is all there is by the deadline")


def _utf16(data: bytes) -> bytes:
    return data.decode("utf-8", errors="replace").encode("utf-16")


def _with_nul(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes(512) + data[middle + 512 :]


def _accented(encoding: str) -> Callable[[bytes], bytes]:
    """Return a change of names into ones with accents, in the bytes of an encoding that the rest of the file is not in."""

    def change(data: bytes) -> bytes:
        changed = data
        for plain, accented in ((b"ALDER BROTHERS", "ALD\u00c9R BR\u00d6THERS"), (b"KEYSTONE", "K\u00c9YSTONE")):
            changed = changed.replace(plain, accented.encode(encoding))
        if changed == data:
            raise CannotDamageError("there is no such name in the file")
        return changed

    return change


def _twice_encoded(data: bytes) -> bytes:
    return _accented("utf-8")(data).decode("latin-1").encode("utf-8") if data.isascii() else _accented("utf-8")(data)


_FILE, _FEED = Scope.FILE, Scope.FEED
_GONE = MISSING | FEWER
FAULTS: tuple[Fault, ...] = (
    Fault("schwab.empty", "The export failed and left a file without a byte.", _FILE, MISSING | {Check.FILE_EMPTY},
          rewritten("schwab", lambda data: b"", "no byte")),
    Fault("market.empty", "The price vendor's file has no byte.", _FILE, MISSING | {Check.FILE_EMPTY},
          rewritten("market", lambda data: b"", "no byte")),
    Fault("fidelity.header_only", "The query found no account and wrote its header alone.", _FILE, _GONE | CUT | NOT_TEXT,
          header_only("fidelity")),
    Fault("plans.header_only", "The query found no account and wrote its header alone.", _FILE, _GONE | CUT | {Check.NO_AS_OF_DATE},
          header_only("plans")),
    Fault("schwab.cut_in_row", "The line dropped during the transfer.", _FILE, CUT, cut("schwab", in_row=True)),
    Fault("schwab.cut_at_row", "The line dropped between two rows.", _FILE, CUT, cut("schwab", in_row=False)),
    Fault("fidelity.cut_in_row", "The line dropped during the transfer.", _FILE, CUT | UNITS, cut("fidelity", in_row=True)),
    Fault("fidelity.cut_at_row", "The line dropped between two rows.", _FILE, CUT | UNITS, cut("fidelity", in_row=False)),
    Fault("ibkr.cut_in_row", "The line dropped during the transfer.", _FILE, CUT, cut("ibkr", in_row=True)),
    Fault("plans.cut_at_row", "The line dropped between two rows.", _FILE, CUT | UNITS, cut("plans", in_row=False)),
    Fault("plans_cash.cut_at_row", "The line dropped between two rows.", _FILE, CUT | FEWER, cut("plans_cash", in_row=False)),
    Fault("portfolio_system.cut_at_row", "The portfolio system's export stopped midway.", _FILE, CUT | SYSTEM | UNITS,
          cut("portfolio_system", in_row=False)),
    Fault("market.cut_at_row", "The price vendor's file stops midway.", _FILE, CUT | PRICE | {Check.GATE_PRICES},
          cut("market", in_row=False)),
    Fault("fidelity.utf16", "A spreadsheet saved the file in another encoding; every figure is the same.", _FILE, NOTHING,
          rewritten("fidelity", _utf16, "in UTF-16", touches=False)),
    Fault("schwab.nul_bytes", "A bad disk block reads as zeros.", _FILE, NOT_TEXT | CUT,
          rewritten("schwab", _with_nul, "512 zero bytes in its middle")),
    Fault("schwab.mojibake", "Names of securities went through two encodings.", _FILE, NOTHING,
          rewritten("schwab", _twice_encoded, "names in a broken encoding", touches=False)),
    Fault("schwab.latin1", "Names have accents, in the encoding of an old system.", _FILE, NOTHING,
          rewritten("schwab", _accented("latin-1"), "names with accents in Latin-1", touches=False)),
    Fault("fidelity.broken_bytes", "The file says that it is UTF-8 and holds bytes that are not.", _FILE, NOT_TEXT | MISSING,
          rewritten("fidelity", _accented("latin-1"), "bytes that are no UTF-8")),
    Fault("schwab.line_endings", "Another system wrote the same lines with other endings.", _FILE, NOTHING,
          rewritten("schwab", lambda data: data.replace(b"\n", b"\r\n"), "lines end in CR LF", touches=False)),
    Fault("plans.line_endings", "Another system wrote the same lines with other endings.", _FILE, NOTHING,
          rewritten("plans", lambda data: data.replace(b"\n", b"\r\n"), "lines end in CR LF", touches=False)),
    Fault("ibkr.error_page", "The download saved the server's error page.", _FILE, NOT_TEXT | MISSING,
          rewritten("ibkr", lambda data: _PAGE, "an HTML page")),
    Fault("plans.error_page", "The download saved the server's error page.", _FILE, NOT_TEXT | MISSING,
          rewritten("plans", lambda data: _PAGE, "an HTML page")),
    Fault("schwab.half_written", "The sender died while it wrote, before the rename.", _FILE, MISSING, _half_written),
    Fault("ibkr.late", "The custodian delivers after the deadline.", _FEED, MISSING, missing("ibkr")),
    Fault("plans_cash.late", "The cash comes after the deadline, the positions in time.", _FEED, MISSING, missing("plans_cash")),
    Fault("schwab.transactions_late", "The day's transactions do not come with the positions.", _FEED, HISTORY,
          missing("schwab_transactions")),
    Fault("plans_transactions.late", "The day's transactions do not come with the positions.", _FEED, HISTORY,
          missing("plans_transactions")),
    Fault("orders.late", "The order desk's file does not come.", _FEED, ORDERS, missing("orders")),
    Fault("market.late", "The price vendor's file does not come.", _FEED, MISSING, missing("market")),
    Fault("indicators.late", "The volatility index does not come on the day that it matters.", _FEED, INDICATOR,
          missing("indicators"), Session.SHOCK),
    Fault("portfolio_system.late", "The portfolio system's batch has not finished.", _FEED, SYSTEM, missing("portfolio_system")),
)  # fmt: skip
