"""Threshold: who is looked at today, how wide each node's band is, and who is outside.

`rulebook` is what the judgement reads of the book, `precedence` resolves a policy by its stated order, `wording` puts a band in words,
`widening` reads the volatility indicator, `cadence` says which days are looks, `profiles` sorts portfolios by what holds for them,
`illiquid` finds what is privately priced, `banding` draws the bands, `counting` decides what counts today, `cash` and `harvest` are the
two other rules, and `stage` is their order.

What holds, and the policy's model does not say in so many words:

- One order of precedence, the policy's, decides bands, urgency, workflow and cadence alike; a portfolio's own cadence in the book comes
  before it, and levels that the policy does not list are not asked. A level's band for a class beats a later level's.
- Comparisons are inclusive up to `COMPARE_TOLERANCE`: on the bound is inside, on a tier's bound is in the tier.
- A relative band on a target of zero has no width: alone, any weight is outside; beside another part it says nothing (a share of
  nothing) and the others decide.
- IPS limits cut every band, widened or not. An IPS's own band is never widened: a policy does not loosen what a client has signed. An
  IPS that states one side leaves the other to the next level.
- Bounds are shown within 0 and 1 where the weight is; a short or leveraged weight is judged by the bound as the rule gives it.
- Illiquid nodes (class `private`, and nodes of which more than half is privately priced) have the policy's illiquid band and count on the
  first look of each of its periods only. The liquid nodes share what is left beside them: their bands stand around
  `target * (1 - illiquid weight) / (1 - illiquid target)`, so that a revaluation which no trade can cure raises nothing between looks.
- Only portfolios that are due raise breaches.
"""

from evenkeel.stages.threshold.rulebook import Rulebook
from evenkeel.stages.threshold.stage import Judged, judge
from evenkeel.stages.threshold.widening import Widening

__all__ = ["Judged", "Rulebook", "Widening", "judge"]
