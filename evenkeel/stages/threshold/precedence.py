"""A policy's stated order of precedence, resolved for one case.

A case is a combination of what bands depend on besides the IPS: policy, own rule, segment, tier, taxable or not. There are few of them,
however many portfolios there are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from data_contracts.vocab import AssetClass, BandSource, Cadence, HowFar, Segment, Urgency, Workflow
from evenkeel.policy.model import Band, BandSet, Policy, PortfolioRule, SegmentRule, Tier


@dataclass(frozen=True)
class Found:
    """A band, the level that gave it, and that level's name (segment, tier) where it has one."""

    band: Band
    source: BandSource
    name: str | None


@dataclass(frozen=True)
class Case:
    """What one combination of portfolio traits comes to under its policy."""

    policy: Policy
    rule: PortfolioRule | None
    segment: Segment | None
    tier: Tier | None
    is_taxable: bool

    @property
    def segment_rule(self) -> SegmentRule | None:
        """Return what the policy says about the segment."""
        return self.policy.segments.get(self.segment) if self.segment is not None else None

    def _part(self, source: BandSource) -> PortfolioRule | SegmentRule | Tier | None:
        match source:
            case BandSource.ACCOUNT:
                return self.rule
            case BandSource.SEGMENT:
                return self.segment_rule
            case BandSource.TIER:
                return self.tier
            case _:
                return None

    def _name(self, source: BandSource) -> str | None:
        if source is BandSource.SEGMENT and self.segment is not None:
            return self.segment.value
        return self.tier.tier if source is BandSource.TIER and self.tier is not None else None

    def band(self, asset_class: AssetClass) -> tuple[Found, bool]:
        """Return the band of a class were there no IPS, and whether an IPS's own band would come before it."""
        order = self.policy.precedence
        for place, source in enumerate(order):
            part = self._part(source)
            band = _lookup(part.bands, asset_class, self.is_taxable) if part is not None else None
            if band is not None:
                return Found(band, source, self._name(source)), BandSource.IPS in order[:place]
        return Found(self.policy.default_band, BandSource.DEFAULT, None), BandSource.IPS in order

    @property
    def urgency(self) -> Urgency:
        """Return how soon to act: the first level that says, the policy's last."""
        for source in self.policy.precedence:
            part = self._part(source)
            if part is not None and part.urgency is not None:
                return part.urgency
        return self.policy.urgency

    @property
    def workflow(self) -> Workflow:
        """Return the workflow: the first level that says, the policy's last."""
        for source in self.policy.precedence:
            part = self._part(source)
            if part is not None and part.workflow is not None:
                return part.workflow
        return self.policy.workflow

    def cadence(self, where: Literal["before_ips", "after_ips"]) -> Cadence | None:
        """Return the cadence of the first level before the IPS that says; after it, the policy's stands last."""
        order = list(self.policy.precedence)
        place = order.index(BandSource.IPS) if BandSource.IPS in order else len(order)
        for source in order[:place] if where == "before_ips" else order[place:]:
            part = self._part(source)
            if part is not None and part.cadence is not None:
                return part.cadence
        return self.policy.cadence if where == "after_ips" else None

    @property
    def how_far(self) -> HowFar:
        """Return how far back a rebalance goes, the tiered workflow's own answer aside."""
        return self.rule.how_far if self.rule is not None and self.rule.how_far is not None else self.policy.how_far

    def how_far_tiered(self, is_large: bool) -> HowFar:
        """Return how far back under the tiered workflow; what the portfolio's own rule says comes first."""
        if self.rule is not None and self.rule.how_far is not None:
            return self.rule.how_far
        return self.policy.tiered.large_how_far if is_large else self.policy.tiered.small_how_far

    @property
    def harvest_look(self) -> Band | None:
        """Return the narrow band that raises a look for losses: taxable portfolios of a segment that has one."""
        rule = self.segment_rule
        return rule.harvest_look if rule is not None and self.is_taxable else None


def _lookup(bands: BandSet, asset_class: AssetClass, is_taxable: bool) -> Band | None:
    side = bands.taxable if is_taxable else bands.advantaged
    if side is not None:
        found = _lookup(side, asset_class, is_taxable)
        if found is not None:
            return found
    return bands.classes.get(asset_class, bands.band)
