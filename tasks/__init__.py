"""The steps as Prefect tasks, one thin module a stage: when a step runs and how often it is tried, never how it computes."""
