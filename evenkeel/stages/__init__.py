"""The seven stages: ingest, reconcile, drift, threshold, prioritize, alerts, records.

Each is a pure function from frames to frames: no Prefect, no files, no clock. When they run belongs in `tasks` and `flows`, the order
in `evenkeel.run` and `evenkeel.pipeline`.
"""
