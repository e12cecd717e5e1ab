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


def cache_folder() -> Path:
    """Return the folder of this version's compiled code: under NUMBA_CACHE_DIR, or the user's cache."""
    digest = hashlib.sha256()
    for source in sorted([*(HERE / "kernels").glob("*.py"), HERE / "arrays.py", HERE / "scratch.py"]):
        digest.update(source.read_bytes())
    given = os.environ.get("NUMBA_CACHE_DIR")
    root = Path(given) if given else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "evenkeel"
    return root / f"engine-{digest.hexdigest()[:16]}"


@cache
def solve_book_kernel() -> Callable[..., Any]:
    """Return the compiled kernel; the first time on a machine it is compiled (some ten seconds and more), later it is loaded."""
    return _kernel("book", "solve_book")


@cache
def round_book_kernel() -> Callable[..., Any]:
    """Return the compiled kernel of rounded lists, as `solve_book_kernel`."""
    return _kernel("round_book", "round_book")


def _kernel(module: str, name: str) -> Callable[..., Any]:
    config: Any = importlib.import_module("numba.core.config")
    before = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder())
    try:
        kernel: Callable[..., Any] = getattr(importlib.import_module(f"evenkeel.engine.kernels.{module}"), name)
    finally:
        config.CACHE_DIR = before
    return kernel
