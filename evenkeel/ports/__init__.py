"""What the inside asks of the outside world, as protocols; adapters fulfil them, `wiring` joins the two.

Nothing here knows a file system, a database or a network. `stores`: clock, files, datasets, records; `records`: the past.
"""

from evenkeel.ports.records import AlertState, TrailArchive
from evenkeel.ports.stores import (
    Arrival,
    Clock,
    CustodianFeed,
    FileSource,
    FrameStore,
    Lease,
    ParsedFile,
    RawArchive,
    RawFile,
    ReceivedFile,
    Records,
    RejectedRow,
    RunRecord,
    StoredDataset,
    StoredTrail,
    TrailQuery,
    UnitOfWork,
)

__all__ = [
    "AlertState",
    "Arrival",
    "Clock",
    "CustodianFeed",
    "FileSource",
    "FrameStore",
    "Lease",
    "ParsedFile",
    "RawArchive",
    "RawFile",
    "ReceivedFile",
    "Records",
    "RejectedRow",
    "RunRecord",
    "StoredDataset",
    "StoredTrail",
    "TrailArchive",
    "TrailQuery",
    "UnitOfWork",
]
