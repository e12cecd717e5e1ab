"""Every command, option and setting appears in the docs."""

from __future__ import annotations

from collections.abc import Iterator

from cyclopts import App

from evenkeel.cli import make_app
from evenkeel.settings import Settings
from tests.conftest import ROOT


def _commands(app: App, words: tuple[str, ...] = ()) -> Iterator[tuple[str, App]]:
    for name in app:
        if name.startswith("-"):
            continue
        part = app[name]
        if list(filter(lambda each: not each.startswith("-"), part)):
            yield from _commands(part, (*words, name))
        else:
            yield " ".join((*words, name)), part


def test_every_command_and_option_is_documented() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    missing = []
    for name, part in _commands(make_app()):
        row = next(
            (
                line
                for line in page.splitlines()
                if line.startswith(f"| `evenkeel {name} ") or line.startswith(f"| `evenkeel {name}`")
            ),
            "",
        )
        options = [
            option
            for argument in part.assemble_argument_collection()
            for option in argument.names
            if option.startswith("--")
        ]
        wanted = [option for option in options if not option.startswith(("--no-", "--faults", "--empty-"))]
        missing += [name] if not row else [f"{name} {option}" for option in wanted if option not in row]
    assert missing == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [name for name in Settings.model_fields if f"EVENKEEL_{name.upper()}" not in page] == []
