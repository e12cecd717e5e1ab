"""Channels: one module each. They say what became of an attempt, and never more than codes and ids of it."""
