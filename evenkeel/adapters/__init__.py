"""Adapters: one module an outside system, each fulfilling a port of `evenkeel.ports`."""
