"""What a book is once read: frames that keep their contracts, feeds and policies."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

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
from evenkeel.book.feeds import FeedSpec
from evenkeel.policy.versions import PolicySet


@dataclass(frozen=True)
class Book:
    """The firm's reference data as it held on `on`, as known at `as_known_at` (None: now).

    `digest` is the SHA-256 over the book's files, so that a run can name exactly what it was computed with. Versioned tables
    (models, IPS) hold the version of the date; `account_key`s are digests already.
    """

    on: dt.date
    as_known_at: dt.datetime | None
    digest: str
    advisers: DataFrame[Advisers]
    households: DataFrame[Households]
    tax_units: DataFrame[TaxUnits]
    accounts: DataFrame[Accounts]
    portfolios: DataFrame[Portfolios]
    ips_profiles: DataFrame[IpsProfiles]
    ips_limits: DataFrame[IpsLimits]
    model_targets: DataFrame[ModelTargets]
    securities: DataFrame[Securities]
    restrictions: DataFrame[Restrictions]
    suspensions: DataFrame[Suspensions]
    planned_cash: DataFrame[PlannedCash]
    account_aliases: DataFrame[AccountAliases]
    feeds: Sequence[FeedSpec]
    policies: PolicySet
    maps: Mapping[str, str]
    """Texts of the mapped feeds' map files, by their name in `feeds.yaml`."""
    changes: Mapping[str, Sequence[str]]
    """What newly holds on `on` and did not the session before, by kind: `policy`, `model`, `ips`; ids with version."""
    security_aliases: DataFrame[SecurityAliases] = field(default_factory=SecurityAliases.empty_frame)
