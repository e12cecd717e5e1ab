"""What restrictions must keep: whom they are for, what they name, and that no two ask for what cannot be had together."""

from __future__ import annotations

import datetime as dt
import difflib

import polars as pl

from data_contracts.vocab import RestrictionKind
from evenkeel.book.accounts import ACCOUNTS, PORTFOLIOS
from evenkeel.book.csv_cells import Table
from evenkeel.book.csv_text import LINE
from evenkeel.book.problems import SHOWN_OF_A_KIND, Problems, shown
from evenkeel.book.screens import CODE, NO_SCREEN, SEPARATOR
from evenkeel.book.validate import SECURITIES, Tables, add_rows, check_known, known_values

RESTRICTIONS = "restrictions.csv"

_SCOPES = {
    "account": (ACCOUNTS, "account_id"),
    "portfolio": (PORTFOLIOS, "portfolio_id"),
    "household": ("households.csv", "household_id"),
    "custodian": (ACCOUNTS, "custodian"),
}
_WEIGHTS = (RestrictionKind.MAX_WEIGHT.value, RestrictionKind.MIN_WEIGHT.value)
_NAMED_BY = ("security_id", "issuer_id", "asset_class", "sector", "screen")
_LIKE = 0.85
"""How like another code a screen is that nothing is marked with, to be taken for a slip; fewer letters off than that and it is one."""


def check_restrictions(tables: Tables, problems: Problems) -> None:
    """Note everything that is wrong with `restrictions.csv`, and with the screens of `securities.csv` that it names."""
    _check_screens(tables, problems)
    table = tables.get(RESTRICTIONS)
    if table is None:
        return
    _check_scopes(table, tables, problems)
    _check_terms(table, problems)
    _check_screen_names(table, tables, problems)
    _check_contradictions(table, tables, problems)


def _check_screens(tables: Tables, problems: Problems) -> None:
    table = tables.get(SECURITIES)
    if table is None:
        return
    codes = pl.col("screens").str.split(SEPARATOR)
    for wrong, text in (
        (
            ~pl.col("screens").str.contains(f"^{CODE}({SEPARATOR}{CODE})*$"),
            f"screens are codes of letters, digits, - and _ with {SEPARATOR} between them: tobacco{SEPARATOR}weapons; write them so",
        ),
        (
            codes.list.contains(NO_SCREEN) & (codes.list.len() > 1),
            f"screens says {NO_SCREEN} and a code as well; keep {NO_SCREEN} only where nothing is marked",
        ),
    ):
        rows = table.frame.filter(wrong.fill_null(False))
        add_rows(table, rows, [text] * rows.height, text, problems)


def _check_scopes(table: Table, tables: Tables, problems: Problems) -> None:
    for scope, (file, column) in _SCOPES.items():
        of_scope = table.frame.filter(pl.col("scope") == scope)
        check_known(Table(table.file, of_scope), "scope_id", known_values(tables, file, column), file, problems)
        blank = of_scope.filter(pl.col("scope_id").is_null())
        text = f"scope {scope} needs a scope_id; fill it in"
        add_rows(table, blank, [text] * blank.height, text, problems)


def _check_terms(table: Table, problems: Problems) -> None:
    kind, scope = pl.col("kind"), pl.col("scope")
    is_weight = kind.is_in(_WEIGHTS)
    for wrong, text in (
        ((scope == "firm") & pl.col("scope_id").is_not_null(), "scope firm takes no scope_id; blank it"),
        (
            (kind == RestrictionKind.HOLD_UNTIL.value) & pl.col("until_date").is_null(),
            "hold_until needs an until_date; fill it in",
        ),
        (
            (kind == RestrictionKind.NOT_TRADED.value) & (scope != "custodian"),
            "not_traded is what a custodian cannot trade; use scope custodian, or the kind unsupervised",
        ),
        (
            (kind == RestrictionKind.EXCLUDE.value) & pl.all_horizontal(pl.col(name).is_null() for name in _NAMED_BY),
            f"exclude names nothing; fill in one of {', '.join(_NAMED_BY)}",
        ),
        (
            is_weight & pl.col("weight_frac").is_null(),
            "max_weight and min_weight need a weight_frac; write it as a fraction, 0.05 for five per cent",
        ),
        (
            ~is_weight & pl.col("weight_frac").is_not_null(),
            "weight_frac is for max_weight and min_weight only; blank it, or correct the kind",
        ),
        (
            is_weight
            & (
                pl.col("security_id").is_null()
                | pl.any_horizontal(pl.col(name).is_not_null() for name in _NAMED_BY[1:])
            ),
            "max_weight and min_weight are of one security; fill in security_id and none of "
            f"{', '.join(_NAMED_BY[1:])}",
        ),
        (
            is_weight & scope.is_in(["account", "custodian"]),
            "weights are shares of a portfolio; use scope portfolio, household or firm",
        ),
        (pl.col("screen").str.contains(SEPARATOR, literal=True), "screen names one code; write a row for each"),
        (
            pl.col("screen") == NO_SCREEN,
            f"screen {NO_SCREEN} means that nothing is marked; name a code of {SECURITIES}",
        ),
    ):
        rows = table.frame.filter(wrong.fill_null(False))
        add_rows(table, rows, [text] * rows.height, text, problems)


