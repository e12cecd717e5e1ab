"""Ingest: from what adapters read to canonical tables of one business date.

`dating` says which session a file belongs to, `door` whose its rows are, `land` puts the day's tables together.
"""
