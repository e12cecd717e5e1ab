"""Schwab's CSV exports: positions, lot details, transactions and realized gains, of every generation since 2020.

What a file says and where it goes:

* The account is the mask in the title or section line (`...234`, `XXXX-4321`); without one there, the mask in the file's name;
  without that, the title's label, and last the file's name without ending and date stamp: the alias table maps it to an account.
* `07/16/2021 as of 07/15/2021`: the first date is when the entry was posted, the second when it took effect. The second is the
  trade date; posting is not settlement, so the settlement date stays empty.
* A transaction's quantity carries no sign for purchases and sales; the action gives it. Other actions keep the file's sign.
* `Cash & Cash Investments` (no quantity) is cash in the core; money funds with a quantity are positions.
* Every section of positions and lots ends with a total; a file without its last one is cut off and is stopped.
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
from data_contracts.tax_lots import TaxLots
from data_contracts.transactions import Transactions
from data_contracts.vocab import Check, TotalKind
from evenkeel.adapters.custodians import cell_values, file_names, schwab_tables
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
from evenkeel.adapters.custodians.layouts_schwab import SCHWAB
from evenkeel.adapters.custodians.text_file import MAX_BYTES, decode, read_rows
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

LAYOUT = "schwab_csv"
TOTAL_LINES = ("account total", "positions total", "total", "totals", "transactions total")

TABLE_ORDER = (Positions, CashBalances, TaxLots, Transactions, RealizedLots, ControlTotals)
_TOTALS = {
    "positions": ((TotalKind.ACCOUNT_VALUE, "value", schwab_tables.CURRENCY),),
    "lots": ((TotalKind.LOT_QTY, "quantity", None), (TotalKind.LOT_COST, "cost", schwab_tables.CURRENCY)),
    "transactions": ((TotalKind.NET_AMOUNT, "amount", schwab_tables.CURRENCY),),
}

_TITLE = re.compile(
    r"^\s*(?:positions for|transactions\s+for|realized gain/?loss|(?P<symbol>.+?)\s+lot details for)\b(?P<rest>.*)$",
    re.I,
)
_ACCOUNT = re.compile(r"^\s*(?:for\s+)?(?:accounts?\s+)?(?P<label>.*?)\s*(?:\bfor\s+\d|\bas of\b|$)", re.I)
_AS_OF = re.compile(r"\bas of\b(.*)$", re.I)
_EVERY_ACCOUNT = re.compile(r"^all[- ]accounts$", re.I)


class SchwabCsv:
    """Reads Schwab's CSV files; the header tells which kind and generation a file is of."""

    layout = LAYOUT
    fills: frozenset[type[Contract]] = frozenset(TABLE_ORDER)
    max_bytes = MAX_BYTES

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the head whether a header of Schwab's is in it."""
        try:
            text, _ = decode(head, is_head=True)
        except FileStopped:
            return False
        is_titled = False
        for cells in read_rows(text).cells:
            is_titled = is_titled or _is_title(cells)
            if match_header(cells, SCHWAB, is_titled=is_titled) is not None:
                return True
        return False

    def parse(self, file: RawFile) -> ParsedFile:
        """Read a file. Accounts are as the file has them; rows that cannot be read are rejects.

        Raises:
            FileStopped: Empty, not text, cut off, without a header of Schwab's, or with a needed column missing.
        """
        walk = _Walk(CsvReading(file))
        walk.run()
        return walk.result()


def _is_title(cells: list[str]) -> bool:
    return bool(cells) and _TITLE.match(cells[0]) is not None


_KEY_COLUMN = {"positions": "symbol", "lots": "opened", "transactions": "date", "realized": "symbol"}
"""Where a table's total lines carry their name."""


