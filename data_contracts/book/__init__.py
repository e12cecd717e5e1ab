"""Contracts of the book: the firm's own reference data, one module a table."""
