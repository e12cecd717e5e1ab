"""What securities.csv says of funds' redemption fees: fee and period together, of funds, within the law's bounds (17 CFR 270.22c-2)."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from data_contracts.vocab import AssetType
from evenkeel.book.csv_cells import Table
from evenkeel.book.csv_text import LINE
from evenkeel.book.problems import Problems, shown

SECURITIES = "securities.csv"
LEAST_DAYS = 7


def check_redemption_fees(tables: Mapping[str, Table], problems: Problems) -> None:
    """Note securities whose redemption fee says half of what is needed, or what no fund may charge."""
    table = tables.get(SECURITIES)
    if table is None:
        return
    fee, days = pl.col("redemption_fee_frac"), pl.col("redemption_days")
    # A fee of zero is no fee; a faulty cell is null, and has its own complaint.
    complaints = (
        (
            fee.is_not_null() & days.is_null(),
            "has a redemption_fee_frac and no redemption_days; give both, or neither",
        ),
        (
            fee.is_null() & days.is_not_null(),
            "has redemption_days and no redemption_fee_frac; give both, or neither",
        ),
        (fee == 0, "has a redemption_fee_frac of 0; leave it and redemption_days blank where the fund charges none"),
        (
            days < LEAST_DAYS,
            f"has redemption_days below {LEAST_DAYS}, the shortest period that a fund may charge for; correct the number",
        ),
        (
            fee.is_not_null() & (pl.col("asset_type") != AssetType.MUTUAL_FUND.value),
            "is no mutual fund and has a redemption fee; correct asset_type, or leave the fee blank",
        ),
    )
    for condition, text in complaints:
        wrong = table.frame.filter(condition.fill_null(False)).select(LINE, "security_id")
        messages = [f"security_id {shown(name)} {text}" for name in wrong["security_id"]]
        problems.add_lines(SECURITIES, wrong[LINE].to_list(), messages, f"a security {text}")
