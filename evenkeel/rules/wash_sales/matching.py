"""The matching itself, for one wash unit and one group of substantially identical securities, in whole cents and quanta.

The package says which rules and readings. Here they are in the order they work: day by day, the day's sales leave their lots, then the
day's losses look for replacements.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from evenkeel.rules.holding_period import tacked_start
from evenkeel.rules.wash_sales.window import WashRules, is_in_window
from evenkeel.rules.whole_numbers import share_of


@dataclass(frozen=True, slots=True)
class Purchase:
    """Shares acquired: a possible replacement."""

    lot_id: str
    tax_unit_id: str
    acquired_date: dt.date
    qty: int
    is_retirement: bool


@dataclass(frozen=True, slots=True)
class Disposal:
    """Shares of one lot sold; `basis_cents` before wash-sale adjustments, null where not known."""

    sale_id: str
    lot_id: str
    tax_unit_id: str
    acquired_date: dt.date
    start: dt.date
    sold_date: dt.date
    qty: int
    proceeds_cents: int
    basis_cents: int | None
    is_retirement: bool


@dataclass(slots=True)
class Portion:
    """Shares of one disposal that have the same basis and period; a lot whose shares were replacements falls into several."""

    disposal: Disposal
    portion_no: int
    qty: int
    proceeds_cents: int
    basis_cents: int | None
    start: dt.date
    washed: int = 0
    disallowed: int = 0
    lost: int = 0

    @property
    def gain_cents(self) -> int | None:
        """Proceeds less basis; a loss is negative."""
        return None if self.basis_cents is None else self.proceeds_cents - self.basis_cents

    @property
    def has_loss(self) -> bool:
        """Whether there is a loss that could be disallowed: one inside an IRA is none."""
        return not self.disposal.is_retirement and (self.gain_cents or 0) < 0


@dataclass(frozen=True, slots=True)
class Match:
    """Shares of a portion replaced by shares of a lot. `start` is where the replacement's period now starts, none in an IRA."""

    sale_id: str
    portion_no: int
    lot_id: str
    qty: int
    disallowed: int
    is_permanent: bool
    start: dt.date | None
    crosses_return: bool


@dataclass(slots=True)
class _Block:
    """Shares of a lot that replaced others: with their added basis and tacked start."""

    qty: int
    added: int
    start: dt.date | None


@dataclass(slots=True)
class Holding:
    """What is left of a purchase: blocks that replaced others, in the order matched, and shares not used yet."""

    purchase: Purchase
    unused: int
    blocks: list[_Block] = field(default_factory=list)
    matched: int = 0
    added: int = 0

    def take(self, qty: int) -> list[_Block]:
        """Take shares out, used ones first; a block of no start is of unused shares."""
        taken = []
        while qty and self.blocks:
            block = self.blocks[0]
            part = min(qty, block.qty)
            added = share_of(block.added, part, block.qty)
            taken.append(_Block(part, added, block.start))
            block.qty, block.added, qty = block.qty - part, block.added - added, qty - part
            if not block.qty:
                self.blocks.pop(0)
        if qty:
            self.unused = max(self.unused - qty, 0)
            taken.append(_Block(qty, 0, None))
        return taken


@dataclass(frozen=True, slots=True)
class Matched:
    """What the matching found: every disposal in portions, every match, every purchase with what is left of it."""

    portions: list[Portion]
    matches: list[Match]
    holdings: list[Holding]


def match(purchases: Iterable[Purchase], disposals: Iterable[Disposal], rules: WashRules) -> Matched:
    """Return the wash sales among trades that all count together.

    Args:
        purchases: In any order; lot ids are unique.
        disposals: In any order; sale ids are unique. A lot need not be among the purchases: older ones are never replacements.
        rules: How the disputed point is read.
    """
    # The order bought; of one day an IRA's first.
    in_order = sorted(purchases, key=lambda one: (one.acquired_date, not one.is_retirement, one.lot_id))
    holdings = {one.lot_id: Holding(one, one.qty) for one in in_order}
    days: dict[dt.date, list[Disposal]] = defaultdict(list)
    for disposal in disposals:
        days[disposal.sold_date].append(disposal)
    portions: list[Portion] = []
    matches: list[Match] = []
    for day in sorted(days):
        # The earliest disposition first; of one day in the order originally acquired.
        sold = sorted(days[day], key=lambda one: (one.acquired_date, one.sale_id))
        todays = [portion for disposal in sold for portion in _portions(disposal, holdings.get(disposal.lot_id))]
        for portion in todays:
            if portion.has_loss:
                matches.extend(_wash(portion, holdings.values(), rules))
        portions.extend(todays)
    return Matched(portions, matches, list(holdings.values()))


def _portions(disposal: Disposal, holding: Holding | None) -> list[Portion]:
    blocks = holding.take(disposal.qty) if holding else [_Block(disposal.qty, 0, None)]
    found, before = [], 0
    for number, block in enumerate(blocks):
        upto = before + block.qty
        proceeds = _spread(disposal.proceeds_cents, before, upto, disposal.qty)
        basis = None
        if disposal.basis_cents is not None:
            basis = _spread(disposal.basis_cents, before, upto, disposal.qty) + block.added
        found.append(Portion(disposal, number, block.qty, proceeds, basis, block.start or disposal.start))
        before = upto
    return found


def _wash(portion: Portion, holdings: Iterable[Holding], rules: WashRules) -> Iterable[Match]:
    sold, loss = portion.disposal, -(portion.gain_cents or 0)
    for holding in holdings:
        if portion.washed == portion.qty:
            return
        bought = holding.purchase
        is_same_lot = bought.lot_id == sold.lot_id
        if not is_in_window(sold.sold_date, bought.acquired_date) or (is_same_lot and not rules.same_lot_rest_counts):
            continue
        qty = min(portion.qty - portion.washed, holding.unused)
        if not qty:
            continue
        disallowed = _spread(loss, portion.washed, portion.washed + qty, portion.qty)
        added = 0 if bought.is_retirement else disallowed
        start = None if bought.is_retirement else tacked_start(bought.acquired_date, portion.start, sold.sold_date)
        portion.washed += qty
        portion.disallowed += disallowed
        portion.lost += disallowed - added
        holding.unused -= qty
        holding.matched += qty
        holding.added += added
        holding.blocks.append(_Block(qty, added, start))
        yield Match(
            sold.sale_id,
            portion.portion_no,
            bought.lot_id,
            qty,
            disallowed,
            bought.is_retirement,
            start,
            bought.tax_unit_id != sold.tax_unit_id,
        )


def _spread(total: int, before: int, upto: int, whole: int) -> int:
    """Return the share of `total` between two running quantities, so that shares always add up to it."""
    return share_of(total, upto, whole) - share_of(total, before, whole)
