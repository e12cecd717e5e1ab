"""How the records database came to be what it is, step by step."""
