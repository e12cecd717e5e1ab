"""Feeds: who delivers what, where, in which layout, and what makes a day complete."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from data_contracts.vocab import FeedRole

FactKind = Literal[
    "positions", "cash", "lots", "transactions", "realized", "prices", "orders", "fx", "indicators", "securities"
]


class FeedSpec(BaseModel):
    """One feed of the book (`feeds.yaml`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    feed: str = Field(min_length=1, description="Name; unique.")
    role: FeedRole = FeedRole.CUSTODIAN
    custodian: str | None = Field(None, description="Custodian whose accounts it delivers; the feed's name by default.")
    layout: str = Field(
        description="Adapter: schwab_csv, fidelity_csv, vanguard_csv, ibkr_csv, ibkr_flex, ofx, mapped."
    )
    map: str | None = Field(None, description="For layout mapped: the map file, relative to the book.")
    location: str = Field(description="Folder, relative to the home, or s3://bucket/prefix.")
    pattern: str = Field("*", description="File names taken, as a glob.")
    expects: tuple[FactKind, ...] = Field(
        ("positions",), description="Kinds that must have come for a date to be complete."
    )
    weekend_as_of: Literal["stop", "previous_session"] | None = Field(None, description="Overrides the policy's.")
    roll_forward: bool | None = Field(
        None,
        description="Hold each day against the one before and its transactions; by default where the feed expects transactions.",
    )
    is_required: bool = Field(True, description="The day waits for it until the deadline.")

    @property
    def delivers_for(self) -> str:
        """Return the custodian whose accounts the feed delivers."""
        return self.custodian or self.feed
