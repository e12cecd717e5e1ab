"""What a list of trades may not sell at a loss, or buy, without washing: the tax unit's lots, sales and orders put before the rules.

What is bought is what is held: lots say what was acquired in the last 30 days in any account of the wash unit, IRAs and reinvestments
included, and our own open orders count as done on the trade date. The rules (`evenkeel.rules.wash_sales`) do the matching.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import polars as pl

from data_contracts.fields import FACT_DTYPE, MONEY_DTYPE
from data_contracts.vocab import AccountState
from evenkeel.book.model import Book
from evenkeel.rules.wash_sales import (
    WashAnswer,
    WashSales,
    match_wash_sales,
    no_buy_list,
    wash_groups,
    washed_if_sold,
)
from evenkeel.rules.wash_sales.units import covered_spans, is_covered
from evenkeel.stages.taxes.ordered import purchases_ordered, sales_ordered
from evenkeel.stages.taxes.rows import PLACE
from evenkeel.stages.taxes.wash_inputs import (
    bought_lots,
    exact,
    known_spans,
    lot_name,
    sold_lots,
    wash_members,
    window_start,
)

_LOT = [*PLACE, "lot_id"]


@dataclass(frozen=True)
class WashView:
    """What is known of wash sales on a trade date.

    `no_buys`: `account_id`, `security_id`, `last_date` (the last on which a purchase washes), `loss_usd` (> 0, the whole unit's loss at
    stake; null where a sale's basis is not known, which may be a loss): what must not be bought, in every account of the wash unit.
    `buyers`: by `account_id`: `is_loss_known` (every loss that its wash unit took in the window of a purchase on the trade date is known),
    `losses_from_date`, `losses_to_date` (of these days they are; null: of none). Where they are not, what is not in `no_buys` is not
    thereby free.
    `disallowed`: by `account_id`, `security_id`, `sold_date`, `sale_no` of `TaxSales`: `disallowed_usd` > 0, the loss washed in any
    account of the unit, at most the sale's own.
    """

    trade_date: dt.date
    no_buys: pl.DataFrame
    buyers: pl.DataFrame
    disallowed: pl.DataFrame
    _done: pl.DataFrame
    _purchases: pl.DataFrame
    _found: WashSales
    _spans: pl.DataFrame
    _members: pl.DataFrame
    _groups: pl.DataFrame
    _known_to: dt.date

    def washed(self, lots: pl.DataFrame) -> pl.DataFrame:
        """Return how much of each lot is washed if it is sold whole on the trade date; each is asked about alone.

        Args:
            lots: Lots at a loss: `account_id`, `security_id`, `lot_id` (as in the lots of the view), `held_qty` > 0. Those of accounts
                that are not taxable have no loss to wash.

        Returns:
            By `account_id`, `security_id`, `lot_id`: `washed_qty`, `permanent_qty` (of it, by an IRA: lost for good), both Float64,
            `clear_from_date` (first trade date on which no purchase known today is in the window; null: already), `answer`
            (`WashAnswer`; `coverage_incomplete` is neither yes nor no, `washed_qty` is then the least). A lot of an account or a security
            that the book does not know is `bad_input`.
        """
        rows = _placed(lots.select(*_LOT, exact("held_qty").alias("sale_qty")), self._members, self._groups)
        taxable = rows.filter(~pl.col("is_retirement")).with_columns(lot_name().alias("lot"))
        asked = taxable.select(
            pl.col("lot").alias("candidate_id"), "wash_unit_id", "wash_group", pl.col("lot").alias("lot_id"), "sale_qty"
        )
        found = washed_if_sold(asked, self._found.purchases, self._spans, self.trade_date, self._known_to)
        other = (
            pl.when("is_retirement")
            .then(pl.lit(WashAnswer.NOT_A_LOSS.value))
            .otherwise(pl.lit(WashAnswer.BAD_INPUT.value))
        )
        known = rows.select(*_LOT, "is_retirement")
        return (
            lots.select(_LOT)
            .join(known, on=_LOT, how="left")
            .join(taxable.select(*_LOT, "lot").join(found, left_on="lot", right_on="candidate_id"), on=_LOT, how="left")
            .select(
                *_LOT,
                pl.col("washed_qty").cast(pl.Float64).fill_null(0.0),
                pl.col("permanent_qty").cast(pl.Float64).fill_null(0.0),
                pl.col("clear_date").alias("clear_from_date"),
                pl.coalesce("answer", other).alias("answer"),
            )
            .sort(_LOT)
        )

    def disallowed_together(self, sold: pl.DataFrame) -> pl.DataFrame:
        """Return what is disallowed of each sale where all sales of a list are done on the trade date.

        Matched as history is: earliest purchase sold first, each share used once; what is sold in the list too replaces nothing after it.
        So it is at most what `washed` says of the lots alone. Each portfolio's list is taken alone; its purchases are not looked at.

        Args:
            sold: Lots sold, gains and accounts that are not taxable among them: `portfolio_id`, `account_id`, `security_id`, `lot_id` (as
                in the lots of the view), `acquired_date` (null: not known), `sold_qty` > 0, `proceeds_usd`, `basis_usd` (null: not known).

        Returns:
            By `portfolio_id`, `account_id`, `security_id`, `lot_id`: `disallowed_usd` > 0, dollars and cents, at most the sale's own loss.
        """
        rows = _placed(sold, self._members, self._groups)
        is_loss = ~pl.col("is_retirement") & (pl.col("basis_usd") > pl.col("proceeds_usd"))
        place = ["portfolio_id", "wash_unit_id", "wash_group"]
        lists = rows.filter(is_loss).select(place).unique().sort(place)
        sales = rows.join(lists, on=place, how="semi").select(
            *place,
            *_LOT,
            "tax_unit_id",
            "is_retirement",
            lot_name().alias("lot"),
            # As with sales done: of a lot of unknown date only the order among the day's losses goes by it.
            pl.col("acquired_date").fill_null(self.trade_date).alias("acquired_date"),
            pl.lit(self.trade_date).alias("sold_date"),
            *(pl.col(name).cast(FACT_DTYPE) for name in ("proceeds_usd", "basis_usd")),
            exact("sold_qty").alias("sold_qty"),
        )
        earlier = lists.join(self._done, on=place[1:], how="inner")
        purchases = lists.join(self._purchases, on=place[1:], how="inner")
        named = sales.with_columns(pl.format("list {}", "lot").alias("sale_id"), pl.col("lot").alias("lot_id"))
        done = pl.concat([earlier, named.drop("account_id", "security_id", "lot")], how="diagonal")
        found = match_wash_sales(_of_list(done), _of_list(purchases), self._spans.clear(), self.trade_date).portions
        washed = found.group_by("sale_id").agg(pl.col("disallowed_usd").sum())
        loss = (pl.col("basis_usd") - pl.col("proceeds_usd")).cast(MONEY_DTYPE)
        return (
            sales.with_columns(pl.format("{}|list {}", "portfolio_id", "lot").alias("sale_id"))
            .join(washed, on="sale_id", how="inner")
            .with_columns(pl.min_horizontal("disallowed_usd", loss).alias("disallowed_usd"))
            .filter(pl.col("disallowed_usd") > 0)
            .select("portfolio_id", *_LOT, "disallowed_usd")
            .sort("portfolio_id", *_LOT)
        )


def _of_list(rows: pl.DataFrame) -> pl.DataFrame:
    """Return a wash unit's rows as those of one list: units, sales and lots are named by its portfolio, so that lists do not meet."""
    names = [name for name in ("wash_unit_id", "lot_id", "sale_id") if name in rows.columns]
    return rows.with_columns(pl.format("{}|{}", "portfolio_id", name).alias(name) for name in names)


def unit_accounts(accounts: pl.DataFrame, book: Book) -> pl.DataFrame:
    """Return `account_id` of all accounts that count together with these (`account_id`): whose lots and sales a view needs."""
    members = wash_members(book)
    units = members.join(accounts, on="account_id", how="semi").select("wash_unit_id").unique()
    return members.join(units, on="wash_unit_id", how="semi").select("account_id").sort("account_id")


def wash_view(
    trade_date: dt.date,
    book: Book,
    lots: pl.DataFrame,
    sales: pl.DataFrame,
    histories: pl.DataFrame,
    orders: pl.DataFrame,
    seen: pl.DataFrame | None = None,
) -> WashView:
    """Return what is known of wash sales when trades are done on `trade_date`.

    A share replaces one only: what has replaced an earlier loss is no longer free to. Open orders count as done on the trade date. Basis is
    the custodian's: a loss that it has put off into a replacement's basis is in that one's loss.

    Args:
        trade_date: When the trades are done, after the day's close.
        book: As it holds on the date.
        lots: Open lots of all accounts of the wash units concerned (`unit_accounts`), unique by `account_id`, `security_id`, `lot_id`:
            `acquired_date` (trade date of the purchase, never a tacked one; null: not known), `held_qty`, `cost_usd` (null: not known).
        sales: `TaxSales` of these accounts.
        histories: `TaxHistories` of the book.
        orders: `OpenOrders` of the day.
        seen: `account_id` of the accounts whose lots are in `lots`, though they may hold none; None: all. What another account of a unit
            has bought is not known, so the unit's history does not cover: a suspended account is believed, and not measured.
    """
    members = wash_members(book)
    groups = wash_groups(book.securities.select("security_id", "wash_group"))
    known_to = histories["business_date"].max() if histories.height else trade_date - dt.timedelta(days=1)
    assert isinstance(known_to, dt.date)
    held = lots.filter(pl.col("held_qty") > 0)
    sold = sold_lots(sales, held)
    earliest = sold["sold_date"].min()
    first = window_start(earliest if isinstance(earliest, dt.date) and earliest < trade_date else trade_date)
    ordered = _placed(purchases_ordered(orders, trade_date, book), members, groups)
    purchases = pl.concat([_placed(bought_lots(held, sold, first), members, groups), ordered])
    done = pl.concat([sold, sales_ordered(orders, held, trade_date, book)], how="diagonal")
    spans = known_spans(histories, book, window_start(trade_date), known_to).join(members, on="account_id", how="inner")
    # Whose purchases count with an account of no tax unit is not known.
    is_known = (
        pl.col("has_unit")
        if seen is None
        else pl.col("has_unit") & pl.col("account_id").is_in(seen["account_id"].implode())
    )
    asked = spans.with_columns(pl.when(is_known).then("history_from_date").alias("history_from_date"))
    done = _placed(done, members, groups)
    purchases = purchases.drop("account_id", "security_id")
    found = match_wash_sales(done, purchases, asked, max(known_to, trade_date))
    return WashView(
        trade_date=trade_date,
        no_buys=_no_buys(found, groups, members, book, trade_date),
        # What an account sold is known from its history, whether its lots are seen or not.
        buyers=_buyers(spans, members, trade_date, known_to),
        disallowed=_disallowed(found, sold),
        _done=done,
        _purchases=purchases,
        _found=found,
        _spans=asked,
        _members=members,
        _groups=groups,
        _known_to=known_to,
    )


def _placed(rows: pl.DataFrame, members: pl.DataFrame, groups: pl.DataFrame) -> pl.DataFrame:
    """Return the rows with whose and what they are; those that the book does not know could be anybody's and are left out."""
    return rows.join(members.drop("has_unit"), on="account_id", how="inner").join(groups, on="security_id", how="inner")


def _no_buys(
    found: WashSales, groups: pl.DataFrame, members: pl.DataFrame, book: Book, trade_date: dt.date
) -> pl.DataFrame:
    open_accounts = book.accounts.filter(pl.col("state") != AccountState.CLOSED.value).select("account_id")
    return (
        no_buy_list(found.portions, groups, trade_date)
        .join(members.select("account_id", "wash_unit_id"), on="wash_unit_id", how="inner")
        .join(open_accounts, on="account_id", how="semi")
        .select(*PLACE, "last_date", "loss_usd")
        .sort(PLACE)
    )


def _buyers(spans: pl.DataFrame, members: pl.DataFrame, trade_date: dt.date, known_to: dt.date) -> pl.DataFrame:
    """Return whether the losses that a purchase could wash are known; an IRA has none of its own."""
    first, last = pl.lit(window_start(trade_date)), pl.lit(min(known_to, trade_date))
    taxable = spans.filter(~pl.col("is_retirement"))
    units = covered_spans(taxable).with_columns(pl.lit(True).alias("may_lose"))
    is_known = ~pl.col("may_lose").fill_null(False) | is_covered(first, last)
    return (
        members.join(units, on="wash_unit_id", how="left")
        .select(
            "account_id",
            (pl.col("has_unit") & is_known).alias("is_loss_known"),
            pl.when("has_unit").then("covered_from_date").alias("losses_from_date"),
            pl.when("has_unit").then("covered_to_date").alias("losses_to_date"),
        )
        .sort("account_id")
    )


def _disallowed(found: WashSales, sold: pl.DataFrame) -> pl.DataFrame:
    washed = found.portions.group_by("sale_id").agg(pl.col("disallowed_usd").sum())
    loss = (pl.col("basis_usd") - pl.col("proceeds_usd")).cast(MONEY_DTYPE)
    return (
        sold.join(washed, on="sale_id", how="inner")
        .with_columns(pl.min_horizontal("disallowed_usd", loss).alias("disallowed_usd"))
        .filter(pl.col("disallowed_usd") > 0)
        .select(*PLACE, "sold_date", "sale_no", "disallowed_usd")
        .sort(*PLACE, "sold_date", "sale_no")
    )
