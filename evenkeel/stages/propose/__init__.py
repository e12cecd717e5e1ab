"""Proposals: what to trade for each alert."""
