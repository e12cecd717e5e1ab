"""The firm's people: who is senior, who is away and who stands in, whom silence goes to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from data_contracts.vocab import Role


@dataclass(frozen=True)
class Person:
    """One row of advisers.csv, as far as consent asks."""

    person_id: str
    is_senior: bool = False
    is_compliance: bool = False
    escalates_to: str | None = None
    deputy_id: str | None = None
    absent_from: dt.date | None = None
    absent_until: dt.date | None = None

    def is_absent(self, on: dt.date) -> bool:
        """Return whether the person is away on a day (Eastern)."""
        return self.absent_from is not None and self.absent_from <= on <= (self.absent_until or dt.date.max)


class People:
    """Everybody in the firm.

    Args:
        persons: The rows.
        is_firm_of_one: One person gives every consent of the firm's, in every role.
    """

    def __init__(self, persons: Iterable[Person], *, is_firm_of_one: bool = False) -> None:
        self._by_id = {one.person_id: one for one in persons}
        self.is_firm_of_one = is_firm_of_one

    def __contains__(self, person_id: object) -> bool:
        return person_id in self._by_id

    def __iter__(self) -> Iterator[Person]:
        return iter(self._by_id.values())

    def holds(self, person_id: str, role: Role) -> bool:
        """Return whether a person may act in a role of the firm's.

        Operations and administration are no rows of the book: whoever the system lets in as such is one.
        """
        one = self._by_id.get(person_id)
        if role in (Role.OPERATIONS, Role.ADMINISTRATOR):
            return True
        if one is None:
            return False
        if self.is_firm_of_one:
            return role in (Role.ADVISER, Role.SENIOR_ADVISER, Role.COMPLIANCE)
        return {Role.ADVISER: True, Role.SENIOR_ADVISER: one.is_senior, Role.COMPLIANCE: one.is_compliance}.get(
            role, False
        )

    def acting_for(self, person_id: str, on: dt.date) -> str:
        """Return who acts on a day: the person, or while absent the deputy, or the deputy's; the person again where all are away."""
        seen: list[str] = []
        here: str | None = person_id
        while here is not None and here in self._by_id and here not in seen:
            seen.append(here)
            if not self._by_id[here].is_absent(on):
                return here
            here = self._by_id[here].deputy_id
        return person_id

    def stands_in(self, actor: str, person_id: str, on: dt.date) -> bool:
        """Return whether `actor` may act as `person_id` on a day: it is themselves, or the deputy while the other is away."""
        return actor == person_id or self.acting_for(person_id, on) == actor

    def principal_of(self, person_id: str, on: dt.date) -> str | None:
        """Return who comes next above a person and is there; None at the top."""
        seen = {person_id}
        here = self._next(person_id)
        while here is not None and here not in seen:
            acting = self.acting_for(here, on)
            if acting != person_id and not self._by_id[acting].is_absent(on):
                return acting
            seen.add(here)
            here = self._next(here)
        return None

    def senior_for(self, person_id: str, on: dt.date) -> str | None:
        """Return the senior adviser to ask: the person if senior, else the next above who is; else the first there is by id."""
        seen: set[str] = set()
        here: str | None = person_id if person_id in self._by_id else None
        while here is not None and here not in seen:
            seen.add(here)
            if self._by_id[here].is_senior:
                return here
            here = self._next(here)
        seniors = sorted(one.person_id for one in self._by_id.values() if one.is_senior)
        there = [one for one in seniors if not self._by_id[one].is_absent(on)]
        return next(iter(there or seniors), None)

    def compliance(self, on: dt.date) -> str | None:
        """Return somebody of compliance, who is there if anybody is; None where the book names nobody."""
        staff = sorted(one.person_id for one in self._by_id.values() if one.is_compliance)
        there = [one for one in staff if not self._by_id[one].is_absent(on)]
        return next(iter(there or staff), None)

    def _next(self, person_id: str) -> str | None:
        one = self._by_id.get(person_id)
        above = None if one is None else one.escalates_to
        return above if above in self._by_id else None
