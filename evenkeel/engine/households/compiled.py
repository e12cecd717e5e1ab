"""The one place that imports the compiled code of households."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from evenkeel.engine.compiled import cache_folder, load_kernel

HERE = Path(__file__).parent


@cache
def solve_house_book_kernel() -> Callable[..., Any]:
    """Return the kernel that solves households; the first time on a machine it is compiled."""
    return load_kernel("evenkeel.engine.households.kernels.book", "solve_house_book", _folder())


@cache
def round_house_book_kernel() -> Callable[..., Any]:
    """Return the kernel of households' rounded lists."""
    return load_kernel("evenkeel.engine.households.kernels.round_book", "round_house_book", _folder())


def _folder() -> Path:
    sources = (*(HERE / "kernels").glob("*.py"), HERE / "arrays.py", HERE / "round_space.py")
    return cache_folder("households", sources)
