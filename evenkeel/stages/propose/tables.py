"""A case as the engine's tables: one problem of portfolios of one account, one of portfolios of several."""

from __future__ import annotations

import polars as pl

from data_contracts.contract import Contract
from data_contracts.vocab import RebalanceKind
from evenkeel.book.model import Book
from evenkeel.engine.codes import CashTerm
from evenkeel.engine.households.problem import HouseholdTables
from evenkeel.engine.problem import Tables
from evenkeel.engine.tables.inputs import Accounts, CashTerms, Lots, Models, Restrictions, Securities
from evenkeel.policy.model import COMPARE_TOLERANCE, Policy
from evenkeel.stages.propose.buyable import buyable_shelf
from evenkeel.stages.propose.case import LOSS_PREFERENCE, Case
from evenkeel.stages.propose.gain_budgets import gain_rooms
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.location import location_costs
from evenkeel.stages.propose.lots import IN_FLIGHT, KEY
from evenkeel.stages.propose.netted_units import engine_units, netted_accounts, units_of_year
from evenkeel.stages.propose.problems import Problems
from evenkeel.stages.propose.redemptions import kept_units
from evenkeel.stages.propose.steps import kept_crumb
from evenkeel.stages.propose.targets import engine_models, stuck_cash, with_stuck

OVERDRAFT_COST = 10.0
CUSHION_USD = 1.0
"""Cash above the least that must stay, so that cents of rounding do not take from under it."""


def make_problems(
    case: Case,
    nodes: pl.DataFrame,
    no_buys: pl.DataFrame,
    no_sells: pl.DataFrame,
    unsplit: pl.DataFrame,
    year: pl.DataFrame,
    book: Book,
    policy: Policy,
) -> Problems:
    """Return the problems of a case.

    Args:
        case: As `make_case` returns it.
        nodes: As `nodes_of` returns them.
        no_buys: Purchases barred on top: `account_id`, `security_id`.
        no_sells: Sales barred on top: the same, and `is_of_losses` (lots at a loss alone).
        unsplit: Positions whose lots may go with their crumbs: `account_id`, `security_id`.
        year: What each tax unit has realised and carried in, as `tax_year.year_to_date` returns it.
        book: For tax units.
        policy: The house's.
    """
    trading = policy.trading
    by_account = case.accounts.select("account_id", "portfolio_id")
    lots = case.lots.join(by_account, on="account_id", how="left")
    totals = _totals(case, lots)
    sizes = by_account.group_by("portfolio_id").len()
    several = sizes.filter(pl.col("len") > 1).select("portfolio_id")
    of_year = units_of_year(year, book, trading)
    netted = netted_accounts(case.accounts, of_year)
    units = engine_units(netted, of_year, gain_rooms(case.lots, case.accounts, year, book))
    least_cash = _least_cash(case, totals)
    # What a list that only sells gets for its sales is cash already: none of it must come from the other targets.
    aims_at_cash = least_cash.join(
        case.wanted.filter(pl.col("kind") != RebalanceKind.SELL_ONLY.value), on="portfolio_id", how="semi"
    )
    stuck = pl.concat([_stuck(lots, netted, totals, trading.target_cost_frac), stuck_cash(aims_at_cash)])
    aimed = with_stuck(nodes, stuck)
    buyable = buyable_shelf(case, no_buys, aimed, totals, trading.max_issuer_frac, trading.max_sector_frac)
    portfolios = case.wanted.select("portfolio_id", "kind").with_columns(
        pl.lit(policy.partial_frac).alias("partial_frac")
    )
    models = engine_models(aimed, portfolios, least_cash)
    alone_of = by_account.join(several, on="portfolio_id", how="anti")
    accounts = (
        _account_rows(case, policy)
        .join(netted.select("account_id", pl.col("engine_unit_id").alias("tax_unit_id")), on="account_id", how="left")
        .with_columns(pl.lit(trading.turnover_budget_frac, pl.Float64).alias("turnover_budget_frac"))
    )
    securities = _security_rows(buyable)
    engine_lots = _lot_rows(case, lots, no_sells, unsplit, netted)
    terms = _cash_terms(case, policy)
    limits = _limit_rows(buyable)
    columns = list(Models.polars_schema())

    def tables(members: pl.DataFrame) -> Tables:
        chosen = accounts.join(members, on="account_id", how="semi")
        return Tables(
            accounts=chosen.pipe(_columns, Accounts),
            models=models.select(columns).join(
                members.select(pl.col("portfolio_id").alias("model_id")).unique(), on="model_id", how="semi"
            ),
            securities=securities.join(
                members.select(pl.col("account_id").alias("universe_id")), on="universe_id", how="semi"
            ),
            lots=engine_lots.join(members, on="account_id", how="semi"),
            cash_terms=terms.join(
                members.select(pl.col("account_id").alias("cash_plan_id")), on="cash_plan_id", how="semi"
            ),
            restrictions=limits.join(members, on="account_id", how="semi"),
            tax_units=units.join(chosen.select("tax_unit_id"), on="tax_unit_id", how="semi"),
        )

    together = None
    if several.height:
        members = by_account.join(several, on="portfolio_id", how="semi")
        plain = tables(members)
        households = (
            accounts.join(members.select("account_id"), on="account_id", how="semi")
            .group_by("model_id")
            .agg(pl.col("target_cost_frac").first(), pl.col("band_cost_frac").first())
            .select(pl.col("model_id").alias("household_id"), "model_id", "target_cost_frac", "band_cost_frac")
        )
        status = case.accounts.select("account_id", pl.col("tax_status").alias("location_id"))
        together = HouseholdTables(
            accounts=plain.accounts.with_columns(pl.col("model_id").alias("household_id")).join(
                status, on="account_id", how="left"
            ),
            models=plain.models,
            securities=plain.securities,
            lots=plain.lots,
            cash_terms=plain.cash_terms,
            restrictions=plain.restrictions,
            households=households,
            location_costs=location_costs(aimed),
            tax_units=plain.tax_units,
        )
    return Problems(tables(alone_of), together, aimed, buyable, netted)


