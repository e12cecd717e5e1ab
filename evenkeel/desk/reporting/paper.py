"""A client's before and after on paper: one or two pages of PDF, from the same report as the page and the files.

The same report gives the same bytes: no moment of creation, no random name. The fonts are embedded.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from typing import Any
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.enums import TA_RIGHT
from reportlab.lib.pagesizes import LETTER
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfdoc import PDFDictionary, PDFInfo, PDFString
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, SimpleDocTemplate, Spacer, TableStyle
from reportlab.platypus import Table as Grid

from evenkeel.desk.reporting.bars import after_words, scale_of, weights_of
from evenkeel.desk.reporting.cells import UNKNOWN, is_right, seen_columns, shown
from evenkeel.desk.reporting.paper_bars import Bars, Key
from evenkeel.desk.reporting.paper_fonts import BOLD, BOOK, load, width, written
from evenkeel.reports.model import Column, Report, Table, Unit

_ORDER = ("weights", "totals", "trades")
"""Tables on paper: what is short and matters most comes first; the page and the files alone have each part."""
_INK, _SOFT, _LINE, _FAINT = HexColor("#1d2530"), HexColor("#566070"), HexColor("#b9b6aa"), HexColor("#e4e2da")
_SIDE, _TOP, _BOTTOM = 54.0, 50.0, 44.0
_FRAME = 6.0
"""What the library leaves free inside its margins."""
_UNDER, _GAP = 28.0, 3.0
"""From the end of the foot to the edge of the page, and between its parts."""
_LEAST_OF_TABLE = 110.0
_MOST_FOOT = 140.0
"""A longer disclosure stands once, at the end."""
_ROOM = LETTER[0] - 2 * _SIDE
_BARS = 132.0
_SIZE, _PAD = 8.25, 7.0
_ACROSS = 4
"""Facts in a line."""

_PLAIN = ParagraphStyle("plain", fontName=BOOK, fontSize=9.5, leading=13.5, textColor=_INK)
_MUTED = ParagraphStyle("muted", _PLAIN, textColor=_SOFT)
_TITLE = ParagraphStyle("title", _PLAIN, fontName=BOLD, fontSize=20, leading=25)
_HEADING = ParagraphStyle("heading", _PLAIN, fontName=BOLD, fontSize=12, leading=15, spaceBefore=16, spaceAfter=5)
_SMALL = ParagraphStyle("small", _MUTED, fontSize=8, leading=11)
_FOOT = ParagraphStyle("foot", _SMALL, rightIndent=70)
_CELL = ParagraphStyle("cell", _PLAIN, fontSize=_SIZE, leading=11)
_HEAD = ParagraphStyle("head", _CELL, textColor=_SOFT)


def render_pdf(report: Report, firm: str = "evenkeel") -> bytes:
    """Return a `before_after` report as PDF. The same report gives the same bytes."""
    load()
    foot = _foot(report, firm)
    height = _height(foot)
    if height > _MOST_FOOT:
        *_, said = foot
        foot, height = [said], _height([said])
    is_at_end = len(foot) == 1
    buffer = io.BytesIO()
    document = SimpleDocTemplate(
        buffer,
        pagesize=LETTER,
        leftMargin=_SIDE - _FRAME,
        rightMargin=_SIDE - _FRAME,
        topMargin=_TOP - _FRAME,
        bottomMargin=_BOTTOM - _FRAME + height,
        title=written(f"{report.title}, {report.period.name}"),
        author=written(firm),
        subject=written(report.about),
        creator="evenkeel",
        invariant=1,
        lang="en-US",
        initialFontName=BOOK,
    )
    document.build(_story(report, firm, is_at_end), canvasmaker=_canvas_with(foot))
    return buffer.getvalue()


def _foot(report: Report, firm: str) -> list[Paragraph]:
    """Return what stands under every page: the disclosure, where there is one, and who made it when."""
    said = [_words(report.disclosure, _SMALL)] if report.disclosure else []
    return [*said, _words(f"{firm}. Made {shown(report.as_of_at, Unit.INSTANT)}. Times are New York’s.", _FOOT)]


def _height(foot: Sequence[Paragraph]) -> float:
    return sum(float(each.wrap(_ROOM, LETTER[1])[1]) + _GAP for each in foot)


def _story(report: Report, firm: str, is_disclosure_at_end: bool) -> list[Flowable]:
    story: list[Flowable] = [
        _words(firm, _MUTED),
        _words(report.title, _TITLE),
        Spacer(0, 3),
        _words(report.about, _MUTED),
        Spacer(0, 8),
        _facts([(each.label, shown(each.value, each.unit)) for each in report.facts]),
    ]
    story += [_words(note, _PLAIN) for note in report.notes]
    for name in _ORDER:
        story += _section(report.table(name))
    story += [
        Spacer(0, 14),
        _words(f"“{UNKNOWN}” is what is not known, or does not apply; it never stands for zero.", _SMALL),
    ]
    if report.disclosure and is_disclosure_at_end:
        story += [Spacer(0, 4), _words(report.disclosure, _SMALL)]
    return story


def _words(text: str, style: ParagraphStyle) -> Paragraph:
    return Paragraph(escape(written(text)), style)


def _facts(facts: Sequence[tuple[str, str]]) -> Flowable:
    """Return names over values, four in a line."""
    cells: list[Any] = [[_words(label, _SMALL), _words(text, _PLAIN)] for label, text in facts]
    cells += [""] * (-len(cells) % _ACROSS)
    if not cells:
        return Spacer(0, 0)
    rows = [cells[start : start + _ACROSS] for start in range(0, len(cells), _ACROSS)]
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), 8),
        ("TOPPADDING", (0, 0), (-1, -1), 3),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LINEABOVE", (0, 0), (-1, 0), 0.7, _LINE),
        ("LINEBELOW", (0, -1), (-1, -1), 0.7, _LINE),
    ]
    return Grid(rows, colWidths=[_ROOM / _ACROSS] * _ACROSS, style=TableStyle(style), spaceAfter=8)


def _section(table: Table) -> list[Flowable]:
    heading = _words(table.title, _HEADING)
    note = [Spacer(0, 4), _words(table.note, _SMALL)] if table.note else []
    if not table.rows:
        return [KeepTogether([heading, _words(table.when_empty, _MUTED), *note])]
    if table.name == "weights":
        return [KeepTogether([heading, *_weights(table), *note])]
    if table.name == "totals":
        facts = [(row["what"], shown(row["value_usd"], Unit.CENTS)) for row in table.rows]
        return [KeepTogether([heading, _facts(facts), *note])]
    # A long table breaks between its rows, but its heading never stands alone.
    return [CondPageBreak(_LEAST_OF_TABLE), heading, _grid(table, _ROOM), *note]


def _weights(table: Table) -> list[Flowable]:
    rows = weights_of(table)
    top = scale_of(rows)
    key = Key("before", "model", after_words(table), BOOK, 8)
    return [key, Spacer(0, 3), _grid(table, _ROOM, [Bars(row, top, _BARS) for row in rows])]


def _grid(table: Table, room: float, bars: Sequence[Bars] = ()) -> Grid:
    """Return a table `room` points wide, with its bars at the right of the rows."""
    columns = seen_columns(table)
    texts = [[_text(row[each.name], each) for each in columns] for row in table.rows]
    widths = _widths(columns, texts, room - (_BARS + _PAD if bars else 0))
    lines: list[list[Any]] = [[_words(each.label, _right(_HEAD) if is_right(each) else _HEAD) for each in columns]]
    lines += [
        [_words(text, _right(_CELL) if is_right(each) else _CELL) for each, text in zip(columns, row, strict=True)]
        for row in texts
    ]
    if bars:
        lines[0].append("")
        for line, bar in zip(lines[1:], bars, strict=True):
            line.append(bar)
        widths.append(_BARS + _PAD)
    style: list[Any] = [
        ("VALIGN", (0, 0), (-1, 0), "BOTTOM"),
        ("VALIGN", (0, 1), (-1, -1), "MIDDLE" if bars else "TOP"),
        ("LEFTPADDING", (0, 0), (-1, -1), 0),
        ("RIGHTPADDING", (0, 0), (-1, -1), _PAD),
        ("TOPPADDING", (0, 0), (-1, -1), 2),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 3),
        ("LINEBELOW", (0, 0), (-1, 0), 0.7, _LINE),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, _FAINT),
        ("RIGHTPADDING", (-1, 0), (-1, -1), 0),
    ]
    return Grid(lines, colWidths=widths, repeatRows=1, style=TableStyle(style), hAlign="LEFT")


def _text(value: Any, column: Column) -> str:
    text = shown(value, column.unit)
    return text.capitalize() if column.name == "side" else text


def _widths(columns: Sequence[Column], texts: Sequence[Sequence[str]], room: float) -> list[float]:
    """Return widths in points: figures and codes as they need, and what is left to words, which may break."""
    needs = [
        max(
            max(width(written(row[place]), BOOK, _SIZE) for row in texts),
            max(width(word, BOOK, _SIZE) for word in each.label.split()),
        )
        + _PAD
        + 1
        for place, each in enumerate(columns)
    ]
    widest = max(
        (place for place, each in enumerate(columns) if each.unit is Unit.TEXT), key=lambda place: needs[place]
    )
    left = room - sum(need for place, need in enumerate(needs) if place != widest)
    needs[widest] = max(left, 60.0)
    return needs


def _right(style: ParagraphStyle) -> ParagraphStyle:
    return ParagraphStyle(f"{style.name}-right", style, alignment=TA_RIGHT)


class _Undated(PDFInfo):
    """What a file says of itself, without the moments at which it was made and changed: they would differ each time."""

    def format(self, document: Any) -> bytes:
        """Return the dictionary as the file has it."""
        said = {"Title": self.title, "Author": self.author, "Subject": self.subject, "Creator": self.creator}
        return bytes(PDFDictionary({name: PDFString(text) for name, text in said.items()}).format(document))


def _canvas_with(foot: Sequence[Paragraph]) -> Callable[..., Canvas]:
    """Return a canvas that writes a foot under each page, with its number of how many."""

    class _Paged(Canvas):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._doc.info = _Undated()  # type: ignore[attr-defined]  # the library has no other way to leave the moments out
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()  # type: ignore[attr-defined]  # as the library's own examples number pages

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                y = _UNDER
                for each in reversed(foot):
                    _, height = each.wrapOn(self, _ROOM, LETTER[1])
                    each.drawOn(self, _SIDE, y)
                    y += height + _GAP
                self.setFont(BOOK, 8)
                self.setFillColor(_SOFT)
                self.drawRightString(LETTER[0] - _SIDE, _UNDER + 2.5, f"Page {number} of {len(self._pages)}")
                super().showPage()
            super().save()

    return _Paged
