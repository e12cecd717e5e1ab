"""A small, valid book to begin with, explained in its own comments; `evenkeel init` writes it."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable


def template_files() -> dict[str, bytes]:
    """Return the starter book's files as bytes, by their names relative to the book's folder."""
    found: dict[str, bytes] = {}

    def collect(folder: Traversable, prefix: str) -> None:
        for entry in folder.iterdir():
            if entry.is_dir():
                collect(entry, f"{prefix}{entry.name}/")
            elif entry.name.endswith((".csv", ".yaml")):
                found[prefix + entry.name] = entry.read_bytes()

    collect(files(__name__) / "book", "")
    return dict(sorted(found.items()))
