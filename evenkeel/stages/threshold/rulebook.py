"""What the judgement reads of the book."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass

from pandera.typing.polars import DataFrame

from data_contracts.book.accounts import Accounts
from data_contracts.book.ips_limits import IpsLimits
from data_contracts.book.ips_profiles import IpsProfiles
from data_contracts.book.portfolios import Portfolios
from evenkeel.book.model import Book
from evenkeel.policy.model import Policy


@dataclass(frozen=True)
class Rulebook:
    """Portfolios, their accounts and IPS, and the version of each policy that holds on the date, by `policy_id`."""

    portfolios: DataFrame[Portfolios]
    accounts: DataFrame[Accounts]
    ips_profiles: DataFrame[IpsProfiles]
    ips_limits: DataFrame[IpsLimits]
    policies: Mapping[str, Policy]

    @classmethod
    def from_book(cls, book: Book, business_date: dt.date) -> Rulebook:
        """Return the rulebook of a book, with the policies that held on `business_date` as the book knew them.

        Raises:
            UsageError: A portfolio names a policy of which no version held.
        """
        named = book.portfolios["policy_id"].unique().sort().to_list()
        return cls(
            portfolios=book.portfolios,
            accounts=book.accounts,
            ips_profiles=book.ips_profiles,
            ips_limits=book.ips_limits,
            policies={name: book.policies.held_on(name, business_date, book.as_known_at) for name in named},
        )