def _check_screen_names(table: Table, tables: Tables, problems: Problems) -> None:
    """Note screens that nothing is marked with and that are nearly one that is.

    Another code that nothing is marked with is no mistake: what it bars may have left the book, or not have come yet.
    """
    marked = known_values(tables, SECURITIES, "screens")
    if marked is None:
        return
    codes = sorted({code for text in marked.to_list() for code in text.split(SEPARATOR)} - {NO_SCREEN})
    named = table.frame.filter(pl.col("screen").is_not_null() & ~pl.col("screen").is_in(codes))
    for screen in named.get_column("screen").unique().sort().to_list():
        like = difflib.get_close_matches(screen, codes, n=1, cutoff=_LIKE)
        if like:
            text = f"no security of {SECURITIES} is marked {shown(screen)}, did you mean {shown(like[0])}?; correct it here or there"
            rows = named.filter(pl.col("screen") == screen)
            add_rows(table, rows, [text] * rows.height, text, problems)


def _check_contradictions(table: Table, tables: Tables, problems: Problems) -> None:
    """Note a least weight of a security that is above its largest for the same portfolio and days, or that is excluded there."""
    named = table.frame.filter(pl.col("security_id").is_not_null()).with_columns(
        pl.col("from_date").fill_null(dt.date(1, 1, 1)), pl.col("until_date").fill_null(dt.date(9999, 12, 31))
    )
    columns = ["restriction_id", "scope", "scope_id", "kind", "security_id", "weight_frac", "from_date", "until_date"]
    least = named.filter(pl.col("kind") == RestrictionKind.MIN_WEIGHT.value).select(LINE, *columns)
    against = named.filter(
        pl.col("kind").is_in([RestrictionKind.MAX_WEIGHT.value, RestrictionKind.EXCLUDE.value]),
        pl.all_horizontal(pl.col(name).is_null() for name in _NAMED_BY[1:]),
        # What one account or custodian excludes, the portfolio's others may hold.
        ~pl.col("scope").is_in(["account", "custodian"]),
    ).select(columns)
    pairs = (
        least.join(against, on="security_id", suffix="_other")
        .filter(
            pl.col("from_date") <= pl.col("until_date_other"),
            pl.col("from_date_other") <= pl.col("until_date"),
            (pl.col("kind_other") == RestrictionKind.EXCLUDE.value)
            | (pl.col("weight_frac") > pl.col("weight_frac_other")),
        )
        .sort(LINE, "restriction_id_other")
    )
    if pairs.is_empty():
        return
    household_of = _households(tables)
    texts, lines = [], []
    for row in pairs.iter_rows(named=True):
        if not _meet((row["scope"], row["scope_id"]), (row["scope_other"], row["scope_id_other"]), household_of):
            continue
        what = (
            "excludes it"
            if row["kind_other"] == RestrictionKind.EXCLUDE.value
            else f"lets it have {row['weight_frac_other']:g} at most"
        )
        texts.append(
            f"security {shown(row['security_id'])} must have a weight of {row['weight_frac']:g} at least, and restriction "
            f"{shown(row['restriction_id_other'])} {what} for the same portfolio and days; correct one of them"
        )
        lines.append(row[LINE])
    problems.add_lines(table.file, lines, texts[:SHOWN_OF_A_KIND], "least weights against other restrictions")


def _households(tables: Tables) -> dict[str, str]:
    """Return the household of each portfolio."""
    portfolios = tables.get(PORTFOLIOS)
    if portfolios is None:
        return {}
    return dict(portfolios.frame.select("portfolio_id", "household_id").drop_nulls().iter_rows())


def _meet(one: tuple[str, str], other: tuple[str, str], household_of: dict[str, str]) -> bool:
    """Tell whether two scopes, of `firm`, `household` and `portfolio`, have a portfolio in common."""
    if "firm" in (one[0], other[0]) or one == other:
        return True
    if one[0] == other[0]:
        return False
    portfolio, household = (one[1], other[1]) if one[0] == "portfolio" else (other[1], one[1])
    return household_of.get(portfolio) == household
