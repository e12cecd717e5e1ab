"""Weights on paper as bars: before above, after below, the model's share as a tick across both, all rows on one scale."""

from __future__ import annotations

from reportlab.lib.colors import HexColor
from reportlab.platypus import Flowable

from evenkeel.desk.reporting.bars import Weights

BEFORE, AFTER, TARGET = HexColor("#a3b4c4"), HexColor("#1f5f8b"), HexColor("#1d2530")
"""Told apart in black and white too: light, dark, and a tick."""
_EMPTY = HexColor("#f1f0eb")
_THICK, _GAP = 4.5, 1.2


class Bars(Flowable):
    """A row of bars, `length` points long, full at the ratio `top`. A weight below zero has none; its figure tells it."""

    def __init__(self, weights: Weights, top: float, length: float) -> None:
        super().__init__()
        self._weights, self._top = weights, top
        self.width, self.height = length, 2 * _THICK + _GAP

    def draw(self) -> None:
        """Draw it."""
        canvas, weights = self.canv, self._weights
        canvas.setFillColor(_EMPTY)
        canvas.rect(0, 0, self.width, self.height, stroke=0, fill=1)
        for ratio, colour, y in ((weights.before, BEFORE, _THICK + _GAP), (weights.after, AFTER, 0.0)):
            if ratio is not None and ratio > 0:
                canvas.setFillColor(colour)
                canvas.rect(0, y, self._at(ratio), _THICK, stroke=0, fill=1)
        if weights.target is not None and weights.target >= 0:
            canvas.setStrokeColor(TARGET)
            canvas.setLineWidth(1.4)
            x = self._at(weights.target)
            canvas.line(x, -1.5, x, self.height + 1.5)

    def _at(self, ratio: float) -> float:
        return self.width * min(ratio / self._top, 1.0)


class Key(Flowable):
    """What the bars and the tick are called, in one line of `size` points; `after` is None where no bar is drawn for it."""

    def __init__(self, before: str, target: str, after: str | None, font: str, size: float) -> None:
        super().__init__()
        self._words, self._font, self._size = (before, target, after), font, size
        self.width, self.height = 0.0, size + 2

    def draw(self) -> None:
        """Draw it."""
        canvas, x, middle = self.canv, 0.0, self._size * 0.35
        for place, (word, colour) in enumerate(zip(self._words, (BEFORE, TARGET, AFTER), strict=True)):
            if word is None:
                continue
            canvas.setFillColor(colour)
            if place == 1:
                canvas.rect(x + 3, middle - 4, 1.4, 8, stroke=0, fill=1)
                x += 9
            else:
                canvas.rect(x, middle - _THICK / 2, 14, _THICK, stroke=0, fill=1)
                x += 18
            canvas.setFillColor(TARGET)
            canvas.setFont(self._font, self._size)
            canvas.drawString(x, 0, word)
            x += canvas.stringWidth(word, self._font, self._size) + 16
