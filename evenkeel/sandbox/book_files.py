"""Writes the practice's book: the CSV files. Models, policies, feeds and maps are in `book_documents`."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections.abc import Iterable, Sequence
from pathlib import Path

from data_contracts.vocab import (
    AssetClass,
    IdType,
    PlannedCashKind,
    Registration,
    RestrictionKind,
    SuspensionKind,
    TaxStatus,
)
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.models import MODELS, class_weights_of
from evenkeel.sandbox.people import Account, Portfolio, Practice
from evenkeel.sandbox.practice import CYCLE, HOLD, PENDING
from evenkeel.sandbox.securities import CLASSES, NEW_TICKER, RENAMED, SECURITIES, Security

GROWTH_CLASSES = {
    AssetClass.US_EQUITY, AssetClass.INTL_EQUITY, AssetClass.EMERGING_EQUITY, AssetClass.REAL_ESTATE, AssetClass.COMMODITY,
    AssetClass.HIGH_YIELD_BOND, AssetClass.ALTERNATIVE, AssetClass.PRIVATE,
}  # fmt: skip
COMPLIANCE_ID, COMPLIANCE_NAME = "C-01", "Harper Quill"
Cell = str | int | float | bool | dt.date | None


def write_tables(folder: Path, practice: Practice, seed: int) -> None:
    """Write every CSV file of the book into `folder`."""
    for name, header, rows in (
        ("advisers.csv", "adviser_id,name,email,team,escalates_to,is_senior,is_compliance", _advisers(practice)),
        ("households.csv", "household_id,name,adviser_id,note", _households(practice)),
        (
            "tax_units.csv",
            "tax_unit_id,filing_status,short_term_rate_frac,long_term_rate_frac,state_rate_frac,income_usd,carry_short_usd,"
            "carry_long_usd",
            _tax_units(practice),
        ),
        (
            "accounts.csv",
            "account_id,household_id,portfolio_id,tax_unit_id,custodian,account_number,name,registration,tax_status,"
            "is_discretionary,relief_method,state,opened_date,closed_date,min_cash_usd,sales_known_from_date",
            _accounts(practice),
        ),
        (
            "portfolios.csv",
            "portfolio_id,household_id,name,model_id,ips_id,segment,policy_id,cadence",
            _portfolios(practice),
        ),
        (
            "ips.csv",
            "ips_id,version,effective_date,recorded_at,author,reason,document_ref,objective,horizon_date,risk_score,"
            "max_growth_frac,min_cash_frac,last_review_date,cadence",
            _ips(practice),
        ),
        ("ips_limits.csv", "ips_id,version,asset_class,min_frac,max_frac,below_frac,above_frac", _ips_limits(practice)),
        (
            "securities.csv",
            "security_id,name,asset_type,asset_class,sleeve,symbol,cusip,isin,native_id,issuer_id,wash_group,price_factor,"
            "multiplier,max_price_age_sessions,is_illiquid",
            map(_security, SECURITIES),
        ),
        (
            "security_aliases.csv",
            "id_type,id_value,security_id",
            [(IdType.SYMBOL.value, NEW_TICKER, RENAMED)],
        ),
        (
            "restrictions.csv",
            "restriction_id,scope,scope_id,kind,security_id,issuer_id,asset_class,from_date,until_date,reason",
            _restrictions(practice),
        ),
        (
            "suspensions.csv",
            "suspension_id,account_id,kind,reason,actor,from_date,review_date,ended_date",
            _suspensions(practice),
        ),
        (
            "planned_cash.csv",
            "planned_id,account_id,kind,due_date,amount_usd,is_done,note",
            _planned_cash(practice, seed),
        ),
    ):
        _write(folder / name, header.split(","), rows)


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    path.write_bytes(text.getvalue().encode())


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _advisers(practice: Practice) -> Iterable[Sequence[Cell]]:
    for each in practice.advisers:
        yield each.adviser_id, each.name, _email(each.name), each.team, each.escalates_to, each.is_senior, False
    # Has no households; answers what advisers escalate.
    yield COMPLIANCE_ID, COMPLIANCE_NAME, _email(COMPLIANCE_NAME), "Compliance", None, False, True


def _email(name: str) -> str:
    return f"{name.lower().replace(' ', '.')}@harbour.example"


def _households(practice: Practice) -> Iterable[Sequence[Cell]]:
    return ((each.household_id, each.name, each.adviser_id, each.note) for each in practice.households)


def _tax_units(practice: Practice) -> Iterable[Sequence[Cell]]:
    return (
        (
            unit.tax_unit_id, unit.filing, unit.short_rate / 1000, unit.long_rate / 1000, unit.state_rate / 1000, unit.income,
            unit.carry_short, unit.carry_long,
        )
        for unit in practice.tax_units
    )  # fmt: skip


def _accounts(practice: Practice) -> Iterable[Sequence[Cell]]:
    for each in practice.accounts:
        yield (
            each.account_id, practice.households[each.household].household_id, practice.portfolios[each.portfolio].portfolio_id,
            each.tax_unit_id, each.custodian, each.number, each.name, each.registration, each.tax_status, each.is_discretionary,
            each.relief, each.state, each.opened, None, 1000 if each.registration == Registration.TRUST else None,
            # Nobody sold anything before the first day; of every seventh household the firm does not say so.
            None if each.household % 7 == 4 else dt.date(practice.first_date.year, 1, 1),
        )  # fmt: skip


def ips_id(portfolio: Portfolio) -> str:
    """Return the identifier of a portfolio's IPS."""
    return portfolio.portfolio_id.replace("P-", "IPS-")


