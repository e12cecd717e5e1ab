"""Figures as people read them, as polars expressions: percentages, points, dollars, names of nodes.

Ratios become percentages here and nowhere before. What is said with them belongs to the stages.
"""

from __future__ import annotations

import polars as pl

from data_contracts.vocab import AssetClass

CLASS_NAMES: dict[str, str] = {
    AssetClass.US_EQUITY: "US equity",
    AssetClass.INTL_EQUITY: "International equity",
    AssetClass.EMERGING_EQUITY: "Emerging-market equity",
    AssetClass.US_BOND: "US bonds",
    AssetClass.INTL_BOND: "International bonds",
    AssetClass.MUNI_BOND: "Municipal bonds",
    AssetClass.INFLATION_BOND: "Inflation-linked bonds",
    AssetClass.HIGH_YIELD_BOND: "High-yield bonds",
    AssetClass.REAL_ESTATE: "Real estate",
    AssetClass.COMMODITY: "Commodities",
    AssetClass.ALTERNATIVE: "Alternatives",
    AssetClass.PRIVATE: "Private assets",
    AssetClass.BALANCED: "Balanced funds",
    AssetClass.OPTION: "Options",
    AssetClass.CASH: "Cash",
    AssetClass.OTHER: "Other assets",
}
"""What an asset class is called."""


def percent(ratio: pl.Expr, digits: int = 1) -> pl.Expr:
    """Return a ratio as percentage text without the sign: 0.642 is `64.2`; also percentage points."""
    text = (ratio * 100).round(digits).cast(pl.String)
    return pl.when(text == "-0.0").then(pl.lit("0.0")).otherwise(text)


def counted(number: pl.Expr, one: str, many: str) -> pl.Expr:
    """Return `1 session`, `2 sessions`."""
    return pl.format("{} {}", number, pl.when(number == 1).then(pl.lit(one)).otherwise(pl.lit(many)))


def dollars(amount: pl.Expr) -> pl.Expr:
    """Return an amount as text in whole dollars with thousands separators, rounded half away from zero: `$1,234,568`."""
    # Through float: whole dollars of a sum below 9e15 are exact, and a decimal's own rounding rule stays out of the text.
    whole = (amount.cast(pl.Float64).abs() + 0.5).floor().cast(pl.Int64)
    groups = [(whole // 1000**power) % 1000 for power in range(5)]
    padded = [group.cast(pl.String).str.zfill(3) for group in groups]
    text = groups[0].cast(pl.String)
    for power in range(1, 5):
        longer = pl.concat_str([groups[power].cast(pl.String), *reversed(padded[:power])], separator=",")
        text = pl.when(whole >= 1000**power).then(longer).otherwise(text)
    sign = pl.when((amount < 0) & (whole > 0)).then(pl.lit("−$")).otherwise(pl.lit("$"))
    return pl.concat_str([sign, text])


def small_dollars(amount: pl.Expr) -> pl.Expr:
    """Return an amount above zero as `dollars` does, and less than one dollar as `less than $1`."""
    return pl.when(amount < 1).then(pl.lit("less than $1")).otherwise(dollars(amount))


def units(quantity: pl.Expr) -> pl.Expr:
    """Return units of a security, a decimal, with thousands separators and no trailing zeros: `10,000`, `12.345`.

    Six decimals are shown: more than any custodian trades in.
    """
    parts = quantity.round(6).cast(pl.String).str.split_exact(".", 1).struct
    grouped = dollars(parts.field("field_0").cast(pl.Int64)).str.strip_prefix("$")
    digits = parts.field("field_1").str.strip_chars_end("0")
    return pl.when(digits.fill_null("") == "").then(grouped).otherwise(pl.format("{}.{}", grouped, digits))


def capitalised(text: pl.Expr) -> pl.Expr:
    """Return a text with its first letter as a capital, the others as they are."""
    return pl.concat_str([text.str.slice(0, 1).str.to_uppercase(), text.str.slice(1)])


def class_name(asset_class: pl.Expr) -> pl.Expr:
    """Return what an asset class is called."""
    return asset_class.replace(CLASS_NAMES)


def node_name(level: pl.Expr, node_id: pl.Expr, asset_class: pl.Expr) -> pl.Expr:
    """Return what a node is called: `US equity`, `US equity / large cap`, `VTI (US equity)`."""
    sleeve = node_id.str.split("/").list.slice(1).list.join("/").str.replace_all("_", " ")
    return (
        pl.when(level == "class")
        .then(class_name(asset_class))
        .when(level == "sleeve")
        .then(pl.format("{} / {}", class_name(asset_class), sleeve))
        .otherwise(pl.format("{} ({})", node_id, class_name(asset_class)))
    )
