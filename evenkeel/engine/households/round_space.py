"""Working space of one household whose lists are rounded."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from evenkeel.engine.arrays import F8, I8


class HouseRound(NamedTuple):
    """What may be traded in all accounts of a household, lots first, then purchases, as in `House`; and where the lists at hand stand.

    Amounts are whole cents, levels whole steps, as in `evenkeel.engine.scratch.RoundSpace`.
    """

    # items: lots and purchases
    member: I8
    klass: I8  # local class
    row: I8  # row of the universe
    lot: I8  # place in the problem's lots; -1: a purchase
    slot: I8  # its security in its account
    frac: F8  # half-spread and fees of a dollar traded, and what its change of place costs
    level: I8
    most: I8
    cents: I8
    best: I8  # the best lists so far
    whole: I8
    units: F8
    unit_usd: F8
    reduced: F8
    room: F8
    active: I8
    loss: F8
    # cents of each security in each account, by slot
    sold: I8
    bought: I8
    # by member
    net: I8  # cents into cash
    floor: F8
    account: I8
    bends_from: I8
    bends_to: I8
    # places where the cost of a member's cash bends
    bends: F8
    # by class, in dollars; class 0 is all members' cash
    now: F8
    target: F8
    lower: F8
    upper: F8
    # moves that are being tried together
    chain: I8
    chain_level: I8


CHAIN = 4
"""At most so many moves are tried together."""


def make_house_round(members: int, lots: int, rows: int, classes: int, terms: int) -> HouseRound:
    """Return space for households of the sizes of `make_house`: `rows` are those of all members together."""
    types = {"I8": np.int64, "F8": np.float64}
    sizes = dict.fromkeys(("net", "floor", "account", "bends_from", "bends_to"), members)
    sizes |= dict.fromkeys(("sold", "bought"), rows)
    sizes |= dict.fromkeys(("now", "target", "lower", "upper"), classes)
    sizes |= {"bends": members * (terms + 2), "chain": CHAIN, "chain_level": CHAIN}
    return HouseRound(
        **{
            name: np.zeros(sizes.get(name, lots + rows) + 4, types[kind.__forward_arg__])
            for name, kind in HouseRound.__annotations__.items()
        }
    )
