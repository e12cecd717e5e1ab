"""Randomness that is the same everywhere.

Only bounded integers are drawn, and only added and multiplied: no logarithm or normal deviate, whose last digits depend on the
machine's mathematical library.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

_FINE = 1 << 24


class Draws:
    """A stream of draws for one subject; streams of different subjects do not disturb each other."""

    def __init__(self, seed: int, subject: str) -> None:
        sequence = np.random.SeedSequence([seed, zlib.crc32(subject.encode())])
        self._generator = np.random.Generator(np.random.PCG64(sequence))

    def below(self, bound: int, size: int) -> Ints:
        """Return integers from 0 up to, not including, `bound`."""
        return self._generator.integers(0, bound, size=size, dtype=np.int64)

    def between(self, low: int, high: int, size: int) -> Ints:
        """Return integers from `low` to `high`, both included."""
        return self._generator.integers(low, high + 1, size=size, dtype=np.int64)

    def unit(self, size: int) -> Floats:
        """Return numbers in [0, 1), multiples of 2**-24."""
        return self.below(_FINE, size) / _FINE

    def bell(self, size: int) -> Floats:
        """Return bell-shaped numbers of mean 0 and deviation 1, between -6 and 6: the sum of twelve uniform ones less 6."""
        drawn = self._generator.integers(0, _FINE, size=(size, 12), dtype=np.int64)
        summed: Ints = drawn.sum(axis=1)
        return summed / _FINE - 6.0

    def happens(self, per_thousand: int, size: int) -> npt.NDArray[np.bool_]:
        """Return True with a chance of `per_thousand` in a thousand."""
        return self.below(1000, size) < per_thousand

    def pick(self, weights: tuple[int, ...], size: int) -> Ints:
        """Return indexes drawn with these whole-number weights."""
        bounds = np.cumsum(np.array(weights, dtype=np.int64))
        return np.searchsorted(bounds, self.below(int(bounds[-1]), size), side="right").astype(np.int64)
