"""The cases of `cases.yaml`: one sample file each, what it gives and why."""

from __future__ import annotations

import ast
import datetime as dt
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
_OPERATORS: Mapping[type[ast.operator], Callable[[Fraction, Fraction], Fraction]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}


@dataclass(frozen=True)
class Case:
    """A sample file delivered to a home with the book written for its accounts."""

    name: str
    file: str
    """Relative to the samples' folder."""
    books: tuple[str, ...]
    """Folders of `book/`, later ones over earlier ones; `common` comes before them all."""
    run: dt.date
    """The date that is run, on the morning after it."""
    business_date: dt.date
    """The session that the file is taken for."""
    title: str
    rows: Mapping[str, int]
    """Of source_files: `seen`, `kept`, `rejected`, `structural`."""
    datasets: Mapping[str, int]
    """Rows in each dataset that the file fills."""
    why: str
    deliver_as: str | None = None
    generation: str = ""
    stopped: str | None = None
    """Check that stops the file itself."""
    stops: tuple[Mapping[str, Any], ...] = ()
    """Every exception that stops: `check`, `about` (its subject) and what its message says."""
    notes: tuple[Mapping[str, Any], ...] = ()
    """Every exception that only notes, in the same form."""
    coverage: Mapping[str, str] = field(default_factory=dict)
    alerts: tuple[Mapping[str, Any], ...] = ()
    with_files: Mapping[str, str] = field(default_factory=dict)
    """Further files of ours, by the feed that delivers them."""

    @property
    def exit_code(self) -> int:
        """Return 3 where something was stopped, else 0."""
        return 3 if self.stops else 0


def all_cases() -> list[Case]:
    """Return every case, in the order of the file."""
    raw = yaml.safe_load((HERE / "cases.yaml").read_text(encoding="utf-8"))
    return [_case(name, entry) for name, entry in raw.items()]


def _case(name: str, entry: dict[str, Any]) -> Case:
    for listed in ("books", "stops", "notes", "alerts"):
        entry[listed] = tuple(entry.get(listed, ()))
    entry.setdefault("business_date", entry["run"])
    return Case(name=name, **entry)


def exact(text: str | float) -> Fraction:
    """Return what a sum written out by hand comes to: `(1185.30 - 100) / 28758.20`, without any rounding."""
    return _value(ast.parse(str(text), mode="eval").body, str(text))


def _value(node: ast.expr, text: str) -> Fraction:
    if isinstance(node, ast.Constant):
        # As written: 0.1 is a tenth, not the nearest binary number.
        return Fraction(ast.get_source_segment(text, node) or "")
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, text)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, text), _value(node.right, text))
    raise ValueError(f"not a sum: {text}")
