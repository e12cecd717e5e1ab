"""A market event: value the last committed holdings at moved prices, and list whom it pushes out of their bands.

The day's own record is not touched: an event has datasets of its own, one digest, and the episodes of the day stay as they are.
"""

from __future__ import annotations
