"""Sample scenarios: invented clients by which templates are looked at and tested before anybody is written to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

from data_contracts.vocab import MessageKind
from evenkeel.messages.fields import (
    FIELDS,
    AffectedLine,
    Asked,
    Broken,
    ChannelTest,
    ClassWeight,
    Decided,
    Digest,
    DigestLine,
    EarlierResult,
    Fields,
    Filled,
    MarketEvent,
    ProposalFields,
    TradeLine,
)
from evenkeel.messages.templates import Firm

SAMPLE_FIRM = Firm(
    "Harbour Wealth",
    "1 Quay Street, Portland ME 04101, (207) 555-0142",
    "Advisory services by Harbour Wealth, a registered adviser.",
)
SAMPLE_LINK = "https://desk.harbour.example/decide?t=v1.SAMPLE-LINK-WITHOUT-EFFECT"
_AT = dt.datetime(2026, 3, 6, 14, 45, tzinfo=dt.UTC)
_CLASSES = (
    ClassWeight("US equity", 0.672, 0.60, 0.602, 0.55, 0.65),
    ClassWeight("International equity", 0.118, 0.15, 0.149, 0.12, 0.18),
    ClassWeight("US bonds", 0.187, 0.23, 0.226, 0.18, 0.28),
    ClassWeight("Cash", 0.023, 0.02, 0.023),
)


def _line(
    side: str, symbol: str, name: str, shares: str, price: str, gain: str | None = None, mask: str = "…4821"
) -> TradeLine:
    value = (Decimal(shares) * Decimal(price)).quantize(Decimal("0.01"))
    return TradeLine(
        side, symbol, name, mask, Decimal(shares), Decimal(price), value, None if gain is None else Decimal(gain)
    )


def _proposal(trades: tuple[TradeLine, ...], **changes: object) -> ProposalFields:
    sums = {side: sum((each.value_usd for each in trades if each.side == side), Decimal()) for side in ("sell", "buy")}
    made = ProposalFields(
        proposal_id="pp-5d1e9c70a2b34f68",
        client_name="Anderson, Kevin & Jane",
        account_masks=tuple(dict.fromkeys(each.account_mask for each in trades)) or ("…4821",),
        value_usd=Decimal("486250.17"),
        reason="US equity is 67.2 % of the portfolio, 2.2 points above its band of 55.0 % to 65.0 %.",
        classes=_CLASSES,
        trades=trades,
        sold_usd=sums["sell"],
        bought_usd=sums["buy"],
        cost_usd=Decimal("14.62"),
        tax_usd=Decimal("412.30"),
        notes=("The lots sold are long-term; none of the sales is a wash sale by what is on record.",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def proposals() -> Mapping[str, ProposalFields]:
    """Return the scenarios' proposals by name."""
    typical = (
        _line("sell", "VTI", "Vanguard Total Stock Market ETF", "118", "287.44", "3104.20"),
        _line("buy", "VXUS", "Vanguard Total International Stock ETF", "220", "68.1250"),
        _line("buy", "BND", "Vanguard Total Bond Market ETF", "261", "73.05"),
    )
    many = tuple(
        _line(
            "sell" if n < 20 else "buy",
            f"SYM{n:02d}",
            f"Sample Company {n}",
            str(n + 1),
            f"{40 + n}.35",
            str(n * 7 - 60) if n < 20 else None,
        )
        for n in range(44)
    )
    harvest = (
        _line("sell", "VWO", "Vanguard FTSE Emerging Markets ETF", "310.5", "41.20", "-2268.90"),
        _line("buy", "IEMG", "iShares Core MSCI Emerging Markets ETF", "240", "53.02"),
    )
    three = (
        _line("sell", "VTI", "Vanguard Total Stock Market ETF", "40", "287.44", None, "…4821"),
        _line("sell", "FXAIX", "Fidelity 500 Index Fund", "12.407", "201.33", "81.00", "…0077"),
        _line("buy", "BND", "Vanguard Total Bond Market ETF", "190", "73.05", None, "…9310"),
    )
    long_name = "Featherstonehaugh-Cholmondeley-Warner, Maximiliana Alexandrina & Bartholomew <Trustees> " * 2
    return {
        "typical": _proposal(typical),
        "many_trades": _proposal(many, value_usd=Decimal("12804417.00"), tax_usd=Decimal("-1150")),
        "one_trade": _proposal((typical[0],), notes=()),
        "harvest": _proposal(
            harvest,
            reason="Emerging-market equity stands at a loss of $2,269; the substitute keeps the exposure.",
            tax_usd=Decimal("-771.40"),
            notes=("Do not buy VWO in any account of the household, IRAs included, before Mon 6 Apr.",),
        ),
        "household_of_three": _proposal(three, client_name="Okafor Household", tax_usd=None),
        "very_long_names": _proposal(
            (replace(typical[0], security_name="Fund of Funds & <b>Bonds</b> " * 6), *typical[1:]),
            client_name=long_name.strip(),
            classes=(replace(_CLASSES[0], name="US equity / small-capitalisation value, tax-managed"), *_CLASSES[1:]),
        ),
        "zero_tax": _proposal(
            typical,
            tax_usd=Decimal(0),
            cost_usd=Decimal(0),
            classes=(*_CLASSES[:3], ClassWeight("Cash", -0.004, 0.02, 0.02, 0.0, 0.05)),
        ),
    }