def _totals(case: Case, lots: pl.DataFrame) -> pl.DataFrame:
    """Return `portfolio_id`, `nav_usd`: lots and cash, what is in flight and spoken for counted as done."""
    cash = case.accounts.group_by("portfolio_id").agg(pl.col("cash_usd").sum())
    held = lots.group_by("portfolio_id").agg(pl.col("value_usd").sum())
    both = cash.join(held, on="portfolio_id", how="left")
    return both.select("portfolio_id", (pl.col("cash_usd") + pl.col("value_usd").fill_null(0.0)).alias("nav_usd"))


def _stuck(lots: pl.DataFrame, netted: pl.DataFrame, totals: pl.DataFrame, target_cost: float) -> pl.DataFrame:
    """Return the weight of each node that stays: what may not be sold, or whose tax is more than moving a dollar is worth.

    Of a lot that may go its crumb stays where another lot of the position is kept, so that it cannot go whole. Where it can the crumb does
    not count: targets are the same at every attempt, and a crumb moves them by less than rounding does.

    Gains that losses of the year take up are not taxed, the smallest for a dollar sold first.
    """
    gain_frac, gain = pl.col("unit_gain") / pl.col("price_usd"), pl.col("unit_gain") * pl.col("held_qty")
    is_kept = pl.col("kept_by").is_not_null()
    order = ["engine_unit_id", gain_frac, "account_id", "security_id", "lot_id"]
    lots = lots.join(netted, on="account_id", how="left").sort(order)
    counted = pl.when(~is_kept & (gain > 0)).then(gain).otherwise(0.0).fill_null(0.0)
    left = pl.col("free_gain_usd") - (counted.cum_sum().over("engine_unit_id") - counted)
    worth = 2 * target_cost + COMPARE_TOLERANCE
    is_dear = pl.col("used_up_rate") * gain_frac > worth
    free = pl.when(is_dear | (counted <= 0)).then(0.0).otherwise((left / counted).clip(0.0, 1.0)).fill_null(0.0)
    too_taxed = (pl.col("full_rate") * gain_frac > worth).fill_null(False)
    kept_usd = (
        pl.when(is_kept)
        .then("value_usd")
        .when(too_taxed)
        .then(pl.col("value_usd") * (1.0 - free))
        .otherwise(pl.col("price_usd") * (kept_units() + kept_crumb()))
    )
    return (
        lots.with_columns(kept_usd.alias("value_usd"))
        .filter(pl.col("value_usd") > 0)
        .group_by("portfolio_id", "node_id")
        .agg(pl.col("value_usd").sum())
        .join(totals, on="portfolio_id", how="left")
        .filter(pl.col("nav_usd") > 0)
        .select("portfolio_id", "node_id", (pl.col("value_usd") / pl.col("nav_usd")).alias("stuck_frac"))
    )


