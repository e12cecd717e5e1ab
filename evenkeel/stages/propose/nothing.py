"""Why there is nothing to trade: a code and its figures for each cause that can be shown, by what the kind of list goes for.

The codes are `vocab.ProposalReason`; the words are in `reason_sentences`. What is only the rest, when nothing else can be shown, is
`no_better_list`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from data_contracts.vocab import ProposalReason, RebalanceKind
from evenkeel.policy.model import COMPARE_TOLERANCE, Policy
from evenkeel.stages.alerts.classes import DIGITS
from evenkeel.stages.propose.by_policy import policy_columns
from evenkeel.stages.propose.case import Case
from evenkeel.stages.propose.cash_needed import cash_needed
from evenkeel.stages.propose.kinds import TERMS
from evenkeel.stages.propose.lots import KEY
from evenkeel.stages.propose.solving import Lists
from evenkeel.stages.propose.targets import CASH
from evenkeel.stages.propose.wanting import NODE, SOME

REASON = pl.Schema({"portfolio_id": pl.String(), "place": pl.Int64(), "code": pl.String(), "figures": pl.String()})
"""A reason: its place among those of its portfolio, its code, and its figures as a JSON object."""

Cause = tuple[ProposalReason, pl.Expr, Sequence[str]]
"""A code, when it holds, and the columns that are its figures."""

_A_CENT = 0.01
_HARVESTS = [kind.value for kind, terms in TERMS.items() if terms.only_losses]
_TO_BANDS = [kind.value for kind, terms in TERMS.items() if not terms.goes_to_target]
_BAND_LEFT = {kind.value: terms.band for kind, terms in TERMS.items()}
_WITH_CASH = [RebalanceKind.INVEST_CASH.value, RebalanceKind.BUY_ONLY.value]


def coded(rows: pl.DataFrame, causes: Sequence[Cause]) -> pl.DataFrame:
    """Return the causes that hold of each portfolio, as `REASON`, in the order given."""
    parts = [
        rows.filter(condition.fill_null(False)).select(
            "portfolio_id",
            pl.lit(place, pl.Int64).alias("place"),
            pl.lit(code.value).alias("code"),
            _figures(rows, names).alias("figures"),
        )
        for place, (code, condition, names) in enumerate(causes)
    ]
    return pl.concat(parts).sort("portfolio_id", "place")


def _figures(rows: pl.DataFrame, names: Sequence[str]) -> pl.Expr:
    if not names:
        return pl.lit("{}")
    digits = {name: 2 if name.endswith("_usd") else DIGITS for name in names if rows.schema[name].is_float()}
    plain = [(pl.col(name).round(digits[name]) + 0.0) if name in digits else pl.col(name) for name in names]
    return pl.struct(plain).struct.json_encode()


def nothing_reasons(
    case: Case, lists: Lists, weights: pl.DataFrame, obstacles: pl.DataFrame, policies: Mapping[str, Policy]
) -> pl.DataFrame:
    """Return why each solved portfolio without a trade has none, as `REASON`; the others have no rows.

    Args:
        case: As `make_case` returns it.
        lists: As `solve_case` returns them.
        weights: As `node_weights` returns them.
        obstacles: `portfolio_id` of what stood in the way, a row an obstacle.
        policies: By label.
    """
    idle = case.wanted.join(lists.trades, on="portfolio_id", how="anti").select(
        "portfolio_id", "kind", "policy_version"
    )
    terms = policy_columns(
        idle,
        policies,
        {
            "harvest_loss_frac": lambda policy: policy.trading.harvest_loss_frac,
            "worth_frac": lambda policy: 2 * policy.trading.target_cost_frac,
        },
    )
    rows = idle.join(terms, on="portfolio_id", how="left")
    for facts in (
        cash_needed(case, lists),
        _drift(lists, weights),
        _orders_possible(case, lists, weights),
        _losses(case, lists),
        _dear(case, lists, weights, terms),
        obstacles.group_by("portfolio_id").agg(pl.len().cast(pl.Int64).alias("obstacle_count")),
    ):
        rows = rows.join(facts, on="portfolio_id", how="left")
    counts = (
        "obstacle_count",
        "sellable_usd",
        "dear_usd",
        "deep_usd",
        "free_loss_usd",
        "open_loss_usd",
        "largest_loss_frac",
    )
    rows = rows.with_columns(
        pl.col(counts).fill_null(0),
        pl.col("is_taxed", "has_substitute").fill_null(False),
        # Without an order that could mend anything the smallest of them is none.
        pl.col("kind").replace_strict(_BAND_LEFT, return_dtype=pl.Float64).alias("band_frac"),
        (pl.col("largest_off_usd") < pl.col("smallest_order_usd")).fill_null(False).alias("is_small"),
    )
    return _without_rest(coded(rows, _causes()))


def _causes() -> list[Cause]:
    """Return the causes, of each kind the first that explains it all, or several that do together; the rest last."""
    reason, kind = ProposalReason, pl.col("kind")
    is_harvest, is_raise, is_sale = (
        kind.is_in(_HARVESTS),
        kind == RebalanceKind.RAISE_CASH.value,
        kind == RebalanceKind.SELL_ONLY.value,
    )
    invests, to_bands = kind.is_in(_WITH_CASH), kind.is_in(_TO_BANDS)
    is_deep = pl.col("deep_usd") > 0
    is_free = pl.col("free_loss_usd") > 0
    may_go = pl.col("open_loss_usd") > 0
    is_small_loss = (pl.col("largest_sale_usd") < pl.col("smallest_sale_usd")).fill_null(False)
    may_swap = is_harvest & may_go & pl.col("has_substitute")
    is_short = pl.col("short_usd") > _A_CENT
    has_cash = pl.col("cash_usd") > pl.col("needed_usd") + _A_CENT
    is_cash_left = pl.col("cash_usd") - pl.col("cash_target_usd") >= pl.col("smallest_order_usd").fill_null(0.0)
    is_above = pl.col("largest_over_frac") > SOME
    is_inside = pl.col("outside_frac") <= COMPARE_TOLERANCE
    is_off = pl.col("largest_node_off_frac") > SOME
    to_target = ~is_harvest & ~is_raise & ~is_sale & ~invests & ~to_bands
    is_open = (
        (to_target & is_off) | (to_bands & ~is_inside) | (is_sale & is_above) | (invests & has_cash & is_cash_left)
    )
    is_kept = pl.col("obstacle_count") > 0
    # Less than the smallest order would not be sold at any tax.
    is_dear = (pl.col("dear_usd") > 0) & (pl.col("dear_usd") >= pl.col("smallest_order_usd").fill_null(0.0))
    short = ("cash_usd", "needed_usd", "short_usd")
    return [
        (reason.NOTHING_TAXED, is_harvest & ~pl.col("is_taxed"), ()),
        (
            reason.LOSS_TOO_SMALL,
            is_harvest & pl.col("is_taxed") & ~is_deep,
            ("largest_loss_frac", "harvest_loss_frac"),
        ),
        (reason.LOSSES_KEPT, is_harvest & is_deep & ~is_free, ("deep_usd",)),
        (reason.LOSSES_GIVE_WAY, is_harvest & is_free & ~may_go, ("free_loss_usd",)),
        (reason.NO_SUBSTITUTE, is_harvest & may_go & ~pl.col("has_substitute"), ("open_loss_usd",)),
        (reason.LOSS_UNDER_SMALLEST_ORDER, may_swap & is_small_loss, ("largest_sale_usd", "smallest_sale_usd")),
        (reason.LOSS_NOT_WORTH_IT, may_swap & ~is_small_loss, ("open_loss_usd",)),
        (reason.NO_CASH_SHORT, is_raise & ~is_short, ("cash_usd", "needed_usd")),
        (reason.CASH_NOT_RAISED, is_raise & is_short, (*short, "sellable_usd")),
        (reason.NO_CASH_TO_INVEST, invests & ~has_cash, ("cash_usd", "needed_usd")),
        (
            reason.CASH_ON_TARGET,
            invests & has_cash & ~is_cash_left,
            ("cash_usd", "cash_target_usd", "smallest_order_usd"),
        ),
        (reason.NOTHING_ABOVE_TARGET, is_sale & ~is_above, ()),
        (reason.ON_TARGET, to_target & ~is_off, ()),
        (reason.INSIDE_BANDS, to_bands & is_inside, ("band_frac", "max_drift_frac")),
        (
            reason.UNDER_SMALLEST_ORDER,
            is_open & ~is_kept & ~is_dear & pl.col("is_small"),
            ("largest_off_usd", "smallest_order_usd"),
        ),
        (reason.KEPT_BY_RULES, (is_open | (is_raise & is_short)) & is_kept, ("obstacle_count",)),
        (reason.TAX_TOO_DEAR, is_open & is_dear & ~invests, ("dear_usd", "dear_tax_frac", "worth_frac")),
        (reason.NO_BETTER_LIST, pl.lit(True), ("max_drift_frac",)),
    ]


def _without_rest(reasons: pl.DataFrame) -> pl.DataFrame:
    """Return the reasons, the rest only where there is no other."""
    is_rest = pl.col("code") == ProposalReason.NO_BETTER_LIST.value
    return reasons.filter(~is_rest | (pl.len().over("portfolio_id") == 1))


def _drift(lists: Lists, weights: pl.DataFrame) -> pl.DataFrame:
    """Return how far off each portfolio is.

    `max_drift_frac` of a class, `largest_over_frac` of a node above its target, `largest_node_off_frac` of a node off it, `outside_frac`:
    the largest distance outside the bands that the list goes to, `cash_target_usd`: what the list aims cash at.
    """
    aims = lists.problems.models().rename({"model_id": "portfolio_id", "asset_class": "node_id", "target_frac": "aim"})
    rows = weights.join(aims, on=NODE, how="left").join(
        lists.figures.select("portfolio_id", "nav_usd"), on="portfolio_id", how="left"
    )
    weight, target = pl.col("weight_after_frac"), pl.col("target_frac")
    off = weight - target
    # What is kept makes the list's band of a class wider: the policy's own is held against it too.
    class_weight = weight.sum().over("portfolio_id", "asset_class")
    beyond = [
        pl.col("lower_frac") - weight,
        weight - pl.col("upper_frac"),
        class_weight - pl.col("class_upper"),
        weight - pl.col("own_upper"),
    ]
    is_cash = pl.col("node_id") == CASH
    return rows.group_by("portfolio_id").agg(
        off.sum().over("portfolio_id", "asset_class").abs().max().alias("max_drift_frac"),
        off.filter(~is_cash).max().alias("largest_over_frac"),
        off.abs().max().alias("largest_node_off_frac"),
        pl.max_horizontal(beyond).max().alias("outside_frac"),
        (pl.col("aim") * pl.col("nav_usd")).filter(is_cash).first().alias("cash_target_usd"),
    )


def _orders_possible(case: Case, lists: Lists, weights: pl.DataFrame) -> pl.DataFrame:
    """Return what orders could mend.

    `largest_off_usd`: the most that a node is off what is aimed at, where an order could mend it; `smallest_order_usd` of those orders;
    `sellable_usd`: what may be sold at all.
    """
    is_free = pl.col("kept_by").is_null() & ~pl.col("is_bound_together") & (pl.col("free_qty") > 0)
    free = case.lots.filter("is_open", is_free)
    shelf = lists.problems.buyable
    smallest = pl.max_horizontal("min_ticket_usd", pl.col("price_usd") * pl.col("unit_step_qty").fill_null(0.0))
    steps = shelf.select("portfolio_id", *KEY, "node_id", "is_buyable", smallest.alias("smallest_order_usd"))
    sales = free.select(KEY).unique().join(steps, on=KEY, how="inner").with_columns(pl.lit(True).alias("is_sale"))
    buys = steps.filter("is_buyable").with_columns(pl.lit(False).alias("is_sale"))
    aims = lists.problems.models().select(
        pl.col("model_id").alias("portfolio_id"), pl.col("asset_class").alias("node_id"), "target_frac"
    )
    off_usd = (pl.col("weight_after_frac") - pl.col("target_frac")) * pl.col("nav_usd")
    off = (
        weights.select(*NODE, "weight_after_frac")
        .join(aims, on=NODE, how="inner")
        .join(lists.figures.select("portfolio_id", "nav_usd"), on="portfolio_id", how="left")
        .select(*NODE, off_usd.alias("off_usd"))
    )
    possible = (
        pl.concat([sales, buys.select(sales.columns)])
        .join(off, on=NODE, how="inner")
        .filter((pl.col("off_usd") > 0) == pl.col("is_sale"))
        .group_by("portfolio_id")
        .agg(pl.col("off_usd").abs().max().alias("largest_off_usd"), pl.col("smallest_order_usd").min())
    )
    sellable = (
        free.join(case.accounts.select("account_id", "portfolio_id"), on="account_id", how="inner")
        .group_by("portfolio_id")
        .agg((pl.col("price_usd") * pl.col("free_qty")).sum().alias("sellable_usd"))
    )
    return possible.join(sellable, on="portfolio_id", how="full", coalesce=True)


def _losses(case: Case, lists: Lists) -> pl.DataFrame:
    """Return what there is to harvest.

    `is_taxed`: an account is. `largest_loss_frac` of a lot's cost, `deep_usd`: losses of at least the policy's share, `free_loss_usd`: of
    them those that nothing keeps, `open_loss_usd`: of those what no other list of the day stands against. `has_substitute`: something else
    of the class may be bought where they are. `largest_sale_usd`: the most that their sale in one account would fetch, `smallest_sale_usd`:
    the least that an order for one may be.
    """
    accounts = case.accounts.filter(~pl.col("is_alert_only")).select("account_id", "portfolio_id", "short_rate")
    down = -pl.col("unit_gain") / pl.col("unit_basis_usd")
    loss = -pl.col("unit_gain") * pl.col("held_qty")
    barred = lists.bars.no_sells.select(KEY).unique().with_columns(pl.lit(True).alias("is_barred"))
    lots = (
        case.lots.join(accounts.filter(pl.col("short_rate") > 0), on="account_id", how="inner")
        .filter(pl.col("unit_gain") < 0, pl.col("held_qty") > 0)
        .join(barred, on=KEY, how="left")
        # What goes whole or not at all, and has not gone, may not go.
        .with_columns(
            (pl.col("is_deep_loss") & pl.col("kept_by").is_null() & ~pl.col("is_bound_together")).alias("is_free")
        )
        .with_columns((pl.col("is_free") & pl.col("is_barred").is_null()).alias("may_go"))
    )
    going = lots.filter("may_go")
    tickets = lists.problems.buyable.select(*KEY, pl.col("min_ticket_usd").alias("smallest_sale_usd"))
    sales = (
        going.group_by("portfolio_id", *KEY)
        .agg(pl.col("value_usd").sum().alias("largest_sale_usd"))
        .join(tickets, on=KEY, how="left")
        .group_by("portfolio_id")
        .agg(pl.col("largest_sale_usd").max(), pl.col("smallest_sale_usd").min())
    )
    others = (
        lists.problems.buyable.filter("is_buyable")
        .join(going.select(KEY), on=KEY, how="anti")
        .join(going.select("account_id", "node_id"), on=["account_id", "node_id"], how="semi")
        .select("portfolio_id", pl.lit(True).alias("has_substitute"))
        .unique()
    )
    sums = lots.group_by("portfolio_id").agg(
        down.max().alias("largest_loss_frac"),
        *(
            loss.filter(condition).sum().alias(name)
            for name, condition in (
                ("deep_usd", pl.col("is_deep_loss")),
                ("free_loss_usd", pl.col("is_free")),
                ("open_loss_usd", pl.col("may_go")),
            )
        ),
    )
    taxed = accounts.group_by("portfolio_id").agg((pl.col("short_rate") > 0).any().alias("is_taxed"))
    rows = taxed
    for facts in (sums, others, sales):
        rows = rows.join(facts, on="portfolio_id", how="left")
    return rows


def _dear(case: Case, lists: Lists, weights: pl.DataFrame, terms: pl.DataFrame) -> pl.DataFrame:
    """Return `dear_usd`, how much of what is above target is in lots whose tax is more than moving them is worth, and `dear_tax_frac`.

    Of a node at most what it is above; `dear_tax_frac` is the least of these lots.
    """
    tax = pl.col("full_rate") * pl.col("unit_gain") / pl.col("price_usd")
    off = pl.col("weight_after_frac") - pl.col("target_frac")
    over = (
        weights.filter(off > SOME)
        .join(lists.figures.select("portfolio_id", "nav_usd"), on="portfolio_id", how="left")
        .select(*NODE, (off * pl.col("nav_usd")).alias("over_usd"))
    )
    return (
        case.lots.filter("is_open", pl.col("kept_by").is_null())
        .join(case.accounts.select("account_id", "portfolio_id"), on="account_id", how="inner")
        .join(over, on=NODE, how="inner")
        .join(terms.select("portfolio_id", "worth_frac"), on="portfolio_id", how="inner")
        .with_columns(tax.alias("dear_tax_frac"))
        .filter(pl.col("dear_tax_frac") > pl.col("worth_frac") + COMPARE_TOLERANCE)
        .group_by(NODE)
        .agg(
            pl.min_horizontal(pl.col("value_usd").sum(), pl.col("over_usd").first()).alias("dear_usd"),
            pl.col("dear_tax_frac").min(),
        )
        .group_by("portfolio_id")
        .agg(pl.col("dear_usd").sum(), pl.col("dear_tax_frac").min())
    )
