"""What a file's name says: an account where the content names none, a date, and the name to fall back on."""

from __future__ import annotations

import datetime as dt
import re

from evenkeel.adapters.custodians import cell_values
from evenkeel.adapters.custodians.text_file import file_stem

_MASK = re.compile(r"(?:\.{2,}|…|[Xx*]{2,}-?)\s?[0-9A-Za-z]*\d[0-9A-Za-z]*|(?<![\d-])\d{4}-\d{4}(?![\d-])")
_STAMP = re.compile(
    r"[-_ ]*(?:(?:19|20)\d{6}(?:[-_]?\d{6})?|\d{4}-\d{2}-\d{2}(?:[-_T]?\d{6})?|[A-Z][a-z]{2}-\d{1,2}-\d{4}|\d{2}-\d{2}-\d{4})(?!\d)"
)
_COPY = re.compile(r"\s*\(\d+\)$")
_FIDELITY_ACCOUNT = re.compile(r"(?:^|[_\s-])(?:for_Account[_\s-]+)([0-9A-Z]{5,})", re.I)
_STATEMENT = re.compile(r"^Statement[_ ]?(\d{1,2})(\d{2})(\d{4})(?!\d)", re.I)


def mask_in(text: str) -> str | None:
    """Return the last account number or mask in `text` (`...234`, `XXXX-4321`, `XXX178`, `1234-5678`), or None."""
    found = _MASK.findall(text)
    return found[-1].strip() if found else None


def account(name: str) -> str:
    """Return the account that a file's name stands for: the number or mask in it, else its stem without copy mark and date stamp.

    The stamp goes because tomorrow's file must map to the same account.
    """
    stem = _COPY.sub("", file_stem(name))
    named = _FIDELITY_ACCOUNT.search(stem)
    mask = named[1] if named is not None else mask_in(_STAMP.sub("", stem))
    return mask or _STAMP.sub("", stem).strip("-_ ") or stem


def date_in(name: str) -> dt.date | None:
    """Return the date in a file's name (`2020-11-30`, `20201115`, `Jun-30-2021`, `Statement3312026`), or None."""
    stem = file_stem(name)
    statement = _STATEMENT.match(stem)
    if statement is not None:
        try:
            return dt.date(int(statement[3]), int(statement[1]), int(statement[2]))
        except ValueError:
            return None
    found = cell_values.find_date(stem.replace("_", " "))
    return found[0] if found is not None else None
