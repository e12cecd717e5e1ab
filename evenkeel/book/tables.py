"""The CSV files of a book: which there are, their columns, what a blank means, what must be in order.

Types, codes and bounds come from the contracts in `data_contracts.book`; here stands only where a file differs from its contract.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import polars as pl

from data_contracts import vocab
from data_contracts.book.account_aliases import AccountAliases
from data_contracts.book.accounts import Accounts
from data_contracts.book.advisers import Advisers
from data_contracts.book.households import Households
from data_contracts.book.ips_limits import IpsLimits
from data_contracts.book.ips_profiles import IpsProfiles
from data_contracts.book.planned_cash import PlannedCash
from data_contracts.book.portfolios import Portfolios
from data_contracts.book.restrictions import Restrictions
from data_contracts.book.securities import Securities
from data_contracts.book.security_aliases import SecurityAliases
from data_contracts.book.suspensions import Suspensions
from data_contracts.book.tax_units import TaxUnits
from data_contracts.contract import Contract
from data_contracts.fields import INSTANT_DTYPE
from evenkeel.book.csv_cells import Column, columns_of

DEFAULT_POLICY = "house"


@dataclass(frozen=True)
class TableSpec:
    """One CSV file: its contract, and where the file differs from it."""

    contract: type[Contract]
    is_required: bool = False
    defaults: Mapping[str, object] = field(default_factory=dict)
    more: Sequence[Column] = ()
    """Columns of the file that the contract has not, or has otherwise."""
    optional: frozenset[str] = frozenset()
    """Columns that the contract wants and the loader fills where they are blank."""
    key: tuple[str, ...] = ()
    """What must not repeat in the file; the contract's key where empty."""
    not_negative: frozenset[str] = frozenset()
    positive: frozenset[str] = frozenset()
    in_order: tuple[tuple[str, str], ...] = ()
    """Pairs of dates of which the first may not be after the second."""

    @property
    def key_columns(self) -> list[str]:
        """Return the columns that must not repeat together."""
        return list(self.key) or self.contract.key_columns()

    def columns(self) -> list[Column]:
        """Return the file's columns, the contract's first."""
        replaced = {column.name for column in self.more}
        own = [
            replace(
                column,
                is_required=column.is_required and column.name not in self.optional,
                default=self.defaults.get(column.name),
                at_least=0 if column.name in self.not_negative else column.at_least,
                is_positive=column.name in self.positive,
            )
            for column in columns_of(self.contract)
            if column.name not in replaced
        ]
        return own + list(self.more)


_VERSIONED = (
    Column("recorded_at", INSTANT_DTYPE, is_required=True),
    Column("author", pl.String(), is_required=True),
    Column("reason", pl.String(), is_required=True),
)

