"""What a policy says of the cost of trading: fee schedules, spreads, redemption fees, cut-off times. The rule is `evenkeel.rules.costs`."""

from __future__ import annotations

import datetime as dt

from pydantic import Field, model_validator

from data_contracts.vocab import AssetType
from evenkeel.policy.part import Fraction, Part


class CommissionRule(Part):
    """A line of a custodian's fee schedule for one kind of security; money in dollars, an order each (`evenkeel.rules.costs`).

    A kind that is not listed for a custodian costs no commission there.
    """

    custodian: str
    asset_type: AssetType
    ticket_usd: float = Field(0.0, ge=0)
    per_unit_usd: float = Field(0.0, ge=0, description="A share, or a bond's unit.")
    value_frac: float = Field(0.0, ge=0)
    sell_value_frac: float = Field(0.0, ge=0, description="What sellers alone pay: the SEC's fee under section 31.")
    min_usd: float = Field(0.0, ge=0)
    max_usd: float | None = Field(None, ge=0)

    @model_validator(mode="after")
    def _least_is_least(self) -> CommissionRule:
        if self.max_usd is not None and self.min_usd > self.max_usd:
            raise ValueError("min_usd is above max_usd; correct one of them")
        return self


class CostRules(Part):
    """What an order costs, what it is worth, and by when one for a fund must be in."""

    half_spreads: dict[AssetType, float] = Field(
        default_factory=lambda: {
            AssetType.ETF: 0.0002,
            AssetType.STOCK: 0.0003,
            AssetType.MUTUAL_FUND: 0.0,
            AssetType.MONEY_MARKET: 0.0,
            AssetType.BOND: 0.0025,
        },
        description="What half the spread costs; a kind that is not named costs `other_half_spread_frac`.",
    )
    other_half_spread_frac: float = Field(0.005, ge=0)
    security_half_spreads: dict[str, Fraction] = Field(
        default_factory=dict, description="By security_id, before that of its kind."
    )
    commissions: tuple[CommissionRule, ...] = ()
    value_over_ticket: float = Field(
        100.0, ge=0, description="An order is at least so many times its ticket, or least commission."
    )
    value_over_cost: float = Field(1.0, ge=1, description="An order is at least so many times all that it costs.")
    is_redemption_fee_paid: bool = Field(
        False, description="Lists may redeem units within a fund's redemption period, and pay its fee."
    )
    fund_cutoffs: dict[str, dt.time] = Field(
        default_factory=dict, description="By custodian, Eastern; one not named takes funds' orders until 16:00."
    )

    @model_validator(mode="after")
    def _costs_make_sense(self) -> CostRules:
        lines = [(line.custodian, line.asset_type.value) for line in self.commissions]
        twice = next((line for line in lines if lines.count(line) > 1), None)
        if twice is not None:
            raise ValueError(f"commissions of {twice[0]} for {twice[1]} are listed twice; keep one of the two")
        for custodian, cutoff in self.fund_cutoffs.items():
            if cutoff.tzinfo is not None or cutoff > dt.time(16, 0):
                raise ValueError(
                    f"fund_cutoffs: {custodian} has {cutoff.isoformat()}; write Eastern time without a zone, 16:00 at the latest: "
                    "then the net asset value is struck"
                )
        return self
