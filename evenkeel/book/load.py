"""A folder's files as one checked book, as it held on a date.

Pure: the files come in as bytes by their relative names; reading a folder belongs in `evenkeel.adapters.stores.book_folder`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Collection, Mapping
from typing import TypeVar

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.book.account_aliases import AccountAliases
from data_contracts.book.accounts import Accounts
from data_contracts.book.advisers import Advisers
from data_contracts.book.households import Households
from data_contracts.book.ips_limits import IpsLimits
from data_contracts.book.ips_profiles import IpsProfiles
from data_contracts.book.model_targets import ModelTargets
from data_contracts.book.planned_cash import PlannedCash
from data_contracts.book.portfolios import Portfolios
from data_contracts.book.restrictions import Restrictions
from data_contracts.book.securities import Securities
from data_contracts.book.security_aliases import SecurityAliases
from data_contracts.book.suspensions import Suspensions
from data_contracts.book.tax_units import TaxUnits
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.vocab import NodeLevel
from evenkeel import calendar
from evenkeel.book.accounts import ACCOUNTS, PORTFOLIOS, complete_accounts, complete_portfolios
from evenkeel.book.csv_cells import Table, read_csv
from evenkeel.book.documents import (
    FEEDS_FILE,
    KNOWN_LAYOUTS,
    MAPS_FOLDER,
    MODELS_FILE,
    MODELS_FOLDER,
    POLICIES_FOLDER,
    YAML_ENDINGS,
    read_yaml_files,
)
from evenkeel.book.model import Book
from evenkeel.book.models import Model, Resolver
from evenkeel.book.problems import Problems, did_you_mean, shown
from evenkeel.book.screens import with_codes
from evenkeel.book.tables import TABLES
from evenkeel.book.validate import ALIASES, SECURITIES, check_tables
from evenkeel.book.validate_documents import check_documents
from evenkeel.book.validate_restrictions import RESTRICTIONS, check_restrictions
from evenkeel.book.versions import models_held, rows_held
from evenkeel.errors import UsageError
from evenkeel.identity import AccountKeyer
from evenkeel.policy.versions import PolicySet

ContractT = TypeVar("ContractT", bound=Contract)
_YAML_FOLDERS = (MODELS_FOLDER, POLICIES_FOLDER, MAPS_FOLDER)


def load_book(
    files: Mapping[str, bytes],
    on: dt.date,
    keyer: AccountKeyer,
    as_known_at: dt.datetime | None = None,
    layouts: Collection[str] = KNOWN_LAYOUTS,
) -> Book:
    """Return the book as it held on `on`.

    Of models, IPS and policies the version with the latest effective date up to `on` holds. A portfolio whose model or IPS has versions,
    but none that holds yet, has none on that date (null).

    Args:
        files: The book's files by their names relative to its folder, with forward slashes.
        on: Business date.
        keyer: Makes digests of account numbers; the numbers themselves go no further.
        as_known_at: Leave out versions recorded later than this instant; None: as known now.
        layouts: Names of the layouts that a feed may have.

    Raises:
        BookError: The book is not valid; it lists every problem, `file:line: what is wrong; what to do`.
    """
    problems = Problems()
    book_files = {name: data for name, data in files.items() if is_book_file(name)}
    _check_names(files, problems)
    tables = _read_tables(book_files, keyer, problems)
    documents = read_yaml_files(book_files, layouts, problems)
    check_tables(tables, problems)
    check_restrictions(tables, problems)
    check_documents(documents, tables, on, as_known_at, problems)
    problems.raise_if_any()

    versions = [model for model, _ in documents.models]
    policies = PolicySet(policy for policy, _ in documents.policies)
    models = models_held(versions, on, as_known_at)
    ips = rows_held(_frame(tables, "ips.csv"), "ips_id", on, as_known_at)
    limits = _frame(tables, "ips_limits.csv").join(
        ips.select("ips_id", "version"), on=["ips_id", "version"], how="semi"
    )
    portfolios = _frame(tables, PORTFOLIOS).with_columns(
        _if_among("model_id", list(models)), _if_among("ips_id", ips.get_column("ips_id").to_list())
    )
    return Book(
        on=on,
        as_known_at=as_known_at,
        digest=book_digest(files),
        advisers=_conformed(_frame(tables, "advisers.csv"), Advisers),
        households=_conformed(_frame(tables, "households.csv"), Households),
        tax_units=_conformed(_frame(tables, "tax_units.csv"), TaxUnits),
        accounts=_conformed(_frame(tables, ACCOUNTS), Accounts),
        portfolios=_conformed(portfolios, Portfolios),
        ips_profiles=_conformed(ips, IpsProfiles),
        ips_limits=_conformed(limits, IpsLimits),
        model_targets=_conformed(_targets(models), ModelTargets),
        securities=_conformed(_frame(tables, SECURITIES), Securities),
        restrictions=_conformed(_frame(tables, "restrictions.csv"), Restrictions),
        suspensions=_conformed(_frame(tables, "suspensions.csv"), Suspensions),
        planned_cash=_conformed(_frame(tables, "planned_cash.csv"), PlannedCash),
        account_aliases=_conformed(_aliases_on(_frame(tables, ALIASES), on), AccountAliases),
        feeds=tuple(feed for feed, _ in documents.feeds),
        policies=policies,
        maps=documents.maps,
        changes=_changes(policies, versions, _frame(tables, "ips.csv"), on, as_known_at),
        security_aliases=_conformed(_frame(tables, "security_aliases.csv"), SecurityAliases),
    )


def is_book_file(name: str) -> bool:
    """Return whether a file of this relative name is part of a book; others beside it (notes, a README) are left alone."""
    return (
        name in TABLES
        or name in (MODELS_FILE, FEEDS_FILE)
        or (name.startswith(_YAML_FOLDERS) and name.endswith(YAML_ENDINGS) and name.count("/") == 1)
    )


def book_digest(files: Mapping[str, bytes]) -> str:
    """Return the SHA-256 over names and bytes of the book's files: another byte in any of them gives another digest."""
    hasher = hashlib.sha256()
    for name in sorted(files):
        if is_book_file(name):
            hasher.update(f"{len(name.encode())}:{name}:{len(files[name])}:".encode())
            hasher.update(files[name])
    return hasher.hexdigest()


