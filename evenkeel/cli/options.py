"""Options that many commands have, with their words."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter

Home = Annotated[
    Path | None, Parameter(name="--home", help="Folder of the home; EVENKEEL_HOME or ./.evenkeel by default.")
]
Date = Annotated[dt.date | None, Parameter(name="--date", help="Business date, YYYY-MM-DD.")]
Kind = Literal[
    "full",
    "to_edge",
    "to_midpoint",
    "partial",
    "invest_cash",
    "raise_cash",
    "buy_only",
    "sell_only",
    "harvest_only",
    "harvest_and_rebalance",
]
"""`vocab.RebalanceKind`, written out: `--help` imports nothing."""
