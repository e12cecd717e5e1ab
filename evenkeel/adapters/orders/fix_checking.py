"""A FIX message as bytes, taken apart and held against the dictionary: framing, fields, values, types and groups.

Reasons are FIX's own (SessionRejectReason, tag 373), with body length and checksum before them: a message whose frame is wrong is not
looked into further. Values are not quoted in problems: an account number may be among them.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum

from evenkeel.adapters.orders.fix_dictionary import Dictionary, Member

SOH = "\x01"
_COUNT = r"\d+"
_NUMBER = r"-?\d*\.?\d+|-?\d+\.?"
_DATE = r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])"
_TIME = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{3})?"
_FORMS: Mapping[str, re.Pattern[str]] = {
    kind: re.compile(form)
    for kinds, form in (
        (("INT",), r"-?\d+"),
        (("SEQNUM", "LENGTH", "NUMINGROUP"), _COUNT),
        (("DAYOFMONTH",), r"0?[1-9]|[12]\d|3[01]"),
        (("FLOAT", "QTY", "PRICE", "PRICEOFFSET", "AMT", "PERCENTAGE"), _NUMBER),
        (("CHAR",), r"."),
        (("BOOLEAN",), r"[YN]"),
        (("UTCTIMESTAMP",), rf"{_DATE}-{_TIME}"),
        (("UTCTIMEONLY",), _TIME),
        (("UTCDATEONLY", "UTCDATE", "LOCALMKTDATE"), _DATE),
        (("MONTHYEAR",), r"\d{4}(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01]|w[1-5])?"),
        (("CURRENCY",), r"[A-Z]{3}"),
        (("COUNTRY",), r"[A-Z]{2}"),
    )
    for kind in kinds
}
"""Forms by type; other types are free text."""
_DAYS = ("UTCTIMESTAMP", "UTCDATEONLY", "UTCDATE", "LOCALMKTDATE")
"""Types that begin with a day."""


class FixReason(IntEnum):
    """Why a message is refused; from 0 on FIX's own numbers (tag 373)."""

    NOT_A_MESSAGE = -3
    BODY_LENGTH = -2
    CHECKSUM = -1
    INVALID_TAG = 0
    REQUIRED_TAG_MISSING = 1
    TAG_NOT_DEFINED_FOR_MESSAGE = 2
    TAG_WITHOUT_VALUE = 4
    VALUE_OUT_OF_RANGE = 5
    DATA_FORMAT = 6
    MESSAGE_TYPE = 11
    TAG_TWICE = 13
    OUT_OF_ORDER = 14
    GROUP_ORDER = 15
    GROUP_COUNT = 16


@dataclass(frozen=True)
class FixProblem:
    """What is wrong: FIX's reason, the tag (0: the whole message), and a sentence."""

    reason: FixReason
    tag: int
    text: str


@dataclass(frozen=True)
class FixFields:
    """Fields of a message or of one repetition of a group, in their order; `groups` by the tag of their count."""

    values: Mapping[int, str]
    groups: Mapping[int, Sequence[FixFields]]

    def get(self, tag: int) -> str | None:
        """Return a field's value; None where it is absent."""
        return self.values.get(tag)


@dataclass(frozen=True)
class Checked:
    """A message taken apart as far as it could be, and what is wrong with it."""

    message_type: str
    fields: FixFields
    problems: Sequence[FixProblem]


def body_length(raw: bytes) -> int:
    """Return the bytes from after tag 9's end to the start of tag 10, as tag 9 must say."""
    start = raw.index(b"\x01", raw.index(b"\x019=") + 1) + 1
    return raw.rindex(b"\x0110=") + 1 - start


def checksum(raw: bytes) -> str:
    """Return what tag 10 must say: all bytes before it summed, modulo 256, three digits."""
    return f"{sum(raw[: raw.rindex(b'10=')]) % 256:03d}"


def check_message(raw: bytes, dictionary: Dictionary) -> Checked:
    """Return the message taken apart, with every way in which it breaks the dictionary."""
    nothing = FixFields({}, {})
    pairs = _pairs(raw)
    if (
        pairs is None
        or [tag for tag, _ in pairs[:2]] != [8, 9]
        or pairs[-1][0] != 10
        or len(pairs) < 4
        or pairs[2][0] != 35
    ):
        text = "it does not begin with tags 8, 9 and 35, does not end with tag 10, or is no list of tag=value"
        return Checked("", nothing, [FixProblem(FixReason.NOT_A_MESSAGE, 0, text)])
    frame = list(_frame(raw, pairs, dictionary))
    message_type = pairs[2][1]
    if frame:
        return Checked(message_type, nothing, frame)
    members = dictionary.messages.get(message_type)
    if members is None:
        text = f"message type {message_type!r} is not in the dictionary"
        return Checked(message_type, nothing, [FixProblem(FixReason.MESSAGE_TYPE, 35, text)])
    reader = _Reader(dictionary, pairs)
    fields = reader.message(members)
    return Checked(message_type, fields, reader.problems)


def _pairs(raw: bytes) -> list[tuple[int, str]] | None:
    text = raw.decode("latin-1")
    if not text.endswith(SOH):
        return None
    pairs = []
    for part in text[:-1].split(SOH):
        tag, equals, value = part.partition("=")
        if not equals or not re.fullmatch(r"[1-9]\d{0,8}", tag):
            return None
        pairs.append((int(tag), value))
    return pairs


