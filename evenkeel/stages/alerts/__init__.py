"""Alerts: episodes as an adviser reads them, and what else somebody should know.

`rows` puts the task list together, `reasons` says in a sentence what is out of line, `classes` shows it node by node, `notices` are the
things to know although no trade is due. How any of it looks on a screen belongs in `evenkeel.desk`.
"""
