"""A book is read whole, or every problem in it is listed at once."""

import datetime as dt
import pickle
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from data_contracts.book.securities import Securities
from data_contracts.conform import conform
from evenkeel.adapters.stores.book_folder import read_book_folder
from evenkeel.book.load import book_digest, load_book
from evenkeel.book.model import Book
from evenkeel.book.template import template_files
from evenkeel.errors import BookError, UsageError
from evenkeel.identity import AccountKeyer

ON = dt.date(2026, 7, 2)
KEYER = AccountKeyer(b"sixteen bytes key")
Files = dict[str, bytes]


@pytest.fixture
def files() -> Files:
    return template_files()


def load(files: Files, on: dt.date = ON) -> Book:
    return load_book(files, on, KEYER)


def problems(files: Files) -> list[str]:
    with pytest.raises(BookError) as caught:
        load(files)
    return caught.value.problems


def append(files: Files, name: str, *lines: str) -> int:
    """Append lines and return the number of the first of them."""
    number = files[name].count(b"\n") + 1
    files[name] += "".join(line + "\n" for line in lines).encode()
    return number


def test_the_template_is_a_valid_book(files: Files) -> None:
    book = load(files)
    assert book.accounts["account_id"].to_list() == ["ASH-1", "BIR-1", "BIR-2", "CED-1"]
    assert book.accounts["portfolio_id"].to_list() == ["ASH-1", "P-BIR", "P-BIR", "CED-1"]
    assert book.accounts["tax_status"].to_list() == ["taxable", "taxable", "deferred", "exempt"]
    assert book.accounts["account_mask"].to_list()[0] == "…0101"
    assert book.accounts["account_key"].to_list()[0] == KEYER.digest("00000101")
    assert book.portfolios["portfolio_id"].to_list() == ["ASH-1", "CED-1", "P-BIR"]
    assert book.policies.held_on("house", ON).deadline == dt.time(7, 0)
    assert [feed.feed for feed in book.feeds] == ["schwab", "fidelity", "own_orders"]
    assert conform(book.securities, Securities).equals(book.securities)
    assert book.changes == {"policy": (), "model": (), "ips": ()}


def test_defaults(files: Files) -> None:
    append(files, "accounts.csv", "NEW-1,555,schwab,H-ASH,,,,individual,,,,")
    append(files, "securities.csv", "XYZ,Some stock,stock,us_equity,,,,,,,,,")
    book = load(files)
    account = book.accounts.row(by_predicate=_is("account_id", "NEW-1"), named=True)
    assert (account["state"], account["relief_method"], account["is_discretionary"]) == ("open", "fifo", False)
    assert (account["tax_unit_id"], account["min_cash_usd"], account["opened_date"]) == (None, None, None)
    portfolio = book.portfolios.row(by_predicate=_is("portfolio_id", "NEW-1"), named=True)
    assert (portfolio["model_id"], portfolio["segment"], portfolio["policy_id"]) == (None, None, "house")
    security = book.securities.row(by_predicate=_is("security_id", "XYZ"), named=True)
    assert (security["price_factor"], security["multiplier"], security["is_illiquid"]) == (
        Decimal(1),
        Decimal(1),
        False,
    )
    assert security["symbol"] == "XYZ"


def _is(column: str, value: str) -> pl.Expr:
    return pl.col(column) == value


def test_a_digested_number_may_stand_in_the_book(files: Files) -> None:
    digest = KEYER.digest("Z00000404")
    text = files["accounts.csv"].decode().replace("account_id,account_number", "account_id,account_number,account_key")
    lines = []
    for line in text.splitlines():
        cells = line.split(",")
        if line.startswith("CED-1"):
            cells[1:2] = ["", digest]
        elif cells[0] in ("ASH-1", "BIR-1", "BIR-2"):
            cells[1:2] = [cells[1], ""]
        lines.append(",".join(cells))
    expected = load(files).accounts.drop("account_mask")
    files["accounts.csv"] = "\n".join(lines).encode()
    assert load(files).accounts.drop("account_mask").equals(expected)


