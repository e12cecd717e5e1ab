"""How functions are compiled.

Without reference counts: nothing here makes an array, and counting each member of each tuple at each call cost more than half of the
time. All space comes in as `Scratch`. The option is numba's, though its type stubs do not list it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba

_njit: Any = numba.njit


def inner(function: Callable[..., Any]) -> Any:
    """Compile a function that only compiled ones call."""
    return _njit(nogil=True, forceinline=True, _nrt=False)(function)


def called(function: Callable[..., Any]) -> Any:
    """Compile a large function that compiled ones call, once and not at each call."""
    return _njit(nogil=True, fastmath=False, _nrt=False)(function)


def outer(signature: object) -> Callable[[Callable[..., Any]], Any]:
    """Compile a function with one signature, and keep the result on disk."""
    compiled: Callable[[Callable[..., Any]], Any] = _njit(signature, cache=True, nogil=True, fastmath=False, _nrt=False)
    return compiled
