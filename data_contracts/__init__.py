"""What every dataset of evenkeel is: columns, units, keys and null rules, one module a dataset.

How a dataset is computed belongs in `evenkeel.stages`, when in `tasks` and `flows`.
"""
