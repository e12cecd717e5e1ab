"""What the inside asks of the outside world, as protocols; adapters fulfil them, `wiring` joins the two.

Nothing here knows a file system, a database or a network. `stores`: clock, files, datasets, records. `orders`: blocks and fills.
"""

from evenkeel.ports.orders import (
    Allocation,
    Batch,
    Block,
    Fill,
    HandedOver,
    OrderDesk,
    OrderedLot,
    OrderedSecurity,
    OrderNews,
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
    "Allocation",
    "Arrival",
    "Batch",
    "Block",
    "Clock",
    "CustodianFeed",
    "FileSource",
    "Fill",
    "FrameStore",
    "HandedOver",
    "Lease",
    "OrderDesk",
    "OrderNews",
    "OrderedLot",
    "OrderedSecurity",
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