@dataclass
class _Walk:
    """One pass over the rows of a file: what each is, under which title, section and header."""

    reading: CsvReading
    contexts: list[Context] = field(default_factory=lambda: [Context()])
    header: Header | None = None
    blocks: dict[tuple[str, ...], Block] = field(default_factory=dict)
    totals: dict[tuple[str, ...], Block] = field(default_factory=dict)
    is_every_account: bool = False
    is_titled: bool = False
    is_open: bool = False
    """A header of positions or lots has been read and its total not yet."""

    def run(self) -> None:
        """Look at every row once.

        Raises:
            FileStopped: There is no header, it lacks a column, or the last total is missing.
        """
        rows = self.reading.rows
        block: Block | None = None
        key = 0
        for position, cells in enumerate(rows.cells):
            if position in rows.cut_off:
                self.reading.reject(position, CUT_OFF)
                self.is_open = self.is_open and position < len(rows) - 1
            elif not cells or rows.is_blank(position):
                self.reading.structural()
            elif self._is_alone(cells) and self._prose(position):
                continue
            elif (header := self._header(cells)) is not None:
                block = self._start(position, header)
                key = header.places[_KEY_COLUMN[header.layout.kind]]
            elif block is None:
                self.reading.before_header(position)
            elif key < len(cells) and cells[key].strip().lower() in TOTAL_LINES:
                totals = self.totals.setdefault(block.header.cells, Block(block.header))
                totals.add(position, len(self.contexts) - 1)
                self.is_open = False
            elif not self.reading.is_misshapen(position, block.header):
                block.add(position, len(self.contexts) - 1)
            elif position == len(rows) - 1:
                # The reject says that the file is cut off; the missing total need not say it again.
                self.is_open = False
        self._check_end()

    def _check_end(self) -> None:
        count = len(self.reading.rows)
        if self.header is None:
            raise FileStopped(
                Check.FILE_OTHER_LAYOUT,
                f"no header of a {LAYOUT} table in {count} rows; check that it is Schwab's CSV export and in the right feed",
            )
        if self.is_open:
            raise FileStopped(
                Check.FILE_TRUNCATED,
                f"row {count}: the file ends without the total line that closes Schwab's {self.header.layout.kind}; fetch it again",
                count,
            )

    def _header(self, cells: list[str]) -> Header | None:
        if self.header is None:
            return match_header(cells, SCHWAB, is_titled=self.is_titled)
        if tuple(cells) == self.header.cells:
            return self.header
        return match_header(cells, SCHWAB, is_titled=True) if may_be_header(cells, SCHWAB) else None

    def _start(self, position: int, header: Header) -> Block:
        """Begin a section under a header line."""
        if header.cells not in self.blocks:
            check_header(header, self.reading.row_no(position))
            self.blocks[header.cells] = Block(header)
            self.reading.note_header(header)
        if self.contexts[-1].account is None:
            name = self.reading.file.name
            stated = self.contexts[-1].as_of_date or file_names.date_in(name)
            self.contexts.append(replace(self.contexts[-1], account=file_names.account(name), as_of_date=stated))
        self.header = header
        self.is_open = header.layout.kind in ("positions", "lots")
        self.reading.structural()
        return self.blocks[header.cells]

    @staticmethod
    def _is_alone(cells: list[str]) -> bool:
        return not any(cell.strip() for cell in cells[1:])

    def _prose(self, position: int) -> bool:
        """Take a line with one filled cell for a title or a section's name; tell whether it is one."""
        first = self.reading.rows.cells[position][0].strip()
        title = _TITLE.match(first)
        if title is not None:
            self.is_titled = True
            self._title(title)
        elif self._is_section(position):
            self.contexts.append(replace(self.contexts[-1], account=file_names.mask_in(first) or first))
        else:
            return False
        self.reading.structural()
        return True

    def _is_section(self, position: int) -> bool:
        """A lone cell names a section if the next filled line is a header."""
        rows = self.reading.rows
        following = (i for i in range(position + 1, len(rows)) if not rows.is_blank(i))
        after = next(following, None)
        if not self.is_titled or after is None:
            return False
        cells = rows.cells[after]
        return tuple(cells) in self.blocks or match_header(cells, SCHWAB, is_titled=True) is not None

    def _title(self, title: re.Match[str]) -> None:
        rest = title["rest"]
        symbol = (title["symbol"] or "").strip() or None
        stated = _AS_OF.search(rest)
        found = cell_values.find_date(stated[1]) if stated is not None else None
        time = cell_values.find_time(stated[1]) if stated is not None and found is not None else None
        named = _ACCOUNT.match(rest)
        label = named["label"].strip() if named is not None else ""
        account: str | None = None
        if _EVERY_ACCOUNT.match(label):
            self.is_every_account = True
        else:
            account = file_names.mask_in(label) or file_names.mask_in(self.reading.file.name) or label or None
        as_of = found[0] if found is not None else file_names.date_in(self.reading.file.name)
        self.contexts.append(Context(account, symbol, as_of, time))

    def result(self) -> ParsedFile:
        """Convert the blocks and totals, and put the file together."""
        assert self.header is not None
        for block in self.blocks.values():
            if block.positions:
                schwab_tables.TABLES[block.header.layout.kind](BlockCells(self.reading, block, self.contexts))
        for totals in self.totals.values():
            self._add_totals(totals)
        dated = [context for context in self.contexts if context.as_of_date is not None]
        latest = max(dated, key=lambda context: context.as_of_date or dt.date.min, default=Context())
        first = next(iter(self.blocks.values())).header
        return self.reading.finish(
            LAYOUT,
            f"{first.layout.kind}-{generation_of(first)}",
            TABLE_ORDER,
            subject=self._subject(),
            as_of_date=latest.as_of_date,
            as_of_time=latest.as_of_time,
        )

    def _subject(self) -> str:
        """A file about one account replaces one about that account; a file about several stands for the whole feed."""
        accounts = {context.account for context in self.contexts if context.account is not None}
        if self.is_every_account or len(accounts) != 1:
            return ""
        symbols = {context.section for context in self.contexts if context.section is not None}
        return f"{'+'.join(sorted(symbols))}|{accounts.pop()}" if symbols else accounts.pop()

    def _add_totals(self, totals: Block) -> None:
        """Keep total lines' figures; the realized file's are of columns that no total of ours counts."""
        figures = _TOTALS.get(totals.header.layout.kind, ())
        if not figures:
            self.reading.structural_count += len(totals.positions)
            return
        cells = BlockCells(self.reading, totals, self.contexts)
        stated = {
            kind: cell_values.numbers(pl.Series([self._figure(p, totals.header, name) for p in totals.positions]))[0]
            for kind, name, _ in figures
        }
        figures_frame = pl.DataFrame({kind.value: figure for kind, figure in stated.items()})
        is_silent = figures_frame.select(pl.all_horizontal(pl.all().is_null())).to_series()
        cells.refuse(is_silent, figures[0][1], "has no figure we can read in the total line")
        for kind, _, currency in figures:
            columns = {
                "source_account": cells.context("account"),
                "symbol": cells.context("section"),
                "total_kind": kind.value,
                "currency": currency,
                "stated": stated[kind],
            }
            self.reading.add_frame(ControlTotals, cells.frame(columns, stated[kind].is_not_null()))

    def _figure(self, position: int, header: Header, name: str) -> str:
        cells = self.reading.rows.cells[position]
        if name == "amount":
            # Some exports put the figure a cell off; then it is the line's only other filled cell.
            filled = [cell for cell in cells if cell.strip() and cell.strip().lower() not in TOTAL_LINES]
            if len(filled) == 1:
                return filled[0]
        place = header.places[name]
        return cells[place] if place < len(cells) else ""
