"""Use cases of execution: approved proposals become orders, leave, come back as fills, and are held against what was approved.

`planning` stages, `handing_over` sends, `answers` takes fills in and shares them out, `comparing` holds them against the proposal.
"""