TABLES: Mapping[str, TableSpec] = {
    "advisers.csv": TableSpec(
        Advisers,
        is_required=True,
        defaults={"is_senior": False, "is_compliance": False},
        in_order=(("absent_from", "absent_until"),),
    ),
    "households.csv": TableSpec(Households, is_required=True),
    "tax_units.csv": TableSpec(
        TaxUnits, not_negative=frozenset({"income_usd", "carry_short_usd", "carry_long_usd", "gain_budget_usd"})
    ),
    "accounts.csv": TableSpec(
        Accounts,
        is_required=True,
        # Not discretionary unless the firm says so: the prudent reading where a mandate is not on record.
        defaults={
            "is_discretionary": False,
            "relief_method": vocab.ReliefMethod.FIFO.value,
            "state": vocab.AccountState.OPEN.value,
        },
        optional=frozenset({"portfolio_id", "account_key", "account_mask", "tax_status"}),
        more=(
            Column("account_number", pl.String()),
            Column("model_id", pl.String()),
            Column("ips_id", pl.String()),
            Column("segment", pl.String(), codes=tuple(vocab.Segment)),
            Column("policy_id", pl.String()),
            Column("cadence", pl.String(), codes=tuple(vocab.Cadence)),
        ),
        not_negative=frozenset({"min_cash_usd"}),
        in_order=(("opened_date", "closed_date"),),
    ),
    "portfolios.csv": TableSpec(Portfolios, defaults={"policy_id": DEFAULT_POLICY}),
    "ips.csv": TableSpec(IpsProfiles, more=_VERSIONED, key=("ips_id", "version")),
    "ips_limits.csv": TableSpec(
        IpsLimits,
        more=(Column("version", pl.Int64(), is_required=True),),
        key=("ips_id", "version", "asset_class"),
    ),
    "securities.csv": TableSpec(
        Securities,
        is_required=True,
        defaults={"price_factor": 1, "multiplier": 1, "is_illiquid": False},
        positive=frozenset({"price_factor", "multiplier"}),
    ),
    "security_aliases.csv": TableSpec(SecurityAliases),
    "restrictions.csv": TableSpec(
        Restrictions,
        more=(
            Column(
                "scope", pl.String(), is_required=True, codes=("account", "portfolio", "household", "custodian", "firm")
            ),
            Column("asset_class", pl.String(), codes=tuple(vocab.AssetClass)),
            Column("sector", pl.String(), codes=tuple(one for one in vocab.Sector if one != vocab.Sector.NONE)),
        ),
        in_order=(("from_date", "until_date"),),
    ),
    "suspensions.csv": TableSpec(Suspensions, in_order=(("from_date", "review_date"), ("from_date", "ended_date"))),
    "planned_cash.csv": TableSpec(PlannedCash, defaults={"is_done": False}, positive=frozenset({"amount_usd"})),
    "account_aliases.csv": TableSpec(
        AccountAliases,
        key=("feed", "source_account", "from_date"),
        in_order=(("from_date", "until_date"),),
    ),
}
"""Every CSV file of a book, by name."""

TAX_STATUS_BY_REGISTRATION = {
    vocab.Registration.IRA.value: vocab.TaxStatus.DEFERRED.value,
    vocab.Registration.SEP_IRA.value: vocab.TaxStatus.DEFERRED.value,
    vocab.Registration.PLAN_401K.value: vocab.TaxStatus.DEFERRED.value,
    vocab.Registration.ROTH_IRA.value: vocab.TaxStatus.EXEMPT.value,
    vocab.Registration.PLAN_529.value: vocab.TaxStatus.EXEMPT.value,
}
"""Tax status where the file leaves it blank; every other registration is taxable."""


@dataclass(frozen=True)
class Reference:
    """A column whose values must stand in another file's key."""

    file: str
    column: str
    target_file: str
    target_column: str


REFERENCES = (
    Reference("advisers.csv", "escalates_to", "advisers.csv", "adviser_id"),
    Reference("advisers.csv", "deputy_id", "advisers.csv", "adviser_id"),
    Reference("households.csv", "adviser_id", "advisers.csv", "adviser_id"),
    Reference("accounts.csv", "household_id", "households.csv", "household_id"),
    Reference("accounts.csv", "tax_unit_id", "tax_units.csv", "tax_unit_id"),
    Reference("tax_units.csv", "linked_tax_unit_id", "tax_units.csv", "tax_unit_id"),
    Reference("accounts.csv", "ips_id", "ips.csv", "ips_id"),
    Reference("portfolios.csv", "household_id", "households.csv", "household_id"),
    Reference("portfolios.csv", "ips_id", "ips.csv", "ips_id"),
    Reference("security_aliases.csv", "security_id", "securities.csv", "security_id"),
    Reference("restrictions.csv", "security_id", "securities.csv", "security_id"),
    Reference("restrictions.csv", "issuer_id", "securities.csv", "issuer_id"),
    Reference("suspensions.csv", "account_id", "accounts.csv", "account_id"),
    Reference("planned_cash.csv", "account_id", "accounts.csv", "account_id"),
    Reference("account_aliases.csv", "account_id", "accounts.csv", "account_id"),
)
