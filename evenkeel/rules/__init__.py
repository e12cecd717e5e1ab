"""Tax rules that stand alone and read like the rule, each with its source.

`holding_period` says when a gain turns long-term, `lots` which lots a sale relieves, `wash_sales` which losses are disallowed and what
must not be bought, `netting` what a year's gains and losses come to in tax, `costs` what a trade costs and when it is too small.
`whole_numbers` is how all of them count: money in whole cents, units in whole quanta, one rounding.

Every rule has a scalar form to read and a polars form for a whole book; properties hold the two equal. What to trade belongs in the
engine, what a policy asks for in `evenkeel.policy`. Nothing here reads a file or a clock, and nothing here is tax advice: where the law
is silent or disputed the module says which reading it takes.
"""
