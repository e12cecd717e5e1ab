"""A file as ingest has it: what came, what the adapter made of it, and the session it belongs to."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from evenkeel.errors import FileStopped
from evenkeel.ports import ParsedFile
from evenkeel.stages.ingest.dating import FileDate

FileKey = tuple[str, str]
"""Feed and file id: equal bytes may have come to two feeds."""


@dataclass(frozen=True)
class ReadFile:
    """A file that counts for a date: as received, and what the adapter made of it."""

    feed: str
    file_id: str
    name: str
    byte_count: int
    received_at: dt.datetime
    outcome: ParsedFile | FileStopped
    dated: FileDate

    @property
    def key(self) -> FileKey:
        """Return what it is known by."""
        return (self.feed, self.file_id)
