"""The FIX data dictionary: which fields a message may and must have, of what type, with which values and in what groups.

Read from `FIX44.xml` beside this module, the dictionary of QuickFIX (quickfix/quickfix, spec/FIX44.xml, commit 50787185808d), unchanged,
under its licence in `FIX44-LICENSE.txt`: this product includes software developed by quickfixengine.org (http://www.quickfixengine.org/).
Checking a message against it belongs in `fix_checking`; what it does not ask for and an order needs, in `fix_rules`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from xml.etree.ElementTree import Element

from defusedxml.ElementTree import fromstring

from evenkeel.errors import UsageError

FIX44 = Path(__file__).with_name("FIX44.xml")


@dataclass(frozen=True)
class FieldRule:
    """A field: tag, name, type as the dictionary has it, and its values (empty: any)."""

    tag: int
    name: str
    kind: str
    values: frozenset[str]


@dataclass(frozen=True)
class Member:
    """A field of a message or group; `group` holds the members of a repeating group whose count this field is."""

    tag: int
    is_required: bool
    group: tuple[Member, ...] | None = None


@dataclass(frozen=True)
class Dictionary:
    """All of one version: `begin_string` is tag 8 of its messages. Members are by tag, components resolved, groups kept."""

    begin_string: str
    fields: Mapping[int, FieldRule]
    header: Mapping[int, Member]
    trailer: Mapping[int, Member]
    messages: Mapping[str, Mapping[int, Member]]

    def name(self, tag: int) -> str:
        """Return a tag with its name, `55 Symbol`, as errors show it."""
        known = self.fields.get(tag)
        return f"{tag} {known.name}" if known else str(tag)


@cache
def fix44() -> Dictionary:
    """Return the dictionary of FIX 4.4."""
    return read_dictionary(FIX44.read_bytes())


def read_dictionary(data: bytes) -> Dictionary:
    """Return a dictionary in QuickFIX's XML form.

    Raises:
        UsageError: It names a field or a component that it does not define.
    """
    root = fromstring(data)
    fields = {
        int(one.attrib["number"]): FieldRule(
            int(one.attrib["number"]),
            one.attrib["name"],
            one.attrib["type"],
            frozenset(value.attrib["enum"] for value in one.iter("value")),
        )
        for one in root.iterfind("fields/field")
    }
    reader = _Members(
        {field.name: tag for tag, field in fields.items()},
        {one.attrib["name"]: one for one in root.iterfind("components/component")},
    )
    return Dictionary(
        f"{root.attrib['type']}.{root.attrib['major']}.{root.attrib['minor']}",
        fields,
        _by_tag(reader.of(root.iterfind("header/*"))),
        _by_tag(reader.of(root.iterfind("trailer/*"))),
        {one.attrib["msgtype"]: _by_tag(reader.of(one)) for one in root.iterfind("messages/message")},
    )


class _Members:
    """Resolves names to tags and components to their members."""

    def __init__(self, tags: Mapping[str, int], components: Mapping[str, Element]) -> None:
        self._tags = tags
        self._components = components

    def of(self, elements: Iterable[Element], *, is_required: bool = True) -> Iterator[Member]:
        """Yield the members of a message, group or component; in an optional component nothing is required."""
        for one in elements:
            name, required = one.attrib["name"], is_required and one.attrib.get("required") == "Y"
            if one.tag == "component":
                if name not in self._components:
                    raise UsageError(f"the FIX dictionary uses component {name} and does not define it")
                yield from self.of(self._components[name], is_required=required)
                continue
            if name not in self._tags:
                raise UsageError(f"the FIX dictionary uses field {name} and does not define it")
            group = tuple(self.of(one)) if one.tag == "group" else None
            yield Member(self._tags[name], required, group)


def _by_tag(members: Iterator[Member]) -> dict[int, Member]:
    return {member.tag: member for member in members}
