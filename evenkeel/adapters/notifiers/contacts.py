"""Where people are reached: `contacts.csv` in the home, and the book's advisers for mail.

It is no part of the book: an address changes nothing that is computed, and the book is archived for years. Columns: `recipient_ref` (an
adviser, a household, a person of the consents, `operations`), `email`, `sms`, `redtail_id`, `wealthbox_id`; all but the first may be empty.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from pathlib import Path

from data_contracts.vocab import Channel
from evenkeel.errors import UsageError

_COLUMNS: Mapping[Channel, str] = {
    Channel.EMAIL: "email",
    Channel.FILE: "email",
    Channel.SMS: "sms",
    Channel.REDTAIL: "redtail_id",
    Channel.WEALTHBOX: "wealthbox_id",
}
COLUMNS = ("recipient_ref", "email", "sms", "redtail_id", "wealthbox_id")


class Contacts:
    """A `ports.Addresses`; the file is read when it has changed.

    Args:
        path: The file; one that is not there has no rows.
        advisers: Returns the mail addresses of the book's advisers by id.
    """

    def __init__(self, path: Path, advisers: Callable[[], Mapping[str, str]]) -> None:
        self._path, self._advisers = path, advisers
        self._stamp: tuple[int, int] | None = None
        self._rows: Mapping[str, Mapping[str, str]] = {}

    def address(self, channel: Channel, recipient_ref: str) -> str | None:
        """Return where a recipient is reached on a channel, or None.

        Raises:
            UsageError: The file cannot be read; names the line, no value.
        """
        column = _COLUMNS.get(channel)
        if column is None:
            return None
        found = self._read().get(recipient_ref, {}).get(column, "")
        if not found and column == "email":
            found = self._advisers().get(recipient_ref, "")
        return found or None

    def _read(self) -> Mapping[str, Mapping[str, str]]:
        if not self._path.exists():
            return {}
        state = self._path.stat()
        if self._stamp != (state.st_mtime_ns, state.st_size):
            self._rows = parse_contacts(self._path.read_bytes(), self._path.name)
            self._stamp = (state.st_mtime_ns, state.st_size)
        return self._rows


def parse_contacts(content: bytes, name: str) -> dict[str, dict[str, str]]:
    """Return the rows by recipient.

    Raises:
        UsageError: The columns are others, a recipient is missing or there twice, or the text is not UTF-8.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UsageError(f"{name}: save it as UTF-8") from error
    lines = csv.DictReader(io.StringIO(text), strict=True)
    header = [each.strip() for each in lines.fieldnames or ()]
    if "recipient_ref" not in header or set(header) - set(COLUMNS):
        raise UsageError(f"{name}: its columns must be {', '.join(COLUMNS)}; the first is needed")
    lines.fieldnames = header
    rows: dict[str, dict[str, str]] = {}
    try:
        for row in lines:
            if None in row or None in row.values():
                raise UsageError(f"{name}:{lines.line_num}: as many cells as columns, please")
            cells = {column: value.strip() for column, value in row.items()}
            who = cells["recipient_ref"]
            if not who or who in rows:
                raise UsageError(f"{name}:{lines.line_num}: recipient_ref is {'there twice' if who else 'empty'}")
            rows[who] = cells
    except csv.Error as error:
        raise UsageError(f"{name}:{lines.line_num}: {error}") from error
    return rows