CASES = [
    # file, line appended, what the problem says (with {n} for its line)
    ("advisers.csv", "zoe,Zoe,,,nobody,", "advisers.csv:{n}: escalates_to 'nobody' is not in advisers.csv"),
    ("advisers.csv", "zoe,Zoe,,,zoe,", "advisers.csv:{n}: escalation goes in a circle ('zoe' > 'zoe')"),
    ("households.csv", "H-X,X,avry,", "adviser_id 'avry' is not in advisers.csv, did you mean 'avery'?"),
    ("households.csv", "H-ASH,Again,avery,", "households.csv:{n}: household_id 'H-ASH' stands on line 3 already"),
    ("households.csv", "H-X,,avery,", "households.csv:{n}: name is blank; fill it in"),
    ("households.csv", "H-X,X, Y,avery,", "households.csv:{n}: 5 cells, but the header names 4 columns"),
    ("households.csv", 'H-X,"X,avery,', "households.csv:{n}: a quote is not closed"),
    ("tax_units.csv", "T-X,maried,,,,,,,", "filing_status 'maried' is not valid"),
    ("tax_units.csv", "T-X,joint,24,,,,,,", "short_term_rate_frac '24' must be from 0 to 1; ratios are fractions"),
    ("tax_units.csv", "T-X,joint,24%,,,,,,", "short_term_rate_frac '24%' is not valid; write a plain number"),
    ("tax_units.csv", "T-X,joint,,,,-5,,,", "tax_units.csv:{n}: income_usd '-5' must not be below 0"),
    ("tax_units.csv", "T-X,joint,,,,,,,-1", "gain_budget_usd '-1' must not be below 0"),
    ("accounts.csv", "X-1,777,schwab,H-X,,,,ira,true,,,", "accounts.csv:{n}: household_id 'H-X' is not in households.csv"),
    ("accounts.csv", "X-1,777,pershing,H-ASH,,,,ira,true,,,", "custodian 'pershing' is not in the custodians that feeds.yaml"),
    ("accounts.csv", "X-1,777,schwab,H-ASH,P-X,,,ira,true,,,", "portfolio_id 'P-X' is not in portfolios.csv"),
    ("accounts.csv", "X-1,777,schwab,H-ASH,,,,ira,true,nomodel,,", "accounts.csv:{n}: model_id 'nomodel' is not in models.yaml"),
    ("accounts.csv", "X-1,777,schwab,H-ASH,,,,ira,true,,NO-IPS,", "accounts.csv:{n}: ips_id 'NO-IPS' is not in ips.csv"),
    ("accounts.csv", "X-1,777,schwab,H-ASH,,T-NO,,ira,true,,,", "tax_unit_id 'T-NO' is not in tax_units.csv"),
    ("accounts.csv", "X-1,777,schwab,H-ASH,P-BIR,,,ira,true,,,", "a portfolio's accounts must be of one household"),
    ("accounts.csv", "X-1,777,schwab,H-BIR,P-BIR,,,ira,true,growth,,", "the account's portfolio has a row in portfolios.csv"),
    ("accounts.csv", "X-1,00000101,schwab,H-ASH,,,,ira,true,,,", "accounts.csv:{n}: the same custodian and account number as on line 5"),
    ("accounts.csv", "X-1,,schwab,H-ASH,,,,ira,true,,,", "accounts.csv:{n}: account_number is blank"),
    ("accounts.csv", "X-1,1.2E+07,schwab,H-ASH,,,,ira,true,,,", "account_number was rounded by a spreadsheet"),
    ("accounts.csv", "X-1,777,schwab,H-ASH,,,,ira,maybe,,,", "is_discretionary 'maybe' is not valid; write true or false"),
    ("portfolios.csv", "P-X,H-ASH,,growth,,,house,", "portfolios.csv:{n}: portfolio 'P-X' has no account"),
    ("portfolios.csv", "P-X,H-ASH,,growth,,,huose,", "policy_id 'huose' is not in policies/, did you mean 'house'?"),
    ("ips.csv", "I,1,2026-01-01,2026-01-01,me,new,,,,,,,,", "recorded_at '2026-01-01' is not valid; write the moment with its zone"),
    ("ips.csv", "I,1,01/02/2026,2026-01-01T00:00Z,me,new,,,,,,,,", "effective_date '01/02/2026' is not valid; write the date as"),
    ("ips_limits.csv", "IPS-ASH,9,cash,,,,", "ips_limits.csv:{n}: ips_id 'IPS-ASH' version 9 is not in ips.csv"),
    ("ips_limits.csv", "IPS-ASH,1,cash,0.5,0.1,,", "min_frac is above max_frac"),
    ("securities.csv", "X,X,etf,us_eqity,,vti,,,,,,,", "securities.csv:{n}: symbol 'VTI' belongs to security 'VTI' already"),
    ("securities.csv", "X,X,etf,us_eqity,,X,,,,,,,", "asset_class 'us_eqity' is not valid, did you mean 'us_equity'?"),
    ("securities.csv", "X,X,etf,us_equity,,X,1.2E+10,,,,,,", "cusip was rounded by a spreadsheet"),
    ("securities.csv", "X,X,etf,us_equity,,X,,,,,0,,", "price_factor '0' must be more than zero"),
    ("security_aliases.csv", "NONE,symbol,N", "security_id 'NONE' is not in securities.csv"),
    ("security_aliases.csv", "VTI,symbol,vxus", "symbol 'VXUS' belongs to security 'VXUS' already"),
    ("restrictions.csv", "R,account,NO-1,no_buy,,,,,,why", "restrictions.csv:{n}: scope_id 'NO-1' is not in accounts.csv"),
    ("restrictions.csv", "R,account,,no_buy,,,,,,why", "scope account needs a scope_id"),
    ("restrictions.csv", "R,firm,,hold_until,VTI,,,,,why", "hold_until needs an until_date"),
    ("restrictions.csv", "R,firm,,no_buy,,NOBODY,,,,why", "issuer_id 'NOBODY' is not in securities.csv"),
    ("restrictions.csv", "R,firm,,no_buy,,,,2026-02-01,2026-01-01,why", "from_date is after until_date"),
    ("suspensions.csv", "S,NO-1,transition,why,me,2026-01-01,,", "account_id 'NO-1' is not in accounts.csv"),
    ("planned_cash.csv", "C,ASH-1,fee,2026-01-01,-5,,", "planned_cash.csv:{n}: amount_usd '-5' must be more than zero"),
    ("planned_cash.csv", 'C,ASH-1,fee,2026-01-01,"1,000",,', "amount_usd '1,000' is not valid; write a plain number"),
    ("account_aliases.csv", "shwab,...9,ASH-1,,", "feed 'shwab' is not in feeds.yaml, did you mean 'schwab'?"),
    ("feeds.yaml", "- {feed: x, layout: schwab, location: in}", "unknown layout 'schwab', did you mean 'schwab_csv'?"),
    ("feeds.yaml", "- {feed: x, layout: mapped, location: in}", "feeds.yaml:{n}: feed 'x' of layout mapped names no map"),
    ("feeds.yaml", "- {feed: x, layout: mapped, map: maps/x.yaml, location: in}", "map 'maps/x.yaml' is not in the book"),
    ("feeds.yaml", "- {feed: fidelity, layout: ofx, location: in}", "feeds.yaml:{n}: feed 'fidelity' stands twice"),
    ("feeds.yaml", "- {feed: x, layout: ofx, location: in, rol: market}", "rol is not a field here, did you mean 'role'?"),
    ("policies/house.yaml", "urgncy: same_day", "policies/house.yaml:{n}: urgncy is not a field here, did you mean 'urgency'?"),
    ("policies/house.yaml", "cooldown_days: 3", "key 'cooldown_days' stands twice"),
    ("policies/house.yaml", "partial_frac: 2", "house.yaml:{n}: partial_frac '2' is not valid: input should be less than"),
    ("policies/house.yaml", "portfolios: [{portfolio_id: P-NO, reason: x}]", "portfolio_id 'P-NO' is not in the book"),
    ("models/growth.yaml", "  - {class: cash, weight: 0.01}", "the targets sum to 1.01, 0.01 above 1; correct the weights"),
    ("models/growth.yaml", "  - {clas: cash, weight: 0.0}", "targets.4.clas is not a field here"),
    ("models/growth.yaml", "  - {model: grwth, weight: 0}", "nested model 'grwth' is not in the book, did you mean 'growth'?"),
    ("models/growth.yaml", "  - {model: growth, weight: 0}", "models are nested in a circle (growth > growth)"),
    ("models/growth.yaml", "  - {class: us_bond, weight: 0, securities: [{security: VTI, weight: 0}]}", "security 'VTI' is us_equity in"),
    ("models/growth.yaml", "  - {class: us_bond, weight: 0, securities: [{security: VTX, weight: 0}]}", "security 'VTX' is not in"),
    ("models/growth.yaml", "level: adviser", "key 'level' stands twice"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "line", "expected"), CASES)
