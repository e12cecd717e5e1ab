"""One dataset's Delta table: opened once, kept, and changed one date at a time.

The Parquet files are written by the store; here they are entered in the table's log. The log says what a date holds *now*, for Spark
and other readers; our own readers go by the manifest.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl
from deltalake import CommitProperties, DeltaTable, Field, Schema, Transaction
from deltalake.exceptions import CommitFailedError, DeltaError, TableNotFoundError
from deltalake.transaction import AddAction

from data_contracts.vocab import Check as Check  # noqa: PLC0414
from evenkeel.errors import EvenkeelError, TransientError
