"""Reconcile: from the day's tables to holdings that may be believed.

`files` judges files and feeds, `accounts` who is there, `positions`, `lots` and `totals` the figures, `currency` turns money into
dollars, `counted` counts what is in flight or spoken for, `coverage` proves that nobody was left out; `findings` is their common
form and `stage` their order. Every check closes: what it cannot believe, it stops, as small as it can.
"""
