"""What is wrong in the tables in, figure by figure: the answer's table `remarks`.

Looked for after everything is solved, and only for accounts that could not be; the kernels say that something is not fit, not what.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import polars as pl

from evenkeel.engine.codes import Effect, Outcome, Remark
from evenkeel.engine.columns import codes_of, given
from evenkeel.engine.netted.terms import LIMITS
from evenkeel.engine.numbered import NumberedLots
from evenkeel.engine.problem import Tables
from evenkeel.engine.shared import has_impossible_target
from evenkeel.engine.tables.fits import AS_BUYABLE, FITS, Fit
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities, TaxUnits
from evenkeel.engine.tables.outputs import Remarks

OF_FIGURES = (
    Outcome.FIGURE_INVALID,
    Outcome.SECURITY_UNPRICED,
    Outcome.TARGETS_NOT_ONE,
    Outcome.BANDS_CONTRADICTORY,
    Outcome.TAX_TERMS_INVALID,
)
"""Outcomes that remarks say the reason of."""

TOLERANCE = 1e-9
"""Of sums of shares, as the kernels have it."""
_ORDERED = ("long_rate_frac", "ordinary_rate_frac", "short_rate_frac")
_Pairs = Iterable[tuple[str, pl.Expr]]


def remarks_of(rows: list[pl.DataFrame]) -> pl.DataFrame:
    """Return remarks as one table, in key order, each once."""
    if not rows:
        return Remarks.empty_frame()
    schema = Remarks.polars_schema()
    table = pl.concat(part.cast(pl.String).select(list(schema)) for part in rows)
    return table.unique().sort(Remarks.key_columns())


def shared_remarks(models: pl.DataFrame, securities: pl.DataFrame) -> pl.DataFrame:
    """Return what is odd in rows that accounts share, said once, without an account.

    A security with a figure that is not fit is not bought (who holds it is told by account). Targets outside their bands, and ends that no
    list can all keep, are taken as they stand: the way to a target, or a least share of cash, can lead there.
    """
    securities = given(securities, Securities)
    unfit = {name: FITS[Securities][name] for name in AS_BUYABLE}
    is_priced = pl.when(pl.col("is_buyable") | pl.col("price_usd").is_not_null())
    pairs = [*fits_of(unfit), ("price_usd", is_priced.then(FITS[Securities]["price_usd"].remark("price_usd")))]
    policy = RowsOf(models, "models", ("model_id", "asset_class"))
    shares = models.group_by("model_id", maintain_order=True).agg(pl.col("lower_frac", "upper_frac").sum())
    is_known = _are_finite(shares.columns[1:])
    sums = RowsOf(shares, "models", ("model_id",))
    return remarks_of(
        [
            *RowsOf(securities, "securities", ("universe_id", "security_id")).told(pairs, Effect.NOT_BOUGHT),
            *policy.told([("target_frac", _if(_is_outside(), Remark.OUTSIDE_BAND))], Effect.TAKEN),
            *sums.told(
                [
                    ("lower_frac", _if(is_known & (pl.col("lower_frac") > 1 + TOLERANCE), Remark.LOWER_ABOVE_ONE)),
                    ("upper_frac", _if(is_known & (pl.col("upper_frac") < 1 - TOLERANCE), Remark.UPPER_BELOW_ONE)),
                ],
                Effect.TAKEN,
            ),
        ]
    )


def account_remarks(
    tables: Tables, accounts: pl.DataFrame, lots: pl.DataFrame, but: Collection[str] = ()
) -> pl.DataFrame:
    """Return what is not fit in all that the accounts refer to, by account.

    Args:
        tables: The problem.
        accounts: Rows of `accounts` that were not solved for their figures (`OF_FIGURES`).
        lots: Their lots.
        but: Columns of accounts that are not read.
    """
    accounts = given(accounts, Accounts)
    ids = accounts.select("account_id")
    lots = given(lots, Lots).filter((pl.col("held_qty") != 0).fill_null(True))
    lots = lots.with_columns(pl.col("unit_basis_usd").cast(pl.Float64).fill_nan(None)).cast(
        {"account_id": pl.String, "security_id": pl.String}
    )
    held = (
        lots.select("account_id", "security_id")
        .unique(maintain_order=True)
        .join(accounts.select("account_id", "universe_id"), on="account_id", how="inner")
        .join(
            given(tables.securities, Securities).with_columns(pl.lit(True).alias("is_listed")),
            on=["universe_id", "security_id"],
            how="left",
        )
    )
    listed, models = held.filter("is_listed"), _joined(accounts, "model_id", tables.models)
    # Of targets that are not all known the sum is not.
    whole = pl.when(pl.col("target_frac").null_count() == 0).then(pl.col("target_frac").sum())
    shares = models.group_by("account_id", "model_id", maintain_order=True).agg(whole.alias("target_frac"))
    plans, units = (
        _joined(accounts, "cash_plan_id", tables.cash_terms),
        _joined(accounts, "tax_unit_id", given(tables.tax_units, TaxUnits)),
    )
    limits = tables.restrictions.join(ids, on="account_id", how="semi")
    security, policy = ("universe_id", "security_id"), ("model_id", "asset_class")
    own = {name: fit for name, fit in FITS[Accounts].items() if name not in but}
    is_off = _are_finite(["target_frac"]) & ((pl.col("target_frac") - 1).abs() > TOLERANCE)
    unlisted = _if(pl.col("is_listed").is_null(), Remark.NOT_LISTED)
    return remarks_of(
        [
            *RowsOf(accounts, "accounts", ("account_id",)).told(fits_of(own)),
            *RowsOf(models, "models", policy).told([*fits_of(FITS[Models]), *_of_policy()]),
            *RowsOf(shares, "models", ("model_id",)).told([("target_frac", _if(is_off, Remark.NOT_ONE))]),
            *RowsOf(held, "securities", security).told([("security_id", unlisted)]),
            *RowsOf(listed, "securities", security).told(fits_of(FITS[Securities])),
            *RowsOf(lots, "lots", ("security_id", "lot_id")).told(fits_of(FITS[Lots])),
            *RowsOf(plans, "cash_terms", ("cash_plan_id", "term")).told(fits_of(FITS[CashTerms])),
            *RowsOf(limits, "restrictions", ("security_id",)).told(fits_of(FITS[Restrictions])),
            *RowsOf(units, "tax_units", ("tax_unit_id",)).told([*fits_of(FITS[TaxUnits]), *_of_rates()]),
        ]
    )


def lots_of(lots: pl.DataFrame | NumberedLots, account_ids: pl.Series) -> pl.DataFrame:
    """Return the accounts' lots as a table."""
    if isinstance(lots, NumberedLots):
        return lots.filter((codes_of(lots.account.names, account_ids) >= 0)[lots.account.places]).spelled()
    return lots.join(account_ids.to_frame("account_id"), on="account_id", how="semi")


