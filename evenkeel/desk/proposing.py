"""A list of trades asked for by hand: for an account, a portfolio or a household, from a committed date. Nothing is stored."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import polars as pl

from data_contracts.book.accounts import Accounts
from data_contracts.book.households import Households
from data_contracts.book.portfolios import Portfolios
from data_contracts.book_versions import BookVersions
from data_contracts.coverage import Coverage
from data_contracts.decisions import Decisions
from data_contracts.holdings import Holdings
from data_contracts.run_inputs import RunInputs
from data_contracts.unmeasured_portfolios import UnmeasuredPortfolios
from data_contracts.vocab import AccountState, CoverageStatus, RebalanceKind
from evenkeel.desk.page import directory_of
from evenkeel.desk.proposals import Proposal, proposals_by_id
from evenkeel.desk.reading import dataset, run_of
from evenkeel.errors import UsageError
from evenkeel.pipeline import STAGES, Inputs, propose_by_hand
from evenkeel.ports import RunRecord
from evenkeel.run.house import House, house_policy
from evenkeel.run.known import known_of

_BY_BOOK = (CoverageStatus.STATE_HOLD.value, CoverageStatus.SUSPENDED.value, CoverageStatus.NO_MODEL.value)
"""What the firm's own book says; the others of the coverage are a check's or a custodian's doing."""


@dataclass(frozen=True)
class Asked:
    """What came of one portfolio: a proposal, or `why_not`, a sentence, and whose word it is.

    `accounts`: those that are solved together, `id` and `mask`. `is_asked_by_account`: a person named one of them.
    """

    portfolio_id: str
    portfolio_name: str | None
    household_id: str
    household_name: str
    accounts: Sequence[Mapping[str, Any]]
    is_asked_by_account: bool
    proposal: Proposal | None = None
    why_not: str | None = None
    refused_by: Literal["book", "check"] | None = None


@dataclass(frozen=True)
class _Named:
    """What an id stands for."""

    portfolio_ids: Sequence[str]
    account_id: str | None = None


def propose(
    house: House,
    named: str,
    kind: RebalanceKind,
    business_date: dt.date | None = None,
    amount_usd: Decimal | None = None,
) -> tuple[dt.date, list[Asked]]:
    """Return the date, and one list a portfolio of what is named: as the daily run makes them, with no alert behind them.

    Args:
        house: The home.
        named: Id of an account, a portfolio or a household; the first of these that has it.
        kind: What the lists may do.
        business_date: A committed date; None: the newest.
        amount_usd: Cash that must be there after the trades, beyond what is spoken for already; of the account named, or of the only one.

    Raises:
        UsageError: There is no such run or id, the account named is closed, or set aside by the book on the date; or it is not clear in
            which account the amount is wanted.
    """
    run = run_of(house, business_date)
    accounts, portfolios = dataset(house, run, Accounts), dataset(house, run, Portfolios)
    meant = _meant(named.strip(), accounts, portfolios, dataset(house, run, Households), run.business_date)
    covered = dataset(house, run, Coverage)
    if meant.account_id is not None and not covered.filter(pl.col("account_id") == meant.account_id).height:
        raise UsageError(
            f"account {meant.account_id} is not under management on {run.business_date}; nothing is proposed for it"
        )
    standing = {one: _standing(house, run, covered, one, meant.account_id) for one in meant.portfolio_ids}
    able = [one for one, (refused_by, _) in standing.items() if refused_by is None]
    set_aside = {} if amount_usd is None else _set_aside(meant, covered, amount_usd)
    lists = _solved(house, run, able, kind, set_aside) if able else {}
    names = dict(dataset(house, run, Households).select("household_id", "name").iter_rows())
    rows = {row["portfolio_id"]: row for row in portfolios.to_dicts()}
    asked = []
    for one in meant.portfolio_ids:
        refused_by, why_not = standing[one]
        if refused_by is None and one not in lists:
            refused_by, why_not = "book", "no policy holds for it; look at its `policy_id`"
        household = rows[one]["household_id"]
        asked.append(
            Asked(
                portfolio_id=one,
                portfolio_name=rows[one]["name"],
                household_id=household,
                household_name=names.get(household) or household,
                accounts=_members(accounts, covered, one),
                is_asked_by_account=meant.account_id is not None,
                proposal=lists.get(one),
                why_not=why_not,
                refused_by=refused_by,
            )
        )
    return run.business_date, asked