def _portfolios(practice: Practice) -> Iterable[Sequence[Cell]]:
    for each in practice.portfolios:
        model = MODELS[each.model].model_id if each.model is not None else None
        household = practice.households[each.household].household_id
        yield each.portfolio_id, household, each.name, model, ips_id(each), each.segment, "house", each.cadence


def _ips(practice: Practice) -> Iterable[Sequence[Cell]]:
    for each in practice.portfolios:
        effective = practice.first_date - dt.timedelta(days=900)
        reviewed = practice.first_date - dt.timedelta(days=each.review_age_days)
        growth = _growth_share(each)
        objective = (
            "Income and stability"
            if each.risk_score < 35
            else "Growth"
            if each.risk_score > 65
            else "Growth and income"
        )
        yield (
            ips_id(each), 1, effective, f"{effective}T15:00:00Z", "compliance", "Signed at the start of the relationship",
            f"ips/{ips_id(each)}.pdf", objective, practice.first_date + dt.timedelta(days=365 * each.horizon_years),
            each.risk_score, round(min(1.0, growth + (0.02 if each.place % 11 == 3 else 0.1)), 3), 0.01, reviewed, None,
        )  # fmt: skip


def _growth_share(portfolio: Portfolio) -> float:
    if portfolio.model is None:
        return 0.6
    weights = class_weights_of(MODELS[portfolio.model])
    share = 0.0
    for asset_class, weight in zip(CLASSES, weights, strict=True):
        share += weight if asset_class in GROWTH_CLASSES else 0.0
    return share


def _ips_limits(practice: Practice) -> Iterable[Sequence[Cell]]:
    for each in practice.portfolios:
        if each.model is None or not (each.has_limits or each.has_bands):
            continue
        weights = class_weights_of(MODELS[each.model])
        for asset_class, weight in zip(CLASSES, weights, strict=True):
            is_large = weight >= 0.15
            if not is_large and not (each.has_limits and asset_class == AssetClass.CASH):
                continue
            least = round(max(0.0, weight - 0.12), 3) if each.has_limits and is_large else None
            most = round(min(1.0, weight + 0.12), 3) if each.has_limits else None
            band = 0.04 if each.has_bands and is_large else None
            yield ips_id(each), 1, asset_class, least, most, band, round(band * 1.5, 3) if band else None


def _spelled(name: str) -> str:
    """Return a custodian's capitals as a firm writes the name: `Halyard US Growth ETF`."""
    return " ".join(word if word in ("US", "ETF", "GO", "LP") else word.title() for word in name.split())