class RowsOf:
    """Rows of a table in, whose account is `account_id`, or nobody's where there is no such column."""

    def __init__(self, rows: pl.DataFrame, name: str, keys: tuple[str, ...]) -> None:
        self._rows, self._name, self._keys = rows, name, keys

    def told(self, pairs: _Pairs, effect: Effect = Effect.UNSOLVED) -> list[pl.DataFrame]:
        """Return a remark for each row and column that has one; `pairs`: column, and its remark or null."""
        pairs = list(pairs)
        names = [str(place) for place in range(len(pairs))]
        marked = self._rows.with_columns(told.alias(name) for name, (_, told) in zip(names, pairs, strict=True))
        marked = marked.filter(pl.any_horizontal(pl.col(name).is_not_null() for name in names))
        if not marked.height:
            return []
        account = pl.col("account_id") if "account_id" in marked.columns else pl.lit("")
        key = pl.concat_str([pl.col(part).cast(pl.String) for part in self._keys], separator=" / ")
        return [
            marked.filter(pl.col(name).is_not_null()).select(
                account.cast(pl.String).alias("account_id"),
                pl.lit(self._name).alias("in_table"),
                key.alias("row_key"),
                pl.lit(column).alias("in_column"),
                pl.col(name).alias("remark"),
                pl.lit(effect.value).alias("effect"),
                pl.col(column).cast(pl.String).alias("value"),
            )
            for name, (column, _) in zip(names, pairs, strict=True)
        ]


def fits_of(fits: Mapping[str, Fit]) -> list[tuple[str, pl.Expr]]:
    """Return columns and what is wrong with their figures, for `RowsOf.told`."""
    return [(name, fit.remark(name)) for name, fit in fits.items()]


def _if(is_so: pl.Expr, remark: Remark) -> pl.Expr:
    return pl.when(is_so).then(pl.lit(remark.value))


def _joined(accounts: pl.DataFrame, name: str, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the rows that the accounts refer to by the column, by account."""
    return accounts.select("account_id", name).join(rows, on=name, how="inner", maintain_order="left")


def _are_finite(names: Iterable[str]) -> pl.Expr:
    return pl.all_horizontal(pl.col(name).is_finite().fill_null(False) for name in names)


def _is_outside() -> pl.Expr:
    target, lower, upper = (pl.col(name) for name in FITS[Models])
    is_outside = (target < lower - TOLERANCE) | (target > upper + TOLERANCE)
    return _are_finite(FITS[Models]) & (lower <= upper) & ~has_impossible_target() & is_outside


def _of_policy() -> _Pairs:
    is_known = _are_finite(FITS[Models])
    yield "lower_frac", _if(is_known & (pl.col("lower_frac") > pl.col("upper_frac")), Remark.ENDS_CROSSED)
    yield "target_frac", _if(is_known & has_impossible_target(), Remark.TOO_LOW)


def _of_rates() -> _Pairs:
    """Return remarks on how rates stand to each other, to a millionth as they are taken, and on the limit of the deduction."""
    is_known = _are_finite((*_ORDERED, "state_rate_frac"))
    long, ordinary, short, state = (pl.col(name).round(6) for name in (*_ORDERED, "state_rate_frac"))
    is_dear = _are_finite(["carry_value_frac"]) & (pl.col("carry_value_frac") > ordinary + state)
    is_no_limit = _are_finite(["deduction_limit_usd"]) & ~pl.col("deduction_limit_usd").is_in(LIMITS)
    yield "long_rate_frac", _if(is_known & (long > ordinary), Remark.OUT_OF_ORDER)
    yield "ordinary_rate_frac", _if(is_known & (ordinary > short), Remark.OUT_OF_ORDER)
    yield "carry_value_frac", _if(is_known & is_dear, Remark.OUT_OF_ORDER)
    yield "deduction_limit_usd", _if(is_no_limit, Remark.NOT_ALLOWED)
