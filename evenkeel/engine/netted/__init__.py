"""Netted taxes and budgets: a layer above the compiled kernels, which it asks for the best lists at rates of its choosing.

`terms` has the year's tax as a function of net short and net long gain, and its two convex parts; `stake` which accounts' gains net with
which; `at_rates` runs a kernel; `master` the program over the lists found so far; `search` goes back and forth between the two; `mix` makes
one list of several; `price` says what lists cost; `lists` puts it together for accounts alone, `houses` for households; `results` tells.
docs/methodology/engine.md ("Netted taxes and budgets") says what is proven.
"""
