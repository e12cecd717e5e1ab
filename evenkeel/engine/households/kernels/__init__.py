"""Compiled kernels of households: a network of accounts and classes.

`book.solve_house_book` is the one compiled door. What an account holds and what a lot costs come from `evenkeel.engine.kernels`.
"""
