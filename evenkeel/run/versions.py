"""What a run is computed with: our version and source, Python, and the libraries whose figures or order could differ."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib import metadata
from pathlib import Path

import data_contracts
import evenkeel

LIBRARIES = ("exchange-calendars", "highspy", "numba", "numpy", "pandera", "polars", "pyarrow")
"""Those that compute or order what a run finds; those that store and send it are left out."""

MADE_WITH = "made_with"
"""The member of a run's summary that holds `made_with()`; a run of before has none."""


@cache
def made_with() -> Mapping[str, str]:
    """Return versions by name: `evenkeel`, `evenkeel source` (its first 16 digits), `python`, `machine`, and `LIBRARIES`."""
    return {
        "evenkeel": evenkeel.__version__,
        "evenkeel source": source_digest()[:16],
        "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}",
        **{name: metadata.version(name) for name in LIBRARIES},
    }


@cache
def source_digest() -> str:
    """Return the SHA-256 over names and bytes of our modules: a version number does not tell a patched installation."""
    hasher = hashlib.sha256()
    for package in (data_contracts, evenkeel):
        folder = Path(package.__file__ or "").parent
        for path in sorted(folder.rglob("*.py")):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            hasher.update(f"{folder.name}/{path.relative_to(folder).as_posix()}:{content}\n".encode())
    return hasher.hexdigest()


def differing(was: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    """Return a line for each version that differs, or that only one of the two states."""
    return [
        f"{name}: {was.get(name, 'not stated')} then, {now.get(name, 'not stated')} now"
        for name in sorted({*was, *now})
        if was.get(name) != now.get(name)
    ]
