"""The audit trail as values: events, their canonical form, the chain over them, checkpoints, verification.

Pure: where the trail is stored belongs in `evenkeel.adapters.stores`, which event says what in `evenkeel.run.trail_events` and the desk.
"""