def test_each_mistake_is_named_with_its_line(files: Files, name: str, line: str, expected: str) -> None:
    number = append(files, name, line)
    found = problems(files)
    assert any(expected.format(n=number) in text for text in found), found
    assert all(";" in text for text in found), "each says what to do"


def test_every_mistake_is_listed_at_once(files: Files) -> None:
    separate: set[str] = set()
    together = dict(files)
    for name, line, _ in [
        case for case in CASES if case[0] in ("households.csv", "tax_units.csv", "restrictions.csv", "planned_cash.csv")
    ]:
        alone = dict(files)
        append(alone, name, line)
        append(together, name, line)
        separate |= {text.split(": ", 1)[1] for text in problems(alone)}
    said = {text.split(": ", 1)[1] for text in problems(together)}
    # Lines that could not be split make it unknowable which references dangle, and the repeated ids add complaints of their own.
    missing = {text for text in separate - said if "is not in" not in text}
    assert not missing
    assert len(said) >= 12


def test_accounts_numbers_never_show(files: Files) -> None:
    append(
        files,
        "accounts.csv",
        "X-1,schwab,12345678,H-ASH,,,,ira,true,,,",
        "X-2,99998888,schwab,98765432,,,,ira,1234-5678,,,",
    )
    append(files, "account_aliases.csv", "no such feed,55556666,44443333,2026-99-01,")
    text = "\n".join(problems(files))
    for number in ("12345678", "98765432", "1234-5678", "99998888", "55556666", "44443333"):
        assert number not in text
    assert "…5678" in text


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", "households.csv: the file has no header"),
        (b"household_id;name;adviser_id\nH-ASH;A;avery\n", "households.csv:1: the header has no commas"),
        (b"household_id,nam,adviser_id\n", "households.csv:1: unknown column 'nam', did you mean 'name'?"),
        (b"household_id,name\n", "households.csv:1: columns missing: adviser_id"),
        (b"household_id,name,name,adviser_id\n", "households.csv:1: column 'name' stands twice"),
        (
            b"household_id,name,adviser_id\nH-ASH,A\xe9,avery\n",
            "households.csv:2: byte 0xe9 is not UTF-8; save it as UTF-8",
        ),
        ("household_id,name,adviser_id\n".encode("utf-16"), "households.csv:1: the file is UTF-16"),
        (b"household_id,name,adviser_id\nH-ASH,\0,avery\n", "households.csv:2: a NUL character"),
    ],
)
def test_damaged_tables(files: Files, data: bytes, expected: str) -> None:
    files["households.csv"] = data
    found = problems(files)
    assert any(expected in text for text in found), found
    assert not any("H-BIR" in text for text in found), "what is missing because of the damage is not complained about"


