"""Who must say yes to a proposal, by when, and what may still stop it: pure rules over plain data."""
