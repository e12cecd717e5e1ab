"""What the tables of a book must keep among themselves: keys, references, order of dates, and one answer to every question.

Works on whole columns and looks at single rows only where something is wrong.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping

import polars as pl

from data_contracts.vocab import IdType
from evenkeel.book.accounts import ACCOUNTS, PORTFOLIOS, SPREADSHEET_NUMBER
from evenkeel.book.csv_cells import Table
from evenkeel.book.csv_text import LINE
from evenkeel.book.problems import SHOWN_OF_A_KIND, Problems, did_you_mean, shown
from evenkeel.book.tables import REFERENCES, TABLES
from evenkeel.book.validate_fees import check_redemption_fees

ALIASES, SECURITIES, SECURITY_ALIASES = "account_aliases.csv", "securities.csv", "security_aliases.csv"
_HIDDEN_KEYS = frozenset({"source_account", "account_key"})

Tables = Mapping[str, Table]


def check_tables(tables: Tables, problems: Problems) -> None:
    """Note everything that is wrong among the tables."""
    for table in tables.values():
        _check_keys(table, problems)
        _check_dates(table, problems)
    for reference in REFERENCES:
        if reference.file in tables:
            known = known_values(tables, reference.target_file, reference.target_column)
            check_known(tables[reference.file], reference.column, known, reference.target_file, problems)
    _check_accounts(tables, problems)
    _check_identifiers(tables, problems)
    _check_escalation(tables, problems)
    _check_ips_limits(tables, problems)
    _check_alias_periods(tables, problems)
    check_redemption_fees(tables, problems)


def known_values(tables: Tables, file: str, column: str) -> pl.Series | None:
    """Return the values of a file's column; None where the file is not whole, so that nobody can say what is unknown."""
    table = tables.get(file)
    if table is None:
        return pl.Series(column, [], dtype=pl.String)
    return table.frame.get_column(column).drop_nulls().unique() if table.is_whole else None


def check_known(table: Table, column: str, known: pl.Series | None, where: str, problems: Problems) -> None:
    """Note the lines whose `column` holds a value that is not among `known`."""
    if known is None:
        return
    unknown = table.frame.filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(known.implode()))
    if unknown.is_empty():
        return
    words = known.to_list()

    def messages() -> list[str]:
        texts = []
        for place, value in enumerate(unknown.get_column(column).head(SHOWN_OF_A_KIND).to_list()):
            hint = did_you_mean(value, words) if place < 20 else ""
            texts.append(f"{column} {shown(value)} is not in {where}{hint}; add it there or correct it here")
        return texts

    add_rows(table, unknown, messages(), f"{column} is not in {where}", problems)


def add_rows(table: Table, rows: pl.DataFrame, messages: list[str], more: str, problems: Problems) -> None:
    """Note one complaint about each of `rows`; a row made from an account (negative line) is shown where the account stands."""
    lines: list[int] = rows.get_column(LINE).to_list()
    own = [line for line in lines if line > 0]
    if len(own) == len(lines):
        problems.add_lines(table.file, lines, messages, more)
        return
    for line, message in zip(lines[:SHOWN_OF_A_KIND], messages, strict=False):
        problems.add(table.file if line > 0 else ACCOUNTS, abs(line), message)
    if len(lines) > SHOWN_OF_A_KIND:
        problems.add(ACCOUNTS, None, f"{len(lines) - SHOWN_OF_A_KIND} more lines with the same problem: {more}")


def _check_keys(table: Table, problems: Problems) -> None:
    keys = TABLES[table.file].key_columns
    rows = table.frame.filter(
        pl.all_horizontal(pl.col(name).is_not_null() for name in keys if not name.endswith("_date"))
    )
    repeated = (
        rows.filter(pl.struct(keys).is_duplicated())
        .sort(LINE)
        .with_columns(pl.col(LINE).first().over(keys).alias("_first"))
        .filter(pl.col(LINE) != pl.col("_first"))
    )
    if repeated.is_empty():
        return
    visible = [name for name in keys if name not in _HIDDEN_KEYS]
    texts = []
    for row in repeated.head(SHOWN_OF_A_KIND).iter_rows(named=True):
        what = ", ".join(f"{name} {shown(row[name])}" for name in visible)
        texts.append(f"{what} stands on line {abs(row['_first'])} already; keep one of the two")
    add_rows(table, repeated, texts, f"{', '.join(keys)} repeated", problems)


