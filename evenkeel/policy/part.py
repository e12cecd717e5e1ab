"""What every part of a policy has in common."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Fraction = Annotated[float, Field(ge=0, le=1)]


class Part(BaseModel):
    """A part of a policy: it does not change once read, and a field that it does not know is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
