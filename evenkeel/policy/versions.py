"""Which version of a policy held on a date, as it was known at a moment."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

from evenkeel.errors import UsageError
from evenkeel.policy.model import Policy


class PolicySet:
    """All versions of all policies of a book."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._policies = tuple(policies)

    @property
    def all(self) -> Sequence[Policy]:
        """Return every version."""
        return self._policies

    def held_on(self, policy_id: str, on: dt.date, as_known_at: dt.datetime | None = None) -> Policy:
        """Return the version of `policy_id` that held on `on`.

        Args:
            policy_id: The policy.
            on: Business date.
            as_known_at: Leave out versions recorded later than this instant; None: as known now.

        Raises:
            UsageError: No version held then.
        """
        held = [
            policy
            for policy in self._policies
            if policy.policy_id == policy_id
            and policy.effective_date <= on
            and (as_known_at is None or policy.recorded_at <= as_known_at)
        ]
        if not held:
            raise UsageError(
                f"policy {policy_id!r}: no version is effective on {on}"
                + (f" as known at {as_known_at:%Y-%m-%d %H:%M %Z}" if as_known_at else "")
                + "; add one to the book's policies/ with an earlier effective_date"
            )
        return max(held, key=lambda policy: (policy.effective_date, policy.recorded_at, policy.version))
