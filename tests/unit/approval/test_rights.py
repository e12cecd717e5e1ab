"""Who may do what: the whole table, every use case by every role."""

from __future__ import annotations

import pytest

from data_contracts.vocab import Reach, Role, UseCase
from evenkeel.approval.rights import RIGHTS, require_right
from evenkeel.errors import UsageError

TABLE = """
use case        adviser     senior   compliance  operations  client         administrator  automation
view            own_book    all      all         all         own_household  -              all
approve         own_book    all      escalated   -           -              -              all
modify          own_book    all      -           -           -              -              -
decline         own_book    all      escalated   -           own_household  -              -
defer           own_book    all      -           -           own_household  -              -
snooze          own_book    all      -           -           -              -              -
escalate        own_book    all      -           -           -              -              all
consent         -           -        -           -           own_household  -              -
override_wash   -           all      -           -           -              -              -
suspend         own_book    all      -           all         -              -              -
unsuspend       own_book    all      -           all         -              -              -
pause           -           all      -           -           -              -              -
resume          -           all      -           -           -              -              -
pilot           -           -        -           all         -              all            -
stage           -           -        -           all         -              -              all
reconcile       -           -        -           all         -              -              all
acknowledge     -           -        -           all         -              -              -
sweep           -           -        -           all         -              all            all
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()[1:]]


def test_the_table_is_whole() -> None:
    said = {row[0]: ["none" if cell == "-" else cell for cell in row[1:]] for row in ROWS}
    assert said == {case.value: [given[role].value for role in Role] for case, given in RIGHTS.items()}
    assert set(RIGHTS) == set(UseCase)


def may(case: UseCase, role: Role, *, book: bool = False, household: bool = False, escalated: bool = False) -> bool:
    try:
        require_right(case, role, is_own_book=book, is_own_household=household, is_escalated=escalated, what="pro-1")
    except UsageError:
        return False
    return True


@pytest.mark.parametrize("case", UseCase)
@pytest.mark.parametrize("role", Role)
def test_each_cell_allows_what_it_says_and_no_more(case: UseCase, role: Role) -> None:
    reach = RIGHTS[case][role]
    assert may(case, role) is (reach is Reach.ALL)
    assert may(case, role, book=True) is (reach in (Reach.ALL, Reach.OWN_BOOK))
    assert may(case, role, household=True) is (reach in (Reach.ALL, Reach.OWN_HOUSEHOLD))
    assert may(case, role, escalated=True) is (reach in (Reach.ALL, Reach.ESCALATED))


def test_compliance_changes_nothing_by_itself() -> None:
    able = {case for case in UseCase if may(case, Role.COMPLIANCE)}
    assert able == {UseCase.VIEW}


def test_a_refusal_says_who_could() -> None:
    with pytest.raises(UsageError, match=r"pause is not for the role adviser; it is for: senior adviser"):
        require_right(
            UseCase.PAUSE, Role.ADVISER, is_own_book=True, is_own_household=False, is_escalated=False, what="book"
        )