def _check_names(files: Mapping[str, bytes], problems: Problems) -> None:
    """A table under a name of its own would be silently ignored."""
    known = [*TABLES, MODELS_FILE, FEEDS_FILE]
    for name in files:
        if not is_book_file(name) and name.lower().endswith((".csv", *YAML_ENDINGS)):
            hint = did_you_mean(name.lower(), known)
            problems.add(
                shown(name)[1:-1],
                None,
                f"not a file of the book{hint or ', see docs/book.md'}; rename it or take it out",
            )


def _read_tables(files: Mapping[str, bytes], keyer: AccountKeyer, problems: Problems) -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for file, spec in TABLES.items():
        if file not in files:
            if spec.is_required:
                names = [column.name for column in spec.columns() if column.is_required and column.default is None]
                problems.add(file, None, f"the file is missing; add it with at least the columns {', '.join(names)}")
                tables[file] = Table(file, _empty(file), is_whole=False)
            continue
        table = read_csv(file, files[file], spec.columns(), problems)
        tables[file] = table or Table(file, _empty(file), is_whole=False)
    if ACCOUNTS in files:
        tables[ACCOUNTS] = complete_accounts(tables[ACCOUNTS], keyer, problems)
        portfolios = complete_portfolios(tables[ACCOUNTS], tables.get(PORTFOLIOS), problems)
        if portfolios is not None:
            tables[PORTFOLIOS] = portfolios
    if SECURITIES in tables:
        tables[SECURITIES] = with_codes(_with_symbols(tables[SECURITIES]), "screens")
    if RESTRICTIONS in tables:
        tables[RESTRICTIONS] = with_codes(tables[RESTRICTIONS], "screen")
    if ALIASES in tables:
        frame = tables[ALIASES].frame
        keys = [None if text is None else keyer.digest(text) for text in frame.get_column("source_account").to_list()]
        digested = frame.with_columns(pl.Series("source_account", keys, dtype=pl.String))
        tables[ALIASES] = Table(ALIASES, digested, tables[ALIASES].is_whole)
    return tables


