"""What must be true of every answer for households, whatever the problem: read from the tables in and out alone."""

from __future__ import annotations

import polars as pl

from evenkeel.engine.checks.assertions import CENT, RELATIVE, both_sides, purchases, sales
from evenkeel.engine.households.answer import HouseholdAnswer
from evenkeel.engine.households.problem import HouseholdTables

Rules = list[tuple[str, pl.DataFrame]]


def household_violations(tables: HouseholdTables, answer: HouseholdAnswer) -> list[str]:
    """Return a line for each rule that the answer breaks: the rule, and how many rows break it. None: the answer stands.

    Rules: every household and account has an outcome; no lot is sold beyond what is held, nor sold where it may not be; nothing barred is
    bought, nothing beyond its cap, no class that neither the account holds nor the model names; no account both buys and sells a security;
    where two accounts do, it is told; each account's cash balances to the cent, pays for nobody else's purchases and tells its shortfall;
    accounts add up to households, cells to classes, components to the objective; no lists are worse than none or better than their bound,
    and no cycle is left; nothing under the dust threshold is proposed.
    """
    rules: Rules = [
        ("accounts or households without an outcome", _without_outcome(tables, answer)),
        *sales(tables, answer.trades),
        *purchases(tables, answer.trades),
        ("securities both bought and sold in an account", both_sides(answer.trades)),
        *_accounts(tables, answer),
        *_households(answer),
        *_places(tables, answer),
    ]
    return [f"{rule}: {rows.height} rows" for rule, rows in rules if rows.height]


def _without_outcome(tables: HouseholdTables, answer: HouseholdAnswer) -> pl.DataFrame:
    members = tables.accounts.filter(pl.col("household_id").is_not_null()).select("account_id", "household_id")
    told = answer.household_accounts.select("account_id", "household_id")
    named = pl.concat([members["household_id"], tables.households["household_id"]]).unique().to_frame()
    households = answer.households.select("household_id")
    return pl.concat(
        [
            members.join(told, on=members.columns, how="anti").select("account_id"),
            told.join(members, on=members.columns, how="anti").select("account_id"),
            named.join(households, on="household_id", how="anti").rename({"household_id": "account_id"}),
            households.join(named, on="household_id", how="anti").rename({"household_id": "account_id"}),
        ]
    )


def _accounts(tables: HouseholdTables, answer: HouseholdAnswer) -> Rules:
    signed = pl.when(pl.col("side") == "sell").then("value_usd").otherwise(-pl.col("value_usd"))
    sums = answer.trades.group_by("account_id").agg(
        signed.sum().alias("net_usd"),
        pl.col("tax_usd").sum().alias("taxes_usd"),
        pl.len().cast(pl.Int64).alias("rows"),
        pl.col("value_usd").min().alias("smallest_usd"),
    )
    rows = (
        answer.household_accounts.filter(pl.col("nav_usd").is_not_null())
        .join(tables.accounts.drop("household_id"), on="account_id", how="left")
        .join(sums, on="account_id", how="left")
        .with_columns(pl.col("net_usd", "taxes_usd", "rows").fill_null(0))
    )
    before = pl.col("cash_usd") - pl.col("spoken_for_usd")
    after = before + pl.col("net_usd")
    floors = tables.cash_terms.filter(pl.col("term").is_in(["minimum", "overdraft"])).join(rows, on="cash_plan_id")
    amount = pl.col("at_frac") * pl.col("nav_usd").clip(0) + pl.col("at_usd")
    slack = pl.max_horizontal(pl.lit(CENT), RELATIVE * pl.col("nav_usd").abs())
    return [
        ("accounts whose cash does not balance", rows.filter((after - pl.col("cash_after_usd")).abs() > CENT)),
        (
            "accounts that pay with another's money",
            rows.filter(pl.col("cash_after_usd") < pl.min_horizontal(before, pl.lit(0.0)) - CENT),
        ),
        (
            "accounts short of cash that do not say so",
            floors.filter(amount - pl.col("cash_after_usd") > pl.col("cash_short_usd") + CENT),
        ),
        (
            "overdrawn accounts that do not say so",
            rows.filter(-pl.col("cash_after_usd") > pl.col("cash_short_usd") + CENT),
        ),
        ("accounts whose taxes do not add up", rows.filter((pl.col("taxes_usd") - pl.col("tax_usd")).abs() > slack)),
        ("trades under the dust threshold", rows.filter(pl.col("smallest_usd") < pl.col("dust_usd"))),
        ("accounts whose trades are miscounted", rows.filter(pl.col("rows") != pl.col("trade_count"))),
        (
            "trades of accounts that are not solved",
            answer.trades.join(rows, on="account_id", how="anti"),
        ),
    ]


