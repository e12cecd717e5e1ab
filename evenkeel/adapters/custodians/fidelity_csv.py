"""Fidelity's CSV exports: positions, account histories, the month-end statement and realized gains, of every generation since 2021.

What a file says and where it goes:

* The as-of date is the `Date downloaded` line's; without one, the date in the file's name
  (`Portfolio_Positions_Jun-30-2021`, `Statement3312026`); without that the file states none.
* The account is the `Account Number` cell; in the 2021 history the number at the end of the `Account` cell; in exports for one
  account the number in the file's name, else the file's name without ending and date stamp, for the alias table to map.
* A symbol that ends in `**` is the core position: cash in the sweep, its amount the value. `Pending activity` is cash on its way; its
  amount may stand in any money column, and a line with two different ones is a reject.
* The file closes with legal text after a blank line. A short line before that is cut off, not text.
* In some multi-currency histories the cells under `Quantity, Currency, Price` are the currency, the price and the quantity: a
  currency code under `Quantity` shows it, and the row is read in its true order.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field, replace

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.realized_lots import RealizedLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, TotalKind
from evenkeel.adapters.custodians import cell_values, fidelity_tables, file_names
from evenkeel.adapters.custodians.csv_tables import (
    CUT_OFF,
    Block,
    BlockCells,
    Context,
    CsvReading,
    Header,
    check_header,
    generation_of,
    match_header,
    may_be_header,
)
from evenkeel.adapters.custodians.layouts_fidelity import (
    FIDELITY,
    FIDELITY_POSITIONS,
    FIDELITY_STATEMENT_HOLDINGS,
    FIDELITY_STATEMENT_SUMMARY,
)
from evenkeel.adapters.custodians.text_file import MAX_BYTES, decode, read_rows
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

LAYOUT = "fidelity_csv"
TABLE_ORDER = (Positions, CashBalances, Transactions, RealizedLots, ControlTotals)

_ACCOUNT = re.compile(r"^[A-Z]{0,2}\d{5,}[A-Z]{0,2}$")
_DOWNLOADED = re.compile(r"date downloaded\s*:?\s*(.*)$", re.I)
_PENDING = "pending activity"
_TOTAL_WORDS = frozenset({"account total", "grand total", "total", "totals"})
_LEGAL = re.compile(
    r"data and information|brokerage services|solely for your use|not intended|informational purposes", re.I
)


class FidelityCsv:
    """Reads Fidelity's CSV files; the header tells which kind and generation a file is of."""

    layout = LAYOUT
    fills: frozenset[type[Contract]] = frozenset(TABLE_ORDER)
    max_bytes = MAX_BYTES

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the head whether a header of Fidelity's is in it."""
        try:
            text, _ = decode(head, is_head=True)
        except FileStopped:
            return False
        return any(match_header(cells, FIDELITY) is not None for cells in read_rows(text).cells)

    def parse(self, file: RawFile) -> ParsedFile:
        """Read a file. Accounts are as the file has them; rows that cannot be read are rejects.

        Raises:
            FileStopped: Empty, not text, without a header of Fidelity's, or with a needed column missing.
        """
        walk = _Walk(CsvReading(file))
        walk.run()
        return walk.result()


