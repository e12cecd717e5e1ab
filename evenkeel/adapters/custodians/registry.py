"""Layouts by name. A new layout is one entry here and one module beside this one; modules are imported when first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import cast

from evenkeel.adapters.custodians.feed_map import FeedMap
from evenkeel.errors import UsageError
from evenkeel.ports import CustodianFeed

MAPPED = "mapped"
"""The layout whose columns a map names: a feed of it needs one."""

_ADAPTERS = {
    "schwab_csv": "evenkeel.adapters.custodians.schwab_csv:SchwabCsv",
    "fidelity_csv": "evenkeel.adapters.custodians.fidelity_csv:FidelityCsv",
    "vanguard_csv": "evenkeel.adapters.custodians.vanguard_csv:VanguardCsv",
    "ibkr_csv": "evenkeel.adapters.custodians.ibkr_csv:IbkrCsv",
    "ibkr_flex": "evenkeel.adapters.custodians.ibkr_flex:IbkrFlex",
    "ofx": "evenkeel.adapters.custodians.ofx:Ofx",
}

LAYOUTS = tuple(_ADAPTERS)
"""Layouts that are recognised by themselves."""


def adapter(layout: str, feed_map: FeedMap | None = None) -> CustodianFeed:
    """Return the adapter of a layout.

    Args:
        layout: One of `LAYOUTS`, or `mapped`.
        feed_map: The map of a mapped feed (`feed_map.read_map`); not used by others.

    Raises:
        UsageError: There is no such layout, or a mapped feed comes without a map.
    """
    if layout == MAPPED:
        if feed_map is None:
            raise UsageError(f"a feed of layout {MAPPED} needs a map; name its YAML file in the feed")
        from evenkeel.adapters.custodians.mapped import MappedFeed

        return MappedFeed(feed_map)
    if layout not in _ADAPTERS:
        raise UsageError(f"no layout {layout}; take one of {', '.join((*LAYOUTS, MAPPED))}")
    return _plain(layout)


@cache
def _plain(layout: str) -> CustodianFeed:
    module, name = _ADAPTERS[layout].split(":")
    return cast(CustodianFeed, getattr(import_module(module), name)())


def recognise(file_name: str, head: bytes) -> list[str]:
    """Return the layouts that take the file for theirs: to tell whose file lies in another feed's folder.

    Args:
        file_name: Name as delivered.
        head: Its first 64 KiB.
    """
    return [layout for layout in LAYOUTS if adapter(layout).recognises(file_name, head)]
