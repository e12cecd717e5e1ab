"""Compiled kernels. Nothing here is imported before something is solved: see `evenkeel.engine.compiled`.

Only `book.solve_book` has a signature of its own; what it calls is compiled into it. `fastmath` stays off: a sum must not depend on the
machine.
"""
