"""The tables of a problem of households and of its answer, beyond those of accounts alone.

`trades`, `findings` and `remarks` are as of accounts alone. An account is in `accounts` (out) or in `household_accounts`, never in both.
"""

from __future__ import annotations

from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key
from evenkeel.engine.codes import FoundBy, HouseholdOutcome, Outcome
from evenkeel.engine.tables.inputs import Accounts


class MemberAccounts(Accounts):
    """Accounts with their household. What the household is measured by (model, both costs) is the household's, not the account's."""

    household_id: str = column("The household measured together; null or absent: the account is alone.", null=True)
    location_id: str = column("Row group of `location_costs`; null or absent: no preference.", null=True)


class Households(Contract):
    """One row per household measured together. Its accounts name it; what they hold and may trade stays their own."""

    household_id: str = key("The household.")
    model_id: str = column("Row group of `models`, in shares of the household's value.")
    target_cost_frac: float = frac(
        "Lambda: cost of a dollar of distance from a class's target, over all accounts; 0 or more."
    )
    band_cost_frac: float = frac(
        "M: cost of a dollar outside a class's band, beyond the distance from target; 0 or more."
    )


class LocationCosts(Contract):
    """One row per kind of account and class: what a dollar of the class costs there. A class that is not named: 0. May be absent.

    Only differences between classes of one kind of account matter: each is counted over the cheapest class of the household there.
    """

    location_id: str = key("The kind of account: taxable, deferred, Roth ...")
    asset_class: str = key("The class; `cash` too.")
    location_cost_frac: float = frac("Cost of a dollar held after the trades; any sign.")


class HouseholdResults(Contract):
    """One row per household of `households`, and per household that an account names: outcome, cost, proof.

    objective_usd = tax_usd + trade_cost_usd + location_cost_usd + target_penalty_usd + band_penalty_usd + cash_penalty_usd
    gap_usd       = objective_usd - bound_usd
    """

    household_id: str = key("The household.")
    outcome: str = code(HouseholdOutcome, "What became of it.")
    unsolved_account_id: str = column("The first of its accounts that cannot be solved; why is told there.", null=True)
    account_count: int = count("Its accounts.")
    nav_usd: float = column("Value of all accounts after what is spoken for.", null=True)
    cash_before_usd: float = column("Cash of all accounts, after what is spoken for.", null=True)
    cash_after_usd: float = column("The same after the trades.", null=True)
    sold_usd: float = column("Value of all sales.", null=True)
    bought_usd: float = column("Value of all purchases.", null=True)
    trade_count: int = count("Rows in `trades`.", null=True)
    other_side_count: int = count("Securities that one account sells and another buys: see `findings`.", null=True)
    objective_before_usd: float = column("Objective of doing nothing.", null=True)
    objective_usd: float = column("Objective of the trades.", null=True)
    tax_usd: float = column("Tax on realised gains less what usable losses save.", null=True)
    trade_cost_usd: float = column("Half-spreads and fees.", null=True)
    location_cost_before_usd: float = column("What the present location costs.", null=True)
    location_cost_usd: float = column("The same after the trades.", null=True)
    target_penalty_usd: float = column("target_cost_frac times all classes' distances from target.", null=True)
    band_penalty_usd: float = column("band_cost_frac times band_excess_usd.", null=True)
    cash_penalty_usd: float = column(
        "All accounts' cash plans, and band_cost_frac for what they are overdrawn.", null=True
    )
    band_excess_before_usd: float = column("Dollars outside the household's bands, before.", null=True)
    band_excess_usd: float = column("The same after: what restrictions leave.", null=True)
    bound_usd: float = column(
        "No lists that keep the accounts' budgets have a lower objective; where `found_by` is `program` or `search_kept`, no rounded ones "
        "that also keep the floors of cash which the exact lists keep.",
        null=True,
    )
    gap_usd: float = column("How far the lists may be from the best ones.", null=True)
    gap_frac: float = frac("gap_usd as a share of nav_usd.", null=True)
    residual_cycle_frac: float = frac(
        "0: no swap of dollars around accounts and classes saves anything; below 0: one does. Of the exact lists, rounded or not.",
        null=True,
    )
    found_by: str = code(FoundBy, "How the lists were found.", null=True)


class HouseholdClasses(Contract):
    """One row per solved household and class that is held or named by its model; `cash` always. Weights sum to 1."""

    household_id: str = key("The household.")
    asset_class: str = key("The class.")
    value_before_usd: float = column("Value in all accounts before; of cash, after what is spoken for.")
    value_after_usd: float = column("Value after the trades.")
    weight_before_frac: float = frac("value_before_usd / nav_usd of the household.")
    weight_after_frac: float = frac("value_after_usd / nav_usd of the household.")
    target_frac: float = frac("The model's share.")
    lower_frac: float = frac("Lower end of the band.")
    upper_frac: float = frac("Upper end of the band.")
    price_frac: float = frac("Pi: what one more dollar in the class would add to its penalty; cash too.")


class HouseholdAccounts(Contract):
    """One row per account that names a household: what became of it, and its part of the figures. Cash is its own.

    cash_after_usd = cash_before_usd + sold_usd - bought_usd
    """

    account_id: str = key("The account.")
    household_id: str = column("Its household.")
    outcome: str = code(Outcome, "What became of it.")
    nav_usd: float = column("Its value after what is spoken for; may be 0 or below in a household.", null=True)
    cash_before_usd: float = column("cash_usd - spoken_for_usd.", null=True)
    cash_after_usd: float = column("The same after the trades; costs and taxes are not paid from it.", null=True)
    cash_short_usd: float = column("How far cash_after_usd is under 0 and the highest floor of its plan.", null=True)
    sold_usd: float = column("Value of its sales.", null=True)
    bought_usd: float = column("Value of its purchases.", null=True)
    trade_count: int = count("Its rows in `trades`.", null=True)
    tax_usd: float = column("Tax on its realised gains less what its usable losses save.", null=True)
    trade_cost_usd: float = column("Its half-spreads and fees.", null=True)
    location_cost_before_usd: float = column("What the location of its classes costs.", null=True)
    location_cost_usd: float = column("The same after the trades.", null=True)
    cash_penalty_usd: float = column("Its cash plan, and band_cost_frac for what it is overdrawn.", null=True)
    cash_price_frac: float = frac("Mu: what one more dollar of cash in this account would save.", null=True)


class HouseholdCells(Contract):
    """One row per solved account and class that it holds or that its household's model names: where what is located."""

    account_id: str = key("The account.")
    asset_class: str = key("The class.")
    value_before_usd: float = column("Value before; of cash, after what is spoken for.")
    value_after_usd: float = column("Value after the trades.")
    location_cost_frac: float = frac("Cost of a dollar of it here, over the account's cheapest class; 0 or more.")
    price_frac: float = frac("What one more dollar of it here would add: pi + location_cost_frac; of cash, -mu.")
