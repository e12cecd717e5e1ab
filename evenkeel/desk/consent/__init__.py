"""What people do to proposals: look, approve, change, decline, put off, escalate, and hold what must not be traded.

`opening`: a run's proposals become cases, each made by `drafting` from the run's tables (`ground`). `deciding`: a person's step.
`modifying`: another, smaller list. `controls`: suspensions, pauses, pilots. `staging`: whether an approval is still good, and the steps
up to the reconciled fill. `people`: who may. `showing`: how it reads. The rules are `evenkeel.approval`'s; the web and the command line
call these alike.
"""