def _with_symbols(table: Table) -> Table:
    """A security without any identifier is known by its own id."""
    named = pl.any_horizontal(pl.col(name).is_not_null() for name in ("symbol", "cusip", "isin", "native_id"))
    symbol = pl.when(named).then(pl.col("symbol")).otherwise(pl.col("security_id")).alias("symbol")
    return Table(table.file, table.frame.with_columns(symbol), table.is_whole)


def _empty(file: str) -> pl.DataFrame:
    return pl.DataFrame(
        schema={"_line": pl.Int64(), **{column.name: column.dtype for column in TABLES[file].columns()}}
    )


def _frame(tables: Mapping[str, Table], file: str) -> pl.DataFrame:
    return tables[file].frame if file in tables else _empty(file)


def _conformed(frame: pl.DataFrame, contract: type[ContractT]) -> DataFrame[ContractT]:
    return conform(frame, contract)


def _if_among(column: str, held: list[str]) -> pl.Expr:
    return pl.when(pl.col(column).is_in(pl.Series(held, dtype=pl.String).implode())).then(pl.col(column)).alias(column)


def _aliases_on(aliases: pl.DataFrame, on: dt.date) -> pl.DataFrame:
    """Of a text that meant several accounts in turn keep the one that holds on the date, else the latest."""
    holds = (pl.col("from_date").fill_null(dt.date(1, 1, 1)) <= on) & (
        pl.col("until_date").fill_null(dt.date(9999, 12, 31)) >= on
    )
    return (
        aliases.with_columns(holds.alias("_holds"))
        .sort("feed", "source_account", "_holds", "from_date", nulls_last=False)
        .unique(["feed", "source_account"], keep="last", maintain_order=True)
    )


def _targets(held: Mapping[str, Model]) -> pl.DataFrame:
    resolver = Resolver(held)
    rows: list[tuple[str, str, str, str, float, int, dt.date]] = []
    for model_id, model in held.items():
        for asset_class, target in resolver.resolve(model_id).classes.items():
            nodes = [(NodeLevel.CLASS, asset_class.value, target.weight)]
            nodes += [
                (NodeLevel.SLEEVE, f"{asset_class.value}/{name}", share)
                for name, share in (target.sleeves or {}).items()
            ]
            nodes += [(NodeLevel.SECURITY, name, share) for name, share in (target.securities or {}).items()]
            rows += [
                (model_id, level.value, node, asset_class.value, float(share), model.version, model.effective_date)
                for level, node, share in nodes
            ]
    return pl.DataFrame(rows, schema=ModelTargets.polars_schema(), orient="row")


def _changes(
    policies: PolicySet, models: list[Model], ips: pl.DataFrame, on: dt.date, as_known_at: dt.datetime | None
) -> dict[str, tuple[str, ...]]:
    """Return what holds on `on` and did not the session before; a model counts as changed when one nested in it has.

    A version that is written down after the day from which it holds is news on the first session that can know of it.
    """
    before = calendar.previous_session(on)

    def known(date: dt.date) -> dt.datetime:
        """Return the moment up to which a session knows: until trading begins on the one after it."""
        opening = dt.datetime.combine(calendar.next_session(date), dt.time(9, 30), calendar.EASTERN).astimezone(dt.UTC)
        return opening if as_known_at is None else min(opening, as_known_at)

    def held_policies(date: dt.date) -> set[str]:
        labels = set()
        for policy_id in {policy.policy_id for policy in policies.all}:
            try:
                labels.add(policies.held_on(policy_id, date, known(date)).label)
            except UsageError:  # it held no version yet
                continue
        return labels

    def held_models(date: dt.date) -> dict[str, frozenset[str]]:
        held = models_held(models, date, known(date))
        resolver = Resolver(held)
        resolved = {}
        for model_id, model in held.items():
            try:
                resolved[model.label] = resolver.resolve(model_id).labels
            except ValueError:  # a model nested in it held no version yet
                continue
        return resolved

    def held_ips(date: dt.date) -> set[str]:
        rows = rows_held(ips, "ips_id", date, known(date)).select("ips_id", "version")
        return {f"{ips_id}/{version}" for ips_id, version in rows.iter_rows()}

    earlier = held_models(before)
    return {
        "policy": tuple(sorted(held_policies(on) - held_policies(before))),
        "model": tuple(sorted(label for label, parts in held_models(on).items() if earlier.get(label) != parts)),
        "ips": tuple(sorted(held_ips(on) - held_ips(before))),
    }
