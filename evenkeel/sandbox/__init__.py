"""A synthetic advisory practice: its book, and what its custodians, portfolio system, market and order desk send each day.

The same seed gives the same bytes on any machine: randomness is uniform integers alone, money and units are integers, and nothing
reads a clock, a hash or a set's order. All people, firms and securities are invented.
"""

from evenkeel.sandbox.generate import DEFAULT_FIRST_DATE, generate
from evenkeel.sandbox.plan import Delivery, Expected, SandboxPlan

__all__ = ["DEFAULT_FIRST_DATE", "Delivery", "Expected", "SandboxPlan", "generate"]