def _frame(raw: bytes, pairs: Sequence[tuple[int, str]], dictionary: Dictionary) -> Iterator[FixProblem]:
    if pairs[0][1] != dictionary.begin_string:
        yield FixProblem(FixReason.NOT_A_MESSAGE, 8, f"it is {pairs[0][1]}, not {dictionary.begin_string}")
    if pairs[1][1] != str(body_length(raw)):
        yield FixProblem(FixReason.BODY_LENGTH, 9, f"tag 9 says {pairs[1][1]}, the body has {body_length(raw)} bytes")
    if pairs[-1][1] != checksum(raw):
        yield FixProblem(FixReason.CHECKSUM, 10, f"tag 10 says {pairs[-1][1]}, the bytes sum to {checksum(raw)}")


def _is_day(text: str) -> bool:
    """Return whether `YYYYMMDD` is a day; the years at the calendar's ends have no room for a time zone."""
    try:
        return dt.date.min.year < dt.datetime.strptime(text, "%Y%m%d").year < dt.date.max.year
    except ValueError:
        return False


class _Reader:
    """Walks through the fields once, group by group, noting problems."""

    def __init__(self, dictionary: Dictionary, pairs: Sequence[tuple[int, str]]) -> None:
        self.dictionary = dictionary
        self.pairs = pairs
        self.place = 0
        self.problems: list[FixProblem] = []

    def message(self, members: Mapping[int, Member]) -> FixFields:
        """Read header, body and trailer."""
        values: dict[int, str] = {}
        groups: dict[int, Sequence[FixFields]] = {}
        parts = (self.dictionary.header, members, self.dictionary.trailer)
        part = 0
        while self.place < len(self.pairs):
            tag, value = self.pairs[self.place]
            at = next((number for number, known in enumerate(parts) if tag in known), None)
            if at is None:
                self._unknown(tag)
                self.place += 1
                continue
            if at < part:
                self._note(FixReason.OUT_OF_ORDER, tag, "stands after the part of the message it belongs to")
            part = max(part, at)
            self._take(parts[at][tag], value, values, groups)
        for known in parts:
            self._require(known.values(), values, "")
        return FixFields(values, groups)

    def _take(self, member: Member, value: str, values: dict[int, str], groups: dict[int, Sequence[FixFields]]) -> None:
        if member.tag in values:
            self._note(FixReason.TAG_TWICE, member.tag, "appears more than once")
        self.place += 1
        self._check_value(member.tag, value)
        values[member.tag] = value
        if member.group is not None:
            found = list(self._repetitions(member.group))
            groups[member.tag] = found
            # `isdigit` alone would take a superscript, which is no number.
            if not (value.isascii() and value.isdigit()) or int(value) != len(found):
                self._note(
                    FixReason.GROUP_COUNT, member.tag, f"does not count its groups, of which there are {len(found)}"
                )
            elif not found:
                self._note(FixReason.GROUP_COUNT, member.tag, "counts no group; leave it out")

    def _repetitions(self, members: Sequence[Member]) -> Iterator[FixFields]:
        """Yield the repetitions: each begins with the group's first field, and ends where a field is not the group's or comes again."""
        known, first = {member.tag: member for member in members}, members[0].tag
        while self.place < len(self.pairs) and self.pairs[self.place][0] in known:
            if self.pairs[self.place][0] != first:
                self._note(
                    FixReason.GROUP_ORDER, self.pairs[self.place][0], f"stands where a group must begin with {first}"
                )
            values: dict[int, str] = {}
            groups: dict[int, Sequence[FixFields]] = {}
            while self.place < len(self.pairs):
                tag, value = self.pairs[self.place]
                if tag not in known or tag in values:
                    break
                self._take(known[tag], value, values, groups)
            self._require(members, values, f" in the group that begins with {first}")
            yield FixFields(values, groups)

    def _check_value(self, tag: int, value: str) -> None:
        rule = self.dictionary.fields.get(tag)
        if rule is None:
            return
        if not value:
            self._note(FixReason.TAG_WITHOUT_VALUE, tag, "has no value")
            return
        form = _FORMS.get(rule.kind)
        if form is not None and not form.fullmatch(value):
            self._note(FixReason.DATA_FORMAT, tag, f"is not of its type, {rule.kind}")
        elif rule.kind in _DAYS and not _is_day(value[:8]):
            self._note(FixReason.DATA_FORMAT, tag, "names a day that no calendar has")
        elif rule.values:
            given = value.split(" ") if rule.kind in ("MULTIPLEVALUESTRING", "MULTIPLECHARVALUE") else [value]
            if not set(given) <= rule.values:
                self._note(FixReason.VALUE_OUT_OF_RANGE, tag, "has a value that the dictionary does not list")

    def _require(self, members: Iterable[Member], values: Mapping[int, str], where: str) -> None:
        for member in members:
            if member.is_required and member.tag not in values:
                self._note(FixReason.REQUIRED_TAG_MISSING, member.tag, f"is required{where} and missing")

    def _unknown(self, tag: int) -> None:
        if tag in self.dictionary.fields:
            self._note(
                FixReason.TAG_NOT_DEFINED_FOR_MESSAGE,
                tag,
                "does not belong to this message, or not to this place in it",
            )
        else:
            self._note(FixReason.INVALID_TAG, tag, "is no tag of the dictionary")

    def _note(self, reason: FixReason, tag: int, text: str) -> None:
        self.problems.append(FixProblem(reason, tag, f"tag {self.dictionary.name(tag)} {text}"))
