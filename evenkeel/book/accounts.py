"""Accounts as their file has them, and what is made of them: digests of their numbers, masks, portfolios of their own."""

from __future__ import annotations

import polars as pl

from evenkeel.book.csv_cells import Table
from evenkeel.book.csv_text import LINE
from evenkeel.book.problems import Problems, shown
from evenkeel.book.tables import DEFAULT_POLICY, TAX_STATUS_BY_REGISTRATION
from evenkeel.identity import AccountKeyer, mask_account

ACCOUNTS, PORTFOLIOS = "accounts.csv", "portfolios.csv"
PORTFOLIO_COLUMNS = ("model_id", "ips_id", "segment", "policy_id", "cadence")
"""What an account may say itself, where it is a portfolio of its own."""

SPREADSHEET_NUMBER = r"^\d(\.\d+)?[eE]\+\d+$"
"""What a spreadsheet makes of a long number."""

_DIGEST = r"^[0-9a-fA-F]{64}$"


def complete_accounts(table: Table, keyer: AccountKeyer, problems: Problems) -> Table:
    """Return the accounts with `account_key`, `account_mask`, `tax_status` and `portfolio_id` filled, and without numbers."""
    frame, file = table.frame, table.file
    number, key = pl.col("account_number"), pl.col("account_key")
    _note(
        frame,
        file,
        number.is_null() & key.is_null(),
        problems,
        "account_number is blank; fill it in, or give account_key",
    )
    _note(
        frame,
        file,
        number.is_not_null() & key.is_not_null(),
        problems,
        "account_number and account_key; keep one of them",
    )
    spoilt = "account_number was rounded by a spreadsheet; format the column as text and enter the number again"
    _note(frame, file, number.str.contains(SPREADSHEET_NUMBER), problems, spoilt)
    not_digest = "account_key is not a digest; use the 64 hexadecimal digits of HMAC-SHA-256, or give account_number"
    _note(frame, file, ~key.str.contains(_DIGEST), problems, not_digest)

    numbers: list[str | None] = frame.get_column("account_number").to_list()
    masks: list[str | None] = frame.get_column("account_mask").to_list()
    completed = frame.with_columns(
        pl.Series("_digest", [keyer.digest(text) if text else None for text in numbers], dtype=pl.String),
        # A mask written by hand is cut too: a whole number must not come in through it.
        pl.Series(
            "account_mask",
            [mask_account(text or mask or "") for text, mask in zip(numbers, masks, strict=True)],
            dtype=pl.String,
        ),
    ).with_columns(
        pl.coalesce("_digest", key.str.to_lowercase()).alias("account_key"),
        pl.coalesce(
            "tax_status", pl.col("registration").replace_strict(TAX_STATUS_BY_REGISTRATION, default="taxable")
        ).alias("tax_status"),
        pl.coalesce("portfolio_id", "account_id").alias("portfolio_id"),
    )
    return Table(file, completed.drop("_digest", "account_number"), table.is_whole)


def complete_portfolios(accounts: Table | None, table: Table | None, problems: Problems) -> Table | None:
    """Return the portfolios of their file, and those of accounts that are portfolios of their own.

    Rows made from accounts have a negative `_line`: the account's.
    """
    if accounts is None:
        return table
    own = table.frame if table else None
    known = own.get_column("portfolio_id").drop_nulls() if own is not None else pl.Series([], dtype=pl.String)
    frame = accounts.frame
    has_row = pl.col("portfolio_id").is_in(known.implode())
    is_alone = (pl.col("portfolio_id") == pl.col("account_id")).fill_null(False)
    says_more = pl.any_horizontal(pl.col(name).is_not_null() for name in PORTFOLIO_COLUMNS)
    twice = f"the account's portfolio has a row in {PORTFOLIOS}; say {', '.join(PORTFOLIO_COLUMNS)} there and blank them here"
    _note(frame, accounts.file, has_row & says_more, problems, twice)
    if table is None or table.is_whole:
        unknown = frame.filter(~has_row & ~is_alone & pl.col("portfolio_id").is_not_null())
        remedy = "add it there, or leave portfolio_id blank for an account that stands alone"
        messages = [
            f"portfolio_id {shown(name)} is not in {PORTFOLIOS}; {remedy}"
            for name in unknown.get_column("portfolio_id")
        ]
        problems.add_lines(accounts.file, unknown.get_column(LINE).to_list(), messages, f"portfolio unknown; {remedy}")
    made = frame.filter(~has_row & is_alone).select(
        (-pl.col(LINE)).alias(LINE),
        "portfolio_id",
        "household_id",
        "name",
        "model_id",
        "ips_id",
        "segment",
        pl.col("policy_id").fill_null(DEFAULT_POLICY),
        "cadence",
    )
    rows = made if own is None else pl.concat([own.select(made.columns), made])
    return Table(PORTFOLIOS, rows, accounts.is_whole and (table is None or table.is_whole))


def _note(frame: pl.DataFrame, file: str, wrong: pl.Expr, problems: Problems, message: str) -> None:
    lines: list[int] = frame.filter(wrong.fill_null(False)).get_column(LINE).to_list()
    problems.add_lines(file, lines, [message] * len(lines), message)
