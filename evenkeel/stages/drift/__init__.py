"""Drift: how far each portfolio, and each household as a whole, is from its model.

`measure` weighs portfolios, `nodes` sums money by asset class, sleeve and security, `household` adds portfolios up, `nearest` finds the
model a portfolio without one is closest to, and `growth` says which classes are growth. Whether a drift matters belongs in `threshold`.
"""

from evenkeel.stages.drift.measure import Measured, measure_drift
from evenkeel.stages.drift.nearest import nearest_models

__all__ = ["Measured", "measure_drift", "nearest_models"]
