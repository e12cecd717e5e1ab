"""The sequence of steps over a store: what `evenkeel run` does in process and the flows do as tasks.

`house` is what a run works with, `fetch` brings files in, `steps` are the seven, `sequence` runs them for one date or many and
commits, `market_event` scans outside the day's rhythm. How a stage computes belongs in `evenkeel.stages`.
"""
