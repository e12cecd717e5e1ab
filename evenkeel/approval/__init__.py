"""Consent to proposals: what may follow what, who must say yes, by when, and what makes a yes worthless. Pure: no store, no clock.

`states`: the one state machine. `routing`: whose consent a proposal needs. `clocks`: when reminders, escalations and deadlines fall.
`acting`: what a person's step does to a proposal. `sweeping`: what time does to it. `staleness`: whether what was approved is still so.
`rights`: who may do what at all. Storing belongs in `evenkeel.adapters.stores`, the use cases in `evenkeel.desk.consent`.
"""
