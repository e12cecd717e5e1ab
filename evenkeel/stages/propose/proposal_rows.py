"""One row a proposal: outcome, money, tax, drift and risk before and after, the proof, advice, checks, and what stood in the way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl

from data_contracts.fields import MONEY_DTYPE
from data_contracts.vocab import CheckResult, OrderSide, ProposalStatus
from evenkeel.engine.codes import HouseholdOutcome, Outcome
from evenkeel.identity import stable_id
from evenkeel.policy.model import Policy
from evenkeel.stages.propose.advice import act_or_wait
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.improvement import improvement
from evenkeel.stages.propose.more_cash import more_cash_reasons
from evenkeel.stages.propose.nothing import nothing_reasons
from evenkeel.stages.propose.obstacles import as_json, notes_json, obstacles_json
from evenkeel.stages.propose.reason_sentences import reason_sentences
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.year_taxes import year_notes

_DIGITS = 8
_FINE = (Outcome.TRADED.value, Outcome.NOTHING_TO_TRADE.value)
ALERTS_ALONE = (
    "Plan accounts under ERISA and 529 plans get alerts without trades: who consents, and when a change is allowed, is for a person to "
    "find out."
)
WHY_NOT: Mapping[str, str] = {
    Outcome.TARGETS_NOT_ONE.value: "the model's targets do not sum to one",
    Outcome.BANDS_CONTRADICTORY.value: "a band's lower end is above its upper one; correct the policy or the IPS limits",
    Outcome.SECURITY_UNPRICED.value: "a security that is held has no price; ask for one",
    Outcome.NO_VALUE.value: "nothing is left after what is spoken for",
    # Only what has a value is measured against its model.
    Outcome.MODEL_UNKNOWN.value: "it has no value to measure against a model",
    Outcome.FIGURE_INVALID.value: "a figure makes no sense (a rate or a step, say); look at its lots",
    HouseholdOutcome.ACCOUNT_UNSOLVED.value: "one of its accounts cannot be solved, and the others wait for it",
    HouseholdOutcome.NO_ACCOUNT.value: "none of its accounts is measured",
}


def proposal_rows(
    business_date: dt.date,
    case: Case,
    lists: Lists,
    trades: pl.DataFrame,
    weights: pl.DataFrame,
    taxes: pl.DataFrame,
    checks: pl.DataFrame,
    policies: Mapping[str, Policy],
) -> pl.DataFrame:
    """Return the columns of `data_contracts.proposals`.

    Args:
        business_date: Session of holdings and prices.
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.
        trades: As `trade_rows` returns them.
        weights: As `node_weights` returns them.
        taxes: As `year_taxes` returns them.
        checks: `portfolio_id`, `checks_json`, `worst`.
        policies: By label.
    """
    portfolios = case.wanted.select("portfolio_id", "policy_version", "is_urgent")
    by_class = (
        weights.group_by("portfolio_id", "asset_class")
        .agg(
            pl.col("target_frac").sum(),
            pl.col("class_lower").first().alias("lower_frac"),
            pl.col("class_upper").first().alias("upper_frac"),
            pl.col("weight_before_frac").sum().alias("before_frac"),
            pl.col("weight_after_frac").sum().alias("after_frac"),
        )
        .sort("portfolio_id", "asset_class")
    )
    obstacles = obstacles_json(case, lists, weights)
    reasons = _reasons_json(case, lists, weights, obstacles, policies)
    rows = (
        case.wanted.join(_status(case, lists, checks), on="portfolio_id", how="left")
        .join(reasons, on="portfolio_id", how="left")
        .join(
            case.accounts.group_by("portfolio_id").agg(pl.len().alias("account_count")), on="portfolio_id", how="left"
        )
        .join(_money(case, trades), on="portfolio_id", how="left")
        .join(lists.figures, on="portfolio_id", how="left")
        .join(taxes, on="portfolio_id", how="left")
        .join(improvement(by_class, portfolios, policies), on="portfolio_id", how="left")
        .join(act_or_wait(trades, portfolios, policies, case.trade_date), on="portfolio_id", how="left")
        .join(_classes_json(weights), on="portfolio_id", how="left")
        .join(obstacles, on="portfolio_id", how="left")
        .join(checks.select("portfolio_id", "checks_json"), on="portfolio_id", how="left")
        .join(notes_json(case, year_notes(taxes)), on="portfolio_id", how="left")
        .join(_ids(business_date, case, trades), on="portfolio_id", how="left")
    )
    is_solved = pl.col("outcome").is_in(_FINE)
    has_list = pl.col("status").is_in([ProposalStatus.DRAFTED.value, ProposalStatus.HELD_BACK.value])
    is_nothing = pl.col("status") == ProposalStatus.NOTHING_TO_TRADE.value
    zero = pl.lit(0).cast(MONEY_DTYPE)
    gains = (
        "short_term_gain_usd",
        "long_term_gain_usd",
        "disallowed_usd",
        "federal_tax_usd",
        "state_tax_usd",
        "net_tax_usd",
    )
    figures = [name for name in lists.figures.columns if name.endswith(("_usd", "_frac"))]
    after = [name for name in rows.columns if name.endswith("_after_frac")]
    return (
        rows.with_columns(
            pl.lit(business_date).alias("business_date"),
            pl.col("account_count").fill_null(0),
            pl.col("trade_count").fill_null(0),
            *(pl.when(is_solved).then(pl.col(name).cast(MONEY_DTYPE).fill_null(zero)).alias(name) for name in gains),
            *(
                pl.when(is_solved).then(pl.col(name)).alias(name)
                for name in (*figures, *after, "sold_usd", "bought_usd", "cost_usd", "cash_after_usd", "cash_short_usd")
            ),
            pl.col("tax_usd").alias("choosing_tax_usd"),
            pl.when(is_solved).then("is_tax_year_known").alias("is_tax_year_known"),
            (pl.col("gap_usd") / pl.col("nav_usd") * 1e4).alias("gap_bp"),
            *(
                pl.when(has_list).then(pl.col(name)).alias(name)
                for name in ("advice", "wait_until_date", "wait_saves_usd")
            ),
            pl.when(is_nothing).then("reasons").otherwise("status_reason").alias("status_reason"),
            pl.when(has_list | is_nothing).then("reasons_json").alias("reasons_json"),
            pl.col("checks_json", "obstacles_json", "classes_json", "notes_json").fill_null("[]"),
        )
        .with_columns(
            pl.col("reasons_json").fill_null("[]"),
        )
        .with_columns(
            pl.when(pl.col("sold_usd") > 0)
            .then(pl.col("net_tax_usd").cast(pl.Float64) / pl.col("sold_usd").cast(pl.Float64))
            .alias("net_tax_frac")
        )
    )


def _status(case: Case, lists: Lists, checks: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio_id`, `status`, `status_reason`."""
    alert_only = (
        case.accounts.group_by("portfolio_id")
        .agg(pl.col("is_alert_only").all())
        .filter("is_alert_only")
        .select("portfolio_id")
    )
    counted = lists.trades.group_by("portfolio_id").len("trades")
    why = pl.col("outcome").replace_strict(WHY_NOT, default=pl.col("outcome"), return_dtype=pl.String)
    failed = pl.col("worst") == CheckResult.FAILED.value
    rows = (
        case.wanted.select("portfolio_id")
        .join(alert_only.with_columns(pl.lit(True).alias("is_alert_only")), on="portfolio_id", how="left")
        .join(lists.figures.select("portfolio_id", "outcome", "unsolved_account_id"), on="portfolio_id", how="left")
        .join(counted, on="portfolio_id", how="left")
        .join(checks.select("portfolio_id", "worst"), on="portfolio_id", how="left")
    )
    status = (
        pl.when(pl.col("is_alert_only"))
        .then(pl.lit(ProposalStatus.NO_TRADES_BY_RULE.value))
        .when(~pl.col("outcome").is_in(_FINE) | pl.col("outcome").is_null())
        .then(pl.lit(ProposalStatus.NOT_SOLVED.value))
        .when(pl.col("trades").is_null())
        .then(pl.lit(ProposalStatus.NOTHING_TO_TRADE.value))
        .when(failed.fill_null(False))
        .then(pl.lit(ProposalStatus.HELD_BACK.value))
        .otherwise(pl.lit(ProposalStatus.DRAFTED.value))
    )
    reason = (
        pl.when(pl.col("status") == ProposalStatus.NO_TRADES_BY_RULE.value)
        .then(pl.lit(ALERTS_ALONE))
        .when(pl.col("status") == ProposalStatus.NOT_SOLVED.value)
        .then(pl.format("Account {}: {}.", pl.col("unsolved_account_id").fill_null("unknown"), why))
        .when(pl.col("status") == ProposalStatus.HELD_BACK.value)
        .then(pl.lit("A check failed; a person must look before it goes on."))
    )
    return rows.with_columns(status.alias("status")).select("portfolio_id", "status", reason.alias("status_reason"))


