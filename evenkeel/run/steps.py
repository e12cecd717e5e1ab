"""The seven steps over a store: each reads its inputs by address, calls its stage, and writes its outputs.

A step never passes a frame to another: what it returns are addresses, so that a step can run in another process, or again.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import polars as pl
from pandera.typing.polars import DataFrame

from data_contracts.alerts import Alerts
from data_contracts.bands import Bands
from data_contracts.breaches import Breaches
from data_contracts.conform import conform
from data_contracts.contract import Contract
from data_contracts.coverage import Coverage
from data_contracts.drift import Drift
from data_contracts.episodes import Episodes
from data_contracts.exception_ages import ExceptionAges
from data_contracts.exceptions import Exceptions
from data_contracts.holdings import Holdings
from data_contracts.household_drift import HouseholdDrift
from data_contracts.indicators import Indicators
from data_contracts.looks import Looks
from data_contracts.notices import Notices
from data_contracts.parsed import FACT_CONTRACTS
from data_contracts.priorities import Priorities
from data_contracts.rejects import Rejects
from data_contracts.source_files import SourceFiles
from data_contracts.valuations import Valuations
from data_contracts.vocab import CoverageStatus, ExceptionEffect
from evenkeel.ports import RunRecord, StoredDataset
from evenkeel.run.catalogue import BOOK_TABLES
from evenkeel.run.fetch import read_files
from evenkeel.run.house import House, book_archive, deadline_of, house_policy
from evenkeel.stages.ingest.land import Landed, land
from evenkeel.stages.reconcile.stage import reconcile as reconcile_stage

Staged = Mapping[str, StoredDataset]
"""Addresses of what this run has written so far, by dataset name."""

ContractT = TypeVar("ContractT", bound=Contract)


@dataclass(frozen=True)
class Day:
    """A date to run, and as known when its book is read (None: now)."""

    business_date: dt.date
    as_known_at: dt.datetime | None = None


def _read(house: House, contract: type[ContractT], staged: Staged) -> DataFrame[ContractT]:
    frame = house.store.read(contract, staged[contract.dataset_name()])
    return frame  # type: ignore[return-value]


def _write(house: House, day: Day, *frames: tuple[type[Contract], pl.DataFrame]) -> list[StoredDataset]:
    return [house.store.write(contract, day.business_date, frame) for contract, frame in frames]
