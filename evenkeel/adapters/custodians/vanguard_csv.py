"""Vanguard's CSV exports: OfxDownload (holdings and transactions stacked in one file) and the older transactions file.

What a file says and where it goes:

* No date stands inside: the as-of date is the one in the file's name, else the file states none. No cost basis anywhere.
* The account is the `Account Number` cell; the older file names none, so it is the number in the file's name, else the file's name
  without ending and date stamp, for the alias table to map.
* A settlement fund is a line with shares and a price like any other, and is kept as the money-market position that it is.
* A bond's symbol is the text `null`: only its name says what it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

import polars as pl

from data_contracts.cash_balances import CashBalances
from data_contracts.contract import Contract
from data_contracts.control_totals import ControlTotals
from data_contracts.positions import Positions
from data_contracts.transactions import Transactions
from data_contracts.vocab import AssetType, CashBucket, Check, SubAccount, TotalKind
from evenkeel.adapters.custodians import cell_values, file_names, transaction_words
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
from evenkeel.adapters.custodians.layouts_others import VANGUARD, VANGUARD_HOLDINGS
from evenkeel.adapters.custodians.text_file import MAX_BYTES, decode, read_rows
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

LAYOUT = "vanguard_csv"
CURRENCY = "USD"
TABLE_ORDER = (Positions, CashBalances, Transactions, ControlTotals)
_NUMBER_FIRST = re.compile(r"^[\dA-Z-]*\d")


class VanguardCsv:
    """Reads Vanguard's CSV files; each table's header tells what it is."""

    layout = LAYOUT
    fills: frozenset[type[Contract]] = frozenset(TABLE_ORDER)
    max_bytes = MAX_BYTES

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the head whether a header of Vanguard's is in it."""
        try:
            text, _ = decode(head, is_head=True)
        except FileStopped:
            return False
        return any(match_header(cells, VANGUARD) is not None for cells in read_rows(text).cells)

    def parse(self, file: RawFile) -> ParsedFile:
        """Read a file. Accounts are as the file has them; rows that cannot be read are rejects.

        Raises:
            FileStopped: Empty, not text, without a header of Vanguard's, or with a needed column missing.
        """
        walk = _Walk(CsvReading(file))
        walk.run()
        return walk.result()


@dataclass
class _Walk:
    """One pass over the rows of a file: headers, data, and text after the last table."""

    reading: CsvReading
    header: Header | None = None
    blocks: dict[tuple[str, ...], Block] = field(default_factory=dict)
    is_past_blank: bool = False

    def run(self) -> None:
        """Look at every row once.

        Raises:
            FileStopped: There is no header, or it lacks a column.
        """
        rows = self.reading.rows
        block: Block | None = None
        for position, cells in enumerate(rows.cells):
            if not cells or rows.is_blank(position):
                self.is_past_blank = True
                self.reading.structural()
            elif (header := self._header(cells)) is not None:
                block = self._start(position, header)
            elif position in rows.cut_off:
                self.reading.reject(position, CUT_OFF)
            elif block is None:
                self.reading.before_header(position)
            elif self._is_text(cells):
                self.reading.structural()
            elif not self.reading.is_misshapen(position, block.header):
                block.add(position)
                self.is_past_blank = False
        if self.header is None:
            raise FileStopped(
                Check.FILE_OTHER_LAYOUT,
                f"no header of a {LAYOUT} table in {len(rows)} rows; check that it is Vanguard's CSV export and in the right feed",
            )

    def _header(self, cells: list[str]) -> Header | None:
        if self.header is None or may_be_header(cells, VANGUARD):
            return match_header(cells, VANGUARD)
        return None

    def _start(self, position: int, header: Header) -> Block:
        if header.cells not in self.blocks:
            check_header(header, self.reading.row_no(position))
            self.blocks[header.cells] = Block(header)
            self.reading.note_header(header)
        self.header = header
        self.is_past_blank = False
        self.reading.structural()
        return self.blocks[header.cells]

    def _is_text(self, cells: list[str]) -> bool:
        """Legal text comes after a blank line, is a lone cell and starts with no number."""
        filled = [cell for cell in cells if cell.strip()]
        return self.is_past_blank and len(filled) == 1 and not _NUMBER_FIRST.match(filled[0].strip())

    def result(self) -> ParsedFile:
        """Convert the blocks, and put the file together."""
        name = self.reading.file.name
        context = Context(file_names.account(name), None, file_names.date_in(name))
        for block in self.blocks.values():
            cells = BlockCells(self.reading, block, [context])
            if block.header.layout is VANGUARD_HOLDINGS:
                _holdings(cells)
            else:
                _transactions(cells)
        first = next(iter(self.blocks.values())).header
        return self.reading.finish(
            LAYOUT,
            f"{first.layout.kind}-{generation_of(first)}",
            TABLE_ORDER,
            subject=self._subject(context),
            as_of_date=context.as_of_date,
        )

    def _subject(self, context: Context) -> str:
        """A file that names no account is about the one its name stands for; others stand for the whole feed."""
        is_silent = not any("account" in block.header.places for block in self.blocks.values())
        return context.account or "" if is_silent else ""


