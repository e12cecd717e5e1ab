"""A proposal as the merge fields of messages: figures from the alert's row and the documented proposal."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from itertools import groupby
from typing import Any

from evenkeel.desk.charts import weights_after
from evenkeel.desk.proposals import Proposal
from evenkeel.desk.words import class_words
from evenkeel.messages.fields import ClassWeight, ProposalFields, TradeLine

_CENT = Decimal("0.01")


def proposal_fields(alert: Mapping[str, Any], proposal: Proposal) -> ProposalFields:
    """Return the merge fields of a proposal.

    Args:
        alert: A row of `data_contracts.alerts`.
        proposal: As documented under `proposal` in docs/alerts-json.md.
    """
    after, trades = weights_after(proposal), trade_lines(proposal)
    classes = [node for node in json.loads(alert["classes_json"]) if node["level"] == "class"]
    masks = dict.fromkeys(each.account_mask for each in trades)
    return ProposalFields(
        proposal_id=proposal["id"],
        client_name=alert["household_name"],
        account_masks=tuple(masks),
        value_usd=alert["value_usd"],
        reason=alert["reason"],
        classes=tuple(
            ClassWeight(
                class_words(node["level"], node["node"], node["asset_class"]),
                node["weight_frac"],
                node["target_frac"],
                after.get(node["node"]),
                node["lower_frac"],
                node["upper_frac"],
            )
            for node in classes
        ),
        trades=trades,
        sold_usd=_amount(proposal["sold_usd"]),  # type: ignore[arg-type]  # None is refused with its name
        bought_usd=_amount(proposal["bought_usd"]),  # type: ignore[arg-type]
        cost_usd=_amount(proposal["cost_usd"]),  # type: ignore[arg-type]
        tax_usd=_amount(proposal["taxes"]["net_usd"]),
        notes=tuple(proposal["notes"]),
    )


def trade_lines(proposal: Proposal) -> tuple[TradeLine, ...]:
    """Return the orders of a proposal, the lots of one security in one account together: sales first."""
    grouped = groupby(proposal["trades"], key=lambda one: (one["side"], one["account"]["id"], one["security"]["id"]))
    lines = []
    for (side, account_id, security_id), trades in ((key, list(some)) for key, some in grouped):
        first = trades[0]
        gains = [_amount(one["lot"]["gain_usd"]) for one in trades if one["lot"]]
        known = [each for each in gains if each is not None]
        lines.append(
            TradeLine(
                side=side,
                symbol=security_id,
                security_name=first["security"]["name"] or security_id,
                account_mask=first["account"]["mask"] or account_id,
                share_count=sum((Decimal(one["traded_qty"]) for one in trades), Decimal()),
                price_usd=Decimal(first["price_usd"]),
                value_usd=sum((Decimal(one["value_usd"]) for one in trades), Decimal()).quantize(_CENT),
                gain_usd=sum(known, Decimal()) if gains and len(known) == len(gains) else None,
            )
        )
    return tuple(lines)


def _amount(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)
