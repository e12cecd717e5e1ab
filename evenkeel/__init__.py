"""evenkeel: which client portfolios have drifted far enough to act on, and the proof of it.

Flows and tasks stand beside this package; they say when, `evenkeel.stages` says how, `data_contracts` says what.
"""

__version__ = "0.1.0"
