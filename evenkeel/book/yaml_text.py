"""YAML documents with the lines they stand on, and pydantic's complaints about them in words a person can act on.

Values are read as YAML 1.2 has them: 07:00 stays a time and yes a word (YAML 1.1 makes 420 and true of them). A key that stands twice is
an error, not a silent replacement.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any, TypeVar, cast

import yaml
from pydantic import BaseModel, ValidationError

from evenkeel.book.csv_text import decode
from evenkeel.book.problems import Problems, did_you_mean, shown

ModelT = TypeVar("ModelT", bound=BaseModel)
MAX_DEPTH = 40
MAX_NODES = 500_000
_STRING_TAG = "tag:yaml.org,2002:str"


class _Loader(yaml.SafeLoader):
    """Loads plain data only, by the rules above."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012 (the library's own shape)

    def construct_mapping(self, node: Any, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if isinstance(key, yaml.ScalarNode) and key.value != "<<":
                if key.value in seen:
                    raise yaml.constructor.ConstructorError(
                        None, None, f"key {shown(key.value)} stands twice; keep one", key.start_mark
                    )
                seen.add(key.value)
        return super().construct_mapping(node, deep=deep)


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(r"^[-+]?\d{1,18}$"), list("-+0123456789"))
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^[-+]?(\d{1,20}\.\d{0,30}|\.\d{1,30})$"), list("-+.0123456789")
)
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^(~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver("tag:yaml.org,2002:merge", re.compile(r"^<<$"), ["<"])
# Leading zeros are decimal digits, not octal.
_Loader.add_constructor("tag:yaml.org,2002:int", lambda _, node: int(str(node.value)))
_Loader.add_constructor("tag:yaml.org,2002:float", lambda _, node: float(node.value))


class _ExactLoader(_Loader):
    """Keeps numbers with a point as the decimals that were written."""


_ExactLoader.add_constructor("tag:yaml.org,2002:float", lambda _, node: Decimal(str(node.value)))


@dataclass(frozen=True)
class Document:
    """One YAML document: its data, its file, and the node tree that knows the lines."""

    file: str
    data: Any
    node: yaml.Node

    def line(self, path: Sequence[int | str] = ()) -> int:
        """Return the line on which the value at `path` begins, or that of its nearest container."""
        node = self.node
        line = node.start_mark.line + 1
        for step in path:
            child = None
            if isinstance(node, yaml.MappingNode):
                child = next((pair for pair in node.value if getattr(pair[0], "value", None) == str(step)), None)
                if child:
                    line = child[0].start_mark.line + 1
                    node = child[1]
            elif isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
                node = child = node.value[step]
                line = node.start_mark.line + 1
            # A step that is not in the text is a name pydantic gives to a branch; the next one may be.
        return line


def read_documents(file: str, data: bytes, problems: Problems, *, exact: bool = False) -> list[Document] | None:
    """Return the file's documents; a document that is a list counts as one document an entry; None where it cannot be read.

    Args:
        file: Name for messages.
        data: The file's bytes.
        problems: Collects what is wrong.
        exact: Numbers with a point become decimals instead of floats.
    """
    text = decode(file, data, problems)
    if text is None:
        return None
    loader = None
    documents: list[Document] = []
    try:
        loader = _ExactLoader(text) if exact else _Loader(text)
        while loader.check_node():
            node = cast(yaml.Node, loader.get_node())
            _check_tree(loader, node)
            parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
            for part in parts:
                value = loader.construct_document(part)
                if value is not None:
                    documents.append(Document(file, value, part))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        complaint = " ".join(str(error.problem or error.context or "cannot be read").split())
        remedy = "" if ";" in complaint else "; check indentation, colons and quotes on this line and the one above"
        problems.add(file, mark.line + 1 if mark else None, f"not valid YAML: {_without_numbers(complaint)}{remedy}")
        return None
    except yaml.YAMLError:
        problems.add(file, None, "not valid YAML: a character that YAML does not allow; save it as UTF-8 text")
        return None
    except (RecursionError, ValueError):
        problems.add(file, None, f"nested more than {MAX_DEPTH} deep, in itself, or far too large; write it flat")
        return None
    finally:
        if loader is not None:
            loader.dispose()
    return documents


def _without_numbers(complaint: str) -> str:
    return shown(complaint)[1:-1] if re.search(r"\d{6}", complaint) else complaint


def _check_tree(loader: Any, root: yaml.Node) -> None:
    """Refuse explicit tags, and documents that unfold without end through anchors, before anything is built from them."""
    pending: list[tuple[yaml.Node, int]] = [(root, 1)]
    count = 0
    while pending:
        node, depth = pending.pop()
        count += 1
        if depth > MAX_DEPTH or count > MAX_NODES:
            raise ValueError
        if isinstance(node, yaml.ScalarNode):
            is_plain = node.tag in (_STRING_TAG, loader.resolve(yaml.ScalarNode, node.value, (True, False)))
        else:
            is_plain = node.tag == loader.resolve(type(node), None, (True, False))
            children = (
                node.value if isinstance(node, yaml.SequenceNode) else [part for pair in node.value for part in pair]
            )
            pending.extend((child, depth + 1) for child in children)
        if not is_plain:
            raise yaml.constructor.ConstructorError(
                None, None, "tags (!...) are not used; write the value alone", node.start_mark
            )


def validate(document: Document, shape: type[ModelT], problems: Problems) -> ModelT | None:
    """Return the document as `shape`, or None: each of pydantic's complaints becomes a problem with its line and remedy."""
    if not isinstance(document.data, dict):
        text = f"expected keys and values, not {_kind(document.data)}; write `key: value` lines"
        problems.add(document.file, document.line(), text)
        return None
    try:
        return shape.model_validate(document.data)
    except ValidationError as error:
        for complaint in error.errors(include_url=False):
            # Of a field's path only what stands in the text is shown to a person.
            path = [step for step in complaint["loc"] if not str(step).startswith(("function-", "tagged-"))]
            where = ".".join(str(step) for step in path)
            text = _in_words(dict(complaint), shape, path)
            line = document.line(path)
            problems.add(document.file, line, f"{where} {text}" if where else text)
        return None


def _in_words(complaint: dict[str, Any], shape: type[BaseModel], path: Sequence[int | str]) -> str:
    kind, context, given = complaint["type"], complaint.get("ctx") or {}, complaint.get("input")
    if kind == "missing":
        return "is missing; add it"
    if kind == "extra_forbidden":
        known = _fields_at(shape, path[:-1])
        name = str(path[-1])
        return f"is not a field here{did_you_mean(name, known) or ', known ones: ' + ', '.join(known)}; rename or delete it"
    if kind in ("enum", "literal_error"):
        return f"{_quoted(given)} is not valid; use one of {str(context.get('expected', '')).replace(' or ', ', ')}"
    if kind == "timezone_aware":
        return "has no zone; write it with one, for example 2026-01-02T15:00:00Z"
    if kind == "value_error":
        text = str(context.get("error"))
        return f"is not valid: {text}" if ";" in text else f"is not valid: {text}; correct it"
    message = str(complaint["msg"])
    return f"{_quoted(given)} is not valid: {message[:1].lower()}{message[1:]}; correct it"


def _quoted(value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return f"({_kind(value)})"
    return shown(value.value if isinstance(value, Enum) else value)


def _kind(value: object) -> str:
    if isinstance(value, dict):
        return "keys and values"
    return "a list" if isinstance(value, list | tuple) else "a single value"


def _fields_at(shape: type[BaseModel], path: Sequence[int | str]) -> list[str]:
    """Return the field names known at `path`, as far as the model's annotations tell."""
    current: type[BaseModel] = shape
    for step in path:
        if isinstance(step, str) and step in current.model_fields:
            inner = _model_in(current.model_fields[step].annotation)
            current = inner or current
    return list(current.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(part) for part in getattr(annotation, "__args__", ()))
    return next((model for model in found if model is not None), None)