def _least_cash(case: Case, totals: pl.DataFrame) -> pl.DataFrame:
    """Return the least share of cash, null where nothing asks for any: what the IPS and all accounts' own least amounts ask for.

    An account asks for no more than it is worth: what it cannot hold helps it in no other account.
    """
    held = case.lots.group_by("account_id").agg(pl.col("value_usd").sum().alias("lots_usd"))
    worth = (pl.col("cash_usd") + pl.col("lots_usd").fill_null(0.0)).clip(lower_bound=0.0)
    own = (
        case.accounts.join(held, on="account_id", how="left")
        .group_by("portfolio_id")
        .agg(
            pl.min_horizontal(with_cushion("min_cash_usd", "cash_usd"), worth).filter(pl.col("min_cash_usd") > 0).sum(),
            pl.col("cash_usd").sum(),
            pl.col("least_cash_frac").first(),
        )
    )
    of_ips = with_cushion(pl.col("least_cash_frac") * pl.col("nav_usd"), "cash_usd") / pl.col("nav_usd")
    of_accounts = pl.when(pl.col("min_cash_usd") > 0).then(pl.col("min_cash_usd") / pl.col("nav_usd"))
    return totals.join(own, on="portfolio_id", how="left").select(
        "portfolio_id",
        pl.when(pl.col("nav_usd") > 0).then(pl.max_horizontal(of_ips, of_accounts)).alias("min_cash_frac"),
    )


def with_cushion(least: str | pl.Expr, cash: str) -> pl.Expr:
    """Return least cash with a dollar more, so that rounding to the cent takes nothing from under it.

    Of cash that lies in that dollar nothing more is asked: an account that has what must stay sells nothing for it.
    """
    floor = pl.col(least) if isinstance(least, str) else least
    return pl.max_horizontal(floor, pl.min_horizontal(floor + CUSHION_USD, pl.when(pl.col(cash) >= floor).then(cash)))


def _account_rows(case: Case, policy: Policy) -> pl.DataFrame:
    trading = policy.trading
    to_target = [kind.value for kind, terms in TERMS.items() if terms.goes_to_target and not terms.only_losses]
    holds_still = [kind.value for kind, terms in TERMS.items() if terms.only_losses]
    lam = (
        pl.when(pl.col("kind").is_in(holds_still))
        .then(trading.band_cost_frac)
        .when(pl.col("kind").is_in(to_target))
        .then(trading.target_cost_frac)
        .otherwise(0.0)
    )
    return case.accounts.select(
        "account_id",
        pl.col("portfolio_id").alias("model_id"),
        pl.col("account_id").alias("universe_id"),
        pl.col("account_id").alias("cash_plan_id"),
        "cash_usd",
        pl.lit(0.0).alias("spoken_for_usd"),
        lam.alias("target_cost_frac"),
        pl.lit(trading.band_cost_frac).alias("band_cost_frac"),
        pl.lit(0.0).alias("dust_usd"),
    )


def _security_rows(buyable: pl.DataFrame) -> pl.DataFrame:
    return buyable.select(
        pl.col("account_id").alias("universe_id"),
        "security_id",
        pl.col("node_id").alias("asset_class"),
        "price_usd",
        "sell_cost_frac",
        "buy_cost_frac",
        "is_buyable",
        pl.col("buy_rank").fill_null(0).cast(pl.Int64),
        "unit_step_qty",
        "min_ticket_usd",
    ).pipe(_columns, Securities)


