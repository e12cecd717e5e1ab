"""What somebody should know although no trade is due: one line each, to the desk it concerns."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.coverage import Coverage
from data_contracts.notices import Notices
from data_contracts.vocab import AccountState, NoticeKind, Owner, PlannedCashKind, SuspensionKind
from evenkeel.book.model import Book
from evenkeel.identity import stable_id
from evenkeel.policy.model import Policy
from evenkeel.stages.alerts.waiting import waiting_households
from evenkeel.stages.prioritize.routing import UNASSIGNED, desks
from evenkeel.stages.reconcile.coverage import STATE_NEEDS
from evenkeel.stages.wording import dollars, percent

_COLUMNS = ("kind", "subject_id", "adviser_id", "owner", "text", "detail")


def write_notices(
    business_date: dt.date,
    book: Book,
    coverage: DataFrame[Coverage],
    nearest: pl.DataFrame,
    widening_texts: Mapping[str, str],
) -> DataFrame[Notices]:
    """Return the day's notices. The same matter has the same id for as long as it lasts.

    Args:
        business_date: The session.
        book: As it holds on the date; `book.changes` is what newly holds.
        coverage: Today's.
        nearest: `portfolio_id`, `model_id`, `distance_frac` of held portfolios without a model (`stages.drift.nearest_models`).
        widening_texts: What is to be said about volatility, by policy version (`stages.threshold.widening`).
    """
    owners = book.portfolios.join(desks(book), on="household_id", how="left").with_columns(
        pl.col("adviser_id").fill_null(UNASSIGNED)
    )
    policies = {
        id_: book.policies.held_on(id_, book.on, book.as_known_at) for id_ in owners["policy_id"].unique().sort()
    }
    parts = [
        _overdue_reviews(business_date, book, owners, policies),
        *_changes(book, owners),
        _suspension_reviews(business_date, book, owners),
        _account_states(book, owners),
        _without_model(book, owners, nearest),
        _widened(widening_texts),
        waiting_households(coverage, book.households.drop("adviser_id").join(desks(book), on="household_id")),
        _spoken_for(business_date, book, owners, policies),
    ]
    found = pl.concat([part.select(pl.col(name).cast(pl.String) for name in _COLUMNS) for part in parts])
    keys = found.select("kind", "subject_id", "adviser_id", "detail").rows()
    identified = found.with_columns(
        pl.Series("notice_id", [stable_id("nt", *key) for key in keys], dtype=pl.String),
        pl.lit(business_date).alias("business_date"),
    )
    return conform(identified, Notices)


def _notice(
    rows: pl.DataFrame,
    kind: NoticeKind,
    subject: str,
    text: pl.Expr,
    *,
    detail: pl.Expr | None = None,
    owner: pl.Expr | None = None,
) -> pl.DataFrame:
    """Return one notice a row; `detail` tells apart what stands under one subject, and changes when the matter is a new one."""
    return rows.select(
        pl.lit(kind.value).alias("kind"),
        pl.col(subject).alias("subject_id"),
        "adviser_id",
        (pl.lit(Owner.ADVISER.value) if owner is None else owner).alias("owner"),
        text.alias("text"),
        (pl.lit(None, dtype=pl.String) if detail is None else detail.cast(pl.String)).alias("detail"),
    )


def _overdue_reviews(
    business_date: dt.date, book: Book, owners: pl.DataFrame, policies: Mapping[str, Policy]
) -> pl.DataFrame:
    """Flag IPS reviews that are overdue; where no review is on record, the IPS's own date counts as its first."""
    limits = pl.col("policy_id").replace_strict(
        {id_: policy.ips_review_days for id_, policy in policies.items()}, default=None, return_dtype=pl.Int64
    )
    reviewed = pl.coalesce("last_review_date", "effective_date")
    overdue = (
        owners.with_columns(limits.alias("review_days"))
        .join(book.ips_profiles.select("ips_id", reviewed.alias("reviewed_date"), "last_review_date"), on="ips_id")
        .group_by("ips_id", "adviser_id")
        .agg(pl.col("review_days").min(), pl.col("reviewed_date", "last_review_date").first())
        .with_columns((pl.lit(business_date) - pl.col("reviewed_date")).dt.total_days().alias("days"))
        .filter(pl.col("days") > pl.col("review_days"))
    )
    since = pl.when(pl.col("last_review_date").is_null()).then(pl.lit("was set")).otherwise(pl.lit("was last reviewed"))
    text = pl.format(
        "IPS {} {} on {}, {} days ago; a review is due every {} days: review it with the client and record the date",
        "ips_id",
        since,
        "reviewed_date",
        "days",
        "review_days",
    )
    return _notice(overdue, NoticeKind.IPS_REVIEW_OVERDUE, "ips_id", text, detail=pl.col("reviewed_date"))


def _changes(book: Book, owners: pl.DataFrame) -> list[pl.DataFrame]:
    """Announce what newly holds to the desks whose portfolios it concerns; to the firm where it concerns none."""
    kinds = (
        ("policy", NoticeKind.POLICY_CHANGED, "policy_id", "Policy"),
        ("model", NoticeKind.MODEL_CHANGED, "model_id", "Model"),
        ("ips", NoticeKind.IPS_CHANGED, "ips_id", "IPS"),
    )
    parts = []
    for change, kind, column, word in kinds:
        labels = list(book.changes.get(change, ()))
        changed = pl.DataFrame(
            {"label": labels, column: [label.rpartition("/")[0] for label in labels]},
            schema={"label": pl.String, column: pl.String},
        )
        concerned = owners.group_by(column, "adviser_id").agg(pl.len().alias("portfolio_count"))
        rows = changed.join(concerned, on=column, how="left")
        count = pl.col("portfolio_count").fill_null(0)
        text = pl.format(
            "{} holds from {} on; {}",
            pl.format(f"{word} {{}}", "label"),
            pl.lit(str(book.on)),
            pl.when(count == 0)
            .then(pl.lit("no portfolio follows it"))
            .when(count == 1)
            .then(pl.lit("1 portfolio on this desk follows it"))
            .otherwise(pl.format("{} portfolios on this desk follow it", count)),
        )
        parts.append(_notice(rows, kind, "label", text))
    return parts


