"""What the inside asks of the outside world, as protocols; adapters fulfil them, `wiring` joins the two.

Nothing here knows a file system, a database or a network. `stores`: clock, files, datasets, records. `messages`:
outbox, channels, addresses.
"""

from evenkeel.ports.messages import (
    Addresses,
    Attempt,
    Crm,
    Delivery,
    Message,
    Notifier,
    Outbox,
    Outcome,
    Retries,
    StoredMessage,
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
    "Addresses",
    "Arrival",
    "Attempt",
    "Clock",
    "Crm",
    "CustodianFeed",
    "Delivery",
    "FileSource",
    "FrameStore",
    "Lease",
    "Message",
    "Notifier",
    "Outbox",
    "Outcome",
    "ParsedFile",
    "RawArchive",
    "RawFile",
    "ReceivedFile",
    "Records",
    "RejectedRow",
    "Retries",
    "RunRecord",
    "StoredDataset",
    "StoredMessage",
    "StoredTrail",
    "TrailQuery",
    "UnitOfWork",
]
