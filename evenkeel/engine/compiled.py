"""Where compiled code is kept, and the one place that imports it.

Numba looks only at the file of the function it caches, not at those that it calls. So the folder is named after a digest of all of them:
code of another version is never run.
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent


def cache_folder(name: str = "engine", more: tuple[Path, ...] = ()) -> Path:
    """Return the folder of this version's compiled code: under NUMBA_CACHE_DIR, or the user's cache.

    Args:
        name: What the folder's name begins with.
        more: Sources that it is compiled from, besides those of one account.
    """
    digest = hashlib.sha256()
    for source in sorted([*(HERE / "kernels").glob("*.py"), HERE / "arrays.py", HERE / "scratch.py", *more]):
        digest.update(source.read_bytes())
    given = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evenkeel"
    return root / f"{name}-{digest.hexdigest()[:16]}"


def load_kernel(module: str, function: str, folder: Path) -> Callable[..., Any]:
    """Return a compiled function; the first time on a machine it is compiled (some ten seconds and more), later it is loaded."""
    config: Any = importlib.import_module("numba.core.config")
    before = config.CACHE_DIR
    config.CACHE_DIR = str(folder)
    try:
        kernel: Callable[..., Any] = getattr(importlib.import_module(module), function)
    finally:
        config.CACHE_DIR = before
    return kernel


@cache
def solve_book_kernel() -> Callable[..., Any]:
    """Return the kernel that solves accounts, each alone."""
    return load_kernel("evenkeel.engine.kernels.book", "solve_book", cache_folder())


@cache
def measure_book_kernel() -> Callable[..., Any]:
    """Return the kernel that measures accounts against their bands."""
    return load_kernel("evenkeel.engine.kernels.drift", "measure_book", cache_folder())


@cache
def round_book_kernel() -> Callable[..., Any]:
    """Return the kernel of rounded lists."""
    return load_kernel("evenkeel.engine.kernels.round_book", "round_book", cache_folder())
