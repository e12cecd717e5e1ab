"""Prioritize: breaches become episodes that last, with a place in an adviser's list and a due time.

`episodes` folds the day into yesterday's episodes, `due` sets the clocks, `terms` and `priority` the score and its explanation,
`routing` says whose desk it is, `settings` what each portfolio's policy says about all this.
"""
