"""The deployed flows: the sequence of `evenkeel.run.sequence`, its steps called as the tasks of `tasks`."""
