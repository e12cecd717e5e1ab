"""Who may ask what of the desk: use case by role, and how far each right reaches (DSH-04: least privilege).

An adviser works on their own book, a client on their own household; compliance reads everything and changes nothing, but for its answer
to what is escalated to it. Nobody has a right that stands not here. Tests print the whole table.
"""

from __future__ import annotations

from collections.abc import Mapping

from data_contracts.vocab import Reach, Role, UseCase
from evenkeel.errors import UsageError

_NONE, _BOOK, _HOUSE, _ASKED, _ALL = Reach.NONE, Reach.OWN_BOOK, Reach.OWN_HOUSEHOLD, Reach.ESCALATED, Reach.ALL
_COLUMNS = (
    Role.ADVISER,
    Role.SENIOR_ADVISER,
    Role.COMPLIANCE,
    Role.OPERATIONS,
    Role.CLIENT,
    Role.ADMINISTRATOR,
    Role.AUTOMATION,
)
_ROWS: Mapping[UseCase, tuple[Reach, ...]] = {
    #                        adviser  senior  compl.  operat. client  admin.  automation
    UseCase.VIEW: (_BOOK, _ALL, _ALL, _ALL, _HOUSE, _NONE, _ALL),
    UseCase.APPROVE: (_BOOK, _ALL, _ASKED, _NONE, _NONE, _NONE, _ALL),
    UseCase.MODIFY: (_BOOK, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE),
    UseCase.DECLINE: (_BOOK, _ALL, _ASKED, _NONE, _HOUSE, _NONE, _NONE),
    UseCase.DEFER: (_BOOK, _ALL, _NONE, _NONE, _HOUSE, _NONE, _NONE),
    UseCase.SNOOZE: (_BOOK, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE),
    UseCase.ESCALATE: (_BOOK, _ALL, _NONE, _NONE, _NONE, _NONE, _ALL),
    UseCase.CONSENT: (_NONE, _NONE, _NONE, _NONE, _HOUSE, _NONE, _NONE),
    UseCase.OVERRIDE_WASH: (_NONE, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE),
    UseCase.SUSPEND: (_BOOK, _ALL, _NONE, _ALL, _NONE, _NONE, _NONE),
    UseCase.UNSUSPEND: (_BOOK, _ALL, _NONE, _ALL, _NONE, _NONE, _NONE),
    UseCase.PAUSE: (_NONE, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE),
    UseCase.RESUME: (_NONE, _ALL, _NONE, _NONE, _NONE, _NONE, _NONE),
    UseCase.PILOT: (_NONE, _NONE, _NONE, _ALL, _NONE, _ALL, _NONE),
    UseCase.STAGE: (_NONE, _NONE, _NONE, _ALL, _NONE, _NONE, _ALL),
    UseCase.RECONCILE: (_NONE, _NONE, _NONE, _ALL, _NONE, _NONE, _ALL),
    UseCase.ACKNOWLEDGE: (_NONE, _NONE, _NONE, _ALL, _NONE, _NONE, _NONE),
    UseCase.SWEEP: (_NONE, _NONE, _NONE, _ALL, _NONE, _ALL, _ALL),
}
RIGHTS: Mapping[UseCase, Mapping[Role, Reach]] = {
    case: dict(zip(_COLUMNS, row, strict=True)) for case, row in _ROWS.items()
}


def require_right(
    case: UseCase, role: Role, *, is_own_book: bool, is_own_household: bool, is_escalated: bool, what: str
) -> None:
    """Refuse what a role may not ask.

    Args:
        case: What is asked.
        role: In which role.
        is_own_book: The household is on the person's desk, or on that of somebody they stand in for.
        is_own_household: The person is an owner of its accounts.
        is_escalated: It waits for the role's answer.
        what: What it is about, an id, for the message.

    Raises:
        UsageError: It may not.
    """
    reach = RIGHTS[case][role]
    may = {
        Reach.NONE: False,
        Reach.OWN_BOOK: is_own_book,
        Reach.OWN_HOUSEHOLD: is_own_household,
        Reach.ESCALATED: is_escalated,
        Reach.ALL: True,
    }[reach]
    if may:
        return
    action, name = case.value.replace("_", " "), role.value.replace("_", " ")
    if reach is Reach.NONE:
        able = [each.value.replace("_", " ") for each, given in RIGHTS[case].items() if given is not Reach.NONE]
        raise UsageError(f"{action} is not for the role {name}; it is for: {', '.join(able)}")
    limits = {
        Reach.OWN_BOOK: "only in the adviser's own book",
        Reach.OWN_HOUSEHOLD: "only in the client's own household",
        Reach.ESCALATED: "only for what is escalated to it",
    }
    raise UsageError(f"{action} of {what}: the role {name} may {limits[reach]}")
