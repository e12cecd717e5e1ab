"""IBKR Flex statements as XML: one file, one or more accounts, any choice of sections and fields.

A row is an element with attributes inside a `FlexStatement`, and the statement itself; rows are numbered in document
order. Which fields mean what is in `ibkr_flex_rows`; this module reads the document and keeps the count.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, ParseError
from xml.sax.saxutils import quoteattr

from defusedxml import ElementTree

from data_contracts.contract import Contract
from data_contracts.vocab import Check
from evenkeel.adapters.custodians.ibkr_flex_rows import FILLS, SECTIONS, Statement
from evenkeel.adapters.custodians.records import BadField, RecordTables, is_personal, mask, subject_of
from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile, RawFile

_ROOT = "FlexQueryResponse"
_STATEMENT = "FlexStatement"


class IbkrFlex:
    """Reads IBKR Flex XML (activity statements; sections of other query types are kept as other rows).

    Positions are the SUMMARY rows (or rows without `levelOfDetail`), lots the LOT rows. `price_ccy` is `markPrice`: of
    one share, of one unit of a contract (`multiplier` says how many units a contract has), or of a hundred of a bond's
    face value. Rows of account `-` (a consolidation of several accounts) are kept as other rows, they would count
    twice.
    """

    layout = "ibkr_flex"
    fills: frozenset[type[Contract]] = frozenset(FILLS)
    max_bytes = 256 * 1024 * 1024

    def recognises(self, file_name: str, head: bytes) -> bool:
        """Tell from the first bytes: the document's element is `FlexQueryResponse`."""
        return b"<" + _ROOT.encode() in head[:4096]

    def parse(self, file: RawFile) -> ParsedFile:
        """Read the file.

        Raises:
            FileStopped: It is empty, not of this layout, cut off, or not well-formed.
        """
        tables = RecordTables(FILLS)
        reader = _Reader(tables)
        if file.byte_count == 0:
            raise FileStopped(Check.FILE_EMPTY, "the file is empty; ask for the statement again")
        try:
            reader.read(file.path)
        except (ParseError, ValueError, LookupError) as error:
            raise _stopped(error, file) from error
        statements = reader.statements
        as_of = {statement.to_date for statement in statements}
        return ParsedFile(
            layout=self.layout,
            generation=f"flex_{reader.query_type.lower() or 'af'}",
            encoding="utf-8",
            tables=tables.frames(),
            rejects=tables.rejects,
            row_count=tables.row_count,
            structural_count=tables.structural_count,
            subject=subject_of(statement.account for statement in statements),
            as_of_date=as_of.pop() if len(as_of) == 1 else None,
            notes=tuple(dict.fromkeys(note for statement in statements for note in statement.notes)),
        )


class _Reader:
    """Walks the document once and gives every record to its statement."""

    def __init__(self, tables: RecordTables) -> None:
        self.tables = tables
        self.statements: list[Statement] = []
        self.query_type = ""
        self._open: Statement | None = None
        self._rates_seen: set[tuple[str, str, dt.date]] = set()

    def read(self, path: Path) -> None:
        """Read all records.

        Raises:
            FileStopped: The document is not a Flex statement, or a statement's dates cannot be read.
            xml.etree.ElementTree.ParseError: It is not well-formed.
            ValueError: It declares entities, or an encoding that cannot be read.
        """
        depth = 0
        for event, element in _events(path):
            if event == "start":
                if depth == 0:
                    self._root(element)
                elif element.tag == _STATEMENT:
                    self._begin(element)
                elif element.attrib and self._open is not None:
                    self._record(element, self._open)
                elif element.attrib and element.tag != "FlexStatements":
                    self.tables.other(self.tables.next_row(), element.tag, dict(element.attrib))
                depth += 1
                continue
            depth -= 1
            if element.tag == _STATEMENT and self._open is not None:
                self._open.finish()
                self._open = None
            element.clear()
        if not self.statements:
            raise FileStopped(
                Check.FILE_UNREADABLE,
                "the document holds no FlexStatement; look at the query's status and send it again",
            )

    def _root(self, element: Element) -> None:
        if element.tag != _ROOT:
            raise FileStopped(
                Check.FILE_OTHER_LAYOUT, f"the document is a {element.tag[:40]}, not a {_ROOT}; move it to its feed"
            )
        self.query_type = "".join(c for c in element.get("type", "") if c.isalnum())[:10]

    def _begin(self, element: Element) -> None:
        row_no = self.tables.next_row()
        self.tables.structural()
        try:
            self._open = Statement(dict(element.attrib), self.tables, self._rates_seen)
        except BadField as error:
            raise FileStopped(
                Check.FILE_UNREADABLE, f"FlexStatement: {error}; send the statement again", row_no
            ) from error
        self.statements.append(self._open)

    def _record(self, element: Element, statement: Statement) -> None:
        row_no = self.tables.next_row()
        fields = {name: value for name, value in element.attrib.items() if value != ""}
        section = SECTIONS.get(element.tag)
        try:
            if section is None or statement.account_of(fields) == "-":
                self.tables.other(row_no, element.tag, fields)
            else:
                section(statement, row_no, fields)
        except BadField as error:
            self.tables.reject(row_no, error, _as_text(element.tag, fields))


def _events(path: Path) -> Iterator[tuple[str, Element]]:
    """Return start and end events; document type declarations and entities are refused."""
    events: Any = ElementTree.iterparse(str(path), events=("start", "end"), forbid_dtd=True)
    return iter(events)


def _as_text(tag: str, fields: dict[str, str]) -> str:
    shown = {name: mask(value) if name == "accountId" else value for name, value in fields.items()}
    parts = (
        f"{name}={quoteattr(value)}" for name, value in shown.items() if name == "accountId" or not is_personal(name)
    )
    return f"<{tag} {' '.join(parts)} />"


def _stopped(error: Exception, file: RawFile) -> FileStopped:
    """Say what a parser's error means: a document without its end was cut off, others are damaged."""
    with file.path.open("rb") as opened:
        head = opened.read(4096)
        opened.seek(max(0, file.byte_count - 4096))
        tail = opened.read().rstrip()
    if not head.strip():
        return FileStopped(Check.FILE_EMPTY, "the file holds nothing but blanks; ask for the statement again")
    if b"<" + _ROOT.encode() not in head:
        return FileStopped(Check.FILE_OTHER_LAYOUT, f"no {_ROOT} at its start; move it to its feed")
    line = error.position[0] if isinstance(error, ParseError) else None
    if not tail.endswith(f"</{_ROOT}>".encode()):
        return FileStopped(Check.FILE_TRUNCATED, f"it ends before </{_ROOT}>; send it again", line)
    return FileStopped(Check.FILE_UNREADABLE, f"not well-formed XML ({error}); send it again", line)
