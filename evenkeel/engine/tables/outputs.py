"""The tables of an answer. Figures of an account that was not solved are null."""

from __future__ import annotations

from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key
from evenkeel.engine.codes import Finding, FoundBy, Outcome, Side


class AccountResults(Contract):
    """One row per row of `accounts`: what became of it, what it costs, and the proof.

    objective_usd = tax_usd + trade_cost_usd + target_penalty_usd + band_penalty_usd + cash_penalty_usd
    gap_usd       = objective_usd - bound_usd
    cash_after_usd = cash_before_usd + sold_usd - bought_usd
    """

    account_id: str = key("The account.")
    outcome: str = code(Outcome, "What became of it.")
    nav_usd: float = column("Net asset value after what is spoken for: lots at price + cash - spoken for.", null=True)
    cash_before_usd: float = column("cash_usd - spoken_for_usd.", null=True)
    cash_after_usd: float = column(
        "The same after the trades; costs and taxes are priced, not paid from it.", null=True
    )
    cash_short_usd: float = column(
        "How far cash_after_usd is under the highest floor of its plan; 0: it is not.", null=True
    )
    sold_usd: float = column("Value of all sales.", null=True)
    bought_usd: float = column("Value of all purchases.", null=True)
    trade_count: int = count("Rows in `trades`.", null=True)
    objective_before_usd: float = column("Objective of doing nothing.", null=True)
    objective_usd: float = column("Objective of the trades.", null=True)
    tax_usd: float = column(
        "Tax on realised gains less what usable losses save; disallowed losses save nothing.", null=True
    )
    trade_cost_usd: float = column("Half-spreads and fees.", null=True)
    target_penalty_usd: float = column("target_cost_frac times all distances from target, cash included.", null=True)
    band_penalty_usd: float = column("band_cost_frac times band_excess_usd.", null=True)
    cash_penalty_usd: float = column("The cash plan's terms.", null=True)
    band_excess_before_usd: float = column("Dollars outside bands, all classes and cash, before.", null=True)
    band_excess_usd: float = column("The same after: what restrictions leave.", null=True)
    bound_usd: float = column(
        "No list has a lower objective; where `found_by` is `program` or `search_kept`, no rounded one.", null=True
    )
    gap_usd: float = column("How far the list may be from the best one.", null=True)
    gap_frac: float = frac("gap_usd as a share of nav_usd.", null=True)
    cash_price_frac: float = frac("Mu: what one more dollar of cash would save.", null=True)
    found_by: str = code(FoundBy, "How the list was found.", null=True)


class ClassResults(Contract):
    """One row per solved account and class that is held, named by its model, or traded; `cash` always.

    Within an account the weights before and after each sum to 1.
    """

    account_id: str = key("The account.")
    asset_class: str = key("The class.")
    value_before_usd: float = column("Value before; of cash, after what is spoken for.")
    value_after_usd: float = column("Value after the trades.")
    weight_before_frac: float = frac("value_before_usd / nav_usd.")
    weight_after_frac: float = frac("value_after_usd / nav_usd.")
    target_frac: float = frac("The model's share.")
    lower_frac: float = frac("Lower end of the band.")
    upper_frac: float = frac("Upper end of the band.")
    price_frac: float = frac("Pi: what one more dollar in the class would add to its penalty; of cash, -mu.")


class Trades(Contract):
    """One row per lot sold and per security bought; no security has both in one account."""

    account_id: str = key("The account.")
    security_id: str = key("The security.")
    trade_no: int = key("1, 2, 3 ... within the account, by security and lot.")
    side: str = code(Side, "Which way.")
    lot_id: str = column("The lot sold; null for a purchase.", null=True)
    asset_class: str = column("The security's class.")
    value_usd: float = column("Dollars traded, above 0; in a rounded list round(traded_qty * price_usd, 2).")
    traded_qty: float = column("Units: value_usd / price_usd; in a rounded list whole steps or the whole lot.")
    price_usd: float = column("Dollars per unit.")
    gain_usd: float = column("Gain realised; a loss is negative. Null for a purchase, or without a basis.", null=True)
    disallowed_usd: float = column(
        "Part of the loss that a wash sale disallows, 0 or more. Null as gain_usd.", null=True
    )
    tax_usd: float = column("Tax on it; negative: saved.")
    trade_cost_usd: float = column("Half-spread and fees.")
    margin_frac: float = frac(
        "What a dollar of this trade saves at the account's prices mu and pi; the last dollar saves 0."
    )


class Findings(Contract):
    """One row per lot or restriction that was not taken as it stands."""

    account_id: str = key("The account.")
    security_id: str = key("The security.")
    lot_id: str = key("The lot; empty for a restriction.")
    finding: str = code(Finding, "What was seen.", is_key=True)
