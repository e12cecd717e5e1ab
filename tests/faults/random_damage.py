"""Damage by a generator that knows nothing of layouts or of the named faults: bytes, lines, cells, numbers, names, whole files.

Every step is a few whole numbers taken modulo what there is, so that hypothesis can draw any of them and shrink it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from math import isqrt

from hypothesis import strategies as st

from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles, FeedFile

_NUMBER = re.compile(rb"\d[\d,]*\.?\d*")
_DIGITS = re.compile(r"\d{8}|\d{4}-\d{2}-\d{2}|\d{2}-\d{4}")
_BREAKS = re.compile(rb"[,;\s]")
_FACTORS = ("0.1", "10", "100", "0.01", "2", "0.5", "1.01", "0.99", "1.1", "0", "1000", "1.0001")
_BIG = (1 << 32) - 1


@dataclass(frozen=True)
class Step:
    """One thing done to one file."""

    kind: str
    file: int
    a: int
    b: int


def steps() -> st.SearchStrategy[list[Step]]:
    """Return one to three steps."""
    number = st.integers(0, _BIG)
    one = st.builds(Step, st.sampled_from(sorted(_KINDS)), st.integers(0, 63), number, number)
    return st.lists(one, min_size=1, max_size=3)


def damaged(files: DayFiles, todo: list[Step]) -> tuple[DayFiles, list[str]]:
    """Return the files after all steps, and what was done, in words; a step that finds nothing to do is left out."""
    told = []
    for step in todo:
        if not files.files:
            break
        file = _file(files, step)
        try:
            files, what = _KINDS[step.kind](files, file, step)
        except CannotDamageError:
            continue
        told.append(f"{step.kind} in {file.feed}/{file.name}: {what}")
    return files, told


def _file(files: DayFiles, step: Step) -> FeedFile:
    """Return the file of a step: large ones more often, by the root of their size, and small numbers no less mixed than others."""
    weights = [1 + isqrt(len(file.data)) for file in files.files]
    at = (step.file * 40503 + step.a * 2654435761 + step.b * 69069) % sum(weights)
    for file, weight in zip(files.files, weights, strict=True):
        at -= weight
        if at < 0:
            return file
    raise AssertionError("weights add up")


_Done = tuple[DayFiles, str]


def _on_bytes(change: Callable[[bytes, int, int], tuple[bytes, str]]) -> Callable[[DayFiles, FeedFile, Step], _Done]:
    def done(files: DayFiles, file: FeedFile, step: Step) -> _Done:
        if not file.data:
            raise CannotDamageError("nothing in it")
        data, what = change(file.data, step.a, step.b)
        return files.replaced(file, data), what

    return done


def _overwrite(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    at, noise = a % len(data), (b * 2654435761 % (1 << 64)).to_bytes(8, "little")[: 1 + b % 8]
    return data[:at] + noise + data[at + len(noise) :], f"bytes at {at} are {noise!r}"


def _insert(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    at, char = a % len(data), b'",\n0-.9 $"'[b % 10 : b % 10 + 1]
    return data[:at] + char + data[at:], f"{char!r} put at {at}"


def _delete(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    at, count = a % len(data), 1 + b % 60
    return data[:at] + data[at + count :], f"{count} bytes from {at} are gone"


def _cut(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    at = a % len(data)
    return (data[:at], f"cut at byte {at}") if b % 2 else (data[at:], f"begins at byte {at}")


def _lines(change: Callable[[list[bytes], int, int], str]) -> Callable[[DayFiles, FeedFile, Step], _Done]:
    def changed(data: bytes, a: int, b: int) -> tuple[bytes, str]:
        lines = data.split(b"\n")
        what = change(lines, a % len(lines), b)
        return b"\n".join(lines), what

    return _on_bytes(changed)


def _drop_lines(lines: list[bytes], at: int, b: int) -> str:
    count = 1 + (b % 20 if b % 3 == 0 else 0)
    del lines[at : at + count]
    return f"{count} lines from {at + 1} are gone"


def _repeat_line(lines: list[bytes], at: int, b: int) -> str:
    to = b % len(lines)
    lines.insert(to, lines[at])
    return f"line {at + 1} again before line {to + 1}"


def _swap_lines(lines: list[bytes], at: int, b: int) -> str:
    to = b % len(lines)
    lines[at], lines[to] = lines[to], lines[at]
    return f"lines {at + 1} and {to + 1} swapped"


def _swap_cells(lines: list[bytes], at: int, b: int) -> str:
    cells = lines[at].split(b",")
    one, other = b % len(cells), (b // 97) % len(cells)
    cells[one], cells[other] = cells[other], cells[one]
    lines[at] = b",".join(cells)
    return f"cells {one + 1} and {other + 1} of line {at + 1} swapped"


def _move_field(lines: list[bytes], at: int, b: int) -> str:
    to = b % len(lines)
    here, there = lines[at].split(b","), lines[to].split(b",")
    place = (b // 97) % min(len(here), len(there))
    there[place] = here[place]
    lines[to] = b",".join(there)
    return f"cell {place + 1} of line {at + 1} written into line {to + 1}"


def _empty_cell(lines: list[bytes], at: int, b: int) -> str:
    cells = lines[at].split(b",")
    place = b % len(cells)
    cells[place] = b""
    lines[at] = b",".join(cells)
    return f"cell {place + 1} of line {at + 1} emptied"


def _numbers(data: bytes) -> list[re.Match[bytes]]:
    found = [match for match in _NUMBER.finditer(data) if match[0].strip(b",.")]
    if not found:
        raise CannotDamageError("no number in it")
    return found


def _scale(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    found = _numbers(data)
    match, factor = found[a % len(found)], _FACTORS[b % len(_FACTORS)]
    scaled = f"{Decimal(match[0].decode().replace(',', '').rstrip('.')) * Decimal(factor):f}"
    return data[: match.start()] + scaled.encode() + data[
        match.end() :
    ], f"{match[0].decode()} at {match.start()} is {scaled}"


def _scale_everywhere(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    found = _numbers(data)
    old, factor = found[a % len(found)][0], _FACTORS[b % len(_FACTORS)]
    scaled = f"{Decimal(old.decode().replace(',', '').rstrip('.')) * Decimal(factor):f}".encode()
    return data.replace(old, scaled), f"every {old.decode()} is {scaled.decode()}"


def _negate(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    match = _numbers(data)[a % len(_numbers(data))]
    return data[: match.start()] + b"-" + data[match.start() :], f"{match[0].decode()} at {match.start()} is negative"


def _swap_numbers(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    found = _numbers(data)
    one, other = sorted((found[a % len(found)], found[b % len(found)]), key=lambda match: match.start())
    if one == other:
        raise CannotDamageError("one number")
    parts = (data[: one.start()], other[0], data[one.end() : other.start()], one[0], data[other.end() :])
    return b"".join(parts), f"{one[0].decode()} at {one.start()} and {other[0].decode()} at {other.start()} swapped"


def _swap_words(data: bytes, a: int, b: int) -> tuple[bytes, str]:
    words = sorted({word for word in _BREAKS.split(data) if len(word) > 2})
    if len(words) < 2:
        raise CannotDamageError("too few words")
    one, other = words[a % len(words)], words[b % len(words)]
    swapped = other.join(part.replace(other, one) for part in data.split(one))
    return swapped, f"{one.decode(errors='replace')} and {other.decode(errors='replace')} swapped everywhere"


def _drop_file(files: DayFiles, file: FeedFile, step: Step) -> _Done:
    return files.without(file), "does not come"


def _other_file(files: DayFiles, file: FeedFile, step: Step) -> _Done:
    other = files.files[step.a % len(files.files)]
    return files.replaced(file, other.data), f"holds what {other.feed}/{other.name} does"


def _joined(files: DayFiles, file: FeedFile, step: Step) -> _Done:
    other = files.files[step.a % len(files.files)]
    return files.replaced(file, file.data + other.data), f"goes on with {other.feed}/{other.name}"


def _again(files: DayFiles, file: FeedFile, step: Step) -> _Done:
    count = step.a % (len(file.data) + 1) if step.b % 2 else len(file.data)
    return files.after(file, f"x{file.name}", file.data[:count]), f"a second one, {count} of {len(file.data)} bytes"


def _renamed(files: DayFiles, file: FeedFile, step: Step) -> _Done:
    at = step.a % len(file.name)
    name = file.name[:at] + "0123456789ab_."[step.b % 14] + file.name[at + 1 :]
    if name.startswith(".") or name == file.name:
        raise CannotDamageError("no other name")
    return files.renamed(file, name), f"is called {name}"


def _redated(files: DayFiles, file: FeedFile, step: Step) -> _Done:
    match = _DIGITS.search(file.name)
    if match is None:
        raise CannotDamageError("no date in its name")
    digit = match.end() - 1 - (5 if step.b % 4 == 0 and "-" not in match[0] else 0)
    name = file.name[:digit] + str((int(file.name[digit]) + 1 + step.a % 9) % 10) + file.name[digit + 1 :]
    return files.renamed(file, name), f"is called {name}"


_KINDS: dict[str, Callable[[DayFiles, FeedFile, Step], _Done]] = {
    "overwritten bytes": _on_bytes(_overwrite), "a character more": _on_bytes(_insert), "bytes gone": _on_bytes(_delete),
    "cut": _on_bytes(_cut), "lines gone": _lines(_drop_lines), "a line again": _lines(_repeat_line),
    "lines swapped": _lines(_swap_lines), "cells swapped": _lines(_swap_cells), "a cell moved": _lines(_move_field),
    "a cell emptied": _lines(_empty_cell), "a number scaled": _on_bytes(_scale), "numbers scaled": _on_bytes(_scale_everywhere),
    "a sign": _on_bytes(_negate), "numbers swapped": _on_bytes(_swap_numbers), "words swapped": _on_bytes(_swap_words),
    "a file missing": _drop_file, "another file's bytes": _other_file, "two files in one": _joined, "a second file": _again,
    "another name": _renamed, "another date": _redated,
}  # fmt: skip
