"""What checks find, in one form, until it becomes the exceptions dataset."""

from __future__ import annotations

import datetime as dt

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.conform import conform
from data_contracts.exceptions import Exceptions
from data_contracts.vocab import Check, ExceptionEffect, ExceptionScope, Owner
from evenkeel.identity import stable_id

_SCHEMA = pl.Schema(
    {
        "scope": pl.String,
        "subject_id": pl.String,
        "feed": pl.String,
        "account_id": pl.String,
        "check": pl.String,
        "effect": pl.String,
        "owner": pl.String,
        "message": pl.String,
        "file_id": pl.String,
        "row_no": pl.Int64,
        "expected": pl.String,
        "found": pl.String,
        "detail": pl.String,
        "release_id": pl.String,
    }
)


class Findings:
    """Collects findings; `detail` tells apart two findings of one check about one subject (a security, a file), never a figure."""

    def __init__(self) -> None:
        self._parts: list[pl.DataFrame] = []

    def add(
        self,
        rows: pl.DataFrame,
        check: Check,
        effect: ExceptionEffect,
        scope: ExceptionScope,
        subject: str,
        message: pl.Expr,
        *,
        owner: Owner = Owner.OPERATIONS,
        detail: str | None = None,
        expected: pl.Expr | None = None,
        found: pl.Expr | None = None,
    ) -> None:
        """Add one finding a row of `rows`.

        Args:
            rows: What was found; its columns feed, account_id, file_id and row_no are carried where present.
            check: The check.
            effect: What follows.
            scope: What it is about.
            subject: Column that names the subject.
            message: What is wrong, where, what to do.
            owner: Who must act.
            detail: Column that tells findings of one subject apart.
            expected: The figure it was compared with.
            found: The figure found.
        """
        if not rows.height:
            return
        carried = [
            pl.col(name).cast(_SCHEMA[name]) if name in rows.columns else pl.lit(None, dtype=_SCHEMA[name]).alias(name)
            for name in ("feed", "account_id", "file_id", "row_no")
        ]
        self._parts.append(
            rows.select(
                pl.lit(scope.value).alias("scope"),
                pl.col(subject).cast(pl.String).alias("subject_id"),
                pl.lit(check.value).alias("check"),
                pl.lit(effect.value).alias("effect"),
                pl.lit(owner.value).alias("owner"),
                message.cast(pl.String).alias("message"),
                _text(expected).alias("expected"),
                _text(found).alias("found"),
                (pl.col(detail).cast(pl.String) if detail else pl.lit(None, dtype=pl.String)).alias("detail"),
                pl.lit(None, dtype=pl.String).alias("release_id"),
                *carried,
            ).select(list(_SCHEMA))
        )

    @property
    def frame(self) -> pl.DataFrame:
        """Return all findings so far."""
        return pl.concat(self._parts) if self._parts else pl.DataFrame(schema=_SCHEMA)

    def release(self, releases: pl.DataFrame) -> None:
        """Lift the stops that a person has released. `releases`: `exception_id`, `release_id`; those found later are not lifted."""
        if not releases.height:
            return
        held = identified(self.frame).join(
            releases.rename({"release_id": "by"}), on="exception_id", how="left", maintain_order="left"
        )
        is_released = (pl.col("effect") == ExceptionEffect.STOP.value) & pl.col("by").is_not_null()
        self._parts = [
            held.with_columns(
                pl.when(is_released).then(pl.lit(ExceptionEffect.RELEASED.value)).otherwise("effect").alias("effect"),
                pl.when(is_released).then("by").otherwise("release_id").alias("release_id"),
            ).select(list(_SCHEMA))
        ]

    def released(self, *checks: Check) -> pl.DataFrame:
        """Return `account_id`, `detail`, `subject_id` of the findings of these checks that are released."""
        return self.frame.filter(
            pl.col("effect") == ExceptionEffect.RELEASED.value, pl.col("check").is_in([check.value for check in checks])
        ).select("account_id", "detail", "subject_id")

    def stopped_accounts(self, effect: ExceptionEffect = ExceptionEffect.STOP) -> pl.DataFrame:
        """Return one row per account that a finding of this effect touches: `account_id` and the first `message`."""
        return (
            self.frame.filter(pl.col("effect") == effect.value, pl.col("account_id").is_not_null())
            .group_by("account_id", maintain_order=True)
            .agg(pl.col("message").first(), pl.len().alias("finding_count"))
        )

    def relax_outside(self, enabled: pl.DataFrame) -> None:
        """Make notes of stops of accounts that are not in `enabled` (`account_id`): a closed account is out of everything as it is."""
        is_outside = pl.col("account_id").is_not_null() & ~pl.col("account_id").is_in(enabled["account_id"].to_list())
        relaxed = pl.when(is_outside & (pl.col("effect") == ExceptionEffect.STOP.value))
        self._parts = [
            self.frame.with_columns(
                relaxed.then(pl.lit(ExceptionEffect.NOTE.value)).otherwise("effect").alias("effect")
            )
        ]

    def to_exceptions(self, business_date: dt.date, households: pl.DataFrame) -> DataFrame[Exceptions]:
        """Return the dataset of the date. `households`: `account_id`, `household_id`."""
        told = (
            identified(self.frame)
            .unique("exception_id", keep="first", maintain_order=True)
            .join(households.select("account_id", "household_id"), on="account_id", how="left")
            .with_columns(pl.lit(business_date).alias("business_date"))
        )
        return conform(told, Exceptions)


def identified(found: pl.DataFrame) -> pl.DataFrame:
    """Add `exception_id`: a digest of what was found and about what, never of a figure."""
    keys = found.select("scope", "subject_id", "check", "detail", "feed").rows()
    return found.with_columns(pl.Series("exception_id", [stable_id("ex", *key) for key in keys], dtype=pl.String))


def _text(figure: pl.Expr | None) -> pl.Expr:
    return pl.lit(None, dtype=pl.String) if figure is None else figure.cast(pl.String)


def plain(number: pl.Expr, digits: int = 2) -> pl.Expr:
    """Return a number as text with a fixed count of decimals, for messages."""
    return number.cast(pl.Float64).round(digits).cast(pl.String)
