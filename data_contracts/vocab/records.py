"""What a run goes by beside its files and its book."""

from __future__ import annotations

from enum import StrEnum


class RunInput(StrEnum):
    """What kind of thing a run knew when it began to check."""

    DECISION = "decision"
    RELEASE = "release"
    SUSPENSION = "suspension"
    EARLIER_FILE = "earlier_file"
    PAST_DEADLINE = "past_deadline"
