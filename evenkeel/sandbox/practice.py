"""Invents the practice: who its clients are, which accounts they have and where, and how each portfolio is to be invested."""

from __future__ import annotations

import datetime as dt

from data_contracts.vocab import AccountState, Cadence, FilingStatus, Registration, ReliefMethod, Segment, TaxStatus
from evenkeel.sandbox.draws import Draws
from evenkeel.sandbox.models import MODEL_INDEX, MODELS
from evenkeel.sandbox.people import Account, Adviser, Custodian, Household, Portfolio, Practice, TaxUnit

_FIRST = (
    "Ada", "Ben", "Clara", "Dev", "Elena", "Farid", "Grace", "Hugo", "Iris", "Jonas", "Kaya", "Leo", "Mina", "Noor", "Otto",
    "Priya", "Quinn", "Rosa", "Sam", "Tess", "Uma", "Victor", "Wen", "Yara", "Zoe",
)  # fmt: skip
_LAST = (
    "Abara", "Birch", "Castell", "Dahl", "Eastwood", "Ferro", "Gallagher", "Hoshino", "Ivarsson", "Jensen", "Kowalski", "Lindqvist",
    "Marlow", "Nakagawa", "Okafor", "Petrov", "Quigley", "Ramirez", "Sandoval", "Tanaka", "Underhill", "Vasquez", "Whitlock",
    "Xenakis", "Youngblood", "Zeller", "Ashdown", "Brightwater", "Corwin", "Delacroix",
)  # fmt: skip
_ADVISERS = (
    "Morgan Hale",
    "Robin Castle",
    "Jordan Pike",
    "Alex Rowan",
    "Casey Thorne",
    "Taylor Vance",
    "Drew Linden",
    "Sidney Marsh",
)
_R = Registration
_COUPLE = (_R.JOINT, _R.IRA, _R.ROTH_IRA, _R.TRUST, _R.PLAN_529)
_SINGLE = (_R.INDIVIDUAL, _R.IRA, _R.ROTH_IRA, _R.PLAN_401K, _R.TRUST)
_TAX = {
    _R.IRA: TaxStatus.DEFERRED,
    _R.PLAN_401K: TaxStatus.DEFERRED,
    _R.ROTH_IRA: TaxStatus.EXEMPT,
    _R.PLAN_529: TaxStatus.EXEMPT,
}
_TITLES = {
    _R.INDIVIDUAL: "Individual",
    _R.JOINT: "Joint Tenant",
    _R.TRUST: "Living Trust",
    _R.IRA: "Rollover IRA",
    _R.ROTH_IRA: "Roth Contributory IRA",
    _R.PLAN_529: "529 Plan",
    _R.PLAN_401K: "Individual 401(k)",
}
CYCLE = 100
"""Each hundred households have the same special cases, at these places."""
NO_MODEL, HOLD, NEW, CLOSING, DECEASED, PENDING = 2, 3, 4, 5, 6, 7
TWO_UNITS = (8, 28, 48, 68, 88)


class _Dice:
    """Whole numbers for one household, one after the other."""

    def __init__(self, row: list[int]) -> None:
        self._row = iter(row)

    def below(self, bound: int) -> int:
        return next(self._row) % bound

    def between(self, low: int, high: int) -> int:
        return low + self.below(high - low + 1)

    def happens(self, per_hundred: int) -> bool:
        return self.below(100) < per_hundred

    def pick(self, weights: tuple[int, ...]) -> int:
        left = self.below(sum(weights))
        for place, weight in enumerate(weights):
            if left < weight:
                return place
            left -= weight
        raise AssertionError("weights are not empty")


_NUMBERS_EACH = 120


def make_practice(seed: int, households: int, first_date: dt.date) -> Practice:
    """Return a practice of so many households as it stands the evening before `first_date`."""
    practice = Practice(first_date)
    _add_advisers(practice, households)
    drawn = Draws(seed, "practice")
    for number in range(households):
        dice = _Dice(drawn.below(1 << 40, _NUMBERS_EACH).tolist())
        _add_household(practice, number, dice)
    return practice


