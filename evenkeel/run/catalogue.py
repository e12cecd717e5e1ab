"""Every dataset of a home, by name: what a run writes, what `evenkeel sql` shows."""

from __future__ import annotations

from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
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
from data_contracts.book_versions import BookVersions
from data_contracts.breaches import Breaches
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.exception_ages import ExceptionAges
from data_contracts.exceptions import Exceptions
from data_contracts.holdings import Holdings
from data_contracts.household_drift import HouseholdDrift
from data_contracts.looks import Looks
from data_contracts.notices import Notices
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.priorities import Priorities
from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from data_contracts.unmeasured_portfolios import UnmeasuredPortfolios
from data_contracts.valuations import Valuations

BOOK_TABLES: tuple[type[Contract], ...] = (
    Advisers,
    Households,
    TaxUnits,
    Accounts,
    Portfolios,
    IpsProfiles,
    IpsLimits,
    ModelTargets,
    Securities,
    SecurityAliases,
    Restrictions,
    Suspensions,
    PlannedCash,
)
"""The book's tables as they held on a date; written by ingest, so that a past day can be read with the book of that day."""

STEP_DATASETS: tuple[tuple[str, tuple[type[Contract], ...]], ...] = (
    ("ingest", (*FACT_CONTRACTS, SourceFiles, Rejects, BookVersions, *BOOK_TABLES)),
    ("reconcile", (Holdings, Exceptions, Coverage)),
    ("drift", (Valuations, Drift, HouseholdDrift, UnmeasuredPortfolios)),
    ("threshold", (Looks, Bands, Breaches)),
    ("prioritize", (Episodes, ExceptionAges, Priorities)),
    ("alerts", (Alerts, Notices)),
)
"""What each step writes, in the order of the steps."""

FOLDED = frozenset(
    contract.dataset_name()
    for step, contracts in STEP_DATASETS
    if step in ("prioritize", "alerts")
    for contract in contracts
)
"""What builds on the session before, and is made anew when an earlier date changes."""

DATASETS: dict[str, type[Contract]] = {
    contract.dataset_name(): contract for _, contracts in STEP_DATASETS for contract in contracts
}
"""Every dataset by name."""