def _check_dates(table: Table, problems: Problems) -> None:
    for earlier, later in TABLES[table.file].in_order:
        wrong = table.frame.filter(pl.col(earlier) > pl.col(later))
        text = f"{earlier} is after {later}; correct one of them"
        add_rows(table, wrong, [text] * wrong.height, text, problems)


def _check_accounts(tables: Tables, problems: Problems) -> None:
    accounts, portfolios = tables.get(ACCOUNTS), tables.get(PORTFOLIOS)
    if accounts is None:
        return
    first = pl.col(LINE).first().over("custodian", "account_key")
    twice = (
        accounts.frame.filter(pl.col("account_key").is_not_null() & pl.col("custodian").is_not_null())
        .sort(LINE)
        .with_columns(first.alias("_first"))
        .filter(pl.col(LINE) != pl.col("_first"))
    )
    add_rows(
        accounts,
        twice,
        [
            f"the same custodian and account number as on line {line}; keep one of the two"
            for line in twice.get_column("_first")
        ],
        "custodian and account number repeated",
        problems,
    )
    if portfolios is None:
        return
    joined = accounts.frame.select(LINE, "portfolio_id", "household_id").join(
        portfolios.frame.select("portfolio_id", pl.col("household_id").alias("_household")).unique("portfolio_id"),
        on="portfolio_id",
    )
    torn = joined.filter(pl.col("household_id") != pl.col("_household")).sort(LINE)
    texts = [
        f"the account is in household {shown(own)}, its portfolio {shown(portfolio)} in {shown(other)}; "
        "a portfolio's accounts must be of one household"
        for own, portfolio, other in torn.select("household_id", "portfolio_id", "_household")
        .head(SHOWN_OF_A_KIND)
        .iter_rows()
    ]
    add_rows(accounts, torn, texts, "account and portfolio in different households", problems)
    if accounts.is_whole:
        used = accounts.frame.get_column("portfolio_id").drop_nulls().unique()
        empty = portfolios.frame.filter(~pl.col("portfolio_id").is_in(used.implode()))
        texts = [
            f"portfolio {shown(name)} has no account; name it in {ACCOUNTS}, or delete it"
            for name in empty["portfolio_id"]
        ]
        add_rows(portfolios, empty, texts, "portfolios without accounts", problems)


def check_custodians(tables: Tables, custodians: Collection[str], problems: Problems) -> None:
    """Note accounts (closed ones excepted) of custodians for which no feed delivers."""
    accounts = tables.get(ACCOUNTS)
    if accounts is not None:
        living = Table(ACCOUNTS, accounts.frame.filter((pl.col("state") != "closed").fill_null(True)))
        known = pl.Series("custodian", sorted(custodians), dtype=pl.String)
        check_known(living, "custodian", known, "the custodians that feeds.yaml delivers for", problems)


def identifiers(tables: Tables) -> pl.DataFrame:
    """Return every identifier of the securities in the form in which they are compared, with file and line."""
    parts = []
    if SECURITIES in tables:
        frame = tables[SECURITIES].frame
        parts += [
            frame.select(
                pl.lit(SECURITIES).alias("file"), LINE, pl.lit(kind.value).alias("id_type"), pl.col(kind.value).alias("id_value"),
                "security_id",
            )
            for kind in IdType
        ]  # fmt: skip
    if SECURITY_ALIASES in tables:
        frame = tables[SECURITY_ALIASES].frame
        parts.append(frame.select(pl.lit(SECURITY_ALIASES).alias("file"), LINE, "id_type", "id_value", "security_id"))
    if not parts:
        return pl.DataFrame(schema={"file": pl.String, LINE: pl.Int64, "id_type": pl.String, "id_value": pl.String})
    return pl.concat(parts).drop_nulls().with_columns(pl.col("id_value").str.strip_chars().str.to_uppercase())