def _add_advisers(practice: Practice, households: int) -> None:
    count = max(3, min(40, 2 + households // 60))
    for place in range(count):
        lead = f"A-{place // 6 * 6 + 1:02d}"
        is_senior = place % 6 == 0
        name = _ADVISERS[place % len(_ADVISERS)] + ("" if place < len(_ADVISERS) else f" {place // len(_ADVISERS) + 1}")
        escalates = (None if place == 0 else "A-01") if is_senior else lead
        practice.advisers.append(Adviser(f"A-{place + 1:02d}", name, f"Team {place // 6 + 1}", escalates, is_senior))


def _add_household(practice: Practice, number: int, dice: _Dice) -> None:
    special = number % CYCLE
    advisers = practice.advisers
    # Without laps the turns would fall on the same seven advisers wherever 36 is a multiple of their count (18, say).
    laps = number // (7 * len(advisers)) if len(advisers) > 7 else 0
    adviser = advisers[(number * 5 + number // 7 + laps) % len(advisers)]
    last = _LAST[dice.below(len(_LAST))]
    is_couple = dice.happens(60) or special in TWO_UNITS
    skew = dice.below(1001)
    wealth = 40_000 + skew * skew // 1000 * skew * 24 // 10
    count = max(1 + dice.pick((25, 30, 25, 13, 7)), 3 if special in TWO_UNITS else 1)
    note = "Prefers a call before any trade." if dice.happens(6) else None
    household = Household(f"H-{number + 1:05d}", number, f"{last} household", adviser.adviser_id, note)
    practice.households.append(household)
    unit = _add_tax_unit(practice, dice, FilingStatus.JOINT if is_couple else FilingStatus.SINGLE)
    child = _add_tax_unit(practice, dice, FilingStatus.SINGLE) if special in TWO_UNITS else None
    home, other = ((Custodian.SCHWAB, Custodian.FIDELITY, Custodian.IBKR)[dice.pick((45, 35, 20))] for _ in range(2))
    together = count > 1 and dice.happens(42)
    risk = dice.pick((12, 22, 34, 22, 10))
    shares = [dice.between(20, 100) for _ in range(count)]
    joint: Portfolio | None = None
    people = [_FIRST[dice.below(len(_FIRST))] for _ in range(3)]
    for place in range(count):
        registration = (_COUPLE if is_couple else _SINGLE)[place]
        is_childs = child is not None and place == count - 1
        if is_childs:
            registration = _R.INDIVIDUAL
        stands_alone = is_childs or registration in (_R.PLAN_529, _R.PLAN_401K) or not together
        if stands_alone:
            portfolio = _add_portfolio(practice, household, dice, risk, f"{last} {_TITLES[registration]}")
        else:
            joint = joint or _add_portfolio(practice, household, dice, risk, f"{last} household together")
            portfolio = joint
        custodian = other if place and dice.happens(25) else home
        if registration in (_R.PLAN_529, _R.PLAN_401K):
            custodian = Custodian.PLANS
        elif custodian == Custodian.IBKR and portfolio.model == MODEL_INDEX["harbour_private"]:
            custodian = Custodian.SCHWAB
        _add_account(
            practice, portfolio, dice, registration, custodian, child if is_childs and child else unit,
            f"{people[2 if is_childs else place % 2]} {last}", max(9_000, wealth * shares[place] // sum(shares)),
        )  # fmt: skip
    _make_special(practice, household, special, dice, unit, home, last)


def _add_tax_unit(practice: Practice, dice: _Dice, filing: FilingStatus) -> TaxUnit:
    bracket = dice.pick((25, 40, 25, 10))
    carries = dice.happens(15)
    unit = TaxUnit(
        f"T-{len(practice.tax_units) + 1:05d}",
        filing,
        (220, 240, 320, 370)[bracket],
        (150, 150, 150, 200)[bracket],
        (0, 50, 60, 93)[dice.below(4)],
        (90_000, 160_000, 320_000, 750_000)[bracket] + dice.below(40) * 1000,
        dice.between(5, 200) * 100 if carries else None,
        dice.between(5, 300) * 100 if carries and dice.happens(50) else None,
    )
    practice.tax_units.append(unit)
    return unit


def _add_portfolio(practice: Practice, household: Household, dice: _Dice, risk: int, name: str) -> Portfolio:
    model = risk
    if dice.happens(12):
        model = MODEL_INDEX["tax_aware"]
    elif household.adviser_id == "A-02" and dice.happens(35):
        model = MODEL_INDEX[("harbour_diversified", "harbour_private")[dice.below(2)]]
    kind = MODELS[model].segment
    segment = kind if kind == Segment.TAX_SENSITIVE or dice.happens(50) else None
    portfolio = Portfolio(
        len(practice.portfolios),
        f"P-{len(practice.portfolios) + 1:05d}",
        len(practice.households) - 1,
        name,
        model,
        segment,
        Cadence.WEEKLY if dice.happens(8) else None,
        risk_score=max(5, min(95, MODELS[model].risk * 17 + dice.between(-10, 12) - (25 if dice.happens(5) else 0))),
        horizon_years=dice.between(1, 30),
        review_age_days=dice.between(380, 560) if dice.happens(8) else dice.between(10, 330),
        has_limits=dice.happens(40),
        has_bands=dice.happens(12),
    )
    practice.portfolios.append(portfolio)
    return portfolio


def _add_account(
    practice: Practice,
    portfolio: Portfolio,
    dice: _Dice,
    registration: Registration,
    custodian: Custodian,
    unit: TaxUnit,
    owner: str,
    value: int,
) -> Account:
    place = len(practice.accounts)
    tax = _TAX.get(registration, TaxStatus.TAXABLE)
    has_stock = tax == TaxStatus.TAXABLE and value > 60_000 and dice.happens(25)
    account = Account(
        place,
        f"AC-{place + 1:06d}",
        portfolio.household,
        portfolio.place,
        unit.tax_unit_id,
        custodian,
        _account_number(custodian, place),
        f"{owner} {_TITLES[registration]}",
        registration,
        tax,
        dice.happens(70) and registration != _R.PLAN_401K,
        (ReliefMethod.FIFO, ReliefMethod.HIGHEST_COST)[int(tax == TaxStatus.TAXABLE and dice.happens(70))],
        AccountState.OPEN,
        practice.first_date - dt.timedelta(days=dice.between(3100, 5000)),
        dice.happens(35),
        value,
        stock_share=dice.between(15, 40) if has_stock else 0,
        stock=("ALBR", "KSTN", "MRDN", "PLMR")[dice.pick((42, 34, 22, 2))] if has_stock else None,
        uses_funds=custodian == Custodian.PLANS or (custodian == Custodian.FIDELITY and dice.happens(50)),
    )
    practice.accounts.append(account)
    portfolio.accounts.append(place)
    return account


def _account_number(custodian: Custodian, place: int) -> str:
    """Return a number that no other account has: the factors share no divisor with the range."""
    if custodian == Custodian.SCHWAB:
        digits = 10_000_000 + place * 56_891 % 89_999_999
        return f"{digits // 10_000}-{digits % 10_000:04d}"
    if custodian == Custodian.FIDELITY:
        return f"Z{10_000_000 + place * 40_507 % 89_999_999}"
    if custodian == Custodian.PLANS:
        return f"PL{100_000_000 + place * 104_729 % 899_999_999}"
    return f"U{1_000_000 + place * 7_919 % 8_999_999}"


def schwab_title(account: Account) -> str:
    """Return how Schwab's files call an account."""
    return f"{_TITLES[account.registration]} {account.number}"


def _make_special(
    practice: Practice, household: Household, special: int, dice: _Dice, unit: TaxUnit, home: Custodian, last: str
) -> None:
    own = [portfolio for portfolio in practice.portfolios[-6:] if portfolio.household == household.number]
    if special == NO_MODEL:
        own[0].model = own[0].segment = None
    elif special in (CLOSING, DECEASED):
        state = AccountState.CLOSING if special == CLOSING else AccountState.DECEASED
        practice.accounts[own[-1].accounts[-1]].state = state
    elif special == NEW:
        portfolio = _add_portfolio(practice, household, dice, 2, f"{last} new account")
        account = _add_account(
            practice, portfolio, dice, _R.INDIVIDUAL, home, unit, f"{_FIRST[dice.below(25)]} {last}", 150_000
        )
        account.state, account.opened, account.is_cash_only = (
            AccountState.NEW,
            practice.first_date - dt.timedelta(days=4),
            True,
        )
        account.stock = None
