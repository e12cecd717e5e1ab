"""The tables of a problem. Types and nulls are the contract; a figure that makes no sense is an outcome of its account, not an error.

`evenkeel.engine.tables.fits` has the range of each figure, as the descriptions here say it.

Policy is shared by reference (models, universes, cash plans), so that a million accounts do not repeat it; an account with bands or prices
of its own has a model or universe of its own. Costs (`_cost_frac`) are dollars of objective per dollar.
"""

from __future__ import annotations

from data_contracts.contract import Contract
from data_contracts.fields import code, column, frac, key
from evenkeel.engine.codes import CashTerm


class Accounts(Contract):
    """One row per account to solve. What it holds is in `lots`; cash is its own, no other account's."""

    account_id: str = key("Any text; the order of rows does not matter.")
    model_id: str = column("Row group of `models`.")
    universe_id: str = column("Row group of `securities`: what can be held and bought, at which price and cost.")
    cash_plan_id: str = column("Row group of `cash_terms`; null: none beyond the model's cash class.", null=True)
    cash_usd: float = column("Cash on trade date, our own orders in flight counted as done; negative: overdrawn.")
    spoken_for_usd: float = column("Cash that must leave: withdrawals, distributions, fees, taxes. 0 or more.")
    target_cost_frac: float = frac(
        "Lambda: cost of a dollar of distance from a class's target; 0 or more. 0: trade to the edge."
    )
    band_cost_frac: float = frac(
        "M: cost of a dollar outside a class's band, beyond the distance from target; 0 or more."
    )
    dust_usd: float = column("A trade of one lot or purchase under this many dollars is left out; 0 or more.")
    tax_unit_id: str = column(
        "Row of `tax_units` whose year its gains are netted in; null: rates of its lots hold. May be absent.", null=True
    )
    turnover_budget_frac: float = frac(
        "Most that may be sold, as a share of nav_usd; 0 or more, null: no limit. May be absent.", null=True
    )


class Models(Contract):
    """One row per model and asset class; the targets of a model, cash included, sum to 1.

    A class that is held and not named has target, lower and upper 0.
    """

    model_id: str = key("The model.")
    asset_class: str = key("Any text; `cash` is the account's cash.")
    target_frac: float = frac(
        "Share of net asset value aimed at. Below 0 only in cash, or where lower_frac is too. Outside its band: taken, with a remark."
    )
    lower_frac: float = frac(
        "Lower end of the band; not above `upper_frac`. All classes' above 1: taken, with a remark."
    )
    upper_frac: float = frac("Upper end of the band. All classes' below 1: taken, with a remark.")


class Securities(Contract):
    """One row per universe and security: every security held by an account of the universe, and all it may buy."""

    universe_id: str = key("The universe: a custodian's prices, costs and shelf.")
    security_id: str = key("The security.")
    asset_class: str = column("Its class in the models; never `cash` (a sweep is counted in `cash_usd`).")
    price_usd: float = column(
        "Dollars per unit, above 0; null: an account that holds it is not solved, and nobody buys it.", null=True
    )
    sell_cost_frac: float = frac("Half-spread and fees per dollar sold; 0 to 1.")
    buy_cost_frac: float = frac("Half-spread and fees per dollar bought; 0 to 1.")
    is_buyable: bool = column("May be bought by accounts of the universe.")
    buy_rank: int = column("Which is bought first where costs are equal: lowest, then by `security_id`.")
    unit_step_qty: float = column(
        "Units a trade is a multiple of, where lists are rounded, 1e-09 or more: 1 whole shares, 0.001 fractional; null: in "
        "dollars to the cent, as funds are. May be absent.",
        null=True,
    )
    min_ticket_usd: float = column(
        "Smallest order of one side of it, all lots together, where lists are rounded; 0 or more, null: none. May be absent.",
        null=True,
    )


class Lots(Contract):
    """One row per tax lot held."""

    account_id: str = key("The account.")
    security_id: str = key("The security.")
    lot_id: str = key("The lot; ties between lots of equal cost are broken by it.")
    held_qty: float = column(
        "Units; below 0 is counted in the account's value and never traded, 0 is as if the lot were not there."
    )
    unit_basis_usd: float = column(
        "Cost of a unit for tax, 0 or more; null or below: not known, the lot is kept where a rate would apply.",
        null=True,
    )
    gain_rate_frac: float = frac(
        "Tax on a dollar of gain, and saved by a dollar of loss, 0 to 1; 0 where neither counts. In an account with a tax unit it "
        "only gives a second list to compare with."
    )
    washed_qty: float = column(
        "Units whose loss would be disallowed if sold; they count as sold first. 0 or more, above held_qty as all of it."
    )
    is_sellable: bool = column("May be sold: no restriction, blackout or settlement stands against it.")
    is_long_term: bool = column(
        "Its gain is long-term; null: not known, the lot is kept in an account with a tax unit. May be absent.",
        null=True,
    )


class TaxUnits(Contract):
    """One row per tax unit: its marginal rates, and the year's gains and losses before these trades. May be absent.

    Rates are taken to a millionth: long_rate_frac <= ordinary_rate_frac <= short_rate_frac, and carry_value_frac is at most ordinary and
    state rate.
    """

    tax_unit_id: str = key("The tax unit: who files together.")
    short_rate_frac: float = frac("Federal rate on net short-term gain; 0 to 1.")
    long_rate_frac: float = frac("Federal rate on net long-term gain; 0 to 1.")
    ordinary_rate_frac: float = frac("Federal rate on the income that a net loss is deducted from; 0 to 1.")
    state_rate_frac: float = frac("State rate on the net gain less the deduction; 0 to 1.")
    deduction_limit_usd: float = column(
        "Most of a net loss that is deducted in a year: 3,000, or 1,500 filing separately."
    )
    realised_short_usd: float = column("The year's short-term gains less losses so far, disallowed losses left out.")
    realised_long_usd: float = column("The same of long-term ones.")
    carry_short_usd: float = column("Short-term loss carried into the year; 0 or more.")
    carry_long_usd: float = column("Long-term loss carried into the year; 0 or more.")
    carry_value_frac: float = frac(
        "What a dollar of loss carried to later years is worth by policy, 0 or more; null: 0. May be absent.", null=True
    )
    gain_budget_usd: float = column(
        "Most net gain, short and long together and without carry-overs, that the year may reach by these trades; past it "
        "already: none may be added. May be below 0. Null: no limit. May be absent.",
        null=True,
    )


class CashTerms(Contract):
    """One row per cash plan and term: what a dollar of cash under or over an amount costs. Terms add up. May be absent.

    The amount is at_frac * nav_usd + at_usd.
    """

    cash_plan_id: str = key("The plan.")
    term: str = code(CashTerm, "What the amount is.", is_key=True)
    at_frac: float = frac("Share of net asset value.")
    at_usd: float = column("Dollars, added.")
    below_cost_frac: float = frac("Cost of a dollar under the amount; 0 or more.")
    above_cost_frac: float = frac("Cost of a dollar over the amount; 0 or more.")


class Restrictions(Contract):
    """One row per account and security that it may not trade freely. May be absent."""

    account_id: str = key("The account.")
    security_id: str = key("The security.")
    is_sell_barred: bool = column("No lot of it may be sold.")
    is_buy_barred: bool = column("It may not be bought.")
    buy_cap_usd: float = column("At most this many dollars of it may be bought, 0 or more; null: no cap.", null=True)
