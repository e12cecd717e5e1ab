"""What is wrong with a book: collected line by line, so that a person sees everything at once.

No message shows an account number: whatever has as many digits as one is masked before it is quoted.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence

from evenkeel.errors import BookError
from evenkeel.identity import mask_account

SHOWN_OF_A_KIND = 1000
"""Of one and the same complaint about one file so many lines are listed; a last line says how many more there are."""

SUGGEST_AMONG = 5000
_SHOWN_CHARACTERS = 40
_DATE_LIKE = re.compile(r"\d{4}-\d{2}-\d{2}")
_NUMBER_LIKE = re.compile(r"[A-Za-z]{0,2}\d(?:[\s\-]?\d){5,}")


class Problems:
    """All problems found in a book so far."""

    def __init__(self) -> None:
        self._found: list[tuple[str, int, str]] = []

    def add(self, file: str, line: int | None, message: str) -> None:
        """Note one problem: `message` says what is wrong and, after a semicolon, what to do."""
        self._found.append((file, line or 0, message))

    def add_lines(self, file: str, lines: Sequence[int], messages: Iterable[str], more: str) -> None:
        """Note the same complaint about many lines; past `SHOWN_OF_A_KIND` only their number, described by `more`."""
        for line, message in zip(lines[:SHOWN_OF_A_KIND], messages, strict=False):
            self.add(file, line, message)
        rest = len(lines) - SHOWN_OF_A_KIND
        if rest > 0:
            self.add(file, lines[SHOWN_OF_A_KIND], f"here and below {rest} more lines with the same problem: {more}")

    def __bool__(self) -> bool:
        return bool(self._found)

    def raise_if_any(self) -> None:
        """Raise all problems together, by file and line.

        Raises:
            BookError: There is at least one.
        """
        if self._found:
            ordered = dict.fromkeys(sorted(self._found))
            raise BookError([f"{file}:{line}: {text}" if line else f"{file}: {text}" for file, line, text in ordered])


def shown(value: object) -> str:
    """Return a value in quotes as a message may show it: one line, cut short, long numbers masked (dates are not)."""
    text = " ".join(str(value).split())
    kept = [] if _DATE_LIKE.search(text) is None else [match.span() for match in _DATE_LIKE.finditer(text)]

    def masked(match: re.Match[str]) -> str:
        is_date = any(match.start() >= start and match.end() <= end for start, end in kept)
        return match.group() if is_date else mask_account(match.group())

    text = _NUMBER_LIKE.sub(masked, text)
    return f"'{text[:_SHOWN_CHARACTERS]}…'" if len(text) > _SHOWN_CHARACTERS else f"'{text}'"


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """Return `, did you mean 'x'?` where a known word is close, else nothing."""
    if len(known) > SUGGEST_AMONG:
        return ""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.7)
    return f", did you mean {shown(close[0])}?" if close else ""