def _check_identifiers(tables: Tables, problems: Problems) -> None:
    found = identifiers(tables)
    if found.is_empty():
        return
    spoilt = found.filter(pl.col("id_value").str.contains(SPREADSHEET_NUMBER))
    for file, line, kind in spoilt.select("file", LINE, "id_type").iter_rows():
        problems.add(file, line, f"{kind} was rounded by a spreadsheet; format the column as text and enter it again")
    shared = (
        found.sort("file", LINE)
        .with_columns(
            pl.col("security_id").first().over("id_type", "id_value").alias("_security"),
            pl.col("file").first().over("id_type", "id_value").alias("_file"),
            pl.col(LINE).first().over("id_type", "id_value").alias("_first"),
        )
        .filter(pl.col("security_id") != pl.col("_security"))
    )
    for row in shared.head(SHOWN_OF_A_KIND).iter_rows(named=True):
        text = (
            f"{row['id_type']} {shown(row['id_value'])} belongs to security {shown(row['_security'])} already "
            f"({row['_file']}:{row['_first']}); an identifier names one security, correct one of them"
        )
        problems.add(row["file"], row[LINE], text)


def _check_escalation(tables: Tables, problems: Problems) -> None:
    table = tables.get("advisers.csv")
    if table is None:
        return
    nexts = dict(table.frame.select("adviser_id", "escalates_to").drop_nulls().iter_rows())
    lines = dict(table.frame.select("adviser_id", LINE).iter_rows())
    cleared: set[str] = set()
    for start in nexts:
        chain: list[str] = []
        here: str | None = start
        while here is not None and here not in cleared and here not in chain:
            chain.append(here)
            here = nexts.get(here)
        if here is not None and here in chain:
            circle = " > ".join(shown(name) for name in [*chain[chain.index(here) :], here])
            problems.add(
                table.file, lines[here], f"escalation goes in a circle ({circle}); let the last one escalate to nobody"
            )
        cleared.update(chain)


def _check_ips_limits(tables: Tables, problems: Problems) -> None:
    limits, profiles = tables.get("ips_limits.csv"), tables.get("ips.csv")
    if limits is None:
        return
    crossed = limits.frame.filter(pl.col("min_frac") > pl.col("max_frac"))
    text = "min_frac is above max_frac; correct one of them"
    add_rows(limits, crossed, [text] * crossed.height, text, problems)
    if profiles is not None and not profiles.is_whole:
        return
    key = ["ips_id", "version"]
    known = profiles.frame.select(key) if profiles is not None else limits.frame.select(key).clear()
    unknown = limits.frame.drop_nulls(key).join(known.drop_nulls(), on=key, how="anti").sort(LINE)
    texts = [
        f"ips_id {shown(name)} version {version} is not in ips.csv; add it there or correct it here"
        for name, version in unknown.select(key).head(SHOWN_OF_A_KIND).iter_rows()
    ]
    add_rows(limits, unknown, texts, "IPS and version not in ips.csv", problems)


def _check_alias_periods(tables: Tables, problems: Problems) -> None:
    table = tables.get(ALIASES)
    if table is None:
        return
    earlier = pl.col("until_date").fill_null(dt.date(9999, 12, 31)).shift(1).over("feed", "source_account")
    overlaps = (
        table.frame.drop_nulls(["feed", "source_account"])
        .with_columns(pl.col("from_date").fill_null(dt.date(1, 1, 1)))
        .sort("feed", "source_account", "from_date", LINE)
        .with_columns(pl.col(LINE).shift(1).over("feed", "source_account").alias("_before"), earlier.alias("_until"))
        .filter(pl.col("from_date") <= pl.col("_until"))
        .filter(pl.col("from_date") > dt.date(1, 1, 1))
        .sort(LINE)
    )
    texts = [
        f"the text means an account on line {before} for the same days; end that one (until_date) before this from_date"
        for before in overlaps.get_column("_before")
    ]
    add_rows(table, overlaps, texts, "periods of one text overlap", problems)
