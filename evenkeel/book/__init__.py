"""The book: the firm's own reference data, read from plain files and checked as a whole.

`model` is what a book is, `feeds` what its feeds are, `load` turns files' texts into one.
"""
