"""Wash sales: which losses are disallowed, where they go, and what must not be sold or bought.

Sources: IRC 1091; Reg. 1.1091-1 and -2; IRC 1223(3); Pub. 550, "Wash Sales"; Rev. Rul. 2008-5 (replacement in an IRA); Rev. Rul. 56-602
(a sale out of one recent purchase to reduce the holding).

The rule, as `matching` does it for the trades of one wash unit in one group of substantially identical securities:

1. The window is the day of the loss sale with 30 calendar days on either side, 61 in all, by trade dates (Reg. 1.1091-1(a)). It looks both
   ways and is symmetric: a purchase is in a sale's window exactly if the sale is within 30 days of the purchase.
2. Shares are matched, not dollars. Losses are taken in the order of their sales, those of one day in the order the shares were bought
   (1.1091-1(b)); replacements in the order they were bought (1.1091-1(c), (d)); a share that has replaced one is used up (1.1091-1(e)).
3. The disallowed loss is added to the replacement's basis (IRC 1091(d)) and the time the sold shares were held to its period (1223(3)).
4. A replacement in an IRA disallows the loss for good; the IRA's basis does not rise (Rev. Rul. 2008-5). A loss inside one is none.
5. A replacement that is itself sold has its raised basis: a gain can become a loss, which is then matched like any other (a chain).

What counts is data, and the caller's: a purchase, a reinvested dividend, a taxable exchange, a contract or option to acquire (as the units
it covers), and our own orders and expected reinvestments that are not done yet, on the date they will trade. A transfer, a gift or an
inheritance is no purchase. Quantities are adjusted to one split basis by the caller, across the whole window. Basis comes without
wash-sale adjustments, ours are added. Short sales (IRC 1091(e)) are out of scope: pass sales of long positions only.

Who counts is the wash unit (`units`): a tax unit with its IRAs, and spouses and controlled corporations that file apart as well, since
their purchases wash all the same (Pub. 550). It is never the household. A match between two returns is marked `crosses_return`: that the
loss is disallowed is plain, that the other return's basis rises is not, and a person should look.

Readings where the text is silent or disputed, each the same everywhere:

- The unsold rest of the very lot that was sold does not replace it (Rev. Rul. 56-602); `WashRules.same_lot_rest_counts` says otherwise.
- Shares bought before the loss sale replace it only as far as they are still held after that day: what was sold with it or before it
  replaces nothing.
- Another lot counts wherever it lies in the window, also if it was bought before the lot that was sold.
- On one day before and after are not known, and the window does not ask: a purchase on the day of the sale counts.
- Of purchases on one day an IRA's comes first (the dearer reading), then by lot id.
- Shares of a lot that replaced others are taken to be sold first when part of it is sold.

Roundings: the disallowed loss of a part is spread by running totals, half to even, so a wholly washed loss is disallowed to the cent.

Answers are a `WashAnswer`. Where the history of any account of the unit does not reach back over the window, or a purchase cannot be
read, the answer is `coverage_incomplete`, never "clear"; figures are then the least that is known to be washed.

Functions: `match_wash_sales` over history; `washed_if_sold`, `washed_if_bought` and `no_buy_list` for a proposal.
"""

from evenkeel.rules.wash_sales.history import WashSales, match_wash_sales
from evenkeel.rules.wash_sales.proposal import no_buy_list, washed_if_bought, washed_if_sold
from evenkeel.rules.wash_sales.units import wash_groups, wash_units
from evenkeel.rules.wash_sales.window import WINDOW_DAYS, WashAnswer, WashRules, is_in_window, window

__all__ = [
    "WINDOW_DAYS",
    "WashAnswer",
    "WashRules",
    "WashSales",
    "is_in_window",
    "match_wash_sales",
    "no_buy_list",
    "wash_groups",
    "wash_units",
    "washed_if_bought",
    "washed_if_sold",
    "window",
]
