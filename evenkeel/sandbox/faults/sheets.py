"""A file as lines and rows, whatever its layout: which line is a holding of which account, and where its figures stand in it.

Only what the sandbox's senders write is read here, and never for the product: a sheet knows where a cell stands so that one cell can
be changed and every other byte stays. How files are truly read belongs in `evenkeel.adapters.custodians`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum

from evenkeel.sandbox.faults.day_files import CannotDamageError, FeedFile
from evenkeel.sandbox.faults.figures import figure
from evenkeel.sandbox.faults.terms import TOTALS, TRAILER, terms_of

_CELL = re.compile(r'("(?:[^"]|"")*"|[^,]*)(?=,|$)')
_ATTRIBUTE = re.compile(r'(\w+)="([^"]*)"')
_TAG = re.compile(r"^<(\w+)")


class RowKind(StrEnum):
    """What a row tells."""

    HOLDING = "holding"
    CASH = "cash"
    TOTAL = "total"
    LOT = "lot"
    TRANSACTION = "transaction"
    ORDER = "order"
    PRICE = "price"
    READING = "reading"
    TRAILER = "trailer"


@dataclass(frozen=True)
class Row:
    """One row: its line, what it tells, whose it is, and its cells by term as the sender wrote them, without quotes."""

    line: int
    kind: RowKind
    account: str | None
    cells: Mapping[str, str]
    places: Mapping[str, int | str]
    """Where each term stands in the line: a cell's number, an attribute's name."""

    def figure(self, term: str) -> Decimal:
        """Return a figure of the row, zero where it has none."""
        return figure(self.cells.get(term, "")) or Decimal(0)


@dataclass(frozen=True)
class Sheet:
    """A file's lines, its rows in order, and the lines that are headers."""

    file: FeedFile
    lines: tuple[str, ...]
    rows: tuple[Row, ...]
    headers: tuple[int, ...]

    @property
    def data(self) -> bytes:
        """Return the file's bytes."""
        return "\n".join(self.lines).encode()

    def of_kind(self, *kinds: RowKind) -> list[Row]:
        """Return the rows of these kinds."""
        return [row for row in self.rows if row.kind in kinds]

    def with_cells(self, row: Row, cells: Mapping[str, str]) -> Sheet:
        """Return the sheet with cells of one row changed; a term that the row does not have is left out."""
        return self.with_all([(row, cells)])

    def with_all(self, changes: Iterable[tuple[Row, Mapping[str, str]]]) -> Sheet:
        """Return the sheet with cells of many rows changed."""
        lines: dict[int, str] = {}
        for row, cells in changes:
            line = lines.get(row.line, self.lines[row.line])
            for term, text in cells.items():
                if term in row.places:
                    line = put(line, row.places[term], text)
            lines[row.line] = line
        return self.with_lines(lines)

    def with_lines(self, changed: Mapping[int, str]) -> Sheet:
        """Return the sheet with whole lines changed."""
        return self._of(changed.get(place, line) for place, line in enumerate(self.lines))

    def without(self, lines: Iterable[int]) -> Sheet:
        """Return the sheet without these lines."""
        gone = set(lines)
        return self._of(line for place, line in enumerate(self.lines) if place not in gone)

    def inserted(self, place: int, lines: Sequence[str]) -> Sheet:
        """Return the sheet with lines put before line `place`."""
        return self._of((*self.lines[:place], *lines, *self.lines[place:]))

    def _of(self, lines: Iterable[str]) -> Sheet:
        return open_sheet(replace(self.file, data="\n".join(lines).encode()))


def put(line: str, place: int | str, text: str) -> str:
    """Return a line with one cell or attribute changed, quoted where it was or must be."""
    if isinstance(place, str):
        return re.sub(rf'(\b{place}=")[^"]*(")', lambda match: match[1] + text + match[2], line, count=1)
    cells = split_cells(line)
    is_quoted = cells[place].startswith('"') or "," in text
    cells[place] = f'"{text}"' if is_quoted else text
    return ",".join(cells)


