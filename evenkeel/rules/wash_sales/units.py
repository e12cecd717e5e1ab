"""Whose purchases count, which securities are one, and how far back their history reaches. All of it is data."""

from __future__ import annotations

import polars as pl


def wash_units(tax_units: pl.DataFrame, links: pl.DataFrame | None = None) -> pl.DataFrame:
    """Return `tax_unit_id` and its `wash_unit_id`: the tax unit alone, or all that are linked to it, named after the first of them.

    Pub. 550: where a spouse, or a corporation that the taxpayer controls, buys substantially identical stock, it is a wash sale all the
    same. A joint return is one tax unit already; a couple that files separately is two, linked.

    Args:
        tax_units: `tax_unit_id`.
        links: `tax_unit_id` and `linked_tax_unit_id`, one row a pair, in either direction.
    """
    first = {unit: unit for unit in tax_units["tax_unit_id"].unique().sort()}
    pairs = [] if links is None else links.select("tax_unit_id", "linked_tax_unit_id").rows()
    is_settled = False
    while not is_settled:  # A pair pulls both to the smaller name; chains of pairs settle after a few rounds.
        is_settled = True
        for pair in pairs:
            least = min(first.get(unit, unit) for unit in pair)
            for unit in pair:
                if first.get(unit) != least:
                    first[unit] = least
                    is_settled = False
    names = sorted(first)
    return pl.DataFrame(
        {"tax_unit_id": names, "wash_unit_id": [first[name] for name in names]},
        schema={"tax_unit_id": pl.String, "wash_unit_id": pl.String},
    )


def wash_groups(securities: pl.DataFrame) -> pl.DataFrame:
    """Return `security_id` and its `wash_group`: the book's group of substantially identical securities, or the security alone.

    What is substantially identical is a judgement on facts (Pub. 550) and so the firm's data, not a formula.

    Args:
        securities: `security_id` and `wash_group` (null: like no other).
    """
    # A group may be named like a ticker: the prefix keeps it apart.
    group = pl.coalesce(pl.format("group:{}", "wash_group"), pl.format("security:{}", "security_id"))
    return securities.select("security_id", group.alias("wash_group"))


def covered_spans(coverage: pl.DataFrame) -> pl.DataFrame:
    """Return the days that the history of every account of a wash unit covers; null where any account's is not known.

    Args:
        coverage: One row an account that counts to the unit, those held elsewhere included: `wash_unit_id`, `account_id`,
            `history_from_date`, `history_to_date` (null: not known).

    Returns:
        `wash_unit_id`, `covered_from_date`, `covered_to_date`.
    """
    start, end = pl.col("history_from_date"), pl.col("history_to_date")
    return coverage.group_by("wash_unit_id").agg(
        pl.when(start.is_not_null().all()).then(start.max()).alias("covered_from_date"),
        pl.when(end.is_not_null().all()).then(end.min()).alias("covered_to_date"),
    )


def is_covered(first: pl.Expr, last: pl.Expr) -> pl.Expr:
    """Return whether a unit's covered days contain `first` to `last`; a unit of which nothing is known is not covered."""
    inside = (pl.col("covered_from_date") <= first) & (pl.col("covered_to_date") >= last)
    return inside.fill_null(False)


def must_be_unique(frame: pl.DataFrame, key: str) -> None:
    """Raise where a key stands twice: a defect of the caller, not of a client's data."""
    repeated = frame.height - frame[key].n_unique()
    if repeated:
        raise ValueError(f"wash sales: {repeated} rows repeat {key}; give each once")
