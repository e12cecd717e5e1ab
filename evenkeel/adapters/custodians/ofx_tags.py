"""A tolerant reader of OFX tags: SGML of OFX 1 (leaf tags may stay open) and XML of OFX 2 alike.

It knows which aggregates hold records and gives each record to a handler as soon as it closes, so that a long list is
never held whole. What records mean belongs in `ofx_rows`.
"""

from __future__ import annotations

import html
import re
from typing import Protocol

from data_contracts.vocab import Check
from evenkeel.errors import FileStopped

_TAG = re.compile(r"<(/?)([A-Za-z][\w.\-]*)\s*(/?)>([^<]*)")
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_CDATA = re.compile(r"<!\[CDATA\[(.*?)\]\]>", re.DOTALL)
_HOLDER = re.compile(
    r"OFX|\w+MSGSRSV\d|\w+TRNRS|INVSTMTRS|STMTRS|CCSTMTRS|SECLISTRS|INVTRANLIST|BANKTRANLIST|INVPOSLIST|SECLIST|INVOOLIST"
)
_AGGREGATE = re.compile(
    r"SONRS|STATUS|FI|\w*ACCT(FROM|TO)|INVPOS|POS(MF|STOCK|DEBT|OPT|OTHER)|SECID|SECINFO|(MF|STOCK|DEBT|OPT|OTHER)INFO|INVTRAN|"
    r"INV(BUY|SELL)|(BUY|SELL)(MF|STOCK|DEBT|OPT|OTHER)|REINVEST|INCOME|TRANSFER|INVBANKTRAN|INVEXPENSE|SPLIT|RETOFCAP|"
    r"JRNL(FUND|SEC)|CLOSUREOPT|MARGININTEREST|STMTTRN|INVBAL|BALLIST|BAL|INV401K|INV401KBAL|CURRENCY|ORIGCURRENCY"
)


class Aggregate:
    """One aggregate: the texts of its leaf tags (the first of each), and the aggregates inside."""

    __slots__ = ("children", "fields", "tag")

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.fields: dict[str, str] = {}
        self.children: list[Aggregate] = []

    def child(self, tag: str) -> Aggregate | None:
        """Return the first aggregate of that tag directly inside."""
        return next((child for child in self.children if child.tag == tag), None)

    def find(self, tag: str) -> str | None:
        """Return the text of a leaf here or deeper, the nearest to the top first."""
        if tag in self.fields:
            return self.fields[tag]
        return next((text for child in self.children if (text := child.find(tag)) is not None), None)


class Handler(Protocol):
    """What takes the records."""

    def record(self, record: Aggregate, holders: list[Aggregate]) -> None:
        """Take a closed aggregate; `holders` are the open ones around it, outermost first."""
        ...

    def closed(self, holder: Aggregate) -> None:
        """Take note that a holder of records has closed."""
        ...


def read_tags(text: str, handler: Handler) -> None:
    """Read the text from its first `<OFX>` on.

    Raises:
        FileStopped: It ends before `</OFX>`, or aggregates do not close in order.
    """
    if "<!" in text:
        text = _CDATA.sub(lambda match: html.escape(match[1], quote=False), _COMMENT.sub("", text))
    reader = _Reader(handler)
    start = re.search(r"<OFX\s*>", text, re.IGNORECASE)
    if start is None:
        raise FileStopped(Check.FILE_TRUNCATED, "the file holds no <OFX>; send it again")
    end = start.start()
    for match in _TAG.finditer(text, end):
        if match.start() != end:
            reader.stray(text[end : match.start()])
        end = match.end()
        is_close, tag, is_empty, content = match.groups()
        if is_close:
            reader.close(tag.upper())
        elif not is_empty:
            reader.open(tag.upper(), content)
    if reader.stack or not reader.is_complete:
        raise FileStopped(Check.FILE_TRUNCATED, "it ends before </OFX>; send it again")


class _Reader:
    def __init__(self, handler: Handler) -> None:
        self.stack: list[Aggregate] = []
        self.is_complete = False
        self._handler = handler
        self._leaf: str | None = None
        self._space = ""

    def open(self, tag: str, content: str) -> None:
        self._space = " " if content[-1:].isspace() else ""
        content = content.strip()
        if content and self.stack:
            self._leaf = tag
            self.stack[-1].fields.setdefault(tag, html.unescape(content) if "&" in content else content)
            return
        self._leaf = None
        self.stack.append(Aggregate(tag))

    def stray(self, text: str) -> None:
        """Text that begins with a `<` that is no tag belongs to the leaf before it."""
        if self._leaf is not None and self.stack:
            fields = self.stack[-1].fields
            fields[self._leaf] = fields.get(self._leaf, "") + self._space + html.unescape(text.rstrip())

    def close(self, tag: str) -> None:
        if tag == self._leaf:
            self._leaf = None
            return
        self._leaf = None
        if not any(aggregate.tag == tag for aggregate in reversed(self.stack)):
            raise FileStopped(Check.FILE_UNREADABLE, f"</{tag[:40]}> closes nothing that is open; send the file again")
        while self.stack[-1].tag != tag:
            self._give_up(self.stack.pop())
        closed = self.stack.pop()
        if _HOLDER.fullmatch(tag):
            self._handler.closed(closed)
            self.is_complete = tag == "OFX"
        elif closed.fields or closed.children:
            self._hand_on(closed)

    def _give_up(self, unclosed: Aggregate) -> None:
        """Take what never closed for an empty leaf: what it seemed to hold is its parent's."""
        if _HOLDER.fullmatch(unclosed.tag) or _AGGREGATE.fullmatch(unclosed.tag):
            raise FileStopped(Check.FILE_UNREADABLE, f"<{unclosed.tag}> is never closed; send the file again")
        for tag, text in unclosed.fields.items():
            self.stack[-1].fields.setdefault(tag, text)
        for child in unclosed.children:
            self._hand_on(child)

    def _hand_on(self, closed: Aggregate) -> None:
        if self.stack and _HOLDER.fullmatch(self.stack[-1].tag):
            self._handler.record(closed, self.stack)
        elif self.stack:
            self.stack[-1].children.append(closed)
