"""The merge fields: what a template of each kind may say. One that is missing or unknown is an error before anything is queued.

Values are figures, not words: money is Decimal dollars, ratios are `_frac`, instants are UTC. How they look belongs to `wording` and to the
templates. Where a field may be None, its template must say what it says then.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_type_hints

from data_contracts.vocab import MessageKind
from evenkeel.errors import UsageError
from evenkeel.messages.wording import one_line


@dataclass(frozen=True)
class ClassWeight:
    """One asset class of a portfolio.

    Attributes:
        name: In words: `US equity`.
        current_frac: Share held.
        target_frac: Share wanted.
        after_frac: Share after the trades; None where there are none yet.
        lower_frac: Lower end of its band; None: no band.
        upper_frac: Upper end of its band; None: no band.
    """

    name: str
    current_frac: float
    target_frac: float
    after_frac: float | None = None
    lower_frac: float | None = None
    upper_frac: float | None = None

    @property
    def drift_frac(self) -> float:
        """Return current less target."""
        return self.current_frac - self.target_frac

    @property
    def is_outside(self) -> bool:
        """Tell whether the weight lies beyond its band."""
        below = self.lower_frac is not None and self.current_frac < self.lower_frac
        return below or (self.upper_frac is not None and self.current_frac > self.upper_frac)


@dataclass(frozen=True)
class TradeLine:
    """One order in one account: a sale's lots together.

    Attributes:
        side: `buy` or `sell`.
        symbol: What it trades as.
        security_name: Its name.
        account_mask: The account, masked.
        share_count: Units, above zero.
        price_usd: Of one unit, estimated or filled.
        value_usd: Both multiplied, to the cent.
        gain_usd: Gain realised by a sale, a loss negative; None: a purchase, or not known.
    """

    side: str
    symbol: str
    security_name: str
    account_mask: str
    share_count: Decimal
    price_usd: Decimal
    value_usd: Decimal
    gain_usd: Decimal | None = None

    @property
    def verb(self) -> str:
        """Return `Buy` or `Sell`."""
        return self.side.capitalize()


@dataclass(frozen=True)
class ProposalFields:
    """What a proposal is about.

    Attributes:
        proposal_id: Its id.
        client_name: The household's name.
        account_masks: The accounts it trades in, masked (`…4821`).
        value_usd: Value of the portfolio.
        reason: Why it is made, one sentence.
        classes: Current and target allocation.
        trades: The orders, sales first.
        sold_usd: Value of all sales.
        bought_usd: Value of all purchases.
        cost_usd: Commissions, half-spreads and fees together.
        tax_usd: What the trades add to the year's tax; saved < 0; None: not known.
        notes: What else should be known, a sentence each.
    """

    proposal_id: str
    client_name: str
    account_masks: tuple[str, ...]
    value_usd: Decimal
    reason: str
    classes: tuple[ClassWeight, ...]
    trades: tuple[TradeLine, ...]
    sold_usd: Decimal
    bought_usd: Decimal
    cost_usd: Decimal
    tax_usd: Decimal | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class EarlierResult:
    """What an earlier rebalance of the same portfolio came to.

    Attributes:
        done_date: When its last order filled.
        largest_drift_before_frac: Largest distance of a class from target before it.
        largest_drift_after_frac: The same after it.
        tax_usd: Tax it added; saved < 0; None: not known.
    """

    done_date: dt.date
    largest_drift_before_frac: float
    largest_drift_after_frac: float
    tax_usd: Decimal | None


@dataclass(frozen=True)
class Asked:
    """Somebody must decide: approval requested, reminded, escalated; the client asked, reminded.

    Attributes:
        recipient_name: Who is asked.
        adviser_name: The adviser of record.
        proposal: What it is about.
        due_at: Until when.
        approval_link: Where to look and decide; deciding needs a second, confirming step there.
        earlier: Earlier results, newest first.
        escalated_from: Who did not answer in time; None where nobody was asked before.
        escalated_by: Who asks for a review of their own accord; None: nobody does.
        reason: Why they ask; empty where nobody does.
    """

    recipient_name: str
    adviser_name: str
    proposal: ProposalFields
    due_at: dt.datetime
    approval_link: str
    earlier: tuple[EarlierResult, ...] = ()
    escalated_from: str | None = None
    escalated_by: str | None = None
    reason: str = ""


@dataclass(frozen=True)
class Decided:
    """What became of a proposal: approved, declined, expired, superseded.

    Attributes:
        recipient_name: Who is told.
        proposal: What it is about.
        decided_at: When.
        decided_by: Who, by name or role; for what nobody decided, `nobody`.
        reason: Why; empty where none was given.
        next_step: What happens now, one sentence.
    """

    recipient_name: str
    proposal: ProposalFields
    decided_at: dt.datetime
    decided_by: str
    reason: str
    next_step: str


@dataclass(frozen=True)
class Filled:
    """What was done, for the client.

    Attributes:
        recipient_name: Who is told.
        adviser_name: Whom to ask.
        proposal: What was agreed; its `classes` as they were, with `after_frac` as they are now.
        fills: What was traded, at the prices paid and received.
        filled_at: When the last order filled.
        gain_usd: Gain realised by all sales together, a loss negative; None: not known.
        tax_usd: What they add to the year's tax; saved < 0; None: not known.
        cost_usd: Commissions and fees paid.
        follow_up: What comes next, one sentence.
    """

    recipient_name: str
    adviser_name: str
    proposal: ProposalFields
    fills: tuple[TradeLine, ...]
    filled_at: dt.datetime
    gain_usd: Decimal | None
    tax_usd: Decimal | None
    cost_usd: Decimal
    follow_up: str


@dataclass(frozen=True)
class Broken:
    """What a client was told was done, and is void: the executions were taken back.

    Attributes:
        recipient_name: Who is told.
        adviser_name: Whom to ask.
        proposal: What was agreed.
        fills: What was taken back, as it was told.
        broken_at: When it was known.
        follow_up: What comes next, one sentence.
    """

    recipient_name: str
    adviser_name: str
    proposal: ProposalFields
    fills: tuple[TradeLine, ...]
    broken_at: dt.datetime
    follow_up: str


@dataclass(frozen=True)
class DigestLine:
    """One line of a digest: what, how much of it, and what to do."""

    name: str
    count: int
    action: str


@dataclass(frozen=True)
class Digest:
    """What operations must see to.

    Attributes:
        recipient_name: Who is told.
        business_date: The session.
        lines: A line for each matter.
    """

    recipient_name: str
    business_date: dt.date
    lines: tuple[DigestLine, ...]


@dataclass(frozen=True)
class AffectedLine:
    """One portfolio that a market event pushed out of its bands."""

    client_name: str
    portfolio_id: str
    class_name: str
    current_frac: float
    target_frac: float
    beyond_frac: float


@dataclass(frozen=True)
class MarketEvent:
    """Whom a market event concerns: one digest, not a flood.

    Attributes:
        recipient_name: Who is told.
        event_id: Its id.
        reason: Why the book was scanned.
        moves: Class or security and how far it moved, as a ratio.
        affected: The worst, worst first.
        affected_count: How many there are in all.
    """

    recipient_name: str
    event_id: str
    reason: str
    moves: tuple[tuple[str, float], ...]
    affected: tuple[AffectedLine, ...]
    affected_count: int


@dataclass(frozen=True)
class ChannelTest:
    """A message that says only that a channel works."""

    recipient_name: str
    channel: str
    asked_by: str
    asked_at: dt.datetime


Fields = Asked | Decided | Filled | Broken | Digest | MarketEvent | ChannelTest

FIELDS: dict[MessageKind, type[Fields]] = {
    MessageKind.APPROVAL_REQUESTED: Asked,
    MessageKind.APPROVAL_REMINDER: Asked,
    MessageKind.APPROVAL_ESCALATED: Asked,
    MessageKind.APPROVAL_EXPIRED: Decided,
    MessageKind.PROPOSAL_APPROVED: Decided,
    MessageKind.PROPOSAL_DECLINED: Decided,
    MessageKind.PROPOSAL_SUPERSEDED: Decided,
    MessageKind.CLIENT_PROPOSAL: Asked,
    MessageKind.CLIENT_REMINDER: Asked,
    MessageKind.CLIENT_AFTER_FILL_SHORT: Filled,
    MessageKind.CLIENT_AFTER_FILL_DETAILED: Filled,
    MessageKind.CLIENT_FILL_BROKEN: Broken,
    MessageKind.OPERATIONS_DIGEST: Digest,
    MessageKind.MARKET_EVENT_DIGEST: MarketEvent,
    MessageKind.CHANNEL_TEST: ChannelTest,
}
"""The fields of each kind."""


def build_fields(kind: MessageKind, values: Mapping[str, Any]) -> Fields:
    """Return the fields of a kind from named values.

    Raises:
        UsageError: One is missing, one is unknown, or one is empty that must not be; all of them are named, their values are not.
    """
    made = FIELDS[kind]
    known = {each.name: each for each in dataclasses.fields(made)}
    needed = {name for name, each in known.items() if each.default is dataclasses.MISSING}
    problems = [f"{name} is missing" for name in sorted(needed - set(values))]
    problems += [f"{name} is unknown" for name in sorted(set(values) - set(known))]
    if not problems:
        fields = made(**values)
        problems = empty_fields(fields)
    if problems:
        raise UsageError(f"message {kind.value}: {'; '.join(problems)}; nothing was queued")
    return fields


def on_one_line(value: Any) -> Any:
    """Return fields, or a part of them, with every text in them on one line: no name and no note can write a line of a message itself."""
    if isinstance(value, str):
        return one_line(value)
    if isinstance(value, tuple):
        return tuple(on_one_line(part) for part in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        parts = {each.name: on_one_line(getattr(value, each.name)) for each in dataclasses.fields(value)}
        return dataclasses.replace(value, **parts)
    return value


def empty_fields(fields: Any, where: str = "") -> list[str]:
    """Return what is None or blank and must not be, by its path: `proposal.client_name is missing`."""
    hints = get_type_hints(type(fields))
    found: list[str] = []
    for each in dataclasses.fields(fields):
        value, path = getattr(fields, each.name), f"{where}{each.name}"
        if value is None:
            found += [] if NoneType in get_args(hints[each.name]) else [f"{path} is missing"]
        elif isinstance(value, str):
            found += [] if value.strip() or each.name == "reason" else [f"{path} is empty"]
        elif dataclasses.is_dataclass(value):
            found += empty_fields(value, f"{path}.")
        elif isinstance(value, tuple):
            for number, part in enumerate(value, 1):
                if dataclasses.is_dataclass(part):
                    found += empty_fields(part, f"{path}[{number}].")
    return found
