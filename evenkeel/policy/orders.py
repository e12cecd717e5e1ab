"""What a policy says of orders: when a batch goes, at what price, to whom it is submitted, how fills are shared out and compared."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, model_validator

from data_contracts.vocab import AssetType, OrderType
from evenkeel.policy.part import Fraction, Part

_USUAL_OPEN, _USUAL_CLOSE = dt.time(9, 30), dt.time(16, 0)


class OrderRule(Part):
    """Figures of `evenkeel.orders`; shares are of the price or of value.

    A kind of security that `order_types` does not name is not traded through orders: its trades wait for a person.
    """

    batch_time: dt.time = Field(dt.time(9, 45), description="Eastern, of a session of usual length, when a batch goes.")
    order_types: dict[AssetType, OrderType] = Field(
        default_factory=lambda: {
            AssetType.ETF: OrderType.MARKET,
            AssetType.MUTUAL_FUND: OrderType.NAV,
            AssetType.MONEY_MARKET: OrderType.NAV,
            AssetType.STOCK: OrderType.LIMIT,
            AssetType.BOND: OrderType.LIMIT,
        },
        description="By kind of security.",
    )
    security_order_types: dict[str, OrderType] = Field(
        default_factory=dict,
        description="By security_id, before that of its kind: an ETF that is not liquid has `limit`.",
    )
    limit_frac: float = Field(0.01, gt=0, lt=1, description="How far a limit is from the price.")
    ticks: dict[AssetType, float] = Field(
        default_factory=lambda: {AssetType.BOND: 0.001},
        description="Step of a limit by kind; others 0.01, and 0.0001 below a dollar (17 CFR 242.612).",
    )
    submitted: tuple[str, ...] = Field(
        (), description="Custodians to whom orders of discretionary accounts are submitted; all others are staged."
    )
    takes_no_lots: tuple[str, ...] = Field((), description="Custodians that take no instruction on lots with an order.")
    price_reserve_frac: Fraction = Field(
        0.01, description="How much worse than estimated a market or fund order may be done, when money is counted."
    )
    is_limit_sale_counted: bool = Field(
        False,
        description="Proceeds of a limit order count as money for purchases of the same day, though it may not fill.",
    )
    min_allocation_usd: float = Field(
        100.0, ge=0, description="Least value that an account gets of a block that was filled in part."
    )
    weight_tolerance_frac: Fraction = Field(0.005, description="How far a weight may be from the proposed one.")
    gain_tolerance_usd: float = Field(25.0, ge=0)
    gain_tolerance_frac: Fraction = Field(0.02, description="Of the value sold; the wider of the two bounds holds.")

    @model_validator(mode="after")
    def _is_possible(self) -> OrderRule:
        if self.batch_time.tzinfo is not None or not _USUAL_OPEN <= self.batch_time < _USUAL_CLOSE:
            raise ValueError(
                f"batch_time {self.batch_time.isoformat()} is not within a session; write Eastern time without a zone, from 09:30 "
                "to before 16:00"
            )
        wrong = [kind.value for kind, tick in self.ticks.items() if tick <= 0]
        if wrong:
            raise ValueError(f"ticks of {', '.join(wrong)} must be above 0")
        return self
