"""Who asks: the firm's people as the book has them today, and whether this one may ask for that."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from data_contracts.vocab import Role, UseCase
from evenkeel.approval.acting import COMPLIANCE
from evenkeel.approval.people import People, Person
from evenkeel.approval.rights import require_right
from evenkeel.book.model import Book
from evenkeel.errors import UsageError
from evenkeel.policy.approval import ApprovalRule
from evenkeel.ports.approvals import Case
from evenkeel.run.house import House, house_policy


@dataclass(frozen=True)
class Firm:
    """The firm's people and clients as the book of a day has them."""

    people: People
    book: Book
    on: dt.date
    adviser_of: Mapping[str, str]
    """Adviser of record by household."""
    accounts_of: Mapping[str, Mapping[str, tuple[str, ...]]]
    """Owners by account, by household."""

    def is_on_desk(self, household_id: str, actor: str, adviser_then: str | None = None) -> bool:
        """Return whether a household is in somebody's book: on their desk now, or on that of a person they stand in for.

        `adviser_then`: who had it when the case was opened, and counts as long as they are in the firm.
        """
        desks = {self.adviser_of.get(household_id), adviser_then if adviser_then in self.people else None}
        stands_in = self.people.stands_in
        return self.people.is_firm_of_one or any(stands_in(actor, desk, self.on) for desk in desks if desk)

    def is_owner(self, household_id: str, actor: str) -> bool:
        """Return whether somebody owns an account of the household, or speaks for it as a whole.

        Owners that the book does not name are known by the code that a consent has for them: `AC-1/owner-2`.
        """
        owned = self.accounts_of.get(household_id, {})
        return actor == household_id or any(
            actor in owners or actor.startswith(f"{account}/") for account, owners in owned.items()
        )


def firm(house: House) -> Firm:
    """Return the firm as the book of today has it."""
    on = house.today()
    book = house.book(on)
    accounts: dict[str, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for household, account, owners in book.accounts.select("household_id", "account_id", "owner_ids").iter_rows():
        accounts[household][account] = split_codes(owners)
    advisers = dict(book.households.select("household_id", "adviser_id").iter_rows())
    return Firm(people_of(book, house_policy(book).approval), book, on, advisers, accounts)


def people_of(book: Book, rule: ApprovalRule) -> People:
    """Return the firm's people; a firm of one where the policy says so, or the book has one person."""
    persons = [
        Person(
            person_id=row["adviser_id"],
            is_senior=bool(row["is_senior"]),
            is_compliance=bool(row["is_compliance"]),
            escalates_to=row["escalates_to"],
            deputy_id=row["deputy_id"],
            absent_from=row["absent_from"],
            absent_until=row["absent_until"],
        )
        for row in book.advisers.iter_rows(named=True)
    ]
    is_alone = rule.profile == "firm_of_one" or (rule.profile == "auto" and len(persons) == 1)
    return People(persons, is_firm_of_one=is_alone)


def require_person(people: People, actor: str, role: Role) -> None:
    """Refuse somebody who does not hold the role.

    Raises:
        UsageError: The book gives the person no such role, or no name was given.
    """
    if not actor.strip():
        raise UsageError("who acts? give --actor")
    if role is Role.AUTOMATION:
        raise UsageError("automation is the system's own role; act in one of your own")
    if role is Role.CLIENT or people.holds(actor, role):
        return
    columns = {Role.SENIOR_ADVISER: "is_senior", Role.COMPLIANCE: "is_compliance"}
    wanted = f"with {columns[role]}" if role in columns else "as an adviser"
    raise UsageError(f"{actor} does not act as {role.value.replace('_', ' ')}: advisers.csv must have {actor} {wanted}")


def require_case_right(now: Firm, case: Case, use_case: UseCase, actor: str, role: Role) -> None:
    """Refuse what somebody may not ask of a case.

    Raises:
        UsageError: Role or reach do not allow it.
    """
    require_person(now.people, actor, role)
    to = case.escalated_to
    is_escalated = to is not None and (
        to == actor or (role is Role.COMPLIANCE and (to == COMPLIANCE or now.people.holds(to, Role.COMPLIANCE)))
    )
    require_right(
        use_case,
        role,
        is_own_book=is_escalated or now.is_on_desk(case.household_id, actor, case.adviser_id),
        is_own_household=now.is_owner(case.household_id, actor),
        is_escalated=is_escalated,
        what=case.proposal_id,
    )


def cases_in_reach(now: Firm, cases: Collection[Case], actor: str, role: Role) -> list[Case]:
    """Return the cases that somebody may see.

    Raises:
        UsageError: The role may see nothing at all, or is not theirs.
    """
    require_person(now.people, actor, role)
    if role is Role.ADMINISTRATOR:
        raise UsageError("the role administrator sees no proposals")
    return [case for case in cases if _may_see(now, case, actor, role)]


def split_codes(cell: str | None) -> tuple[str, ...]:
    """Return the codes of a cell with `;` between them."""
    return tuple(part.strip() for part in (cell or "").split(";") if part.strip())


def _may_see(now: Firm, case: Case, actor: str, role: Role) -> bool:
    try:
        require_case_right(now, case, UseCase.VIEW, actor, role)
    except UsageError:
        return False
    return True
