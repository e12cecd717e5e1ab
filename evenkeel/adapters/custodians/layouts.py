"""How a broker's CSV tables are described: what a table is recognised by, and every generation's header as the broker writes it.

One description serves two sides: the adapters match headers against `aliases` (never by position), the sandbox writes `generations`.
The descriptions are in `layouts_schwab`, `layouts_fidelity` and `layouts_others`; what a cell means belongs in the adapters.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

_KEPT = re.compile(r"[^0-9a-z$%#/]")


def header_key(text: str) -> str:
    """Return a header's text without case, spacing and punctuation; `$`, `%`, `#` and `/` tell columns apart and stay."""
    return _KEPT.sub("", text.lower())


@dataclass(frozen=True)
class Column:
    """One column: our name, the headers it is known under (best first, where a file has several), and whether a row needs it."""

    name: str
    aliases: tuple[str, ...]
    is_needed: bool = False


@dataclass(frozen=True, eq=False)
class TableLayout:
    """One table of a broker's files.

    `hallmarks` are headers that only this broker's table has: a header line without any is another layout's.
    `generations` maps a generation to its header cells in file order, an empty one where lines end with a comma.
    """

    kind: str
    columns: tuple[Column, ...]
    hallmarks: tuple[str, ...]
    generations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @cached_property
    def names_by_key(self) -> dict[str, str]:
        """Return our column name by header key."""
        return {header_key(alias): column.name for column in self.columns for alias in column.aliases}

    @cached_property
    def hallmark_keys(self) -> frozenset[str]:
        """Return the hallmarks' header keys."""
        return frozenset(header_key(text) for text in self.hallmarks)

    @cached_property
    def needed(self) -> tuple[str, ...]:
        """Return the names of the columns that every generation has."""
        return tuple(column.name for column in self.columns if column.is_needed)

    def column(self, name: str) -> Column:
        """Return the column of that name."""
        return next(column for column in self.columns if column.name == name)


def header_cells(line: str) -> tuple[str, ...]:
    """Return the cells of a header line without quotes."""
    return tuple(line.split(","))
