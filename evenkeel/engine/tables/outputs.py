"""The tables of an answer. Figures of an account that was not solved are null."""

from __future__ import annotations

from data_contracts.contract import Contract
from data_contracts.fields import code, column, count, frac, key
from evenkeel.engine.codes import Effect, Finding, FoundBy, Outcome, Remark, Side


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
        "Tax on realised gains less what usable losses save; disallowed losses save nothing. With a tax unit: its change of "
        "the year's tax, less carry_value_usd.",
        null=True,
    )
    trade_cost_usd: float = column("Half-spreads and fees.", null=True)
    target_penalty_usd: float = column("target_cost_frac times all distances from target, cash included.", null=True)
    band_penalty_usd: float = column("band_cost_frac times band_excess_usd.", null=True)
    cash_penalty_usd: float = column("The cash plan's terms.", null=True)
    band_excess_before_usd: float = column("Dollars outside bands, all classes and cash, before.", null=True)
    band_excess_usd: float = column("The same after: what restrictions leave.", null=True)
    bound_usd: float = column(
        "No list that keeps the account's budgets has a lower objective; where `found_by` is `program` or `search_kept`, no rounded one "
        "that also keeps the floors of cash which the exact list keeps.",
        null=True,
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


class Drift(Contract):
    """One row per measured account and class that it holds or that its model names; `cash` always.

    Written where only accounts outside their bands are solved: of all accounts, solved or not.
    """

    account_id: str = key("The account.")
    asset_class: str = key("The class.")
    value_usd: float = column("Value; of cash, after what is spoken for.")
    weight_frac: float = frac("value_usd / net asset value.")
    drift_frac: float = frac("weight_frac less the model's target.")
    outside_frac: float = frac("How far weight_frac is above the band; below 0: under it; 0: within.")


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
    tax_usd: float = column(
        "Tax on it; negative: saved. Netted: its gain at the average rate on the way from before to after."
    )
    trade_cost_usd: float = column("Half-spread and fees.")
    margin_frac: float = frac(
        "What a dollar of this trade saves at the account's prices mu and pi; the last dollar saves 0."
    )


class TaxResults(Contract):
    """One row per tax unit and problem in which gains of it are netted: the year before and after these trades.

    tax_usd = federal_short_usd + federal_long_usd + federal_saving_usd + state_usd

    Changes are after less before; below 0: less tax. Accounts alone of one unit are each taken alone against the year so far: their rows do
    not add up.
    """

    problem_id: str = key("The account; in an answer for households the household.")
    tax_unit_id: str = key("The tax unit.")
    net_short_before_usd: float = column("The year's net short-term gain, short-term carry-over taken off.")
    net_long_before_usd: float = column("The same of long-term gain.")
    short_gain_usd: float = column("Short-term gains less losses of these trades, disallowed losses left out.")
    long_gain_usd: float = column("The same of long-term ones.")
    disallowed_usd: float = column("Losses of these trades that wash sales disallow; 0 or more.")
    net_short_after_usd: float = column("net_short_before_usd + short_gain_usd.")
    net_long_after_usd: float = column("net_long_before_usd + long_gain_usd.")
    federal_short_usd: float = column("Change of the federal tax on net short-term gain.")
    federal_long_usd: float = column("Change of the federal tax on net long-term gain.")
    federal_saving_usd: float = column("Change of what the deduction saves; below 0: it saves more.")
    state_usd: float = column("Change of the state's tax.")
    tax_usd: float = column("Change of the year's tax: in a rounded list of the two years' taxes to the cent.")
    deducted_usd: float = column("Of the net loss after these trades: deducted this year.")
    carry_short_after_usd: float = column("Short-term loss that then carries over; 0 or more.")
    carry_long_after_usd: float = column("Long-term loss that then carries over; 0 or more.")
    carry_value_usd: float = column(
        "carry_value_frac times what the carry-over grows; taken off tax_usd of the account."
    )
    gain_budget_usd: float = column("The unit's; null: no limit.", null=True)
    budget_used_usd: float = column("The year's realised net gain with these trades, without carry-overs.")
    is_budget_binding: bool = column("A dollar more of budget would lower the objective.")


class Findings(Contract):
    """One row per lot or restriction that was not taken as it stands."""

    account_id: str = key("The account.")
    security_id: str = key("The security.")
    lot_id: str = key("The lot; empty for a restriction.")
    finding: str = code(Finding, "What was seen.", is_key=True)


class Remarks(Contract):
    """One row per figure of the tables in that is not fit and account that is not solved for it, and per shared row that is odd.

    An account whose outcome is `figure_invalid`, `security_unpriced`, `targets_not_one`, `bands_contradictory` or `tax_terms_invalid` has
    one row at least: all that is to be mended of it, at once. What is not one account's is said once, with an empty `account_id`.
    """

    account_id: str = key("The account that is not solved for it; empty: no account's in particular.")
    in_table: str = key("The table in, by name.")
    row_key: str = key("The row there: its key columns, with ` / ` between them; of a sum over a model the model.")
    in_column: str = key("The column there.")
    remark: str = code(Remark, "What is wrong with it.", is_key=True)
    effect: str = code(Effect, "What was done about it.")
    value: str = column("What stands there, or the sum; null: nothing.", null=True)