def _suspension_reviews(business_date: dt.date, book: Book, owners: pl.DataFrame) -> pl.DataFrame:
    due = book.suspensions.filter(
        pl.col("from_date") <= business_date,
        pl.col("ended_date").is_null() | (pl.col("ended_date") > business_date),
        pl.col("review_date") <= business_date,
    ).join(_account_desks(book, owners), on="account_id", how="left")
    text = pl.format(
        "Account {} ({}) is suspended since {} ({}: {}) and was to be looked at on {}: end the suspension or set a new review date",
        "account_id",
        "account_mask",
        "from_date",
        pl.col("kind").str.replace_all("_", " "),
        "reason",
        "review_date",
    )
    owner = (
        pl.when(pl.col("kind") == SuspensionKind.COMPLIANCE_HOLD.value)
        .then(pl.lit(Owner.COMPLIANCE.value))
        .otherwise(pl.lit(Owner.ADVISER.value))
    )
    return _notice(due, NoticeKind.SUSPENSION_REVIEW, "account_id", text, detail=pl.col("suspension_id"), owner=owner)


def _account_states(book: Book, owners: pl.DataFrame) -> pl.DataFrame:
    held = book.accounts.filter(~pl.col("state").is_in([AccountState.OPEN.value, AccountState.CLOSED.value])).join(
        owners.select("portfolio_id", "adviser_id"), on="portfolio_id", how="left"
    )
    needs = pl.col("state").replace_strict(STATE_NEEDS, default="is set aside", return_dtype=pl.String)
    text = pl.format("Account {} ({}) {}", "account_id", "account_mask", needs)
    return _notice(held, NoticeKind.ACCOUNT_STATE, "account_id", text, detail=pl.col("state"))


def _without_model(book: Book, owners: pl.DataFrame, nearest: pl.DataFrame) -> pl.DataFrame:
    matched = owners.filter(pl.col("model_id").is_null()).join(
        nearest.select("portfolio_id", pl.col("model_id").alias("nearest_id"), "distance_frac"),
        on="portfolio_id",
        how="left",
    )
    known = pl.format(
        "Portfolio {} has no model; the nearest is {}: {} % of the portfolio would have to move to follow it. Choose one in the book",
        "portfolio_id",
        "nearest_id",
        percent(pl.col("distance_frac")),
    )
    unknown = pl.format(
        "Portfolio {} has no model, and nothing measured yet to match it by. Choose one in the book", "portfolio_id"
    )
    text = pl.when(pl.col("nearest_id").is_not_null()).then(known).otherwise(unknown)
    return _notice(matched, NoticeKind.NEAREST_MODEL, "portfolio_id", text)


def _widened(widening_texts: Mapping[str, str]) -> pl.DataFrame:
    rows = pl.DataFrame(
        {
            "policy": list(widening_texts),
            "said": list(widening_texts.values()),
            "adviser_id": [None] * len(widening_texts),
        },
        schema={"policy": pl.String, "said": pl.String, "adviser_id": pl.String},
    )
    text = pl.concat_str([pl.col("said").str.slice(0, 1).str.to_uppercase(), pl.col("said").str.slice(1)])
    return _notice(rows, NoticeKind.BANDS_WIDENED, "policy", text, owner=pl.lit(Owner.COMPLIANCE.value))


def _spoken_for(
    business_date: dt.date, book: Book, owners: pl.DataFrame, policies: Mapping[str, Policy]
) -> pl.DataFrame:
    """Tell of cash that is counted as gone: planned, not done, and due within the policy's reserve days (or overdue)."""
    days = pl.col("policy_id").replace_strict(
        {id_: policy.cash.reserve_days for id_, policy in policies.items()}, default=None, return_dtype=pl.Int64
    )
    reserved = (
        book.planned_cash.filter(~pl.col("is_done"), pl.col("kind") != PlannedCashKind.CONTRIBUTION.value)
        .join(_account_desks(book, owners), on="account_id")
        .filter((pl.col("due_date") - pl.lit(business_date)).dt.total_days() <= days)
        .sort("account_id", "due_date", "planned_id")
        .group_by("account_id", maintain_order=True)
        .agg(
            pl.col("amount_usd").sum(),
            pl.col("due_date").first(),
            pl.col("kind").unique(maintain_order=True).str.replace_all("_", " ").str.join(", ").alias("kinds"),
            pl.col("account_mask", "adviser_id").first(),
        )
    )
    text = pl.format(
        "Account {} ({}): {} of its cash is spoken for ({}), the first of it due on {}; it is counted as gone",
        "account_id",
        "account_mask",
        dollars(pl.col("amount_usd")),
        "kinds",
        "due_date",
    )
    return _notice(reserved, NoticeKind.CASH_SPOKEN_FOR, "account_id", text, detail=pl.col("due_date"))


def _account_desks(book: Book, owners: pl.DataFrame) -> pl.DataFrame:
    return book.accounts.select("account_id", "portfolio_id", "account_mask").join(
        owners.select("portfolio_id", "adviser_id", "policy_id"), on="portfolio_id", how="left"
    )
