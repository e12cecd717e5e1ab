"""How functions are compiled.

Without reference counts: nothing here makes an array, and counting each member of each tuple at each call cost more than half of the
time. All space comes in as `Scratch`. The option is numba's, though its type stubs do not list it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
from numba import types

_njit: Any = numba.njit

_TYPES = {
    "F8": types.float64[::1],
    "I8": types.int64[::1],
    "I4": types.int32[::1],
    "U1": types.uint8[::1],
    "F8_2D": types.float64[:, ::1],
}


def type_of(arrays: Any) -> Any:
    """Return numba's type of a tuple of arrays, from the annotations of its class."""
    members: Any = [_TYPES[kind.__forward_arg__] for kind in arrays.__annotations__.values()]
    named: Any = types.NamedTuple
    return named(members, arrays)


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
