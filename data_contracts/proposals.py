"""What to trade for an alert, with its tax, its reasons and the proof of how good the list is."""

from __future__ import annotations

import datetime as dt

from data_contracts import vocab
from data_contracts.contract import Contract
from data_contracts.fields import Money, code, column, count, frac, key


class Proposals(Contract):
    """One row per open alert that was measured on the date: a list of trades, or why there is none.

    Produced by `evenkeel.stages.propose`; read by alerts, the page and the desk. Its trades are in `trades`. Figures of a proposal
    that was not solved are null. A proposal is taken alone: trades of other proposals are counted only where wash sales ask for it.

    objective_usd = choosing_tax_usd + trade_cost_usd + location_cost_usd + target_penalty_usd + band_penalty_usd + cash_penalty_usd
    gap_usd       = objective_usd - bound_usd
    net_tax_usd   = federal_tax_usd + state_tax_usd
    """

    business_date: dt.date = key("Exchange session whose holdings and prices it is computed from.")
    proposal_id: str = key("Digest of alert, date, kind and trades.")
    alert_id: str = column("The alert it answers; null: asked for by hand.", null=True)
    portfolio_id: str = column("The portfolio.")
    household_id: str = column("Its household.")
    kind: str = code(vocab.RebalanceKind, "What it may do.")
    status: str = code(vocab.ProposalStatus, "What became of it.")
    status_reason: str = column("Why there are no trades, or why it is held back, in one sentence.", null=True)
    account_count: int = count("Accounts of the portfolio that were solved together.")
    nav_usd: float = column("Value after what is spoken for.", null=True)
    sold_usd: Money = column("Value of all sales.", null=True)
    bought_usd: Money = column("Value of all purchases.", null=True)
    trade_count: int = count("Rows in `trades`.")
    cash_before_usd: Money = column("Cash after what is in flight and spoken for.", null=True)
    cash_after_usd: Money = column("The same after the trades; costs and taxes are not paid from it.", null=True)
    cash_short_usd: float = column("What cash lacks of its minimum after the trades; 0: nothing.", null=True)
    short_term_gain_usd: Money = column("Short-term gain realised; a loss is negative.", null=True)
    long_term_gain_usd: Money = column("Long-term gain realised; a loss is negative.", null=True)
    disallowed_usd: Money = column("Losses that a wash sale disallows, 0 or more; not in the gains above.", null=True)
    federal_tax_usd: Money = column(
        "What the trades add to the year's federal tax, gains and losses of the year netted; saved < 0.", null=True
    )
    state_tax_usd: Money = column("The same of the state's.", null=True)
    net_tax_usd: Money = column("Both.", null=True)
    is_tax_year_known: bool = column(
        "All that the tax units of its sales have realised this year before is known, so that these are the taxes; null: no taxed sale.",
        null=True,
    )
    net_tax_frac: float = frac("net_tax_usd as a share of sold_usd.", null=True)
    trade_cost_usd: float = column("Half-spreads and fees as the list was chosen by.", null=True)
    cost_usd: Money = column("Commissions, half-spreads and redemption fees of its orders, to the cent.", null=True)
    max_drift_before_frac: float = frac("Largest distance of a class from its target before.", null=True)
    max_drift_after_frac: float = frac("The same after.", null=True)
    band_excess_before_frac: float = frac(
        "Share of value outside bands before: what is above them or below them, the larger.", null=True
    )
    band_excess_after_frac: float = frac("The same after: what restrictions leave.", null=True)
    tracking_before_frac: float = frac(
        "Tracking error to the model before, a year, by the policy's risk figures.", null=True
    )
    tracking_after_frac: float = frac("The same after.", null=True)
    risk_before_frac: float = frac("Volatility before, a year, by the policy's risk figures.", null=True)
    risk_after_frac: float = frac("The same after.", null=True)
    growth_before_frac: float = frac("Share in growth classes before.", null=True)
    growth_after_frac: float = frac("The same after.", null=True)
    objective_before_usd: float = column("Objective of doing nothing.", null=True)
    objective_usd: float = column("Objective of the trades.", null=True)
    choosing_tax_usd: float = column(
        "The tax that lots were chosen by: each lot at its own rate, or the year's where its losses count.", null=True
    )
    location_cost_usd: float = column("What the location of classes costs; 0 for one account.", null=True)
    target_penalty_usd: float = column("Distances from target.", null=True)
    band_penalty_usd: float = column("Distances beyond bands.", null=True)
    cash_penalty_usd: float = column("What cash lacks or has too much.", null=True)
    bound_usd: float = column(
        "No list of trades has a lower objective, of those that trade nothing that was barred for another list's sake.",
        null=True,
    )
    gap_usd: float = column("How far the list may be from the best one.", null=True)
    gap_bp: float = column("The same in basis points of nav_usd.", null=True)
    cash_price_frac: float = frac("What one more dollar of cash would save.", null=True)
    advice: str = code(vocab.Advice, "Act now, or wait.", null=True)
    wait_until_date: dt.date = column("From when on the lots in question are long-term.", null=True)
    wait_saves_usd: Money = column("Tax that waiting until then saves, prices unchanged.", null=True)
    obstacles_json: str = column(
        "JSON array, what kept a trade out: `account_id`, `security_id`, `side`, `rule`, `until_date`, `restriction_id`, `custodian` "
        "(where it is the custodian that does not trade it), `weight_frac` (a least or largest weight that it keeps to)."
    )
    classes_json: str = column(
        "JSON array, a node each: `node`, `asset_class`, `target_frac`, `lower_frac`, `upper_frac` (its own band; null: none), "
        "`before_frac`, `after_frac`."
    )
    reasons_json: str = column(
        "JSON array, why there are no trades, or why a list that raises cash sells more than is short: `code` (`vocab.ProposalReason`), "
        "`figures` (an object, by code). Null: made before they were told.",
        null=True,
    )
    checks_json: str = column("JSON array: `check`, `result`, `figures`, `text`.")
    notes_json: str = column("JSON array of sentences: what was assumed, what is not known.")
    policy_version: str = column("The policy that held.")
