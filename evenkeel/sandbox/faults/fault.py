"""What a fault is: its name, what goes wrong in the world, which checks may find it, and the damage as a pure function.

Which faults there are stands in the modules beside this one, all together in `registry`.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from data_contracts.vocab import Check
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.faults.controls import contradicts_its_trailer
from evenkeel.sandbox.faults.day_files import CannotDamageError, DayFiles
from evenkeel.sandbox.faults.sheets import open_sheet

__all__ = ["Damage", "Damaged", "Facts", "Fault", "Scope", "Session"]


class Scope(StrEnum):
    """What a fault is about; it decides whom it touches (docs/methodology/faults.md)."""

    ROW = "row"
    ACCOUNT = "account"
    SECURITY = "security"
    FILE = "file"
    FEED = "feed"


class Session(StrEnum):
    """The kind of day on which a fault can be made."""

    QUIET = "quiet"
    SHOCK = "shock"
    SPLIT = "split"


@dataclass(frozen=True)
class Facts:
    """What is true of the practice and its day, whatever the files come to say.

    `before`: the files of the session before, undamaged. `measured`: households whose every account is scanned in the clean run; damage
    is done to these, where it could do harm. `holders`: by symbol, the households that hold it.
    """

    business_date: dt.date
    before_date: dt.date
    next_date: dt.date
    session: Session
    household_of: Mapping[str, str]
    custodian_of: Mapping[str, str]
    measured: frozenset[str]
    holders: Mapping[str, frozenset[str]]
    before: DayFiles

    @property
    def everybody(self) -> frozenset[str]:
        """Return every household."""
        return frozenset(self.household_of.values())

    def of_accounts(self, accounts: Iterable[str | None]) -> frozenset[str]:
        """Return the households of these account numbers; a number that is nobody's has none."""
        return frozenset(self.household_of[each] for each in accounts if each is not None and each in self.household_of)

    def of_custodian(self, custodian: str) -> frozenset[str]:
        """Return every household with an account there."""
        return self.of_accounts(number for number, where in self.custodian_of.items() if where == custodian)

    def of_feed(self, feed: str) -> frozenset[str]:
        """Return every household that a feed tells of: its custodian's, or everybody."""
        custodian = feed.partition("_")[0]
        return self.of_custodian(custodian) if custodian in set(self.custodian_of.values()) else self.everybody


@dataclass(frozen=True)
class Damaged:
    """The files with the damage in them, the households it touches, and what was done, in words."""

    files: DayFiles
    touched: frozenset[str]
    what: str


Damage = Callable[[DayFiles, Facts, Draws], Damaged]


@dataclass(frozen=True)
class Fault:
    """One thing that goes wrong.

    `name`: the feed, a dot, and what happens to it. `happens`: what a sender or a network does, in one sentence. `expected`: checks of
    which any one is a right reason; empty where nothing may be stopped. `session`: the day it needs.
    """

    name: str
    happens: str
    scope: Scope
    expected: frozenset[Check]
    damage: Damage = field(compare=False)
    session: Session = Session.QUIET

    @property
    def feed(self) -> str:
        """Return the feed it damages."""
        return self.name.partition(".")[0]

    def apply(self, files: DayFiles, facts: Facts, seed: int = 0) -> Damaged:
        """Return the damaged files; the same arguments give the same damage.

        Raises:
            CannotDamageError: There is nothing in the files that it could damage.
        """
        try:
            done = self.damage(files, facts, Draws(seed, self.name))
        except KeyError as error:
            # Another fault has put another report in its place.
            raise CannotDamageError(f"no row has {error}") from error
        if not self.expected:
            # What says the same in another form, or is told by something else, touches nobody.
            return replace(done, touched=frozenset())
        return replace(done, touched=done.touched | self._beyond(done.files, files, facts))

    def _beyond(self, damaged: DayFiles, files: DayFiles, facts: Facts) -> frozenset[str]:
        """Return whom the damage touches beyond its rows.

        A file that contradicts its own trailer may lack anybody's rows, and a security that a custodian has processed wrongly is wrong
        in its delivery as a whole.
        """
        before = {(file.feed, file.name): file.data for file in files.files}
        touched: frozenset[str] = frozenset()
        if self.scope is Scope.SECURITY and self.feed in set(facts.custodian_of.values()):
            touched |= facts.of_feed(self.feed)
        for file in damaged.files:
            if before.get((file.feed, file.name)) == file.data:
                continue
            try:
                is_contradicted = contradicts_its_trailer(open_sheet(file))
            except CannotDamageError:
                continue
            if is_contradicted:
                touched |= facts.of_feed(file.feed)
        return touched
