"""What goes beside an export for somebody who has no evenkeel: instructions, and a verifier of one file that needs Python alone."""

from __future__ import annotations

from importlib import resources

FILES = ("README.txt", "verify.py")


def text_of(name: str) -> bytes:
    """Return the bytes of one of `FILES`."""
    return (resources.files(__name__) / name).read_bytes()
