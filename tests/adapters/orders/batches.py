"""A batch of every kind of order, and what the custodians call its accounts."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from data_contracts.vocab import ReliefMethod
from evenkeel.adapters.orders.fix_messages import FixSession
from evenkeel.orders.approved import Situation
from evenkeel.policy.orders import OrderRule
from evenkeel.ports.orders import Batch, Block
from tests.support.ordering import BUY, SECURITIES, SELL, account, plan, proposal, trade

SENT_AT = dt.datetime(2026, 3, 4, 14, 45, tzinfo=dt.UTC)
SESSION = FixSession("EVENKEEL", "SCHWAB")
NUMBERS = {"A": "11112222", "B": "33334444", "C": "Z55556666", "D": "77778888"}


def every_kind() -> Batch:
    """Two custodians, both sides; market, limit and fund orders in units, dollars and all; lots named, and a custodian that takes none."""
    accounts = {
        "A": account("A", cash="90000"),
        "B": account("B", cash="90000", is_discretionary=False),
        "C": account("C", "fidelity", cash="90000", relief=ReliefMethod.HIGHEST_COST),
        "D": account("D", "fidelity", cash="90000"),
    }
    proposals = [
        proposal(
            "P1",
            trade(1, "A", SELL, "VTI", "10", "250", lot="L1", opened="2020-01-02", gain="500", tax="119"),
            trade(2, "A", SELL, "VTI", "5", "250", lot="L2", opened="2021-01-04", gain="-20"),
            trade(3, "A", SELL, "VTSAX", "12.75", "120", lot="L3", opened="2019-05-06"),
            trade(4, "A", BUY, "BND", "40", "75"),
            trade(5, "A", BUY, "VBTLX", "100", "9.87"),
        ),
        proposal(
            "P2",
            trade(1, "B", SELL, "VTI", "20", "250", lot="L9", opened="2024-02-29"),
            trade(2, "B", BUY, "VBTLX", "50", "9.87"),
            trade(3, "B", BUY, "T-NOTE", "5000", "98.765"),
        ),
        proposal("P3", trade(1, "C", SELL, "VTI", "7.5", "250", lot="L5"), trade(2, "C", BUY, "XOM", "12", "110.55")),
        proposal("P4", trade(1, "D", SELL, "VTI", "3", "250", lot="L6"), trade(2, "D", BUY, "XOM", "8", "110.55")),
    ]
    held = {("A", "VTSAX"): Decimal("12.75")}
    rule = OrderRule(submitted=("fidelity",), takes_no_lots=("fidelity",))
    batch = plan(proposals, situation=Situation(accounts, SECURITIES, held), rule=rule).batch
    assert len(batch.blocks) == 7
    return batch


def block_in(batch: Batch, custodian: str, security_id: str) -> Block:
    """The batch's block of a security at a custodian."""
    (found,) = [one for one in batch.blocks if (one.custodian, one.security.security_id) == (custodian, security_id)]
    return found
