"""Every dataset of a home, by name: what a run writes, what `evenkeel sql` shows."""

from __future__ import annotations

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
from data_contracts.contract import Contract
from data_contracts.event_alerts import EventAlerts
from data_contracts.fold_bases import FoldBases
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.rejects import Rejects
from data_contracts.run_inputs import RunInputs
from data_contracts.source_files import SourceFiles
from evenkeel.pipeline import STAGES

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

INGESTED: tuple[type[Contract], ...] = (SourceFiles, Rejects, *FACT_CONTRACTS, *BOOK_TABLES, BookVersions)
"""What ingest writes."""

_FOLDED: tuple[type[Contract], ...] = (FoldBases, RunInputs, *(table for stage in STAGES for table in stage.writes))

FOLDED = frozenset(table.dataset_name() for table in _FOLDED)
"""What builds on the session before, and is made anew when an earlier date changes: everything behind ingest."""

UNTOLD = frozenset([RunInputs.dataset_name()])
"""What makes no run another run: a decision that changed nothing is not a new result."""

_WRITTEN: tuple[type[Contract], ...] = (
    *INGESTED,
    *(table for stage in STAGES for table in stage.writes),
    FoldBases,
    RunInputs,
    EventAlerts,
)

DATASETS: dict[str, type[Contract]] = {contract.dataset_name(): contract for contract in _WRITTEN}
"""Every dataset of a date by name; `event_alerts` is a market event's, the others are the daily run's."""