def test_spreadsheet_habits_are_taken(files: Files) -> None:
    expected = load(files).households
    text = files["households.csv"].decode()
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    files["households.csv"] = (
        b"\xef\xbb\xbf"
        + "\r\n,,,\r\n\r\n".join([lines[0].upper() + ",,", *(line + ",," for line in lines[1:])]).encode()
    )
    assert load(files).households.equals(expected)


def test_missing_and_misnamed_files(files: Files) -> None:
    files["acounts.csv"] = files.pop("accounts.csv")
    del files["policies/house.yaml"]
    found = problems(files)
    assert any(text.startswith("accounts.csv: the file is missing") for text in found)
    assert any(
        text == "acounts.csv: not a file of the book, did you mean 'accounts.csv'?; rename it or take it out"
        for text in found
    )
    assert any(text.startswith("policies/: no policy") for text in found)


def test_no_policy_in_force_is_a_problem_with_its_date(files: Files) -> None:
    with pytest.raises(BookError, match="policy 'house': no version is effective on 2020-01-02"):
        load(files, dt.date(2020, 1, 2))


def test_notes_beside_the_book_change_nothing(files: Files) -> None:
    digest = book_digest(files)
    files["README.md"] = b"notes"
    assert load(files).digest == digest
    files["households.csv"] += b"\n"
    assert load(files).digest != digest


def test_an_alias_may_mean_accounts_in_turn(files: Files) -> None:
    append(files, "account_aliases.csv", "fidelity,...9,BIR-2,,2026-03-31", "fidelity,...9,CED-1,2026-04-01,")
    aliases = load(files).account_aliases
    assert aliases.row(by_predicate=_is("source_account", KEYER.digest("...9")), named=True)["account_id"] == "CED-1"
    aliases = load(files, dt.date(2026, 3, 31)).account_aliases
    assert aliases.row(by_predicate=_is("source_account", KEYER.digest("...9")), named=True)["account_id"] == "BIR-2"
    line = append(files, "account_aliases.csv", "fidelity,... 9,BIR-2,2026-06-01,")
    assert any(
        f"account_aliases.csv:{line}: the text means an account on line {line - 1}" in text for text in problems(files)
    )


def test_a_book_error_survives_pickling(files: Files) -> None:
    append(files, "households.csv", "H-X,,avery,")
    with pytest.raises(BookError) as caught:
        load(files)
    assert pickle.loads(pickle.dumps(caught.value)).problems == caught.value.problems


def test_read_book_folder(tmp_path: Path, files: Files) -> None:
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "README.md").write_text("notes")
    (tmp_path / ".~lock.accounts.csv").write_text("x")
    (tmp_path / "~$accounts.csv").write_text("x")
    assert read_book_folder(tmp_path) == files
    with pytest.raises(UsageError, match="no book at"):
        read_book_folder(tmp_path / "nowhere")
