"""What the inside asks of the outside world, as protocols; adapters fulfil them, `wiring` joins the two.

Nothing here knows a file system, a database or a network. `stores`: clock, files, datasets, records. `approvals`: proposals on their way
to consent.
"""

from evenkeel.ports.approvals import (
    Approvals,
    Case,
    Consent,
    Control,
    Move,
)
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
    "Approvals",
    "Arrival",
    "Case",
    "Clock",
    "Consent",
    "Control",
    "CustodianFeed",
    "FileSource",
    "FrameStore",
    "Lease",
    "Move",
    "ParsedFile",
    "RawArchive",
    "RawFile",
    "ReceivedFile",
    "Records",
    "RejectedRow",
    "RunRecord",
    "StoredDataset",
    "StoredTrail",
    "TrailQuery",
    "UnitOfWork",
]