def _holdings(cells: BlockCells) -> None:
    account, description, symbol = cells.text("account"), cells.text("description"), cells.text("symbol")
    cells.refuse(account.is_null(), "account", "is empty")
    cells.refuse(symbol.is_null() & description.is_null(), "description", "is empty")
    quantity, value = cells.number("quantity"), cells.number("value")
    is_total = (description.str.to_lowercase().is_in(["total", "account total"]) & symbol.is_null()).fill_null(False)
    is_cash = (symbol.str.to_uppercase() == "CASH").fill_null(False)
    cells.refuse((is_total | is_cash) & value.is_null(), "value", "has no value where one is needed")
    is_fund = description.str.to_lowercase().str.contains("money market").fill_null(False)
    shared = {"source_account": account, "as_of_date": cells.context("as_of_date"), "currency": CURRENCY}
    held = {
        **shared,
        "symbol": symbol,
        "cusip": cell_values.cusips(symbol),
        "description": description,
        "sub_account": SubAccount.CASH.value,
        "asset_type": cells.same(AssetType.MONEY_MARKET.value, pl.String).zip_with(
            is_fund, cells.same(None, pl.String)
        ),
        "held_qty": quantity,
        "price_ccy": cells.number("price"),
        "value_ccy": value,
    }
    total = {
        "source_account": account,
        "total_kind": TotalKind.ACCOUNT_VALUE.value,
        "currency": CURRENCY,
        "stated": value,
    }
    cells.reading.add_frame(Positions, cells.frame(held, ~is_total & ~is_cash))
    cells.reading.add_frame(
        CashBalances, cells.frame({**shared, "bucket": CashBucket.CORE.value, "amount_ccy": value}, is_cash)
    )
    cells.reading.add_frame(ControlTotals, cells.frame(total, is_total))


def _transactions(cells: BlockCells) -> None:
    account = cells.text("account")
    if "account" in cells.block.header.places:
        cells.refuse(account.is_null(), "account", "is empty")
    action = cells.text("action").fill_null(cells.text("detail"))
    cells.refuse(action.is_null(), "action", "is empty")
    units, cash = cells.number("quantity"), cells.number("amount")
    kinds = transaction_words.by_word(transaction_words.VANGUARD_TYPES, action)
    kinds = transaction_words.settle_direction(kinds, cash, units)
    symbol = cells.text("symbol")
    columns = {
        "source_account": account.fill_null(cells.context("account")),
        "as_of_date": cells.context("as_of_date"),
        "symbol": symbol,
        "cusip": cell_values.cusips(symbol),
        "description": cells.text("description"),
        "trade_date": cells.date("date", is_needed=True),
        "settle_date": cells.date("settled"),
        "transaction_type": kinds,
        "raw_action": action,
        "currency": CURRENCY,
        "traded_qty": transaction_words.signed_units(kinds, units),
        "price_ccy": cells.number("price"),
        "fees_ccy": cells.number("fees"),
        "net_cash_ccy": cash,
    }
    cells.reading.add_frame(Transactions, cells.frame(columns))