def _reasons_json(
    case: Case, lists: Lists, weights: pl.DataFrame, obstacles: pl.DataFrame, policies: Mapping[str, Policy]
) -> pl.DataFrame:
    """Return `portfolio_id`, `reasons_json`, `reasons` (the sentences, one after the other): why no trades, or why more than is short."""
    stood = obstacles.select(
        "portfolio_id", pl.col("obstacles_json").str.json_decode(pl.List(pl.Struct({"rule": pl.String})))
    ).explode("obstacles_json")
    codes = pl.concat([nothing_reasons(case, lists, weights, stood, policies), more_cash_reasons(case, lists)])
    one = pl.concat_str([pl.lit('{"code":"'), "code", pl.lit('","figures":'), "figures", pl.lit("}")])
    rows = (
        codes.sort("portfolio_id", "place")
        .group_by("portfolio_id", maintain_order=True)
        .agg(one.str.join(",").alias("listed"))
        .select("portfolio_id", pl.format("[{}]", "listed").alias("reasons_json"))
    )
    said = (
        reason_sentences(rows, ["portfolio_id"])
        .group_by("portfolio_id", maintain_order=True)
        .agg(pl.col("sentence").str.join(" ").alias("reasons"))
    )
    return rows.join(said, on="portfolio_id", how="left")


