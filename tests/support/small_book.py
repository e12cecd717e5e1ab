"""A book of three households that tests change by file."""

from __future__ import annotations

import datetime as dt

from evenkeel.book.load import load_book
from evenkeel.book.model import Book
from evenkeel.identity import AccountKeyer

KEYER = AccountKeyer(b"0123456789abcdef")
MONDAY = dt.date(2026, 3, 2)

_FILES = {
    "advisers.csv": "adviser_id,name,is_senior\nann,Ann Adviser,true\nbob,Bob Adviser,false\n",
    "households.csv": "household_id,name,adviser_id\nH1,One,ann\nH2,Two,ann\nH3,Three,bob\n",
    "tax_units.csv": "tax_unit_id,filing_status\nT1,single\nT2,joint\n",
    "accounts.csv": (
        "account_id,account_number,custodian,household_id,portfolio_id,tax_unit_id,registration,model_id,segment\n"
        "A1,1000-0001,alpha,H1,,T1,individual,mix,\n"
        "A2,1000-0002,alpha,H2,P2,T2,individual,,\n"
        "A3,2000-0003,beta,H2,P2,T2,ira,,\n"
        "A4,2000-0004,beta,H3,,,roth_ira,mix,\n"
    ),
    "portfolios.csv": "portfolio_id,household_id,model_id,segment\nP2,H2,mix,\n",
    "securities.csv": (
        "security_id,name,asset_type,asset_class,symbol,cusip,price_factor,max_price_age_sessions,is_illiquid\n"
        "STK,Stock fund,etf,us_equity,STK,111111111,1,,false\n"
        "BND,Bond fund,etf,us_bond,BND,222222222,1,,false\n"
        "MUNI,A bond,bond,muni_bond,,333333333,0.01,,false\n"
        "PRIV,Private fund,private,private,PRIV,,1,95,true\n"
    ),
    "models.yaml": (
        "id: mix\nversion: 1\nlevel: firm\nname: Mix\neffective_date: 2020-01-02\nrecorded_at: 2020-01-01T00:00:00Z\n"
        "author: a\nreason: first\ntargets:\n"
        "  - {class: us_equity, weight: 0.60}\n  - {class: us_bond, weight: 0.35}\n  - {class: cash, weight: 0.05}\n"
    ),
    "policies/house.yaml": (
        "policy_id: house\nversion: 1\neffective_date: 2000-01-03\nrecorded_at: 2000-01-01T00:00:00Z\nauthor: a\nreason: first\n"
        "default_band: 0.05\n"
        "tiers:\n"
        "  - {tier: premium, from_usd: 500000, urgency: same_day, bands: {band: 0.03}}\n"
        "  - {tier: standard, from_usd: 100000, urgency: 48_hours, bands: {band: 0.05}}\n"
        "  - {tier: base, from_usd: 0, urgency: weekly_batch, bands: {band: 0.07}}\n"
    ),
    "feeds.yaml": (
        "- {feed: alpha, layout: schwab_csv, location: inbox/alpha}\n"
        "- {feed: beta, layout: fidelity_csv, location: inbox/beta}\n"
    ),
}


def book_files(**changes: str) -> dict[str, bytes]:
    """Return the book's files; a change is named like its file with `__` for `/` and without its ending's dot: `accounts_csv`."""
    files = dict(_FILES)
    for name, text in changes.items():
        stem, _, ending = name.replace("__", "/").rpartition("_")
        files[f"{stem}.{ending}"] = text
    return {name: text.encode() for name, text in files.items() if text}


def with_rows(name: str, *rows: str) -> str:
    """Return a file of the small book with rows appended."""
    return _FILES[name] + "".join(f"{row}\n" for row in rows)


def small_book(**changes: str) -> Book:
    """Return the small book as it holds on Monday 2 March 2026."""
    return load_book(book_files(**changes), MONDAY, KEYER)
