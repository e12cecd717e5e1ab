"""Checks of the engine's answer that share nothing with how it is found: an exact program, a query, and hard assertions."""
