"""The row of an alert as the log of alerts keeps it: plain JSON, and the digest of its canonical text."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Mapping
from typing import Any


def plain_row(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row as JSON has it: dates in ISO form, money as text, which loses no cent."""
    return {name: _plain(value) for name, value in row.items()}


def row_digest(plain: Mapping[str, Any]) -> str:
    """Return the SHA-256 of a plain row's JSON, names in order and no spaces."""
    text = json.dumps(plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)
