"""Tax units as a frame, with ordinary values where a test says nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import polars as pl

from data_contracts.fields import FACT_DTYPE

MONEY = ("realised_short_usd", "realised_long_usd", "carry_short_usd", "carry_long_usd")
INCOME = ("ordinary_usd", "investment_usd", "adjusted_gross_usd", "niit_threshold_usd")
RATE = {"short_rate_frac": 0.35, "long_rate_frac": 0.15, "ordinary_rate_frac": 0.35, "state_rate_frac": 0.05}


def units_frame(rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    usual: dict[str, Any] = {"filing_status": "joint", **dict.fromkeys(MONEY, Decimal(0)), **RATE}
    schema: dict[str, Any] = {"tax_unit_id": pl.String, "filing_status": pl.String}
    schema |= dict.fromkeys((*MONEY, *INCOME), FACT_DTYPE) | dict.fromkeys(RATE, pl.Float64)
    return pl.DataFrame([{**dict.fromkeys(INCOME), **usual, **row} for row in rows], schema=schema)
