"""Faults: a day's files damaged in named ways, and the verdict on what a run made of them.

A damage is a pure function of the files, the facts of the practice and a stream of draws; it changes bytes as a sender or a network would
and knows nothing of how they are read. How a damaged day is run belongs to the caller: the tests do it through the command and in memory.
"""
