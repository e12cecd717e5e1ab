"""A proposal for the terminal: its sentence, its orders, what stood in the way, what was checked, the proof."""

from __future__ import annotations

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from evenkeel.desk.orders import Order, orders_of
from evenkeel.desk.proposal_words import CHECK_NAMES, KIND_NAMES, RESULT_NAMES, STATUS_NAMES, checks_to_see, proof_line
from evenkeel.desk.proposals import Proposal
from evenkeel.desk.words import dollars


def proposal_text(proposal: Proposal) -> list[RenderableType]:
    """Return the parts of one proposal, in order. What comes from the book is shown as it is, never read as markup."""
    status = f"{STATUS_NAMES[proposal['status']]} ({KIND_NAMES[proposal['kind']]}): "
    parts: list[RenderableType] = [Text(status, style="bold").append(proposal["sentence"], style="not bold")]
    orders = orders_of(proposal)
    if orders:
        parts.append(_table(orders))
    said = [
        *(
            f"{CHECK_NAMES[one['check']]}, {RESULT_NAMES[one['result']]}: {one['text']}"
            for one in checks_to_see(proposal)
        ),
        *(f"Account {one['account_mask'] or one['account_id']}: {one['sentence']}" for one in proposal["obstacles"]),
        *proposal["notes"],
    ]
    parts += [Text(f"- {line}") for line in said]
    proof = proof_line(proposal)
    return [*parts, Text(proof, style="dim")] if proof else parts


def _table(orders: list[Order]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (("order", "left"), ("units", "right"), ("security", "left"), ("account", "left")):
        table.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("lots", overflow="fold")
    table.add_column("gain", justify="right", no_wrap=True)
    table.add_column("tax", justify="right", no_wrap=True)
    for order in orders:
        name = order.security_id if not order.security_name else f"{order.security_id} {order.security_name}"
        gain = "not known" if order.gain_usd is None else dollars(order.gain_usd)
        table.add_row(
            order.side,
            order.units,
            Text(name),
            Text(order.account),
            dollars(order.value_usd),
            Text(order.notes),
            gain if order.is_sale else "",
            dollars(order.tax_usd) if order.is_sale else "",
        )
    return table
