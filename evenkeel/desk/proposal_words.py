"""What is said of a proposal where its whole sentence is too long: codes as names, one short line, the proof in small print."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from data_contracts.vocab import Advice, CheckResult, PreCheck, ProposalStatus, RebalanceKind
from evenkeel.desk.proposals import Proposal
from evenkeel.desk.words import dollars, points
from evenkeel.rules.wash_sales import WashAnswer

KIND_NAMES: dict[str, str] = {
    RebalanceKind.FULL: "back to target",
    RebalanceKind.TO_EDGE: "back to the band's edge",
    RebalanceKind.TO_MIDPOINT: "back to the band's midpoint",
    RebalanceKind.PARTIAL: "part of the way to target",
    RebalanceKind.INVEST_CASH: "invest cash",
    RebalanceKind.RAISE_CASH: "raise cash",
    RebalanceKind.BUY_ONLY: "buy only",
    RebalanceKind.SELL_ONLY: "sell only",
    RebalanceKind.HARVEST_ONLY: "harvest losses only",
    RebalanceKind.HARVEST_AND_REBALANCE: "harvest losses and rebalance",
}
STATUS_NAMES: dict[str, str] = {
    ProposalStatus.DRAFTED: "Proposal",
    ProposalStatus.HELD_BACK: "Proposal held back",
    ProposalStatus.NOTHING_TO_TRADE: "Nothing to trade",
    ProposalStatus.NOT_SOLVED: "No proposal",
    ProposalStatus.NO_TRADES_BY_RULE: "No trades, by rule",
}
CHECK_NAMES: dict[str, str] = {
    PreCheck.WASH_SALE: "Wash sales",
    PreCheck.CONCENTRATION: "Concentration",
    PreCheck.SECTOR_CONCENTRATION: "Sector concentration",
    PreCheck.LIQUIDITY: "Liquidity",
    PreCheck.SUITABILITY: "Suitability",
    PreCheck.RESTRICTIONS: "Restrictions",
    PreCheck.IPS_LIMITS: "IPS limits",
    PreCheck.CASH: "Cash",
    PreCheck.BALANCE: "Sums",
    PreCheck.TRADING_COST: "Trading cost",
    PreCheck.GAIN_BUDGET: "Gain budget",
    PreCheck.TURNOVER_BUDGET: "Turnover budget",
}
RESULT_NAMES: dict[str, str] = {
    CheckResult.PASSED: "passed",
    CheckResult.WARNED: "to look at",
    CheckResult.FAILED: "failed",
    CheckResult.NOT_KNOWN: "not known",
}
WASH_NAMES: dict[str, str] = {
    WashAnswer.CLEAR: "no wash sale",
    WashAnswer.WASHED: "a wash sale takes part of it",
    WashAnswer.NOT_A_LOSS: "not a loss",
    WashAnswer.COVERAGE_INCOMPLETE: "not fully known",
    WashAnswer.BASIS_UNKNOWN: "not known: its cost is not known",
    WashAnswer.BAD_INPUT: "not known: a figure makes no sense",
}
_NOT_JUDGED = (ProposalStatus.NOT_SOLVED.value, ProposalStatus.NO_TRADES_BY_RULE.value)
_WORST_FIRST = (CheckResult.FAILED.value, CheckResult.NOT_KNOWN.value, CheckResult.WARNED.value)


def short_line(proposal: Proposal) -> str:
    """Return `Proposal: sell $31,200, buy $30,900; drift 7.8 to 0.4 points; tax $412; better wait until 2026-04-12.` or why not.

    Without trades: why there are none. The sentence says the same at length.
    """
    status = STATUS_NAMES[proposal["status"]]
    if not proposal["trades"]:
        why = proposal["status_reason"]
        return f"{status}: {why}" if why else f"{status}."
    moved = ", ".join(
        f"{verb} {dollars(proposal[member])}"
        for verb, member in (("sell", "sold_usd"), ("buy", "bought_usd"))
        if proposal[member] is not None and Decimal(proposal[member])
    )
    parts = [moved, _drift(proposal), _tax(proposal), _wait(proposal)]
    return f"{status}: {'; '.join(part for part in parts if part)}."


def proof_line(proposal: Proposal) -> str | None:
    """Return what the engine proves of the list, for small print; None where nothing was solved.

    "Proof: no list of trades costs less than $1,204.11 (taxes, costs and distances, as the policy weighs them); this one costs $1,204.13,
    doing nothing $2,871.40. It is within 0.02 basis points of the best possible list."
    """
    proof = proposal["proof"]
    figures = (proof["bound_usd"], proof["objective_usd"], proof["objective_before_usd"], proof["gap_bp"])
    if proposal["status"] in _NOT_JUDGED or None in figures:
        return None
    bound, own, nothing, gap = figures
    costs = (
        f"this one costs {_to_cents(own)}, doing nothing {_to_cents(nothing)}. It"
        if proposal["trades"]
        else f"doing nothing costs {_to_cents(nothing)}, which"
    )
    return (
        f"Proof: no list of trades costs less than {_to_cents(bound)} (taxes, costs and distances, as the policy weighs them); "
        f"{costs} is within {gap_words(gap)} of the best possible list."
    )


def gap_words(gap_bp: float) -> str:
    """Return `0.02 basis points`, rounded up, never less than a hundredth: what is said must hold."""
    hundredths = max(-int(-gap_bp * 100 // 1), 1)
    return f"{hundredths / 100:.2f} basis points"


def advice_words(proposal: Proposal) -> tuple[str, str] | None:
    """Return the advice in a word or two and its tone (`now`, `wait`); None where there is none, or a list is held back."""
    advice = proposal["advice"]
    if advice is None or proposal["status"] != ProposalStatus.DRAFTED:
        return None
    if advice["action"] == Advice.WAIT:
        return (f"Better wait until {advice['wait_until_date']}", "wait")
    return ("Act now", "now")


def checks_to_see(proposal: Proposal) -> list[dict[str, Any]]:
    """Return the checks that did not pass, worst first; none for a list without trades, whose checks say nothing."""
    if not proposal["trades"]:
        return []
    return sorted(
        (check for check in proposal["checks"] if check["result"] in _WORST_FIRST),
        key=lambda check: _WORST_FIRST.index(check["result"]),
    )


def _drift(proposal: Proposal) -> str:
    before, after = proposal["max_drift"]["before_frac"], proposal["max_drift"]["after_frac"]
    if before is None or after is None:
        return ""
    first, then = points(before).lstrip("+"), points(after).lstrip("+")
    return f"drift stays {then} points" if first == then else f"drift {first} to {then} points"


def _tax(proposal: Proposal) -> str:
    if not Decimal(proposal["sold_usd"] or 0):
        return ""
    tax = proposal["taxes"]["net_usd"]
    if tax is None:
        return "tax not known"
    amount = Decimal(tax)
    if not amount:
        return "no tax"
    return f"tax saved {dollars(-amount)}" if amount < 0 else f"tax {dollars(amount)}"


def _wait(proposal: Proposal) -> str:
    advice = proposal["advice"]
    is_wait = advice is not None and advice["action"] == Advice.WAIT
    return f"better wait until {advice['wait_until_date']}" if is_wait else ""


def _to_cents(amount: float) -> str:
    rounded = round(amount, 2) + 0.0
    return f"{'−' if rounded < 0 else ''}${abs(rounded):,.2f}"