def _households(answer: HouseholdAnswer) -> Rules:
    parts = ("nav_usd", "cash_before_usd", "cash_after_usd", "sold_usd", "bought_usd", "tax_usd", "trade_cost_usd",
             "location_cost_before_usd", "location_cost_usd", "cash_penalty_usd", "trade_count")  # fmt: skip
    solved = answer.households.filter(pl.col("nav_usd").is_not_null())
    slack = pl.max_horizontal(pl.lit(CENT), RELATIVE * pl.col("nav_usd"))
    sums = answer.household_accounts.group_by("household_id").agg(pl.col(parts).sum().name.suffix("_sum"))
    rows = solved.join(sums, on="household_id", how="left")
    terms = ("tax_usd", "trade_cost_usd", "location_cost_usd", "target_penalty_usd", "band_penalty_usd",
             "cash_penalty_usd")  # fmt: skip
    weights = answer.household_classes.group_by("household_id").agg(
        pl.col("weight_before_frac", "weight_after_frac").sum()
    )
    is_one = [(pl.col(name) - 1).abs() <= 1e-6 for name in ("weight_before_frac", "weight_after_frac")]
    cells = (
        answer.household_cells.join(answer.household_accounts.select("account_id", "household_id"), on="account_id")
        .group_by("household_id", "asset_class")
        .agg(pl.col("value_after_usd").sum().alias("of_cells_usd"))
    )
    classes = answer.household_classes.join(cells, on=["household_id", "asset_class"], how="left").join(
        solved.select("household_id", "nav_usd"), on="household_id"
    )
    return [
        *(
            (f"households whose {name} is not its accounts'", rows.filter((pl.col(name) - pl.col(f"{name}_sum")).abs() > slack))
            for name in parts
        ),
        (
            "households whose components do not add up",
            solved.filter((pl.sum_horizontal(terms) - pl.col("objective_usd")).abs() > slack),
        ),
        (
            "lists worse than none",
            solved.filter(pl.col("objective_usd") > pl.col("objective_before_usd") + RELATIVE * pl.col("nav_usd")),
        ),
        ("lists better than their bound", solved.filter(pl.col("gap_frac") < -RELATIVE)),
        ("cycles that would save", solved.filter(pl.col("residual_cycle_frac") != 0)),
        ("households whose weights do not sum to one", weights.filter(~pl.all_horizontal(is_one))),
        (
            "classes that are not the sum of their cells",
            classes.filter(((pl.col("value_after_usd") - pl.col("of_cells_usd")).abs() > slack).fill_null(True)),
        ),
    ]  # fmt: skip


def _places(tables: HouseholdTables, answer: HouseholdAnswer) -> Rules:
    """Return rules of what is bought where, and of both sides of a security in two accounts."""
    owned = tables.accounts.select("account_id", "household_id", "universe_id")
    named = tables.households.join(tables.models, on="model_id").select("household_id", "asset_class")
    held = (
        tables.lots.join(owned, on="account_id")
        .join(tables.securities, on=["universe_id", "security_id"])
        .select("account_id", "asset_class")
        .unique()
    )
    bought = answer.trades.filter(pl.col("side") == "buy").join(owned, on="account_id")
    strange = bought.join(named, on=["household_id", "asset_class"], how="anti").join(
        held, on=["account_id", "asset_class"], how="anti"
    )
    crossed = (
        answer.trades.join(owned, on="account_id")
        .group_by("household_id", "security_id")
        .agg(pl.col("side").n_unique(), pl.col("account_id").unique())
        .filter(pl.col("side") > 1)
        .explode("account_id")
    )
    flagged = answer.findings.filter(pl.col("finding") == "other_side_in_household")
    key = ["account_id", "security_id"]
    return [
        ("purchases of a class that is neither held nor in the model", strange),
        ("both sides in a household that are not told", crossed.join(flagged, on=key, how="anti")),
        ("both sides told that are not there", flagged.join(crossed, on=key, how="anti")),
        ("places that cost less than nothing", answer.household_cells.filter(pl.col("location_cost_frac") < 0)),
    ]