@dataclass
class _Walk:
    """One pass over the rows of a file: what each is, and under which header, account and class."""

    reading: CsvReading
    contexts: list[Context] = field(default_factory=lambda: [Context()])
    header: Header | None = None
    blocks: dict[tuple[str, ...], Block] = field(default_factory=dict)
    pending: Block | None = None
    totals: Block | None = None
    core_totals: list[tuple[int, Context]] = field(default_factory=list)
    as_of_date: dt.date | None = None
    as_of_time: dt.time | None = None
    is_past_blank: bool = False
    """A blank line has come since the last data row: what follows may be legal text."""

    def run(self) -> None:
        """Look at every row once.

        Raises:
            FileStopped: There is no header, or it lacks a column.
        """
        rows = self.reading.rows
        block: Block | None = None
        for position, cells in enumerate(rows.cells):
            if not cells or rows.is_blank(position):
                self.is_past_blank = block is not None
                self.reading.structural()
            elif self._is_download_line(position, cells):
                self.reading.structural()
            elif (header := self._header(cells)) is not None:
                block = self._start(position, header)
            elif position in rows.cut_off:
                self.reading.reject(position, CUT_OFF)
            elif block is None:
                self.reading.before_header(position)
            elif block.header.layout is FIDELITY_STATEMENT_HOLDINGS:
                self._statement_row(position, cells, block)
            elif block.header.layout is FIDELITY_POSITIONS and self._is_special(position, cells, block.header):
                self.is_past_blank = False
            elif self._is_text(cells, block.header):
                self.reading.structural()
            elif not self.reading.is_misshapen(position, block.header):
                block.add(position, len(self.contexts) - 1)
                self.is_past_blank = False
        if self.header is None:
            raise FileStopped(
                Check.FILE_OTHER_LAYOUT,
                f"no header of a {LAYOUT} table in {len(rows)} rows; check that it is Fidelity's CSV export and in the right feed",
            )

    def _header(self, cells: list[str]) -> Header | None:
        if self.header is None:
            return match_header(cells, FIDELITY)
        if tuple(cells) == self.header.cells:
            return self.header
        return match_header(cells, FIDELITY) if may_be_header(cells, FIDELITY) else None

    def _start(self, position: int, header: Header) -> Block:
        if header.cells not in self.blocks:
            check_header(header, self.reading.row_no(position))
            self.blocks[header.cells] = Block(header)
            self.reading.note_header(header)
        if self.contexts[-1].account is None:
            self.contexts[-1] = replace(self.contexts[-1], account=file_names.account(self.reading.file.name))
        self.header = header
        self.is_past_blank = False
        self.reading.structural()
        return self.blocks[header.cells]

    def _is_download_line(self, position: int, cells: list[str]) -> bool:
        """Take the date of a `Date downloaded` line, the only date of the file beside its name."""
        if "downloaded" not in cells[0].lower() or position in self.reading.rows.cut_off:
            return False
        stated = _DOWNLOADED.search(",".join(cells))
        found = cell_values.find_date(stated[1]) if stated is not None else None
        if found is None:
            return False
        assert stated is not None
        self.as_of_date = found[0]
        self.as_of_time = cell_values.find_time(stated[1][found[1] :])
        return True

    def _is_text(self, cells: list[str], header: Header) -> bool:
        """Tell legal text from data: it comes after a blank line, has no account in front and fewer cells than the header."""
        is_short = len(cells) < header.width or not any(cell.strip() for cell in cells[1:])
        first = cells[0].strip()
        if not is_short or _ACCOUNT.match(first) or cell_values.date_of_cell(first) is not None:
            return False
        return self.is_past_blank or _LEGAL.search(first) is not None

    def _is_special(self, position: int, cells: list[str], header: Header) -> bool:
        """Set aside the lines of a positions file that are no holdings: pending activity and totals."""
        places = [header.places[name] for name in ("account", "symbol", "description") if name in header.places]
        words = {cells[place].strip().lower() for place in {0, *places} if place < len(cells)}
        if _PENDING in words:
            self.pending = self.pending or Block(header)
            self.pending.add(position, len(self.contexts) - 1)
        elif words & _TOTAL_WORDS and not self._has_symbol(cells, header):
            self.totals = self.totals or Block(header)
            self.totals.add(position, len(self.contexts) - 1)
        else:
            return False
        return True

    @staticmethod
    def _has_symbol(cells: list[str], header: Header) -> bool:
        place = header.places["symbol"]
        symbol = cells[place].strip().lower() if place < len(cells) else ""
        return symbol not in ("", "--", *_TOTAL_WORDS)

    def _statement_row(self, position: int, cells: list[str], block: Block) -> None:
        """The statement groups its holdings: a line with the account, a line with the class, holdings, a subtotal."""
        first = cells[0].strip()
        is_alone = not any(cell.strip() for cell in cells[1:])
        now = self.contexts[-1]
        if first.lower().startswith(("subtotal", "total")):
            if (now.section or "").lower() == fidelity_tables.CORE_CLASS:
                self.core_totals.append((position, now))
            else:
                self.reading.structural()
        elif is_alone and _ACCOUNT.match(first):
            self.contexts.append(replace(now, account=first, section=None))
            self.is_past_blank = True
            self.reading.structural()
        elif is_alone and (self.is_past_blank or fidelity_tables.is_class(first)):
            self.contexts.append(replace(now, section=first))
            self.reading.structural()
        elif self._is_text(cells, block.header):
            self.reading.structural()
        elif not self.reading.is_misshapen(position, block.header):
            block.add(position, len(self.contexts) - 1)
            self.is_past_blank = False

    def result(self) -> ParsedFile:
        """Convert the blocks, and put the file together."""
        if self.as_of_date is None:
            self.as_of_date = file_names.date_in(self.reading.file.name)
        contexts = [replace(c, as_of_date=self.as_of_date, as_of_time=self.as_of_time) for c in self.contexts]
        for block in self.blocks.values():
            if block.positions:
                fidelity_tables.TABLES[block.header.layout](BlockCells(self.reading, block, contexts))
        if self.pending is not None:
            fidelity_tables.add_pending(BlockCells(self.reading, self.pending, contexts))
        if self.totals is not None:
            fidelity_tables.add_totals(BlockCells(self.reading, self.totals, contexts))
        for position, context in self.core_totals:
            self._core_total(position, context)
        shown = [b.header for b in self.blocks.values() if b.header.layout is not FIDELITY_STATEMENT_SUMMARY]
        first = (shown or [block.header for block in self.blocks.values()])[0]
        parsed = self.reading.finish(
            LAYOUT,
            f"{first.layout.kind}-{generation_of(first)}",
            TABLE_ORDER,
            as_of_date=self.as_of_date,
            as_of_time=self.as_of_time,
        )
        accounts = {name for frame in parsed.tables.values() for name in frame["source_account"].unique().to_list()}
        return replace(parsed, subject=accounts.pop() or "" if len(accounts) == 1 else "")

    def _core_total(self, position: int, context: Context) -> None:
        """Keep the core account's subtotal: the account's cash."""
        header = self.header
        assert header is not None
        cells = self.reading.rows.cells[position]
        place = header.places["value"]
        values, _, _ = cell_values.numbers(pl.Series([cells[place] if place < len(cells) else None], dtype=pl.String))
        if values[0] is None:
            self.reading.reject(position, "the subtotal has no figure we can read", header.text_of("value"))
            return
        total = {
            "row_no": self.reading.row_no(position),
            "source_account": context.account,
            "total_kind": TotalKind.CASH_VALUE.value,
            "currency": fidelity_tables.CURRENCY,
            "stated": values[0],
        }
        self.reading.add_rows(ControlTotals, [total])
