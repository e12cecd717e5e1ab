"""Names for things that are pure functions of what they name: digests of account numbers, ids of episodes and findings.

The key of the account digests comes from outside (`wiring`); losing it is described in docs/account-key.md.
"""

from __future__ import annotations

import hashlib
import hmac
import re

MASK_CHARACTERS = 4
_SEPARATORS = re.compile(r"[\s\-]")


def stable_id(prefix: str, *parts: object) -> str:
    """Return `prefix-` and 16 hexadecimal digits that depend on the parts alone (dates in ISO form, None as nothing)."""
    text = "\x1f".join("" if part is None else str(part) for part in parts)
    return f"{prefix}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def normalise_account(number: str) -> str:
    """Return an account number as it is compared: no spaces, no hyphens, upper case."""
    return _SEPARATORS.sub("", number).upper()


def mask_account(number: str) -> str:
    """Return what people may see of an account number: `…` and its last characters."""
    visible = normalise_account(number).lstrip(".*X")
    return "…" + visible[-min(MASK_CHARACTERS, max(len(visible) // 2, min(len(visible), 3))) :] if visible else "…"


class AccountKeyer:
    """Turns account numbers into keyed digests (HMAC-SHA-256, hexadecimal); the number cannot be had back without the key."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("the account key needs at least 16 bytes")
        self._key = key

    def digest(self, number: str) -> str:
        """Return the digest of a number: spaces, hyphens and case do not change it."""
        return hmac.new(self._key, normalise_account(number).encode(), hashlib.sha256).hexdigest()
