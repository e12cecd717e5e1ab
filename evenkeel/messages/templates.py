"""Messages from templates: subject, text and HTML, or an error that says which field of which template is wrong.

Templates are Jinja2 in a sandbox, and strict: what a template asks for and the fields do not have is an error, never a blank. HTML
escapes every value, and every value stands on one line: the lines of a message are its template's. The package's own are
`templates/<kind>.subject`, `.txt`, `.html` and the pieces `_*` that they share; a firm's files of the same names take their place.
"""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import (
    ChoiceLoader,
    DictLoader,
    Environment,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    meta,
)
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from data_contracts.vocab import MessageKind
from evenkeel.errors import UsageError
from evenkeel.messages import wording
from evenkeel.messages.chart import drift_chart
from evenkeel.messages.fields import FIELDS, Fields, empty_fields, on_one_line

FORMS = ("subject", "txt", "html")


@dataclass(frozen=True)
class Firm:
    """Who writes: stands on every message.

    Attributes:
        name: The firm's name.
        contact: Address and telephone in one line.
        disclosure: What the law or the firm wants under every message, its lines as the firm sets them; may be empty.
    """

    name: str
    contact: str
    disclosure: str = ""


@dataclass(frozen=True)
class Rendered:
    """A message in words. The text says all that the HTML says."""

    subject: str
    text: str
    html: str

    def digest(self) -> str:
        """Return the SHA-256 of all three: what the trail says was sent."""
        return hashlib.sha256("\x1f".join((self.subject, self.text, self.html)).encode()).hexdigest()


@cache
def package_templates() -> Mapping[str, str]:
    """Return the package's own templates by file name."""
    folder = resources.files("evenkeel.messages") / "templates"
    names = (each for each in folder.iterdir() if each.name.rpartition(".")[2] in FORMS)
    return {each.name: each.read_text(encoding="utf-8") for each in names}


class Templates:
    """The templates that count: the firm's where it has any, the package's elsewhere.

    Args:
        firm: Who writes.
        overrides: The firm's files, by name.

    Raises:
        UsageError: A file of the firm's has a name that no message asks for.
    """

    def __init__(self, firm: Firm, overrides: Mapping[str, str] | None = None) -> None:
        self._firm = firm
        self._overrides = dict(overrides or {})
        known = package_templates()
        wrong = sorted(name for name in self._overrides if name not in known and not name.startswith("_"))
        if wrong:
            raise UsageError(
                f"templates: no message is called {', '.join(wrong)}; a name is one of KIND.subject, KIND.txt, KIND.html"
            )
        if not firm.name.strip() or not firm.contact.strip():
            raise UsageError("messages: who writes is not said; set EVENKEEL_FIRM_NAME and EVENKEEL_FIRM_CONTACT")
        self._environment = _environment(known, self._overrides)

    def render(self, kind: MessageKind, fields: Fields) -> Rendered:
        """Return the message.

        Raises:
            UsageError: The fields are not those of the kind, one is empty, or a template asks for one that is not there. Names, no values.
        """
        if not isinstance(fields, FIELDS[kind]):
            raise UsageError(
                f"message {kind.value}: needs the fields {FIELDS[kind].__name__}, not {type(fields).__name__}"
            )
        fields = on_one_line(fields)
        problems = empty_fields(fields)
        if problems:
            raise UsageError(f"message {kind.value}: {'; '.join(problems)}; nothing was queued")
        values: dict[str, Any] = {each.name: getattr(fields, each.name) for each in dataclasses.fields(fields)}
        values["firm"] = self._firm
        subject = " ".join(self._fill(f"{kind.value}.subject", values).split())
        text = _tidied(self._fill(f"{kind.value}.txt", values))
        html = self._fill(f"{kind.value}.html", values | {"subject": subject})
        if not subject or not text.strip():
            raise UsageError(f"message {kind.value}: its template gives no {'text' if subject else 'subject'}")
        return Rendered(subject, text, html)

    def problems(self, scenarios: Mapping[MessageKind, Mapping[str, Fields]]) -> list[str]:
        """Return all that is wrong with the templates: names nobody fills, in whatever branch they stand, and what fails on a scenario."""
        found = list(self._unknown_names())
        for kind, named in scenarios.items():
            for scenario, fields in named.items():
                try:
                    self.render(kind, fields)
                except UsageError as error:
                    found.append(f"{error} (scenario {scenario})")
        return list(dict.fromkeys(found))

    def _unknown_names(self) -> Iterator[str]:
        for kind, made in FIELDS.items():
            known = {each.name for each in dataclasses.fields(made)} | {"firm", "subject", "parts"}
            for name in (f"{kind.value}.{form}" for form in FORMS):
                for part in self._parts_of(name):
                    try:
                        names = meta.find_undeclared_variables(self._environment.parse(self._source(part), name=part))
                    except TemplateError as error:
                        yield f"template {part}: {error}"
                        continue
                    for unknown in sorted(names - known):
                        yield f"template {part} (for {kind.value}): {unknown!r} is no field of {made.__name__}"

    def _parts_of(self, name: str) -> list[str]:
        """Return a template and those it is made from."""
        found, waiting = [], [name]
        while waiting:
            part = waiting.pop()
            if part in found:
                continue
            found.append(part)
            try:
                referred = meta.find_referenced_templates(self._environment.parse(self._source(part)))
                waiting += [each for each in referred if each is not None]
            except TemplateError:
                continue  # reported where it is parsed
        return found

    def _source(self, name: str) -> str:
        loader = self._environment.loader
        if loader is None:
            raise TemplateNotFound(name)
        return loader.get_source(self._environment, name)[0]

    def _fill(self, name: str, values: Mapping[str, Any]) -> str:
        try:
            return self._environment.get_template(name).render(values)
        except SecurityError as error:
            raise UsageError(f"template {name}: it asks for what a template may not: {error}") from error
        except TemplateError as error:
            place = f" line {error.lineno}" if isinstance(error, TemplateSyntaxError) else ""
            raise UsageError(f"template {name}{place}: {error.message}; nothing was queued") from error
        except (TypeError, ValueError, ArithmeticError, AttributeError) as error:
            # A filter given what it cannot say. Its own text may hold the value, so it stays out.
            raise UsageError(
                f"template {name}: a field is of another kind than its filter takes ({type(error).__name__})"
            ) from error


def _environment(known: Mapping[str, str], overrides: Mapping[str, str]) -> Environment:
    environment = ImmutableSandboxedEnvironment(
        loader=ChoiceLoader([DictLoader(overrides), DictLoader(known)]),
        undefined=StrictUndefined,
        autoescape=lambda name: name is not None and name.endswith(".html"),
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "percent": wording.percent,
        "points": wording.points,
        "dollars": wording.dollars,
        "cents": wording.cents,
        "units": wording.units,
        "moment": wording.moment,
        "day": wording.day,
        "counted": wording.counted,
        "tax_words": wording.tax_words,
        "chart": drift_chart,
        "moved": _moved,
    }
    return environment


def _moved(moves: Sequence[tuple[str, float]]) -> list[tuple[str, str]]:
    return [(name.replace("_", " "), f"{wording.points(ratio)} %") for name, ratio in moves]


def _tidied(text: str) -> str:
    """Return text without blank lines in a row and without blanks at line ends, but for the dashes above a signature."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        line = line if line == "-- " else line.rstrip()
        if line or (lines and lines[-1]):
            lines.append(line)
    return "\n".join(lines) + "\n"
