"""Two JSON values held against each other: every member that differs, by its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any


class _Absent:
    """Stands where there is no such member; null is a value."""

    def __repr__(self) -> str:
        return "(not there)"


ABSENT = _Absent()


@dataclass(frozen=True)
class Difference:
    """One member that differs: its path (`proposal.trades[2].value_usd`), what it was, what it is; `ABSENT` where it is not there."""

    path: str
    was: Any
    now: Any


def differences(was: Any, now: Any, path: str = "") -> Iterator[Difference]:
    """Yield every member that differs, as deep as the two are alike in shape, in the order of names.

    `1` and `1.0`, `true` and `1` differ: they are written otherwise.
    """
    if isinstance(was, dict) and isinstance(now, dict):
        for name in sorted({*was, *now}):
            yield from differences(was.get(name, ABSENT), now.get(name, ABSENT), f"{path}.{name}" if path else name)
    elif isinstance(was, list) and isinstance(now, list):
        for place in range(max(len(was), len(now))):
            here = was[place] if place < len(was) else ABSENT
            there = now[place] if place < len(now) else ABSENT
            yield from differences(here, there, f"{path}[{place}]")
    elif type(was) is not type(now) or was != now:
        yield Difference(path, was, now)
