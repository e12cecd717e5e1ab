"""A comma-separated file as rows: decoding, logical rows with their line numbers, and what was cut off.

What a row means belongs in the layout modules; what a cell means in `cell_values`.

Counting: a row is a logical CSV row. It is numbered by its first physical line (1-based), and a quoted line break makes one row of
several lines. Blank lines are rows. The end of the last line is not a line of its own.
"""

from __future__ import annotations

import codecs
import csv
import gc
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from data_contracts.vocab import Check
from evenkeel.errors import FileStopped

MAX_BYTES = 256 * 1024 * 1024
"""Largest text file read: it is held in memory, with its cells at most some ten times its size."""

_MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROL = frozenset(range(32)) - {0x09, 0x0A, 0x0C, 0x0D, 0x1A}


def decode(data: bytes, *, is_head: bool = False) -> tuple[str, str]:
    """Return the text and the encoding it was read with: by byte order mark, else UTF-8, else Windows-1252.

    Args:
        data: A file's bytes.
        is_head: They are only its first part, which may end inside a character.

    Raises:
        FileStopped: It is empty, or not text in any of these encodings.
    """
    if not data.strip(b"\x00\r\n\t ,\xef\xbb\xbf\xff\xfe"):
        raise FileStopped(Check.FILE_EMPTY, "the file has no content; fetch it again from the broker")
    encodings = [name for mark, name in _MARKS if data.startswith(mark)] or _guess(data)
    for encoding in encodings:
        try:
            decoder = codecs.getincrementaldecoder(encoding)()
            text = decoder.decode(data, final=not is_head)
        except UnicodeDecodeError:
            continue
        if not _is_text(text):
            break
        return text, encoding
    raise FileStopped(
        Check.FILE_UNREADABLE,
        "the file is not text in UTF-8, UTF-16 or Windows-1252; export it again as CSV and check that it is not compressed",
    )


def _guess(data: bytes) -> list[str]:
    """UTF-16 without a mark shows as every second byte zero; text in our alphabets has no zero byte otherwise."""
    head = data[:4096]
    if head[1::2].count(0) > len(head) // 3:
        return ["utf-16-le"]
    if head[0::2].count(0) > len(head) // 3:
        return ["utf-16-be"]
    return ["utf-8", "cp1252"]


def _is_text(text: str) -> bool:
    head = text[:65536]
    return "\x00" not in text and not any(ord(char) in _CONTROL for char in set(head))


@dataclass(frozen=True)
class TextRows:
    """The rows of one file. `cells[i]` are the cells of row `i`, which starts at physical line `row_nos[i]`.

    `cut_off` holds the positions of rows that a missing closing quote leaves without an end; their cells are not to be trusted.
    """

    cells: list[list[str]]
    row_nos: list[int]
    lines: Sequence[str]
    cut_off: frozenset[int] = field(default_factory=frozenset)

    def __len__(self) -> int:
        """Return the number of rows, blank ones included."""
        return len(self.cells)

    def raw_text(self, position: int) -> str:
        """Return the row's text as sent."""
        first = self.row_nos[position]
        after = self.row_nos[position + 1] if position + 1 < len(self.row_nos) else len(self.lines) + 1
        return "\n".join(self.lines[first - 1 : after - 1])

    def is_blank(self, position: int) -> bool:
        """Tell whether no cell of the row has anything in it."""
        return not "".join(self.cells[position]).strip()


def read_rows(text: str) -> TextRows:
    """Split text into rows.

    A quote that is never closed would swallow the rest of the file: only the line it opens on is given up, reading goes on after it.
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    if lines[-1].strip("\x1a") == "":
        # What follows the end of the last line is not a line; blank lines before it are.
        lines.pop()
    # Millions of cells that all live on make the cycle collector run for nothing, for most of the time.
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        return _split(lines)
    finally:
        if was_collecting:
            gc.enable()


def _split(lines: list[str]) -> TextRows:
    cells: list[list[str]] = []
    row_nos: list[int] = []
    cut_off: set[int] = set()
    start = 0
    while start < len(lines):
        reader = csv.reader(_terminated(lines, start), strict=False)
        before = 0
        resume = len(lines)
        try:
            for row in reader:
                cells.append(row)
                row_nos.append(start + before + 1)
                before = reader.line_num
        except csv.Error:
            # A cell beyond the csv module's limit: an unclosed quote in a large file.
            cells.append([lines[start + before]])
            row_nos.append(start + before + 1)
            cut_off.add(len(cells) - 1)
            resume = start + before + 1
        else:
            if cells and _is_unclosed(lines, row_nos[-1] - 1):
                first = row_nos[-1]
                cells[-1] = _plain_cells(lines[first - 1])
                cut_off.add(len(cells) - 1)
                resume = first
        start = resume
    return TextRows(cells, row_nos, lines, frozenset(cut_off))


def _terminated(lines: Sequence[str], start: int) -> Iterator[str]:
    for index in range(start, len(lines)):
        yield lines[index] + "\n"


def _is_unclosed(lines: Sequence[str], first: int) -> bool:
    """The last row of a reading ends inside quotes exactly if a further line would become part of it."""
    probe = csv.reader([*(line + "\n" for line in lines[first:]), "probe\n"])
    rows = list(probe)
    return not rows or rows[-1] != ["probe"]


def _plain_cells(line: str) -> list[str]:
    """Return the cells of a line whose last quote is not closed."""
    return next(csv.reader([line + "\n"]), [])


def file_stem(name: str) -> str:
    """Return a file's name without folder and ending."""
    return PurePath(name.replace("\\", "/")).stem