def _lot_rows(
    case: Case, lots: pl.DataFrame, no_sells: pl.DataFrame, unsplit: pl.DataFrame, netted: pl.DataFrame
) -> pl.DataFrame:
    """Return the lots, in whole steps but for the positions in `unsplit`, and what orders in flight will change as lots that nobody trades.

    Where gains are netted a loss that is only a preference between lots is stated so small instead of being taxed so low; a gain whose age
    is not known counts as short-term.
    """
    is_small = ~pl.col("counts_losses") & (pl.col("unit_gain") < 0)
    lots = lots.join(netted.select("account_id", "counts_losses"), on="account_id", how="left").with_columns(
        pl.when(is_small)
        .then(pl.col("price_usd") - pl.col("unit_gain") * LOSS_PREFERENCE)
        .otherwise("unit_basis_usd")
        .alias("unit_basis_usd"),
        pl.col("is_long_term").fill_null(False),
    )
    whole = no_sells.filter(~pl.col("is_of_losses")).select(KEY).unique().with_columns(pl.lit(True).alias("is_kept"))
    losses = no_sells.filter("is_of_losses").select(KEY).unique().with_columns(pl.lit(True).alias("is_loss_kept"))
    barred = (
        lots.join(whole, on=KEY, how="left")
        .join(losses, on=KEY, how="left")
        .join(unsplit.select(*KEY, pl.lit(True).alias("is_unsplit")), on=KEY, how="left")
    )
    is_barred = pl.col("is_kept").fill_null(False) | (pl.col("is_loss_kept") & (pl.col("unit_gain") < 0)).fill_null(
        False
    )
    go = pl.when(pl.col("is_unsplit").fill_null(False)).then("free_qty").otherwise("whole_qty")
    may_go = pl.col("kept_by").is_null() & pl.col("is_open") & ~is_barred & (go > 0)
    # A lot that may go in part is two: what may go, and what is kept.
    is_split = may_go & (go < pl.col("held_qty"))
    rest = barred.filter(is_split).select(
        *KEY,
        pl.format("{} kept", "lot_id").alias("lot_id"),
        (pl.col("held_qty") - go).alias("held_qty"),
        "unit_basis_usd",
        "is_long_term",
        pl.col("rate").alias("gain_rate_frac"),
        pl.lit(0.0).alias("washed_qty"),
        pl.lit(False).alias("is_sellable"),
    )
    own = barred.with_columns(
        pl.when(is_split).then(go).otherwise("held_qty").alias("held_qty"), may_go.alias("may_go")
    ).select(
        *KEY,
        "lot_id",
        "held_qty",
        "unit_basis_usd",
        "is_long_term",
        pl.col("rate").alias("gain_rate_frac"),
        pl.min_horizontal("washed_qty", "held_qty").clip(lower_bound=0.0).alias("washed_qty"),
        pl.col("may_go").alias("is_sellable"),
    )
    flying = (
        case.flying.join(case.shelf.select(*KEY, "price_usd"), on=KEY, how="inner")
        .filter(pl.col("price_usd") > 0)
        .select(
            *KEY,
            pl.lit(IN_FLIGHT).alias("lot_id"),
            (pl.col("change_usd") / pl.col("price_usd")).alias("held_qty"),
            "price_usd",
            pl.lit(0.0).alias("gain_rate_frac"),
            pl.lit(0.0).alias("washed_qty"),
            pl.lit(False).alias("is_sellable"),
            pl.lit(False).alias("is_long_term"),
        )
        .rename({"price_usd": "unit_basis_usd"})
    )
    return pl.concat([part.pipe(_columns, Lots) for part in (own, rest, flying)])


def _cash_terms(case: Case, policy: Policy) -> pl.DataFrame:
    trading = policy.trading
    # A dollar of cash may leave one class below its band and take cash itself above its own, and pay tax: no floor gives way to that.
    outbids = 2 * (trading.band_cost_frac + trading.target_cost_frac) + 1.0
    cost = max(trading.cash_floor_cost_frac, outbids)
    plans = case.accounts.select(
        pl.col("account_id").alias("cash_plan_id"),
        with_cushion(pl.col("min_cash_usd").clip(lower_bound=0.0), "cash_usd").alias("floor_usd"),
    )
    rows = [
        plans.select(
            "cash_plan_id", pl.lit(term.value).alias("term"), at.alias("at_usd"), pl.lit(below).alias("below_cost_frac")
        )
        for term, at, below in (
            (CashTerm.MINIMUM, pl.col("floor_usd"), cost),
            (CashTerm.OVERDRAFT, pl.lit(0.0), max(OVERDRAFT_COST, 2 * cost)),
        )
    ]
    return (
        pl.concat(rows)
        .select(
            "cash_plan_id",
            "term",
            pl.lit(0.0).alias("at_frac"),
            "at_usd",
            "below_cost_frac",
            pl.lit(0.0).alias("above_cost_frac"),
        )
        .pipe(_columns, CashTerms)
    )


def _limit_rows(buyable: pl.DataFrame) -> pl.DataFrame:
    return (
        buyable.filter(pl.col("buy_cap_usd").is_not_null() & pl.col("is_buyable"))
        .select(*KEY, pl.lit(False).alias("is_sell_barred"), pl.lit(False).alias("is_buy_barred"), "buy_cap_usd")
        .pipe(_columns, Restrictions)
    )


def _columns(rows: pl.DataFrame, contract: type[Contract]) -> pl.DataFrame:
    """Return the contract's columns; what a table may lack is null."""
    return rows.select(
        (pl.col(name) if name in rows.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in contract.polars_schema().items()
    )
