"""Households: several accounts measured together against one model, each with its own cash, lots, taxes and shelf.

`tables` says what goes in and comes out beyond the tables of accounts alone; `solve.solve_households` solves a problem in memory.
docs/methodology/engine.md ("A household") states the problem. Nothing crosses between accounts: no cash, no security.
"""
