"""Errors a person can act on: what, where, and what to do. No client data in any message."""

from __future__ import annotations

from data_contracts.vocab import Check

EXIT_DONE = 0
EXIT_USAGE = 2
EXIT_STOPPED = 3


class EvenkeelError(Exception):
    """Base of all errors of ours; its text is one line meant for a person."""


class UsageError(EvenkeelError):
    """Wrong use or settings: the command ends with exit code 2."""


class BookError(UsageError):
    """The book is not valid; `problems` lists every error found, a line each: file, line, what to do."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems

    def __reduce__(self) -> tuple[type[BookError], tuple[list[str]]]:
        """Unpickle from the list, not from the joined text."""
        return (BookError, (self.problems,))


class FileStopped(EvenkeelError):
    """A whole file cannot be taken: the check that stopped it, the row where it is one, and the remedy."""

    def __init__(self, check: Check, message: str, row_no: int | None = None) -> None:
        super().__init__(message)
        self.check = check
        self.message = message
        self.row_no = row_no

    def __reduce__(self) -> tuple[type[FileStopped], tuple[Check, str, int | None]]:
        """Unpickle from all three arguments."""
        return (FileStopped, (self.check, self.message, self.row_no))


class LeaseHeld(EvenkeelError):
    """Another run works on this date; it says which, since when, and when its lease ends."""


class ActedBefore(UsageError):
    """Somebody else has acted meanwhile; it says who, what and when. Look again, then decide."""


class TransientError(EvenkeelError):
    """The outside world failed in a way that a later try may cure (network, lock, rate limit)."""


class TrailBroken(EvenkeelError):
    """The audit trail cannot be read or continued as it stands."""


class RecordDamaged(EvenkeelError):
    """What the record names is gone or not what it was: what, where, which digest was expected, which was found."""