def scenarios() -> Mapping[MessageKind, Mapping[str, Fields]]:
    """Return fields of every kind under every scenario that suits it."""
    return {kind: _of_kind(kind) for kind in MessageKind}


def _of_kind(kind: MessageKind) -> Mapping[str, Fields]:
    made = FIELDS[kind]
    if made is Asked:
        return {name: _asked(kind, name, each) for name, each in proposals().items()}
    if made is Decided:
        return {name: _decided(kind, name, each) for name, each in proposals().items()}
    if made is Filled:
        return {name: _filled(name, each) for name, each in proposals().items()}
    if made is Broken:
        return {name: _broken(each) for name, each in proposals().items()}
    if made is Digest:
        lines = (
            DigestLine("accounts in quarantine", 3, "evenkeel quarantine lists them, with what to do"),
            DigestLine("messages in doubt", 1, "evenkeel messages list --state in_doubt, then resolve it"),
        )
        day = dt.date(2026, 3, 5)
        return {"typical": Digest("Operations", day, lines), "nothing": Digest("Operations", day, ())}
    if made is MarketEvent:
        worst = AffectedLine("Anderson, Kevin & Jane", "PF-000012", "US equity", 0.512, 0.60, 0.038)
        moves = (("US equity", -0.07),)
        return {
            "typical": MarketEvent("Zoë Park", "ev-9a41", "US equity fell 7 % on the day", moves, (worst,) * 3, 41),
            "nobody": MarketEvent("Zoë Park", "ev-9a41", "US equity fell 1 %", (), (), 0),
        }
    return {"typical": ChannelTest("Zoë Park", "email", "operations", _AT)}


def _asked(kind: MessageKind, name: str, proposal: ProposalFields) -> Asked:
    is_client = kind in (MessageKind.CLIENT_PROPOSAL, MessageKind.CLIENT_REMINDER)
    earlier = EarlierResult(dt.date(2025, 9, 12), 0.061, 0.004, Decimal("220.00"))
    return Asked(
        recipient_name=proposal.client_name if is_client else "Zoë Park",
        adviser_name="Zoë Park",
        proposal=proposal,
        due_at=_AT,
        approval_link=SAMPLE_LINK,
        earlier=(earlier, replace(earlier, tax_usd=None)) if name == "typical" else (),
        escalated_from="Sam Ruiz" if kind is MessageKind.APPROVAL_ESCALATED and name != "one_trade" else None,
        escalated_by="Sam Ruiz" if kind is MessageKind.APPROVAL_ESCALATED and name == "harvest" else None,
        reason="The position is concentrated." if kind is MessageKind.APPROVAL_ESCALATED and name == "harvest" else "",
    )


def _decided(kind: MessageKind, name: str, proposal: ProposalFields) -> Decided:
    steps = {
        MessageKind.PROPOSAL_APPROVED: "The orders go out with the next batch, Fri 6 Mar 09:45 ET.",
        MessageKind.PROPOSAL_SUPERSEDED: "A new proposal comes to you by itself.",
    }
    is_nobody = kind is MessageKind.APPROVAL_EXPIRED
    return Decided(
        recipient_name="Zoë Park",
        proposal=proposal,
        decided_at=_AT,
        decided_by="nobody" if is_nobody else "Sam Ruiz, senior adviser",
        reason="" if is_nobody or name == "zero_tax" else "The client sells a house in May and needs the cash.",
        next_step=steps.get(kind, "The alert stays quiet for its cooldown unless it grows."),
    )


def _filled(name: str, proposal: ProposalFields) -> Filled:
    gains = [each.gain_usd for each in proposal.trades if each.gain_usd is not None]
    return Filled(
        recipient_name=proposal.client_name,
        adviser_name="Zoë Park",
        proposal=proposal,
        fills=proposal.trades,
        filled_at=_AT,
        gain_usd=None if name == "household_of_three" else sum(gains, Decimal()),
        tax_usd=proposal.tax_usd,
        cost_usd=proposal.cost_usd,
        follow_up="We look at your portfolio again every business day; your next review is on Monday 14 September 2026.",
    )


def _broken(proposal: ProposalFields) -> Broken:
    return Broken(
        recipient_name=proposal.client_name,
        adviser_name="Zoë Park",
        proposal=proposal,
        fills=proposal.trades,
        broken_at=_AT,
        follow_up="We look at your portfolio again every business day, and write to you when there is something to decide.",
    )