def _money(case: Case, trades: pl.DataFrame) -> pl.DataFrame:
    """Return sums of trades and cash of each portfolio; cash that an account lacks is not made good by another's."""
    is_sale = pl.col("side") == OrderSide.SELL.value
    zero = pl.lit(0).cast(MONEY_DTYPE)
    by_account = trades.group_by("account_id").agg(
        pl.when(is_sale).then("value_usd").otherwise(zero).sum().alias("sold_usd"),
        pl.when(is_sale).then(zero).otherwise("value_usd").sum().alias("bought_usd"),
        pl.sum_horizontal("commission_usd", "half_spread_usd", "redemption_fee_usd", ignore_nulls=False)
        .sum()
        .alias("cost_usd"),
        pl.len().alias("trade_count"),
    )
    rows = (
        case.accounts.select("account_id", "portfolio_id", "cash_usd", "min_cash_usd")
        .join(by_account, on="account_id", how="left")
        .with_columns(pl.col("sold_usd", "bought_usd", "cost_usd").fill_null(zero), pl.col("trade_count").fill_null(0))
        .with_columns(pl.col("cash_usd").round(2).cast(MONEY_DTYPE).alias("cash_before_usd"))
        .with_columns((pl.col("cash_before_usd") + pl.col("sold_usd") - pl.col("bought_usd")).alias("cash_after_usd"))
    )
    short = (pl.max_horizontal("min_cash_usd", pl.lit(0.0)) - pl.col("cash_after_usd").cast(pl.Float64)).clip(
        lower_bound=0.0
    )
    return (
        rows.with_columns(short.alias("cash_short_usd"))
        .group_by("portfolio_id")
        .agg(
            pl.col(
                "sold_usd",
                "bought_usd",
                "cost_usd",
                "trade_count",
                "cash_before_usd",
                "cash_after_usd",
                "cash_short_usd",
            ).sum()
        )
    )


def _classes_json(weights: pl.DataFrame) -> pl.DataFrame:
    """Return the nodes of each portfolio, a sleeve with its own band: a class's band says nothing of one of its sleeves."""
    fields = ("node", "asset_class", "target_frac", "lower_frac", "upper_frac", "before_frac", "after_frac")
    is_class = pl.col("node_id") == pl.col("asset_class")
    figures = {
        "target_frac": pl.col("target_frac"),
        "lower_frac": pl.when(is_class).then("class_lower").otherwise("own_lower"),
        "upper_frac": pl.when(is_class).then("class_upper").otherwise("own_upper"),
        "before_frac": pl.col("weight_before_frac"),
        "after_frac": pl.col("weight_after_frac"),
    }
    rows = weights.select(
        "portfolio_id",
        pl.col("node_id").alias("node"),
        "asset_class",
        # A weight a little below 0 is rounded to -0.0.
        *((figure.round(_DIGITS) + 0.0).alias(name) for name, figure in figures.items()),
    ).sort("portfolio_id", "node")
    return as_json(rows, fields, "classes_json")


def _ids(business_date: dt.date, case: Case, trades: pl.DataFrame) -> pl.DataFrame:
    """Return each proposal's id: a digest of alert, portfolio, date, kind and trades."""
    text = pl.format(
        "{} {} {} {} {}",
        "account_id",
        "side",
        "security_id",
        pl.col("lot_id").fill_null(""),
        pl.col("value_usd").cast(pl.String),
    )
    listed = trades.sort("portfolio_id", "trade_no").group_by("portfolio_id").agg(text.str.join(";").alias("list"))
    rows = case.wanted.select("portfolio_id", "alert_id", "kind").join(listed, on="portfolio_id", how="left")
    return pl.DataFrame(
        [
            (
                row["portfolio_id"],
                stable_id("pro", row["alert_id"], row["portfolio_id"], business_date, row["kind"], row["list"]),
            )
            for row in rows.iter_rows(named=True)
        ],
        schema={"portfolio_id": pl.String, "proposal_id": pl.String},
        orient="row",
    )
