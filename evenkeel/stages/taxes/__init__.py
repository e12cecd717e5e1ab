"""What was sold and at what basis, and how far back that is known: the day's files on one side, the tax rules on the other."""
