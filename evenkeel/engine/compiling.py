"""Compile every kernel ahead of its first use: for images, for setup, and for whoever does not want to wait on the first run."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

from evenkeel.engine.compiled import measure_book_kernel, round_book_kernel, solve_book_kernel
from evenkeel.engine.households.compiled import round_house_book_kernel, solve_house_book_kernel

KERNELS: dict[str, Callable[[], Callable[..., Any]]] = {
    "households, rounded": round_house_book_kernel,
    "households": solve_house_book_kernel,
    "accounts, rounded": round_book_kernel,
    "accounts": solve_book_kernel,
    "drift": measure_book_kernel,
}
"""Longest to compile first."""


def compile_all(told: Callable[[str], None]) -> None:
    """Compile what is not compiled yet, as many kernels at a time as there are cores; `told` hears the name of each that is ready."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(min(len(KERNELS), os.cpu_count() or 1), mp_context=context) as pool:
        for name in pool.map(_compile, KERNELS):
            told(name)


def _compile(name: str) -> str:
    KERNELS[name]()
    return name
