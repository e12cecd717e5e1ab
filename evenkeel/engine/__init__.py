"""The trade engine: what to trade in each account, exactly, with a proof of how good the list is.

`tables` says what goes in and comes out, `solve.solve` solves a problem in memory, `folder.solve_tables` one in a folder of Parquet.
docs/methodology/engine.md states the problem. No rule of tax or record is decided here: rates, washed units and restrictions come in as
columns. Compiled code is imported only when something is solved.
"""
