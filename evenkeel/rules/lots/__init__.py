"""Lot relief: which lots a sale takes, their basis, and the gain split into short-term and long-term.

Sources: IRC 1012; Reg. 1.1012-1(c)(1) (the earliest lots, first in first out, unless lots are adequately identified), (c)(8) (an
identification names the lots to the broker by the settlement date, T+1 since 2024-05-28; a standing order is one), (e) (average basis:
funds and dividend reinvestment plans only; for the holding period the shares sold are still the earliest). Highest cost, lowest cost and
minimum tax are not methods of the law but ways of choosing the lots that are then identified: where no instruction goes out, compute with
the account's own method instead.

`choosing` is the rule for one sale, to read. `many` is the same for a book of sales at once. Both order lots alike:

| method | order, ties by acquisition date and lot id |
|---|---|
| fifo, lifo | acquisition date (the true one, not a tacked one) |
| highest_cost | unit cost, highest first: largest loss first, then smallest gain |
| lowest_cost | unit cost, lowest first |
| tax_optimised | tax of a unit sold, least first: rate x (unit proceeds - unit cost), the rate being the lot's short or long one |
| specific | the lots named; they must be there and add up to the sale |
| average | acquisition date; basis is the pool's average |

`tax_optimised` minimises the tax at the two stated rates; how the year nets out is `netting`'s, and the engine's.

What is not known is said, never guessed (`ReliefOutcome`):

- A lot without basis goes last where cost decides the order (these are our own choice of lots, so leaving it alone is possible); it is
  relieved only when nothing else is left, and then basis and gain stay empty. `unknown_lots` counts such lots in the pool.
- A lot without date makes fifo, lifo and average impossible unless the sale takes everything.

Roundings, half to even: cost to the cent when read; basis of a part of a lot = cost x part / lot; proceeds and averaged basis are spread by
running totals, so the parts always add up to the whole. Unit costs are compared in whole 1e-8 dollars.

Out of scope: short positions (lots at or below zero are not in the pool), wash-sale adjustments (`wash_sales`; cost comes in as it
stands), and lots acquired after the sale, which are not in the pool either. Quantities are adjusted for splits by the caller. Covered
and uncovered shares are averaged apart (Reg. 1.1012-1(e)(10)): the caller keeps them in separate pools.
"""

from evenkeel.rules.lots.choosing import Lot, Relief, ReliefOutcome, RelievedLot, Sale, choose_lots
from evenkeel.rules.lots.many import Relieved, relieve

__all__ = ["Lot", "Relief", "ReliefOutcome", "Relieved", "RelievedLot", "Sale", "choose_lots", "relieve"]