def split_cells(line: str) -> list[str]:
    """Return a line's cells as they stand, with their quotes."""
    cells, at = [], 0
    while True:
        match = _CELL.match(line, at)
        cell = match[1] if match else line[at:].partition(",")[0]
        cells.append(cell)
        at += len(cell) + 1
        if at > len(line):
            return cells


def open_sheet(file: FeedFile) -> Sheet:
    """Read a file of the sandbox as rows; of one that is damaged beyond that, as many as are left.

    Raises:
        CannotDamageError: It is not text any more.
    """
    try:
        lines = tuple(file.data.decode("utf-8").split("\n"))
    except UnicodeDecodeError as error:
        raise CannotDamageError(f"{file.name} is not text") from error
    if file.feed == "ibkr":
        return Sheet(file, lines, tuple(_xml_rows(lines)), ())
    rows, headers = _csv_rows(file, lines)
    return Sheet(file, lines, tuple(rows), tuple(headers))


def _csv_rows(file: FeedFile, lines: Sequence[str]) -> tuple[list[Row], list[int]]:
    terms = terms_of(file.feed, file.name)
    places: dict[str, int] = {}
    width, account = 0, terms.account_in(file.name)
    rows: list[Row] = []
    headers: list[int] = []
    for number, line in enumerate(lines):
        cells = [cell.strip('"') for cell in split_cells(line.lstrip("\ufeff"))]
        if found := terms.header(cells):
            places, width = found, len(cells)
            headers.append(number)
            continue
        account = terms.account_in_title(line) or account
        if cells[0] == TRAILER:
            numbered = {f"figure_{place}": place for place in range(1, len(cells))}
            shown = {term: cells[place] for term, place in numbered.items()}
            rows.append(Row(number, RowKind.TRAILER, None, shown, numbered))
        elif places and width - 1 <= len(cells) <= width + 1 and len(cells) > max(places.values()) and any(cells):
            known = {term: cells[place] for term, place in places.items()}
            kind = RowKind.TOTAL if cells[0] in TOTALS else RowKind(terms.kind_of(known))
            whose = known.get("account") or account
            if terms.kind == RowKind.HOLDING and kind in (RowKind.CASH, RowKind.TOTAL):
                rows.append(Row(number, kind, whose, {"cash": known["value"]}, {"cash": places["value"]}))
            else:
                rows.append(Row(number, kind, whose, known, places))
    return rows, headers


_XML = {
    "OpenPosition": (
        RowKind.HOLDING,
        {"quantity": "position", "price": "markPrice", "value": "positionValue", "cost": "costBasisMoney"},
    ),
    "CashReportCurrency": (RowKind.CASH, {"cash": "endingCash", "settled": "endingSettledCash"}),
    "Trade": (RowKind.TRANSACTION, {"quantity": "quantity", "price": "tradePrice", "amount": "netCash"}),
    "CashTransaction": (RowKind.TRANSACTION, {"amount": "amount", "type": "type"}),
    "CorporateAction": (RowKind.TRANSACTION, {"quantity": "quantity", "type": "type"}),
}
_XML_SECURITY = {
    "symbol": "symbol", "name": "description", "cusip": "cusip", "isin": "isin", "native_id": "conid", "stated_id": "securityID",
}  # fmt: skip


def _xml_rows(lines: Sequence[str]) -> Iterable[Row]:
    for number, line in enumerate(lines):
        tag = _TAG.match(line)
        if tag is None or tag[1] not in _XML or not line.rstrip().endswith(">"):
            continue  # something else, or cut off midway
        kind, named = _XML[tag[1]]
        attributes = dict(_ATTRIBUTE.findall(line))
        if attributes.get("levelOfDetail") == "LOT":
            kind = RowKind.LOT
        places = {term: name for term, name in {**named, **_XML_SECURITY}.items() if name in attributes}
        cells = {term: attributes[name] for term, name in places.items()}
        yield Row(number, kind, attributes.get("accountId"), cells, places)