def _meant(
    named: str, accounts: pl.DataFrame, portfolios: pl.DataFrame, households: pl.DataFrame, on: dt.date
) -> _Named:
    account = accounts.filter(pl.col("account_id") == named)
    if account.height:
        row = account.row(0, named=True)
        if row["state"] == AccountState.CLOSED:
            since = f" since {row['closed_date']}" if row["closed_date"] else ""
            raise UsageError(f"account {named} is closed{since}; nothing is proposed for it")
        return _Named([row["portfolio_id"]], named)
    if portfolios.filter(pl.col("portfolio_id") == named).height:
        return _Named([named])
    if households.filter(pl.col("household_id") == named).height:
        theirs = portfolios.filter(pl.col("household_id") == named)["portfolio_id"].sort().to_list()
        if not theirs:
            raise UsageError(f"household {named} has no portfolio on {on}")
        return _Named(theirs)
    raise UsageError(
        f"the book of {on} has no account, portfolio or household {named!r}; "
        '`evenkeel sql "select account_id, portfolio_id, household_id from accounts"` lists them'
    )


def _standing(
    house: House, run: RunRecord, covered: pl.DataFrame, portfolio_id: str, account_id: str | None
) -> tuple[Literal["book", "check"] | None, str | None]:
    """Return whose word keeps a portfolio from being proposed for, and why; None and None where nothing does."""
    own = pl.col("portfolio_id") == portfolio_id
    rows = covered.filter(own)
    if not rows.height:
        return "book", "it has no account under management"
    amiss = rows.filter(pl.col("status") != CoverageStatus.SCANNED.value)
    if amiss.height:
        # What is amiss of itself tells more than that an account waits for it; of equals, the account that was named.
        waits = pl.col("status") == CoverageStatus.HOUSEHOLD_WAITS.value
        is_other = ~pl.col("account_id").eq_missing(pl.lit(account_id))
        row = amiss.sort(waits, ~pl.col("status").is_in(_BY_BOOK), is_other, "account_id").row(0, named=True)
        reason = str(row["reason"])
        why = reason if reason.startswith(("account ", "portfolio ")) else f"account {row['account_id']}: {reason}"
        if row["status"] != CoverageStatus.HOUSEHOLD_WAITS:
            return ("book" if row["status"] in _BY_BOOK else "check"), why
        causes = covered.filter(pl.col("household_id") == row["household_id"], ~waits)
        causes = causes.filter(pl.col("status") != CoverageStatus.SCANNED.value)
        return ("book" if causes["status"].is_in(_BY_BOOK).all() else "check"), why
    unmeasured = dataset(house, run, UnmeasuredPortfolios).filter(own)
    if unmeasured.height:
        return "check", str(unmeasured["reason"].item())
    if not dataset(house, run, Holdings).filter(own).height:
        return "check", "nothing is held in it"
    return None, None


def _set_aside(meant: _Named, covered: pl.DataFrame, amount_usd: Decimal) -> dict[str, Decimal]:
    """Return the account in which the amount is wanted, and the amount."""
    if not (amount_usd.is_finite() and 0 < amount_usd < 10**12):
        raise UsageError(f"--amount {amount_usd}: dollars above zero, for example 25000 or 1234.56")
    if amount_usd != round(amount_usd, 2):
        raise UsageError(f"--amount {amount_usd}: dollars and cents, no less than a cent")
    if meant.account_id is not None:
        return {meant.account_id: amount_usd}
    theirs = covered.filter(pl.col("portfolio_id").is_in(list(meant.portfolio_ids)))["account_id"].sort().to_list()
    if len(theirs) != 1:
        raise UsageError(
            f"--amount needs an account: no cash moves between accounts, and there are {len(theirs)} here ({', '.join(theirs)}); name one"
        )
    return {theirs[0]: amount_usd}


def _solved(
    house: House,
    run: RunRecord,
    portfolio_ids: Sequence[str],
    kind: RebalanceKind,
    set_aside: Mapping[str, Decimal],
) -> dict[str, Proposal]:
    """Return the lists by portfolio, made by the book that the run was made with."""
    version = dataset(house, run, BookVersions).row(0, named=True)
    book = house.archived_book(version["archive_file_id"], run.business_date, version["as_known_at"])
    [stage] = [stage for stage in STAGES if stage.name == "propose"]
    inputs = Inputs(
        business_date=run.business_date,
        book=known_of(house, dataset(house, run, RunInputs)).on(book),
        policy=house_policy(book),
        is_past_deadline=True,
        decisions=Decisions.empty_frame(),
        today={contract: dataset(house, run, contract) for contract in stage.reads},
        before={},
    )
    made = propose_by_hand(inputs, portfolio_ids, kind, set_aside)
    by_id = proposals_by_id(made.proposals, made.trades, directory_of(house, run))
    owners = made.proposals.select("portfolio_id", "proposal_id")
    return {portfolio: by_id[proposal] for portfolio, proposal in owners.iter_rows()}


def _members(accounts: pl.DataFrame, covered: pl.DataFrame, portfolio_id: str) -> list[dict[str, Any]]:
    """Return the accounts of a portfolio that are under management."""
    own = covered.filter(pl.col("portfolio_id") == portfolio_id)
    rows = accounts.join(own, on="account_id", how="semi").sort("account_id")
    return [{"id": row["account_id"], "mask": row["account_mask"]} for row in rows.iter_rows(named=True)]