def _security(security: Security) -> Sequence[Cell]:
    return (
        security.symbol, _spelled(security.name), security.asset_type, security.asset_class, security.sleeve,
        None if security.is_bond else security.symbol, security.cusip, security.isin, security.conid, security.issuer,
        security.wash_group, 0.01 if security.is_bond else 1, 1, 130 if security.is_private else None, security.is_private,
    )  # fmt: skip


def _restrictions(practice: Practice) -> Iterable[Sequence[Cell]]:
    yield "R-0001", "firm", None, RestrictionKind.NO_BUY, None, "PLMR", None, None, None, "Restricted list of the firm"
    number = 1
    for account in practice.accounts:
        if account.stock is not None and account.place % 2:
            number += 1
            yield (
                f"R-{number:04d}", "account", account.account_id, RestrictionKind.LEGACY_KEEP, account.stock, None, None, None, None,
                "Inherited, client keeps it",
            )  # fmt: skip
    for portfolio in practice.portfolios:
        if portfolio.place % 37 == 11:
            number += 1
            yield (
                f"R-{number:04d}", "portfolio", portfolio.portfolio_id, RestrictionKind.NO_BUY, None, None, AssetClass.COMMODITY,
                None, None, "Client wants no commodities",
            )  # fmt: skip
    for household in practice.households:
        if household.number % 53 == 17:
            number += 1
            yield (
                f"R-{number:04d}", "household", household.household_id, RestrictionKind.NO_BUY, "KSTN", None, None, None, None,
                "Employer's stock",
            )  # fmt: skip


def suspended_accounts(practice: Practice) -> dict[int, SuspensionKind]:
    """Return the accounts set aside, by place, and why."""
    found: dict[int, SuspensionKind] = {}
    kinds = {HOLD: SuspensionKind.COMPLIANCE_HOLD, PENDING: SuspensionKind.PENDING_WITHDRAWAL}
    seen: set[int] = set()
    for account in practice.accounts:
        kind = kinds.get(account.household % CYCLE)
        if kind is not None and account.household not in seen:
            seen.add(account.household)
            found[account.place] = kind
    return found


def _suspensions(practice: Practice) -> Iterable[Sequence[Cell]]:
    first = practice.first_date
    for number, (place, kind) in enumerate(suspended_accounts(practice).items(), start=1):
        is_hold = kind == SuspensionKind.COMPLIANCE_HOLD
        reason = "Source of a large deposit is being examined" if is_hold else "House purchase, money leaves this month"
        actor = "compliance" if is_hold else "operations"
        # The hold's review date passes during the run of days: it reminds, the hold stays.
        review = first + dt.timedelta(days=1 if is_hold else 30)
        yield (
            f"S-{number:04d}", practice.accounts[place].account_id, kind, reason, actor, first - dt.timedelta(days=20), review, None,
        )  # fmt: skip


def _planned_cash(practice: Practice, seed: int) -> Iterable[Sequence[Cell]]:
    count = len(practice.accounts)
    draws = Draws(seed, "planned cash")
    chance, days, share = (
        draws.below(1000, count).tolist(),
        draws.between(3, 80, count).tolist(),
        draws.between(5, 45, count).tolist(),
    )
    number = 0
    for account in practice.accounts:
        kind = _planned_kind(account, chance[account.place])
        if kind is None:
            continue
        number += 1
        due = practice.first_date + dt.timedelta(days=days[account.place])
        amount = max(500, account.value_usd * share[account.place] // 1000 // 100 * 100)
        note = "Required minimum for the year" if kind == PlannedCashKind.REQUIRED_DISTRIBUTION else None
        yield f"C-{number:05d}", account.account_id, kind, due, amount, False, note


def _planned_kind(account: Account, chance: int) -> PlannedCashKind | None:
    if account.tax_status == TaxStatus.DEFERRED and account.registration == Registration.IRA and chance < 120:
        return PlannedCashKind.REQUIRED_DISTRIBUTION
    if account.tax_status == TaxStatus.TAXABLE and chance >= 960:
        return (PlannedCashKind.WITHDRAWAL, PlannedCashKind.TAX, PlannedCashKind.CONTRIBUTION)[chance % 3]
    return None
